# amaranth: UnusedElaboratable=no
"""Performance counters."""

import random

import pytest
from amaranth.sim import Simulator

from ppu.host.counters import Counters
from ppu.host.registers import COUNTERS


async def read(ctx, dut, word):
    ctx.set(dut.read_index, word)
    ctx.set(dut.read_valid, 1)
    value, = await ctx.tick().sample(dut.read_data).until(dut.read_done)
    ctx.set(dut.read_valid, 0)
    await ctx.tick()
    return value


async def snapshot(ctx, dut):
    """Takes a snapshot and returns all counters."""
    ctx.set(dut.snapshot, 1)
    await ctx.tick()
    ctx.set(dut.snapshot, 0)
    return [await read(ctx, dut, 2 * i) | await read(ctx, dut, 2 * i + 1) << 32
            for i in range(len(COUNTERS))]


def simulate(dut, *benches):
    sim = Simulator(dut)
    sim.add_clock(1e-8)
    for index, bench in enumerate(benches):
        sim.add_testbench(bench, background=index > 0)
    sim.run()


@pytest.mark.parametrize("seed", [1, 2])
def test_counts_are_exact_and_of_one_moment(seed):
    dut, rng = Counters(), random.Random(seed)
    history = [[0] * len(COUNTERS)]
    rates = [rng.choice([0, 0.1, 0.5, 1]) for _ in COUNTERS]

    async def events(ctx):
        while True:
            now = [rng.random() < rate for rate in rates]
            steps = [rng.choice([0, 0, 1, 3]) if name == "COMMANDS" else int(event)
                     for (name, _), event in zip(COUNTERS, now, strict=True)]
            ctx.set(dut.events, {name.lower(): step for (name, _), step
                                 in zip(COUNTERS, steps, strict=True) if name != "COMMANDS"})
            await ctx.tick()
            history.append([a + b for a, b in zip(history[-1], steps, strict=True)])
            ctx.set(dut.completed, history[-1][1])

    async def main(ctx):
        assert [await read(ctx, dut, word) for word in range(Counters.WORDS)] \
            == [0] * Counters.WORDS
        for _ in range(6):
            await ctx.tick().repeat(rng.randint(1, 100))
            start = len(history) - 1
            values = await snapshot(ctx, dut)
            moments = range(start, start + Counters.SWEEP + 3)
            columns = range(len(COUNTERS))
            # completed is seen a cycle after it advanced
            assert any(all(values[i] == history[t - (COUNTERS[i][0] == "COMMANDS")][i]
                           for i in columns)
                       for t in moments if t < len(history)), "not the state of one cycle"

    simulate(dut, main, events)


def test_carry_between_words():
    dut = Counters()
    cycles, rows = 0, len(COUNTERS) - 1
    assert (COUNTERS[cycles][0], COUNTERS[rows][0]) == ("CYCLES", "ARRAY_ROWS")

    async def main(ctx):
        await ctx.tick().repeat(2 * Counters.SWEEP + 10)    # not while one of them is added to
        ctx.set(dut.words[2 * cycles], 0xFFFF_FFFF)
        ctx.set(dut.words[2 * rows], 0xFFFF_FFF8)
        ctx.set(dut.words[2 * rows + 1], 5)
        ctx.set(dut.events, {"cycles": 1, "array_rows": 1})
        await ctx.tick().repeat(100)
        ctx.set(dut.events, {"cycles": 0, "array_rows": 0})
        values = await snapshot(ctx, dut)
        assert values[cycles] == 0xFFFF_FFFF + 100
        assert values[rows] == 0x5_FFFF_FFF8 + 100
        assert values[1:rows] == [0] * (rows - 1)
        await ctx.tick().repeat(10)
        assert values == await snapshot(ctx, dut)

    simulate(dut, main)


def test_pending_until_copied():
    dut = Counters()

    async def main(ctx):
        await ctx.tick().repeat(3)
        assert ctx.get(dut.pending) == 0
        await ctx.tick().repeat(3 * Counters.SWEEP)
        ctx.set(dut.snapshot, 1)
        await ctx.tick()
        ctx.set(dut.snapshot, 0)
        cycles = 0
        while ctx.get(dut.pending):
            await ctx.tick()
            cycles += 1
        assert Counters.SWEEP <= cycles <= 2 * Counters.SWEEP

    simulate(dut, main)
