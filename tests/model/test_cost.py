"""The scheduler's estimate against the cycles of the RTL in Amaranth's simulator."""

# amaranth: UnusedElaboratable=no

import numpy as np
import pytest

import ppu_sim
from ppu_sim.program import cost, estimate, matmul_program


@pytest.mark.parametrize(("preset", "shape"), [("tiny", (12, 8, 40)), ("small", (24, 16, 40))])
def test_estimate_is_close(preset, shape):
    m, n, k = shape
    rng = np.random.default_rng(1)
    a, b = (rng.integers(-128, 128, (rows, k), dtype=np.int8) for rows in (m, n))
    with ppu_sim.open("amaranth", preset=preset, latency=cost.MEMORY_LATENCY) as device:
        assert np.array_equal(device.linear(a, b), a.astype(np.int32) @ b.T.astype(np.int32))
        program = matmul_program(device.config, m, n, k, 0x1000, k, 0x8000, k, 0x10000, 4 * n)
        estimated = estimate(device.config, program).cycles
        assert estimated == pytest.approx(device.last_run.cycles, rel=0.1)
