"""What merging modules does to the size of the export and to the time that Verilator needs for it.

Run ``python tests/synthesis/benchmark.py [PRESET ...]``. Seconds are processor time of all
processes together, so that a busy machine does not change them much.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from ppu import generate
from ppu.config import PRESETS
from ppu_sim import toolchain

COLUMNS = (
    "preset", "modules", "lines", "bytes", "export s", "verilate s", "compile s", "C++ bytes",
)  # fmt: skip


def measure(preset, *, deduplicate):
    """One row of the table."""
    start = _cpu_seconds()
    text = generate.verilog(PRESETS[preset], deduplicate=deduplicate)
    exported = _cpu_seconds() - start
    verilator = toolchain.verilator()
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "core.v").write_text(text)
        start = _cpu_seconds()
        _run([verilator.executable, "--cc", "-O3", "--x-assign", "fast", "-Wno-fatal", "-Wno-lint",
              "-Wno-style", "--top-module", "ppu_core", "--Mdir", "build", "core.v"],
             directory, verilator.environment)  # fmt: skip
        verilated = _cpu_seconds() - start
        sources = sum(file.stat().st_size for file in Path(directory, "build").glob("*.cpp"))
        start = _cpu_seconds()
        _run(["make", "-j2", "-C", "build", "-f", "Vppu_core.mk", "libVppu_core"],
             directory, verilator.environment)  # fmt: skip
        compiled = _cpu_seconds() - start
    label = f"{preset}, {'merged' if deduplicate else 'as Amaranth'}"
    modules = text.count("\nmodule ")
    return (label, modules, text.count("\n"), len(text), f"{exported:.1f}", f"{verilated:.1f}",
            f"{compiled:.1f}", sources)  # fmt: skip


def _cpu_seconds():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _run(command, directory, environment):
    result = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(result.stdout + result.stderr)


def main(presets):
    """Prints a table in Markdown."""
    print("|", " | ".join(COLUMNS), "|")
    print("|", " | ".join("---" for _ in COLUMNS), "|")
    for preset in presets:
        for deduplicate in (False, True):
            row = measure(preset, deduplicate=deduplicate)
            print("|", " | ".join(map(str, row)), "|", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or ["tiny", "medium"])
