"""What is read from OpenSTA's report, and what is said without it."""

import pytest

from ppu_asic.report import as_text
from ppu_asic.timing import Timing, read_report

REPORT = """\
Startpoint: core.load.count[3]_reg
            (rising edge-triggered flip-flop clocked by clk)
Endpoint: core.store.sum[0]_reg (rising edge-triggered flip-flop clocked by clk)
Path Group: clk
Path Type: max

       Cap      Slew     Delay      Time   Description
-------------------------------------------------------------------------------
              0.0000    0.0000    0.0000   clock clk (rise edge)
                        0.0000    0.0000   clock network delay (ideal)
              0.0000    0.0000    0.0000 ^ core.load.count[3]_reg/CLK (DFF)
    0.0253    0.0600    0.2500    0.2500 ^ core.load.count[3]_reg/Q (DFF)
    0.0253    0.0600    0.5000    0.7500 v _12_/Y (NAND2)
    0.0253    0.0600    0.2500    1.0000 ^ _13_/Y (INV)
              0.0600    0.0000    1.0000 ^ core.store.sum[0]_reg/D (DFF)
                                  1.0000   data arrival time

              0.0000    4.0000    4.0000   clock clk (rise edge)
                                  4.0000 ^ core.store.sum[0]_reg/CLK (DFF)
                       -0.5000    3.5000   library setup time
                                  3.5000   data required time
-------------------------------------------------------------------------------
                                  3.5000   data required time
                                 -1.0000   data arrival time
-------------------------------------------------------------------------------
                                  2.5000   slack (MET)
"""


def test_path():
    path = read_report(REPORT, 4.0)
    assert path == Timing(4.0, 2.5, 1.0, "core.load.count[3]", "core.store.sum[0]", 3)
    assert path.max_frequency == pytest.approx(1000 / 1.5)


def test_path_that_is_too_slow():
    text = REPORT.replace("2.5000   slack (MET)", "-1.0000   slack (VIOLATED)")
    assert read_report(text, 4.0).max_frequency == pytest.approx(200)


@pytest.mark.parametrize("timing, expected", [
    (None, "timing: needs OpenSTA: apt-get install opensta"),
    ({"period": 4.0, "slack": 2.5, "delay": 1.0, "start": "a", "end": "b", "cells": 3,
      "max_frequency_mhz": 666.7},
     "critical path: 1.00 ns through 3 cells, see timing.rpt\n  from a\n  to   b\n"
     "slack at 4 ns: 2.50 ns; max frequency: 666.7 MHz"),
])  # fmt: skip
def test_text(timing, expected):
    data = {
        "name": "tiny", "macs": 16, "period_ns": 4.0, "area": 10.0, "nand2": 2.5,
        "library": {"name": "mini", "nand2": "NAND2", "nand2_area": 4.0},
        "sequential": 1, "combinational": 2, "blocks": [], "per_mac": {}, "elements": [],
        "memories": [], "memory_bits": 0, "flip_flop_memories": [], "timing": timing,
    }  # fmt: skip
    assert as_text(data).endswith(f"{expected}\n")
