"""The cycle model against the RTL, on random products."""

import numpy as np
import pytest

import ppu_sim
from ppu.config import preset
from ppu_sim.cycles import MemoryTiming, estimate
from ppu_sim.performance.cases import Case, Group
from ppu_sim.performance.measure import case_program

GROUP = Group("random products")
#: Preset, latency of the memory, products.
SETS = [
    ("tiny", 30, 40), ("small", 1, 40), ("small", 100, 40), ("medium", 1, 40), ("medium", 100, 40),
]


def random_case(rng, name, latency):
    """A product of any shape, from a single number up to some hundred rows."""
    largest = 96 if name == "tiny" else 400
    m, k, n = (int(np.exp(rng.uniform(0, np.log(largest)))) for _ in range(3))
    return Case(GROUP, name, latency, m, k, n)


@pytest.mark.parametrize(("name", "latency", "count"), SETS)
def test_random_products(name, latency, count):
    rng = np.random.default_rng([1, latency, preset(name).columns])
    worst = []
    with ppu_sim.open("verilator", preset=name, latency=latency) as device:
        for _ in range(count):
            case = random_case(rng, name, latency)
            a = rng.integers(-128, 128, (case.m, case.k), dtype=np.int8)
            b = rng.integers(-128, 128, (case.k, case.n), dtype=np.int8)
            device.matmul(a, b)
            cycles = device.last_run.cycles
            expected = estimate(case.config, case_program(case), MemoryTiming(latency)).cycles
            worst.append((abs(expected / cycles - 1), case.name, cycles, expected))
    error, name, cycles, expected = max(worst)
    assert error <= 0.02, f"{name}: {cycles:,} cycles, estimated {expected:,}"
