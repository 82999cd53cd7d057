"""Sets this tree up: the virtual environment `.venv`, and the system's packages where it may.

Runs as a script on the system's own Python, with nothing but the standard library: ``make setup``.
It is quick when there is nothing to do: a stamp in `.venv` says what was installed, for which tree.
"""

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections import namedtuple
from pathlib import Path

__all__ = ["EXTRAS", "Tool", "is_current", "missing_tools", "prepare", "stamp_text"]

ROOT = Path(__file__).resolve().parents[2]
#: Oldest Python that the project runs on.
OLDEST_PYTHON = (3, 11)
#: Optional dependencies of the project that its commands use.
EXTRAS = ("sim", "demo", "onnx", "fpga", "dev")
#: pip's line for a package: name and version, size.
PIP_PACKAGE = re.compile(
    r"\s*(?:Downloading|Using cached) ([^/ ]+)-(\d[^/ -]*)(?:-\S+\.whl|\.tar\.gz) (\(.*\))"
)

#: Something of the system that is needed: its name, the Debian package that has it, whether nothing
#: works without it, what it is for, and a function that says whether it is there.
Tool = namedtuple("Tool", "name package required purpose present")


class SetupError(Exception):
    """Set-up cannot go on. The message says what to do."""


def _has_perl():
    """Whether perl is there with the modules that Verilator uses; `perl-base` has not all."""
    command = ["perl", "-MFindBin", "-MPod::Usage", "-e", "1"]
    return shutil.which("perl") is not None and subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    ).returncode == 0  # fmt: skip


def _has_header(name):
    """Whether the C++ compiler finds a header of the system."""
    command = ["g++", "-E", "-x", "c++", "-include", name, os.devnull]
    return shutil.which("g++") is not None and subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    ).returncode == 0  # fmt: skip


def _has_venv():
    return all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))


def _has_libpython():
    """Whether this Python has a shared library; Debian packs it apart, some builds have none."""
    name = "libpython{}.{}.so.1.0".format(*sys.version_info)
    base, machine = Path(sys.base_prefix, "lib"), sysconfig.get_config_var("MULTIARCH") or ""
    folders = [base, base / machine, Path(sysconfig.get_config_var("LIBDIR") or base)]
    return any((folder / name).exists() for folder in folders)


def _python_package(name):
    """The Debian package that adds `name` to this Python: `name` has a place for its version."""
    return name.format("{}.{}".format(*sys.version_info))


def _tools():
    def on_path(name):
        return lambda: shutil.which(name) is not None

    return (
        Tool("g++", "g++", True, "Verilator writes C++", on_path("g++")),
        Tool("make", "make", True, "Verilator builds with it", on_path("make")),
        Tool("perl", "perl", True, "Verilator is started by it", _has_perl),
        Tool("venv", _python_package("python{}-venv"), True, "the tools go to .venv", _has_venv),
        Tool("Icarus Verilog", "iverilog", False,
             "the test benches on Icarus and the back end 'icarus'", on_path("iverilog")),
        Tool("Python's shared library", _python_package("libpython{}"), False,
             "all cocotb test benches and the back end 'icarus'", _has_libpython),
        Tool("The header lz4.h", "liblz4-dev", False,
             "waveforms (--waves) from Verilator", lambda: _has_header("lz4.h")),
        Tool("The header zlib.h", "zlib1g-dev", False,
             "waveforms (--waves) from Verilator", lambda: _has_header("zlib.h")),
    )  # fmt: skip


def missing_tools(tools):
    """Those of `tools` that are not on this machine."""
    return [tool for tool in tools if not tool.present()]


def _may_install():
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def _apt_command(tools):
    """What to type to get `tools`."""
    packages = " ".join(tool.package for tool in tools)
    return ("" if os.geteuid() == 0 else "sudo ") + f"apt-get install {packages}"


def _say(text):
    print(text, flush=True)


def _apt_install(packages):
    """Installs Debian packages; tells what went wrong and returns if that fails."""
    _say("  Installing {} with apt-get".format(" ".join(packages)))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    options = ["-q", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=30",
               "-o", "DPkg::Lock::Timeout=60"]  # fmt: skip
    install = ["install", "--yes", "--no-install-recommends", *packages]
    for arguments in (["update"], install):  # an update may fail in part and still be enough
        result = subprocess.run(
            ["apt-get", *options, *arguments], env=environment, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace",
        )  # fmt: skip
        if result.returncode:
            _say(f"  apt-get {arguments[0]} failed:")
            for line in result.stdout.splitlines()[-5:]:
                _say("    " + line)


