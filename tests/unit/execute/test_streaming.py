# amaranth: UnusedElaboratable=no
"""Accumulator rows read while the EXECUTE that makes them is in its last tile."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth.sim import Simulator
from test_execute_unit import Bench, meaning, random_job

from ppu.config import TINY
from ppu.execute.unit import ExecuteUnit
from ppu.memory.accumulator import Accumulator


def follow(jobs, *, source, lead=ExecuteUnit.STREAMING_LEAD, rows=None):
    """Runs `jobs`, and reads accumulator rows from `lead` cycles after the last `streaming`.

    They are those from `source` to the last one of the last tile, or `rows` in number, one a cycle.
    Returns what was read and what it should be.
    """
    config = replace(TINY, scratchpad_rows=64, scratchpad_banks=2, accumulator_rows=128)
    scratchpad = np.random.default_rng(1).integers(0, 256, (64, config.row_bytes), np.uint8)
    dut = Bench(config)
    unit, read = dut.unit, dut.accumulator.read
    last = jobs[-1]["c"] + (jobs[-1]["n"] - 1) * jobs[-1]["c_stride"] + jobs[-1]["m"] - 1
    rows = list(range(source, last + 1 if rows is None else source + rows))
    got = []

    async def until(ctx, signal):
        """To the end of the next cycle in which `signal` is high."""
        high = False
        while not high:
            high = ctx.get(signal)
            await ctx.tick()

    async def send(ctx):
        for row in range(config.scratchpad_rows):
            ctx.set(dut.scratchpad.w_en, 1)
            ctx.set(dut.scratchpad.w_row, row)
            ctx.set(dut.scratchpad.w_data, int.from_bytes(scratchpad[row].tobytes(), "little"))
            await ctx.tick()
        ctx.set(dut.scratchpad.w_en, 0)
        for job in jobs:
            ctx.set(unit.job.payload, job)
            ctx.set(unit.job.valid, 1)
            await until(ctx, unit.job.ready)
            ctx.set(unit.job.valid, 0)
            ctx.set(unit.go, 1)
            await ctx.tick()
            ctx.set(unit.go, 0)

    async def store(ctx):
        for _ in jobs:
            await until(ctx, unit.streaming)
        for _ in range(lead - 1):
            await ctx.tick()
        ctx.set(read.valid, 1)
        for row in rows:
            ctx.set(read.payload, row)
            await until(ctx, read.ready)
        ctx.set(read.valid, 0)

    async def collect(ctx):
        due = []
        while len(got) < len(rows):
            due.append(ctx.get(read.valid & read.ready))
            if len(due) > Accumulator.READ_LATENCY and due[-1 - Accumulator.READ_LATENCY]:
                got.append([ctx.get(sums) for sums in dut.accumulator.r_data])
            await ctx.tick()

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(send, background=True)
    sim.add_testbench(store, background=True)
    sim.add_testbench(collect)
    sim.run()
    return np.array(got, np.uint32).view(np.int32), meaning(config, scratchpad, jobs)[rows]


@pytest.mark.parametrize("seed", range(40))
def test_rows_are_read_right_behind_the_last_tile(seed):
    """From `streaming` on, a row a cycle, from any row up to the last tile's first."""
    rng = np.random.default_rng(seed)
    jobs = [random_job(rng, replace(TINY, scratchpad_rows=64)) for _ in range(3)]
    base = jobs[-1]["c"] + (jobs[-1]["n"] - 1) * jobs[-1]["c_stride"]
    got, expected = follow(jobs, source=max(0, base - int(rng.choice([0, 0, 1, 5]))))
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("m", [1, 2, 4, 9])
def test_a_read_one_cycle_earlier_is_an_error(m):
    jobs = [random_job(np.random.default_rng(3), TINY) | {"m": m, "c": 8, "a": 0, "b": 0}]
    base = 8 + (jobs[0]["n"] - 1) * jobs[0]["c_stride"]
    lead = ExecuteUnit.STREAMING_LEAD
    got, expected = follow(jobs, source=base, lead=lead)
    np.testing.assert_array_equal(got, expected)
    with pytest.raises(AssertionError, match="A row is read that an update touched"):
        follow(jobs, source=base, lead=lead - 1, rows=1)
