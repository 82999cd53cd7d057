"""The README's table of measured cycles is what the RTL takes, to the cycle."""

import re
from pathlib import Path

import numpy as np
import pytest

import ppu_sim

README = Path(__file__).parents[2] / "README.md"
ROW = re.compile(
    r"^\| `(\w+)` \| (\d+) \| ([\d,]+) \| ([\d.]+) % \| ([\d,]+) \| ([\d.]+) % \|$", re.M)
ROWS = ROW.findall(README.read_text())


def test_table_is_found():
    assert {row[0] for row in ROWS} == {"tiny", "small", "medium", "ppu1"}


@pytest.mark.parametrize(("preset", "side", "fast", "fast_share", "slow", "slow_share"), ROWS)
def test_cycles(preset, side, fast, fast_share, slow, slow_share):
    rng, side = np.random.default_rng(0), int(side)
    a, b = (rng.integers(-128, 128, (side, side), dtype=np.int8) for _ in range(2))
    for latency, cycles, share in ((1, fast, fast_share), (100, slow, slow_share)):
        with ppu_sim.open("verilator", preset=preset, latency=latency) as device:
            device.matmul(a, b)
        assert device.last_run.cycles == int(cycles.replace(",", ""))
        assert f"{100 * device.last_run.utilization:.1f}" == share
