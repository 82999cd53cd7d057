"""Sends a bitstream to a board."""

import os
import shutil
import subprocess

from amaranth._toolchain import tool_env_var

from ppu_sim.toolchain import ToolMissing

from .errors import FlowFailed

__all__ = ["program"]

_NAME = "openFPGALoader"


def program(board, bitstream, *, flash=False):
    """Loads a bitstream with openFPGALoader, which shows its progress by itself.

    Parameters
    ----------
    board : Board
        What is connected.
    bitstream : Path
        What :func:`~.build.build_board` gave.
    flash : bool
        Whether it is kept when power goes off.

    Raises
    ------
    ToolMissing
        If there is no openFPGALoader.
    FlowFailed
        If there is no bitstream yet, or the loader fails: most often no board is connected.
    """
    if not bitstream.exists():
        raise FlowFailed(
            f"there is no {bitstream}; make it first: ppu fpga build --board {board.name}")
    executable = shutil.which(os.environ.get(tool_env_var(_NAME), _NAME))
    if executable is None:
        raise ToolMissing(
            f"No {_NAME}: apt-get install openfpgaloader, or name yours in the environment "
            f"variable {tool_env_var(_NAME)}")
    command = [executable, "-b", board.name, *(["-f"] if flash else []), str(bitstream)]
    if subprocess.run(command, check=False).returncode:
        raise FlowFailed(f"{' '.join(command)} failed; is the board connected, and may this user "
                         "speak to it?")  # fmt: skip
