"""Builds the Verilated system as a shared library, once for each core."""

import os
import subprocess
import sys
import time
from pathlib import Path

from .. import cache, toolchain
from .design import SYSTEM
from .settings import settings_bytes

__all__ = ["BuildFailed", "library"]

HARNESS = Path(__file__).with_name("harness.cpp")
VERILATE = (
    "--cc", "-O3", "--x-assign", "fast", "--x-initial", "fast", "--no-assert", "--no-timing",
    "--output-split", "20000", *(f"-Wno-{name}" for name in toolchain.HARMLESS_WARNINGS),
)  # fmt: skip
COMPILE = ("-O3", "-fPIC", "-fvisibility=hidden", "-fno-semantic-interposition")


class BuildFailed(RuntimeError):
    """Verilator or the C++ compiler failed. The message names the log."""


def library(design):
    """The shared library with the system around the export of `design`; builds it if need be."""
    tool = toolchain.verilator()
    name = cache.fingerprint(
        design.fingerprint(), HARNESS.read_text(), tool.version, *VERILATE, *COMPILE
    )
    return cache.entry(f"verilator-{name}", lambda path: _build(design, tool, path)) / "system.so"


def _build(design, tool, directory):
    start = time.perf_counter()
    _say(f"Building core {design.name} for Verilator, once: generating Verilog ...")
    (directory / f"{SYSTEM}.v").write_text(design.verilog())
    _say(f"  {time.perf_counter() - start:5.1f} s  compiling ...")
    bus = design.config
    sources = directory / "verilated"
    commands = [
        [str(tool.executable), *VERILATE, "--top-module", SYSTEM, "--prefix", f"V{SYSTEM}",
         "-Mdir", str(sources), f"{SYSTEM}.v"],
        ["make", "-C", str(sources), "-f", f"V{SYSTEM}.mk", f"-j{os.cpu_count()}",
         f"OPT_FAST={' '.join(COMPILE)}", f"OPT_SLOW=-O1 {' '.join(COMPILE[1:])}",
         f"OPT_GLOBAL={' '.join(COMPILE)}", f"V{SYSTEM}__ALL.a", "libverilated.a"],
        ["g++", "-shared", "-std=gnu++17", *COMPILE, f"-DBEAT_BYTES={bus.beat_bytes}",
         f"-DSETTINGS_BYTES={settings_bytes(bus.axi_address_width)}", f"-I{sources}",
         *(f"-I{include}" for include in _includes(tool)), str(HARNESS),
         f"{sources}/V{SYSTEM}__ALL.a", f"{sources}/libverilated.a", "-pthread", "-latomic",
         "-Wl,-Bsymbolic", "-o", "system.so"],
    ]  # fmt: skip
    log = directory / "build.log"
    with log.open("w") as output:
        for command in commands:
            print(*command, file=output, flush=True)
            if subprocess.run(
                command, cwd=directory, env=tool.environment, stdout=output, stderr=output,
                check=False,
            ).returncode:  # fmt: skip
                output.flush()
                tail = "\n".join(log.read_text().splitlines()[-20:])
                raise BuildFailed(f"building for Verilator failed; see {log}:\n{tail}")
    _say(f"  {time.perf_counter() - start:5.1f} s  done")


def _includes(tool):
    root = subprocess.run(
        [str(tool.executable), "--getenv", "VERILATOR_ROOT"], env=tool.environment,
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    return Path(root, "include"), Path(root, "include", "vltstd")


def _say(text):
    print(text, file=sys.stderr, flush=True)
