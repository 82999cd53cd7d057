# amaranth: UnusedElaboratable=no
"""Performance counters."""

import random

import pytest
from amaranth.sim import Simulator

from ppu.host.counters import STRETCH, Counters
from ppu.host.registers import COUNTERS
from ppu.lib.states import STATES, LoadState

BEATS = ("read_beats", "write_beats")


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
    rates = {name: rng.choice([0.1, 0.5, 1]) for name in ("active", "command", *BEATS)}

    async def events(ctx):
        states = {unit: rng.choice(list(members)) for unit, members in STATES.items()}
        completed, active = 0, False
        while True:
            now = {name: rng.random() < rate for name, rate in rates.items()}
            for unit, members in STATES.items():
                if rng.random() < 0.3:
                    states[unit] = rng.choice(list(members))
            ctx.set(dut.active, now["active"])
            ctx.set(dut.completed, completed)
            ctx.set(dut.events, {**states, **{name: now[name] for name in BEATS}})
            counted = {name.upper() for name in BEATS if now[name]}
            counted |= {"COMMANDS"} if history[-1][1] != completed else set()
            if active:
                counted |= {"CYCLES", *(f"{unit}_{state.name}".upper()
                                        for unit, state in states.items())}
            completed, active = completed + now["command"], now["active"]
            await ctx.tick()
            history.append([value + (name in counted)
                            for value, (name, _) in zip(history[-1], COUNTERS, strict=True)])

    async def main(ctx):
        assert [await read(ctx, dut, word) for word in range(Counters.WORDS)] \
            == [0] * Counters.WORDS
        for _ in range(6):
            await ctx.tick().repeat(rng.randint(1, 100))
            start = len(history) - 1
            values = await snapshot(ctx, dut)
            assert values in history[start : start + Counters.SWEEP + 3], "not of one cycle"
            total = dict(zip((name for name, _ in COUNTERS), values, strict=True))
            for unit, members in STATES.items():
                assert total["CYCLES"] == sum(
                    total[f"{unit}_{state.name}".upper()] for state in members)

    simulate(dut, main, events)


def test_carry_between_words():
    dut = Counters()
    names = [name for name, _ in COUNTERS]
    cycles, beats, load = (names.index(name) for name in ("CYCLES", "READ_BEATS", "LOAD_BANK"))

    async def main(ctx):
        await ctx.tick().repeat(2 * Counters.SWEEP + 10)    # not while one of them is added to
        # After a reset, the second page is the first one that counts.
        page, rows = dut.words.depth // 2, dut.words.rows
        ctx.set(rows[page + 2 * cycles], [0xFFFF_FFFF])
        ctx.set(rows[page + 2 * beats], [0xFFFF_FFF8])
        ctx.set(rows[page + 2 * beats + 1], [5])
        ctx.set(dut.active, 1)
        ctx.set(dut.events, {"load": LoadState.BANK, "read_beats": 1})
        await ctx.tick().repeat(100)
        ctx.set(dut.active, 0)
        ctx.set(dut.events, {"load": LoadState.BANK, "read_beats": 0})
        values = await snapshot(ctx, dut)
        assert values[cycles] == 0xFFFF_FFFF + 100
        assert values[beats] == 0x5_FFFF_FFF8 + 100
        assert values[load] == 100
        others = {"EXECUTE_BUSY", "STORE_BUSY"}
        assert all(value == 100 * (name in others) for name, value
                   in zip(names, values, strict=True)
                   if name not in ("CYCLES", "READ_BEATS", "LOAD_BANK"))
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


def test_a_read_takes_no_longer_than_said():
    dut = Counters()

    async def main(ctx):
        await ctx.tick().repeat(2 * Counters.SWEEP + 10)
        for delay in range(1, 2 * STRETCH):
            await ctx.tick().repeat(delay)
            ctx.set(dut.read_valid, 1)
            cycles = 1
            while not ctx.get(dut.read_done):
                await ctx.tick()
                cycles += 1
            ctx.set(dut.read_valid, 0)
            await ctx.tick()
            assert 3 <= cycles <= STRETCH + 4

    simulate(dut, main)
