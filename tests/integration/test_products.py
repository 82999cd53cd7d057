"""Matrix products of every shape on the Verilated core, exact in every bit."""

import numpy as np
import pytest

import ppu_sim
from ppu.config import PRESETS
from ppu_sim.program import Program, end, execute, load, matmul_program, store

SHAPES = 300


def reference(a, b):
    """``a @ b`` modulo 2^32; exact in float64 as far as it goes, then wrapped."""
    exact = a.astype(np.float64) @ b.astype(np.float64)
    return exact.astype(np.int64).astype(np.int32)


def operands(rng, m, n, k, dtypes):
    limits = {np.int8: (-128, 128), np.uint8: (0, 256)}
    return (rng.integers(*limits[dtypes[0]], (m, k), dtype=dtypes[0]),
            rng.integers(*limits[dtypes[1]], (k, n), dtype=dtypes[1]))


def check(device, rng, m, n, k, dtypes=(np.int8, np.int8)):
    a, b = operands(rng, m, n, k, dtypes)
    np.testing.assert_array_equal(device.matmul(a, b), reference(a, b), f"{m} x {n} x {k}")


@pytest.mark.parametrize("name", PRESETS)
def test_random_shapes(name):
    rng = np.random.default_rng(list(PRESETS).index(name))
    highest = 6 * PRESETS[name].row_bytes
    mixes = [(x, y) for x in (np.int8, np.uint8) for y in (np.int8, np.uint8)]
    with ppu_sim.open("verilator", preset=name, latency=20, stall=0.1) as device:
        for index in range(SHAPES):
            m, n, k = (int(x) for x in np.exp(rng.uniform(0, np.log(highest), 3)))
            check(device, rng, m, n, k, mixes[index % 4])


@pytest.mark.parametrize("name", PRESETS)
def test_shapes_at_the_edges(name):
    config, rng = PRESETS[name], np.random.default_rng(7)
    columns, lanes = config.columns, config.row_bytes
    with ppu_sim.open("verilator", preset=name, latency=3) as device:
        for m, n, k in [(1, 1, 1), (1, 1, lanes), (5, 7, 1), (11, 1, 13), (1, 17, 19), (2, 3, 5),
                        (53, 59, 61), (257, 1, 3), (1, 3, 1031)]:
            check(device, rng, m, n, k)
        for times in (1, 2, 3):
            for off in (-1, 1):
                check(device, rng, times * columns + off, times * columns - off,
                      times * lanes + off)


@pytest.mark.parametrize("name", ["tiny", "small"])
def test_larger_than_both_memories(name):
    config, rng = PRESETS[name], np.random.default_rng(8)
    side = int(1.3 * config.accumulator_rows**0.5 * config.columns**0.5) + 3
    deep = config.scratchpad_rows * config.row_bytes // 16 + 5
    with ppu_sim.open("verilator", preset=name, latency=10) as device:
        check(device, rng, side, side, 3 * config.row_bytes)
        check(device, rng, 20, 17, deep)


def test_a_thousand_cubed():
    rng = np.random.default_rng(9)
    with ppu_sim.open("verilator", preset="medium") as device:
        check(device, rng, 1000, 1000, 1000)
        assert device.last_run.utilization > 0.94


@pytest.mark.parametrize(("a", "b"), [(-128, -128), (-128, 127), (255, 255), (-128, 255)])
def test_extremes(a, b):
    def full(shape, value):
        return np.full(shape, value, np.uint8 if value > 127 else np.int8)

    with ppu_sim.open("verilator", preset="tiny", latency=1) as device:
        product = device.matmul(full((9, 301), a), full((301, 6), b))
    assert (product == a * b * 301).all()


def test_sums_wrap():
    """A row of sums close to the limit takes one more product, and wraps as int32 does."""
    config, sums = PRESETS["tiny"], np.array([2**31 - 1, -(2**31), 5, 2**31 - 200], np.int32)
    with ppu_sim.open("verilator", preset="tiny", latency=1) as device:
        a, b, c = (device.allocate(64) for _ in range(3))
        device.write(a, np.array([100, 0, 0, 0], np.int8))
        device.write(b, np.array([[100, 0, 0, 0], [-100, 0, 0, 0]] * 2, np.int8))
        device.write(c, sums)
        device.run(Program([
            load(address=a, rows=1, bytes=4, destination=0),
            load(address=b, rows=4, bytes=4, stride=4, destination=config.bank_rows),
            load(address=c, rows=1, bytes=16, destination=3, target=1),
            execute(m=1, n=1, k=1, a=0, b=config.bank_rows, c=3, accumulate=True),
            store(address=c, rows=1, columns=4, source=3), end(1),
        ]))  # fmt: skip
        products = np.array([10000, -10000] * 2, np.int64)
        np.testing.assert_array_equal(
            device.read(c, (4,), np.int32), (sums + products).astype(np.int32))


@pytest.mark.parametrize("name", ["tiny", "small", "medium"])
def test_array_takes_a_row_every_cycle(name):
    """In one long EXECUTE, nothing but its start and its end is not a row of A."""
    config = PRESETS[name]
    columns, m = config.columns, config.columns + 3
    tiles = 16
    with ppu_sim.open("verilator", preset=name, latency=1) as device:
        device.run(Program([
            execute(m=m, n=tiles, k=tiles, a=0, a_stride=m, b=config.bank_rows,
                    b_stride=columns, b_tile_stride=0, c=0, c_stride=0),
            end(1)]))  # fmt: skip
        counters = device.last_run.counters
    assert counters["EXECUTE_BUSY"] == m * tiles * tiles
    assert counters["EXECUTE_BANK"] == 0
    # The job's way to the first read and the first tile's weights.
    assert counters["EXECUTE_WEIGHTS"] <= columns + 6


def test_one_program_in_two_operand_layouts():
    """`matmul` is `linear` with the weight transposed."""
    rng = np.random.default_rng(10)
    a, b = operands(rng, 21, 13, 34, (np.int8, np.int8))
    with ppu_sim.open("verilator", preset="tiny", latency=1) as device:
        np.testing.assert_array_equal(device.matmul(a, b), device.linear(a, b.T))


def test_programs_are_the_same_bytes_every_time():
    config = PRESETS["small"]
    first, second = (matmul_program(config, 33, 70, 45, 0, 45, 4096, 45, 8192, 280,
                                    a_signed=True, b_signed=True).to_bytes() for _ in range(2))
    assert first == second
