# amaranth: UnusedElaboratable=no
"""The array alone: whole rows in, whole rows of sums out, weights swapped under way."""

import numpy as np
import pytest
from amaranth.sim import Simulator

from ppu.execute.array import SystolicArray
from ppu.execute.element import Int8Element


def make_array(lanes, columns, dot=1, mixed=True, product_registers=1):
    return SystolicArray(rows=lanes // dot, columns=columns, element=lambda: Int8Element(
        dot=dot, mixed_signs=mixed, lanes=lanes, product_registers=product_registers))


def run(dut, dot, tiles, *, gaps=None, columns):
    """Streams `tiles` of (A rows, B rows) as tightly as allowed; returns (sums, cycles)."""
    rng = np.random.default_rng(gaps)
    sums, cycles = [], 0
    order = [(t, c) for t in range(len(tiles)) for c in reversed(range(columns))]
    valid_at = {}

    def gap():
        return gaps is not None and rng.random() < 0.3

    async def feed(ctx):
        nonlocal cycles
        tile, row, started, loaded = 0, 0, 0, 0
        while tile < len(tiles) or len(valid_at) > len(sums):
            ctx.set(dut.i_swap, 0)
            ctx.set(dut.i_load, 0)
            if tile < len(tiles) and loaded >= (tile + 1) * columns and not gap():
                a_rows, _ = tiles[tile]
                ctx.set(dut.i_a, [[int(x) for x in a_rows[row][r * dot:(r + 1) * dot]]
                                  for r in range(dut.rows)])
                ctx.set(dut.i_swap, row == 0)
                valid_at[cycles + dut.latency] = True
                started = tile + 1
                row += 1
                if row == len(a_rows):
                    tile, row = tile + 1, 0
            if loaded < len(order) and loaded < (started + 1) * columns and not gap():
                t, c = order[loaded]
                ctx.set(dut.i_b, [[int(x) for x in tiles[t][1][c][r * dot:(r + 1) * dot]]
                                  for r in range(dut.rows)])
                ctx.set(dut.i_load, 1)
                ctx.set(dut.i_column, c)
                loaded += 1
            if cycles in valid_at:
                sums.append([ctx.get(dut.o_sums[c]) for c in range(columns)])
            await ctx.tick()
            cycles += 1

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(feed)
    sim.run()
    return np.array(sums), cycles


def random_tiles(rng, rows, lanes, columns, low, high):
    return [(rng.integers(low, high, (m, lanes)), rng.integers(low, high, (columns, lanes)))
            for m in rows]


@pytest.mark.parametrize("gaps", [None, 1, 2])
@pytest.mark.parametrize(("lanes", "columns", "dot"), [(4, 4, 1), (4, 4, 2), (4, 4, 4), (8, 4, 1),
                                                       (4, 8, 2)])
@pytest.mark.parametrize("product_registers", [0, 1, 2])
def test_products_are_exact(lanes, columns, dot, product_registers, gaps):
    rng = np.random.default_rng(lanes * columns + dot)
    tiles = random_tiles(rng, [1, 4, 7, 2, 1, 9], lanes, columns, -128, 256)
    dut = make_array(lanes, columns, dot, product_registers=product_registers)
    sums, _ = run(dut, dot, tiles, gaps=gaps, columns=columns)
    np.testing.assert_array_equal(sums, np.concatenate([a @ b.T for a, b in tiles]))


@pytest.mark.parametrize(("mixed", "a", "b"), [(True, 255, 255), (True, -128, 255),
                                               (True, -128, -128), (False, -128, -128)])
def test_extremes_fit_the_sum(mixed, a, b):
    lanes, columns = 8, 4
    tile = (np.full((3, lanes), a), np.full((columns, lanes), b))
    sums, _ = run(make_array(lanes, columns, mixed=mixed), 1, [tile], columns=columns)
    assert (sums == lanes * a * b).all()


@pytest.mark.parametrize("rows", [4, 5, 11])
def test_no_bubble_between_tiles(rows):
    """A tile of m >= columns rows takes m cycles, however many tiles follow each other."""
    columns, count = 4, 50
    dut = make_array(4, columns)
    tiles = random_tiles(np.random.default_rng(3), [rows] * count, 4, columns, -128, 128)
    sums, cycles = run(dut, 1, tiles, columns=columns)
    np.testing.assert_array_equal(sums, np.concatenate([a @ b.T for a, b in tiles]))
    assert cycles == columns + rows * count + dut.latency


@pytest.mark.parametrize("rows", [1, 2])
def test_short_tiles_follow_at_the_rate_of_their_weights(rows):
    columns, count = 4, 50
    dut = make_array(4, columns)
    tiles = random_tiles(np.random.default_rng(4), [rows] * count, 4, columns, -128, 128)
    _, cycles = run(dut, 1, tiles, columns=columns)
    assert cycles == columns * count + rows + dut.latency
