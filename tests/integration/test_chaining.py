# amaranth: UnusedElaboratable=no
"""STOREs right behind EXECUTEs, and EXECUTEs whose weights go ahead.

They run on the RTL with its assertions, which Verilator leaves out: no row of the accumulator is
read while an update is at it.
"""

import numpy as np
import pytest

import ppu_sim
from ppu.config import TINY
from ppu.isa import Target
from ppu_sim.backends import Settings, open_backend
from ppu_sim.program import Program, end, execute, load, store
from ppu_sim.toolchain import ToolMissing

MEMORY_SIZE = 1 << 16
RESULT = 0x8000
#: Few rows, so that almost everything overlaps.
ROWS = 24


def random_program(rng):
    """EXECUTEs, each with STOREs of parts of its sums, among LOADs of its operands."""
    commands = [load(rows=64, bytes=4, address=0, stride=4, destination=0)]
    for _ in range(12):
        m, n, k = int(rng.choice([1, 2, 3, 5, 8])), int(rng.integers(1, 4)), int(rng.integers(1, 3))
        c_stride = int(rng.choice([0, 1, m - 1, m, 4]))
        if rng.random() < 0.6:
            commands.append(load(rows=4, bytes=4, address=int(rng.integers(4096)), stride=4,
                                 destination=int(rng.integers(40))))
        if rng.random() < 0.2:
            commands.append(load(rows=3, bytes=16, address=int(rng.integers(4096)), stride=16,
                                 destination=int(rng.integers(ROWS)), target=Target.ACCUMULATOR))
        c = int(rng.integers(ROWS))
        commands.append(execute(
            m=m, n=n, k=k, a=int(rng.integers(20)), a_stride=m, b=int(rng.choice([24, 128 + 24])),
            b_stride=4, b_tile_stride=4, c=c, c_stride=c_stride,
            accumulate=bool(rng.integers(2))))
        for _ in range(rng.integers(3)):
            chunks = int(rng.integers(1, 4))
            source = max(0, c + int(rng.integers(-2, 3)) + int(rng.integers(n)) * c_stride)
            commands.append(store(
                rows=int(rng.choice([1, m, m, m + 2])), columns=4 * chunks - int(rng.integers(4)),
                address=RESULT + 4 * int(rng.integers(2048)), stride=64, source=source,
                panel_stride=int(rng.choice([0, 1, c_stride, m]))))
    return Program([*commands, end(1)])


@pytest.fixture(scope="module", params=["amaranth", "icarus"])
def devices(request):
    try:
        with (ppu_sim.Device(open_backend(request.param, TINY, MEMORY_SIZE)) as device,
              ppu_sim.Device(open_backend("model", TINY, MEMORY_SIZE)) as model):
            yield device, model
    except ToolMissing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("seed", range(12))
def test_memory_is_that_of_the_model(devices, seed):
    rng = np.random.default_rng(seed)
    program, memory = random_program(rng), rng.integers(0, 256, MEMORY_SIZE, np.uint8)
    settings = Settings(latency=int(rng.choice([1, 20])), stall=float(rng.choice([0, 0.2])), seed=1)
    for device in devices:
        device.memory[:] = memory
        device.configure(settings)
        device.run(program)
    different = np.flatnonzero(devices[0].memory != devices[1].memory)
    assert not len(different), f"{len(different)} bytes differ, the first at {different[0]:#x}"
