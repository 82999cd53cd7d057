# amaranth: UnusedElaboratable=no
"""The state that EXECUTE tells in each cycle."""

from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
from amaranth.sim import Simulator
from test_execute_unit import Bench, long_job, run

from ppu.config import TINY
from ppu.lib.states import ExecuteState

BUSY, NO_COMMAND, WEIGHTS, BANK = (
    ExecuteState[name] for name in ("BUSY", "NO_COMMAND", "WEIGHTS", "BANK"))
CONFIG = replace(TINY, accumulator_rows=256)


def told(*jobs, **options):
    """States, and how many cycles each lasts."""
    scratchpad = np.zeros((CONFIG.scratchpad_rows, CONFIG.row_bytes), np.uint8)
    _, count = run(CONFIG, scratchpad, jobs, **options)
    return [[state, len(list(group))] for state, group in groupby(count["states"])]


def test_rows_are_busy_from_the_first_to_the_last():
    """Before them come the job's way to its tile and a tile of weights; after them no state of its
    own, though sums are still on their way."""
    idle, weights, busy, rest = told(long_job(CONFIG, 9, 2, 3), long_job(CONFIG, 9, 1, 1))
    assert idle[0] is rest[0] is NO_COMMAND
    assert weights == [WEIGHTS, TINY.columns + 1]
    assert busy == [BUSY, 9 * 7]


@pytest.mark.parametrize("m", [1, 3])
def test_short_tiles_wait_for_weights(m):
    states = told(long_job(CONFIG, m, 2, 2))
    assert states[2:-1] == [[BUSY, m], [WEIGHTS, TINY.columns - m]] * 3 + [[BUSY, m]]


def test_weights_that_operands_hold_up_are_bank():
    """In one bank, the weights of the next tile are read when the operands of this one all are."""
    m = 6
    states = told(long_job(CONFIG, m, 1, 3, same_bank=True))
    assert states[2:-1] == [[BUSY, m], [BANK, TINY.columns]] * 2 + [[BUSY, m]]


def test_sums_of_the_tile_before_are_bank():
    """The second tile begins with the row with which the first one ends."""
    m = 6
    job = {**long_job(CONFIG, m, 2, 1), "accumulate": 1, "c_stride": m - 1}
    states = told(job)
    assert [state for state, _ in states[2:-1]] == [BUSY, BANK, BUSY]


@pytest.mark.parametrize(("waiting", "state"), [
    ({"command": 1}, "WEIGHTS"),
    ({"command": 1, "load": 1}, "WAITS_LOAD"),
    ({"command": 1, "store": 1}, "WAITS_STORE"),
    ({"command": 1, "load": 1, "store": 1}, "WAITS_LOAD"),
])  # fmt: skip
def test_a_unit_without_rows_tells_what_its_command_waits_for(waiting, state):
    """Before it has the command, and once it has that and its weights but no `go`."""
    dut = Bench(CONFIG)
    unit = dut.unit

    async def check(ctx):
        async def expect(state):
            await ctx.tick()
            assert ExecuteState(ctx.get(unit.state)) is state

        await expect(NO_COMMAND)
        ctx.set(unit.waiting, waiting)
        await expect(ExecuteState[state])
        ctx.set(unit.job.payload, long_job(CONFIG, 5, 1, 1))
        ctx.set(unit.job.valid, 1)
        await ctx.tick().until(unit.job.ready)
        ctx.set(unit.job.valid, 0)
        for _ in range(TINY.columns + 1):
            await expect(WEIGHTS)
        await expect(ExecuteState[state])
        await expect(ExecuteState[state])
        ctx.set(unit.waiting, {})
        ctx.set(unit.go, 1)
        await expect(BUSY)

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(check)
    sim.run()
