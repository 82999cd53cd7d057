# amaranth: UnusedElaboratable=no
"""The EXECUTE unit with its memories, against the meaning of the command."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from amaranth.sim import Simulator

from ppu.command.jobs import ExecuteJob
from ppu.config import TINY
from ppu.execute.unit import ExecuteUnit
from ppu.lib.states import ExecuteState
from ppu.memory.accumulator import Accumulator
from ppu.memory.scratchpad import Scratchpad


class Bench(wiring.Component):
    """The unit between a scratchpad and an accumulator."""

    def __init__(self, config):
        self.config = config
        self.unit = ExecuteUnit(config, job_layout=ExecuteJob(config))
        self.scratchpad = Scratchpad(rows=config.scratchpad_rows, banks=config.scratchpad_banks,
                                     row_bytes=config.row_bytes)
        self.accumulator = Accumulator(rows=config.accumulator_rows, columns=config.columns,
                                       sum_shape=self.unit.sum_shape)
        super().__init__({"reset": In(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit = ResetInserter(self.reset)(self.unit)
        m.submodules.scratchpad = self.scratchpad
        m.submodules.accumulator = self.accumulator
        for name in ("a_en", "a_row", "b_en", "b_row"):
            m.d.comb += getattr(self.scratchpad, name).eq(getattr(self.unit, name))
        m.d.comb += [self.unit.a_data.eq(self.scratchpad.a_data),
                     self.unit.b_data.eq(self.scratchpad.b_data)]
        for name in ("u_en", "u_row", "u_overwrite", "u_sums"):
            m.d.comb += getattr(self.accumulator, name).eq(getattr(self.unit, name))
        return m


def run(config, scratchpad, jobs, *, wait=lambda job: 0, lost=()):
    """Runs `jobs`; returns the accumulator and counts.

    `wait`: cycles from when the unit takes a job to its `go`. `lost`: jobs before, which get none
    until the unit is reset.
    """
    dut = Bench(config)
    unit = dut.unit
    result = np.zeros((config.accumulator_rows, config.columns), np.int32)
    taken = []
    count = {"active": 0, "states": [], "released": 0, "completed": 0, "first": None, "last": 0}

    async def fill(ctx):
        for row in range(config.scratchpad_rows):
            ctx.set(dut.scratchpad.w_en, 1)
            ctx.set(dut.scratchpad.w_row, row)
            ctx.set(dut.scratchpad.w_data, int.from_bytes(scratchpad[row].tobytes(), "little"))
            await ctx.tick()
        ctx.set(dut.scratchpad.w_en, 0)
        for job in lost:
            ctx.set(unit.job.payload, job)
            ctx.set(unit.job.valid, 1)
            await ctx.tick().repeat(7 * config.columns)
            assert count["first"] is None and not ctx.get(dut.accumulator.u_en)
        ctx.set(dut.reset, bool(lost))
        await ctx.tick()
        ctx.set(dut.reset, 0)
        for job in jobs:
            ctx.set(unit.job.payload, job)
            ctx.set(unit.job.valid, 1)
            await ctx.tick().until(unit.job.ready)
            taken.append(job)
        ctx.set(unit.job.valid, 0)
        while count["completed"] < len(jobs):
            await ctx.tick()
        for row in range(config.accumulator_rows):
            ctx.set(dut.accumulator.read.payload, row)
            ctx.set(dut.accumulator.read.valid, 1)
            await ctx.tick().repeat(2)
            result[row] = np.array([ctx.get(dut.accumulator.r_data[c])
                                    for c in range(config.columns)], np.uint32).view(np.int32)

    async def start(ctx):
        for index in range(len(jobs)):
            while len(taken) <= index:
                await ctx.tick()
            for _ in range(wait(taken[index])):
                await ctx.tick()
            ctx.set(unit.go, 1)
            await ctx.tick()
            ctx.set(unit.go, 0)

    async def watch(ctx):
        cycle = 0
        async for _, _, active, state, released, completed in ctx.tick().sample(
                unit.a_en, unit.state, unit.released, unit.completed):
            cycle += 1
            count["active"] += active
            count["states"].append(ExecuteState(state))
            assert active == (count["states"][-1] is ExecuteState.BUSY)
            count["released"] += released
            count["completed"] += completed
            if active:
                count["first"] = count["first"] or cycle
                count["last"] = cycle
            assert count["released"] >= count["completed"]

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(fill)
    sim.add_testbench(watch, background=True)
    sim.add_testbench(start, background=True)
    sim.run()
    assert count["released"] == count["completed"] == len(jobs)
    return result, count


def meaning(config, scratchpad, jobs):
    """docs/isa.md, word by word."""
    sums = np.zeros((config.accumulator_rows, config.columns), np.int64)
    for job in jobs:
        a = scratchpad.view(np.int8 if job["a_signed"] else np.uint8).astype(np.int64)
        b = scratchpad.view(np.int8 if job["b_signed"] else np.uint8).astype(np.int64)
        for n in range(job["n"]):
            for k in range(job["k"]):
                start = job["b"] + n * job["b_tile_stride"] + k * job["b_stride"]
                weights = b[start:start + config.columns]
                for i in range(job["m"]):
                    row = job["c"] + n * job["c_stride"] + i
                    products = weights @ a[job["a"] + k * job["a_stride"] + i]
                    keep = k > 0 or job["accumulate"]
                    sums[row] = (sums[row] if keep else 0) + products
    return sums.astype(np.int32)


def random_job(rng, config):
    """A job whose ranges may overlap in every way."""
    m = int(rng.choice([1, 2, 3, 4, 5, 7, 12]))
    n, k = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    free = config.scratchpad_rows // 2 - 8
    return {
        "a_signed": int(rng.integers(2)), "b_signed": int(rng.integers(2)),
        "accumulate": int(rng.integers(2)), "m": m, "n": n, "k": k,
        "a": int(rng.integers(free)), "a_stride": int(rng.choice([0, 1, m])),
        "b": int(rng.integers(free)), "b_stride": int(rng.choice([0, 1, config.columns])),
        "b_tile_stride": int(rng.choice([0, 1, config.columns, 3 * config.columns])),
        "c": int(rng.integers(20)), "c_stride": int(rng.choice([0, 1, max(0, m - 2), m - 1, m])),
    }


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("dot", [1, 2])
def test_random_jobs(seed, dot):
    rng = np.random.default_rng(seed)
    config = replace(TINY, dot=dot, scratchpad_rows=64, scratchpad_banks=2, accumulator_rows=64,
                     product_registers=seed % 3)
    scratchpad = rng.integers(0, 256, (config.scratchpad_rows, config.row_bytes), np.uint8)
    jobs = [random_job(rng, config) for _ in range(40)]
    result, _ = run(config, scratchpad, jobs)
    np.testing.assert_array_equal(result, meaning(config, scratchpad, jobs))


@pytest.mark.parametrize("seed", range(4))
def test_random_jobs_whose_go_comes_late(seed):
    rng = np.random.default_rng(seed)
    config = replace(TINY, scratchpad_rows=64, scratchpad_banks=2, accumulator_rows=64)
    scratchpad = rng.integers(0, 256, (config.scratchpad_rows, config.row_bytes), np.uint8)
    jobs = [random_job(rng, config) for _ in range(40)]
    result, _ = run(config, scratchpad, jobs, wait=lambda job: int(rng.choice([0, 0, 5, 40])))
    np.testing.assert_array_equal(result, meaning(config, scratchpad, jobs))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_jobs_without_go_leave_no_trace_after_a_reset(count):
    rng = np.random.default_rng(count)
    config = replace(TINY, scratchpad_rows=64, scratchpad_banks=2, accumulator_rows=64)
    scratchpad = rng.integers(0, 256, (config.scratchpad_rows, config.row_bytes), np.uint8)
    jobs = [random_job(rng, config) for _ in range(count + 5)]
    result, _ = run(config, scratchpad, jobs[count:], lost=jobs[:count])
    np.testing.assert_array_equal(result, meaning(config, scratchpad, jobs[count:]))


def long_job(config, m, n, k, same_bank=False):
    return {"a_signed": 1, "b_signed": 1, "accumulate": 0, "m": m, "n": n, "k": k,
            "a": 0, "a_stride": m, "b": 0 if same_bank else config.bank_rows,
            "b_stride": config.columns, "b_tile_stride": 0, "c": 0, "c_stride": m}


@pytest.mark.parametrize("m", [4, 5, 16])
def test_a_row_enters_every_cycle(m):
    """m >= columns: not one idle cycle from the first row to the last, across tiles and jobs."""
    config = replace(TINY, accumulator_rows=256)
    jobs = [long_job(config, m, 8, 5)] * 5
    scratchpad = np.zeros((config.scratchpad_rows, config.row_bytes), np.uint8)
    _, count = run(config, scratchpad, jobs)
    assert count["active"] == m * 8 * 5 * 5
    assert count["last"] - count["first"] + 1 == count["active"]


@pytest.mark.parametrize("m", [1, 2])
def test_short_tiles_take_the_time_of_their_weights(m):
    config = TINY
    jobs = [long_job(config, m, 8, 5)] * 5
    scratchpad = np.zeros((config.scratchpad_rows, config.row_bytes), np.uint8)
    _, count = run(config, scratchpad, jobs)
    tiles = 8 * 5 * 5
    assert count["last"] - count["first"] == config.columns * (tiles - 1) + m - 1


def test_same_bank_is_slower_and_right():
    config = replace(TINY, scratchpad_rows=64, scratchpad_banks=2)
    rng = np.random.default_rng(1)
    scratchpad = rng.integers(0, 256, (64, config.row_bytes), np.uint8)
    jobs = [long_job(config, 4, 2, 2, same_bank=True)]
    result, count = run(config, scratchpad, jobs)
    np.testing.assert_array_equal(result, meaning(config, scratchpad, jobs))
    assert count["last"] - count["first"] + 1 > count["active"]
