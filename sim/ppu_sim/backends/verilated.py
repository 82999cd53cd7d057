"""Builds the Verilated system as a shared library, once for each core."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from .. import cache, toolchain
from .design import SYSTEM
from .settings import settings_bytes

__all__ = ["BuildFailed", "library", "record_words"]

LIBRARY = "system.so"
_SOURCES = "verilated"
HARNESS = Path(__file__).with_name("harness.cpp")
VERILATE = (
    "--cc", "-O3", "--x-assign", "fast", "--x-initial", "fast", "--no-assert", "--no-timing",
    "--output-split", "20000", *(f"-Wno-{name}" for name in toolchain.HARMLESS_WARNINGS),
)  # fmt: skip
#: For waves: signals of any width in use, and no memories, which would be most of the file.
WAVES = (
    "--trace-fst", "--trace-max-width", "4096", "--trace-max-array", "0",
    "--timescale-override", "1ns/1ns",
)  # fmt: skip
#: The environment may ask for less optimisation than `-O2`: a core is built in two thirds of the
#: time with `-O1`, and is a fifth slower.
COMPILE = (os.environ.get("PPU_SIM_OPTIMIZE", "-O2"), "-fPIC", "-fvisibility=hidden",
           "-fno-semantic-interposition")  # fmt: skip


class BuildFailed(RuntimeError):
    """Verilator or the C++ compiler failed. The message names the log."""


def library(design, *, waves=False):
    """The shared library with the system around the export of `design`; builds it if need be.

    With `waves`, it can write them; that makes it slower also if it does not.
    """
    tool = toolchain.verilator()
    if waves:
        toolchain.check_fst_headers()
    text = design.verilog()
    name = cache.fingerprint(
        text, HARNESS.read_text(), tool.version, *VERILATE, *COMPILE, *(WAVES if waves else ())
    )
    path = cache.entry("verilator", name, lambda path: _build(design, waves, text, tool, path))
    return path / LIBRARY


def _build(design, waves, text, tool, directory):
    start = time.perf_counter()
    print(f"Compiling the {design.name} with Verilator, once ...", file=sys.stderr, flush=True)
    (directory / f"{SYSTEM}.v").write_text(text)
    log = directory / "build.log"
    with log.open("w") as output:
        for command in _commands(design, waves, tool):
            print(*command, file=output, flush=True)
            if subprocess.run(
                command, cwd=directory, env=tool.environment, stdout=output, stderr=output,
                check=False,
            ).returncode:  # fmt: skip
                output.flush()
                tail = "\n".join(log.read_text().splitlines()[-20:])
                raise BuildFailed(f"building for Verilator failed; see {log}:\n{tail}")
    shutil.rmtree(directory / _SOURCES)
    print(f"... done in {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)


def _commands(design, waves, tool):
    """Verilog to C++, C++ to objects, objects and harness to a library."""
    root = subprocess.run(
        [str(tool.executable), "--getenv", "VERILATOR_ROOT"], env=tool.environment,
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    return (
        [str(tool.executable), *VERILATE, *(WAVES if waves else ()), "--top-module", SYSTEM,
         "--prefix", f"V{SYSTEM}", "-Mdir", _SOURCES, f"{SYSTEM}.v"],
        ["make", "-C", _SOURCES, "-f", f"V{SYSTEM}.mk", f"-j{os.cpu_count()}",
         f"OPT_FAST={' '.join(COMPILE)}", f"OPT_SLOW=-O0 {' '.join(COMPILE[1:])}",
         f"OPT_GLOBAL={' '.join(COMPILE)}", f"V{SYSTEM}__ALL.a", "libverilated.a"],
        ["g++", "-shared", "-std=gnu++17", *COMPILE, *_definitions(design, waves), f"-I{_SOURCES}",
         f"-I{root}/include", f"-I{root}/include/vltstd", str(HARNESS),
         f"{_SOURCES}/V{SYSTEM}__ALL.a", f"{_SOURCES}/libverilated.a", "-pthread", "-latomic",
         *(["-llz4", "-lz"] if waves else []), "-Wl,-Bsymbolic", "-o", LIBRARY],
    )  # fmt: skip


def _definitions(design, waves):
    """What the harness is compiled with."""
    config = design.config
    values = {
        "BEAT_BYTES": config.beat_bytes,
        "SETTINGS_BYTES": settings_bytes(config.axi_address_width),
    }
    if waves:
        values["WAVES"] = 1
    if design.probe:
        values["RECORD_WORDS"] = record_words(design)
    return [f"-D{name}={value}" for name, value in values.items()]


def record_words(design):
    """32-bit words of the record of a design with a probe."""
    return -(-design.record_layout.size // 32)
