# amaranth: UnusedElaboratable=no
"""The SDRAM controller with the chip in Verilog, on Verilator."""

from dataclasses import replace

import pytest

from ppu_fpga.memory.model.chip_instance import chip_verilog
from ppu_fpga.memory.model.verilog_top import SdramVerilogTop
from ppu_fpga.memory.sdram.controller import SdramController
from ppu_fpga.memory.sdram.parts import ULX3S_32M, SdramTiming
from ppu_sim.bench import runner
from ppu_sim.verilog import convert

PART = replace(ULX3S_32M, rows=16, power_up=300)
TIMING = SdramTiming.of(PART, frequency=100e6)


@pytest.mark.parametrize("simulator, wrong", [
    ("verilator", None), ("icarus", "rcd"), ("icarus", "refresh")])
def test_controller_and_chip(simulator, wrong, tmp_path):
    """Without a breach; and a controller with a time that is too short is noticed."""
    changed = {"rcd": {"rcd": TIMING.rcd - 1}, "refresh": {"refresh": TIMING.refresh + 100}}
    timing = replace(TIMING, **changed.get(wrong, {}))
    top = SdramVerilogTop(SdramController(PART, timing, address_width=24), timing=TIMING)
    built = runner.build(convert(top, name="sdram_top") + chip_verilog(), name="sdram_top",
                         simulator=simulator, build_dir=tmp_path)
    built.test("sdram_bench", parameters={"size": 16384, "wrong": wrong})
