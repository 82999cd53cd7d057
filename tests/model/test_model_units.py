"""LOAD, EXECUTE and STORE of the model against the manual's loops."""

import numpy as np
import pytest
from reference import run

from ppu.config import MEDIUM, PRESETS, TINY, Config
from ppu_sim.model import Machine
from ppu_sim.program import execute, load, random_program, store

_RING = 0xF000
_ODD = Config(
    row_bytes=64, columns=4, dot=4, scratchpad_rows=32, scratchpad_banks=2, accumulator_rows=16,
    axi_data_width=32,
)  # fmt: skip
_CONFIGS = {**PRESETS, "odd": _ODD}


def filled(config, seed):
    rng = np.random.default_rng(seed)
    machine = Machine(config, rng.integers(0, 256, 1 << 16, dtype=np.uint8))
    machine.scratchpad[:] = rng.integers(0, 256, machine.scratchpad.shape)
    shape = machine.accumulator.shape
    machine.accumulator[:] = rng.integers(-(1 << 31), 1 << 31, shape)
    # Exponents around those with which results are neither 0 nor infinite.
    words = rng.integers(0, 1 << 32, machine.parameters.shape, np.uint32)
    machine.parameters[:] = words & 0x8FFFFFFF | 0x30000000
    return machine


def compare(config, program, seed=0):
    machine = filled(config, seed)
    memories = [part.copy() for part in (machine.memory, machine.scratchpad, machine.accumulator)]
    parameters = machine.parameters.reshape(config.parameter_rows, config.columns).copy()
    assert machine.run(program, _RING, 64)
    run(config, program, *memories, parameters)
    assert np.array_equal(machine.memory[:_RING], memories[0][:_RING])
    assert np.array_equal(machine.scratchpad, memories[1])
    assert np.array_equal(machine.accumulator, memories[2])
    assert np.array_equal(machine.parameters.reshape(parameters.shape), parameters)


@pytest.mark.parametrize("name", _CONFIGS)
@pytest.mark.parametrize("seed", range(25))
def test_random_programs(name, seed):
    config = _CONFIGS[name]
    program = random_program(config, np.random.default_rng(seed), memory=range(_RING), bad=0)
    try:
        compare(config, program, seed)
    except AssertionError:
        print(program.listing())
        raise


@pytest.mark.parametrize("panel_stride", [0, 1, 3, 4, 5, 9])
@pytest.mark.parametrize("target", [0, 1])
def test_load_panels_overlap(panel_stride, target):
    compare(TINY, [
        load(rows=3, bytes=39, pad=2, address=5, stride=7, destination=11,
             panel_stride=panel_stride, target=target),
    ])  # fmt: skip


@pytest.mark.parametrize("c_stride", [0, 1, 6, 7, 8])
@pytest.mark.parametrize("accumulate", [False, True])
def test_execute_tiles_overlap(c_stride, accumulate):
    compare(TINY, [
        execute(m=7, n=3, k=2, a=2, a_stride=3, b=50, b_stride=1, b_tile_stride=5, c=4,
                c_stride=c_stride, a_signed=False, accumulate=accumulate),
    ])  # fmt: skip


@pytest.mark.parametrize("stride", [0, 1, 19, 20, 21])
def test_store_rows_overlap(stride):
    compare(TINY, [
        store(rows=6, columns=5, address=4093, stride=stride, source=3, panel_stride=2)
    ])  # fmt: skip


def test_extreme_products():
    memory = np.full(1 << 16, 0x80, np.uint8)
    machine = Machine(MEDIUM, memory)
    machine.run([
        load(rows=16, bytes=16, address=0, destination=0),
        execute(m=1, k=1, a=0, b=0, c=0),
        execute(m=1, k=1, a=0, b=0, c=1, a_signed=False),
        execute(m=1, k=1, a=0, b=0, c=2, a_signed=False, b_signed=False),
    ], _RING)  # fmt: skip
    assert machine.accumulator[:3, 5].tolist() == [16 * 128 * 128, -16 * 128 * 128, 16 * 128 * 128]


def test_sums_wrap():
    machine = Machine(TINY, np.full(1 << 16, 255, np.uint8))
    machine.accumulator[0] = 2**31 - 1
    machine.accumulator[1] = -(2**31)
    machine.run([
        load(rows=5, bytes=4, address=0, destination=0),
        execute(m=1, k=1, a=0, b=0, c=0, accumulate=True),
        execute(m=1, k=1, a=0, b=0, c=1, b_signed=False, accumulate=True),
    ], _RING)  # fmt: skip
    assert machine.accumulator[:2, 0].tolist() == [-(2**31) + 3, 2**31 - 1020]


def test_long_k_is_exact():
    machine = filled(TINY, 1)
    machine.scratchpad[:] = 255
    machine.run([
        execute(m=1, n=1, k=65535, a=0, b=0, c=0, a_signed=False, b_signed=False),
    ], _RING)  # fmt: skip
    total = 65535 * 4 * 255 * 255
    assert machine.accumulator[0, 0] == (total + 2**31) % 2**32 - 2**31


def test_memory_must_be_bytes():
    with pytest.raises(ValueError, match=r"memory must be one-dimensional.*not 2-dimensional"):
        Machine(TINY, np.zeros((2, 2), np.uint8))