def _check_tools(*, install):
    """Looks for what is needed of the system and installs what is missing, where it may.

    Without `install`, it does so only if something is missing that nothing works without.

    Raises
    ------
    SetupError
        If one that nothing works without is missing.
    """
    missing = missing_tools(_tools())
    install = install or any(tool.required for tool in missing)
    if missing and install and _may_install():
        _apt_install([tool.package for tool in missing])
        importlib.invalidate_caches()
        missing = missing_tools(missing)
    required = [tool for tool in missing if tool.required]
    if required:
        raise SetupError("\n".join([
            *(f"{tool.name} is missing: {tool.purpose}." for tool in required),
            f"Type\n    {_apt_command(missing)}\nand then the same make command again.",
        ]))  # fmt: skip
    for tool in missing:
        _say(f"{tool.name} is not installed. Skipped without it: {tool.purpose}.")
    if missing:
        _say(f"Everything else works. To have it all, type\n    {_apt_command(missing)}\n"
             "    make setup")  # fmt: skip


def stamp_text(root, pyproject):
    """What `.venv` is good for: this tree at this place, this Python, these dependencies."""
    lines = [str(root), sys.executable, sys.version, ",".join(EXTRAS),
             hashlib.sha256(pyproject).hexdigest()]  # fmt: skip
    return "\n".join(lines) + "\n"


def is_current(venv, text):
    """Whether the environment `venv` exists and was set up for exactly the stamp `text`."""
    stamp = venv / ".stamp"
    python = venv / "bin" / "python"
    return python.exists() and stamp.exists() and stamp.read_text() == text


def _same_place(venv, text):
    """Whether `venv` was made for this tree and Python; then only packages may have to change."""
    stamp = venv / ".stamp"
    return stamp.exists() and stamp.read_text().splitlines()[:3] == text.splitlines()[:3]


def _make_venv(venv):
    _say("  Creating .venv with Python {}.{}.{}".format(*sys.version_info))
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=False).returncode:
        raise SetupError(
            "Creating .venv failed. On Debian and Ubuntu, type\n    apt-get install "
            + _python_package("python{}-venv")
        )


def _pip_install(venv):
    """Installs the project, editable, showing each package; all of pip's output goes to a log."""
    _say("  Installing the project and its tools into .venv: a minute or two")
    log = venv / "setup.log"
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "--progress-bar", "off",
               "--disable-pip-version-check", "--editable",
               ".[{}]".format(",".join(EXTRAS))]  # fmt: skip
    lines = []
    with log.open("w") as file, subprocess.Popen(
        command, cwd=str(ROOT), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, universal_newlines=True, errors="replace",
    ) as pip:  # fmt: skip
        for line in pip.stdout:
            file.write(line)
            lines.append(line.rstrip())
            package = PIP_PACKAGE.match(line)
            if package:
                _say("    {} {} {}".format(*package.groups()))
            elif line.startswith("Installing collected"):
                _say("  Unpacking them")
    if pip.returncode:
        raise SetupError("\n".join(["pip failed:", *lines[-15:], f"All its output is in {log}"]))


def prepare(*, retry=False):
    """Brings `.venv` up to date. `retry` looks again for system packages it could not install.

    Raises
    ------
    SetupError
        If something is missing that nothing works without.
    """
    if sys.version_info < OLDEST_PYTHON:
        raise SetupError("Python {}.{} or newer is needed; this is {}.{}.\n"
                         "If there is a newer one too, type its name: export PYTHON=python3.12"
                         .format(*OLDEST_PYTHON, *sys.version_info))  # fmt: skip
    if len(str(ROOT).split()) != 1:
        raise SetupError(f"Verilator cannot work in a directory with blanks in its path: {ROOT}\n"
                         "Move this tree to one without.")  # fmt: skip
    venv = ROOT / ".venv"
    text = stamp_text(ROOT, (ROOT / "pyproject.toml").read_bytes())
    current = is_current(venv, text)
    if not current or retry:
        _say("Setting up the PPU tensor core")
    _check_tools(install=not current or retry)
    if not current:
        started = time.time()
        if not _same_place(venv, text):
            _make_venv(venv)
        _pip_install(venv)
        (venv / ".stamp").write_text(text)
        _say(f"  Done in {time.time() - started:.0f} s; the next time nothing is left to do")
    elif retry:
        _say("  .venv is up to date")


def main():
    """Sets up; returns the exit code."""
    parser = argparse.ArgumentParser(prog="setup", description=__doc__)
    parser.add_argument("--retry", action="store_true",
                        help="try again to install what could not be installed")  # fmt: skip
    try:
        prepare(retry=parser.parse_args().retry)
    except SetupError as error:
        print(f"\nSet-up stopped.\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up was interrupted; the next make goes on with it.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
