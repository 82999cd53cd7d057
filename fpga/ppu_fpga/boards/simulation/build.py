"""Builds the program that simulates a board, once for each design."""

import subprocess
import sys
import time
from functools import cache as kept
from pathlib import Path

from ppu_sim import cache, toolchain
from ppu_sim.backends.verilated import BuildFailed

from .top import MODULE, board_verilog

__all__ = ["program"]

_HARNESS = Path(__file__).with_name("harness.cpp")
_SOURCES = "verilated"
# Assertions are checked: this is for proof more than for speed.
_VERILATE = (
    "--cc", "--exe", "-O3", "--x-assign", "fast", "--x-initial", "fast", "--assert", "--no-timing",
    "--output-split", "20000", *(f"-Wno-{name}" for name in toolchain.HARMLESS_WARNINGS),
    "-Wno-COMBDLY", "-Wno-BLKSEQ",
)  # fmt: skip
_COMPILE = "-O2"


@kept
def program(design):
    """The program that simulates a board; builds it if need be.

    Parameters
    ----------
    design : BoardDesign
        The board with all choices made.

    Raises
    ------
    BuildFailed
        If Verilator or the compiler fails; the message names the log.
    ToolMissing
        If one is missing.
    """
    tool = toolchain.verilator()
    text = board_verilog(design)
    name = cache.fingerprint(text, _HARNESS.read_text(), tool.version, *_VERILATE, _COMPILE)
    path = cache.entry("board", name, lambda path: _build(design, text, tool, path))
    return path / _SOURCES / MODULE


def _build(design, text, tool, directory):
    start = time.perf_counter()
    print(f"Compiling {design.name} with Verilator, once ...", file=sys.stderr, flush=True)
    (directory / f"{MODULE}.v").write_text(text)
    log = directory / "build.log"
    commands = (
        [str(tool.executable), *_VERILATE, "--top-module", MODULE, "--prefix", f"V{MODULE}",
         "-Mdir", _SOURCES, "-o", MODULE, f"{MODULE}.v", str(_HARNESS)],
        ["make", "-C", _SOURCES, "-f", f"V{MODULE}.mk", "-j2", f"OPT_FAST={_COMPILE}",
         "OPT_SLOW=-O0", f"OPT_GLOBAL={_COMPILE}", MODULE],
    )  # fmt: skip
    with log.open("w") as output:
        for command in commands:
            print(*command, file=output, flush=True)
            if subprocess.run(command, cwd=directory, env=tool.environment, stdout=output,
                              stderr=output, check=False).returncode:  # fmt: skip
                output.flush()
                tail = "\n".join(log.read_text().splitlines()[-20:])
                raise BuildFailed(f"building for Verilator failed; see {log}:\n{tail}")
    print(f"... done in {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
