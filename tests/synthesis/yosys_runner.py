"""Runs Yosys and gives what it says, or a netlist."""

import json

from ppu_fpga.flow import yosys as runner

__all__ = ["flat_netlist", "yosys"]


def yosys(script, directory):
    """Runs `script`, a string of lines, in `directory`; gives its log."""
    runner.yosys(script, directory)
    return (directory / "synthesis.log").read_text()


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
