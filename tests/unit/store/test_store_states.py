# amaranth: UnusedElaboratable=no
"""The state that STORE tells in each cycle."""

from dataclasses import replace
from itertools import groupby

import pytest
from amaranth.sim import Simulator
from test_store_unit import CONFIGS, Run, job

from ppu.command.jobs import StoreJob
from ppu.lib.states import StoreState
from ppu.store.unit import StoreUnit

BUSY, NO_COMMAND, PIPELINE, BANDWIDTH, BANK, RESPONSE = (StoreState[name] for name in (
    "BUSY", "NO_COMMAND", "PIPELINE", "BANDWIDTH", "BANK", "RESPONSE"))


def states(config, jobs, **options):
    """States of the cycles from 0 on."""
    run = Run(config, jobs, **options)
    run.check()
    return run, run.states[1:]


def runs(states):
    """[state, cycles] one after the other."""
    return [[state, len(list(group))] for state, group in groupby(states)]


def test_one_store():
    run, told = states(CONFIGS["small"], [job(2, 8, 0x100, 32)], latency=30)
    start, beats = run.accepted[0], 8
    assert runs(told) == [
        [NO_COMMAND, start + 1], [PIPELINE, 7], [BUSY, beats],
        [RESPONSE, run.completed[0][0] - start - 8 - beats],
    ]


def test_refused_beats_are_bandwidth():
    _, told = states(CONFIGS["small"], [job(20, 8, 0x100, 64)], stall=0.5, seed=3)
    assert told.count(BANDWIDTH) >= 40


def test_refused_rows_are_bank():
    _, told = states(CONFIGS["tiny"], [job(10, 4, 0x100, 16)], acc_stall=0.9, seed=2)
    assert told.count(BANK) >= 30 and told.count(BANDWIDTH) == 0


def test_a_row_read_too_late_for_nobody_is_busy():
    """Every other row is refused once; from the first beat on, the unit is BUSY all the same."""
    _, told = states(CONFIGS["small"], [job(10, 8, 0x100, 32)], updates=lambda cycle: cycle % 2)
    assert [state for state, _ in runs(told)].count(BUSY) == 1


def test_too_few_bursts_in_flight_is_response():
    """With one burst in flight, the next one waits for its answer."""
    config = replace(CONFIGS["small"], max_outstanding_writes=1)
    _, told = states(config, [job(4, 8, 0x100, 64)], latency=50)
    assert told.count(RESPONSE) >= 4 * 50
    assert told.count(PIPELINE) <= 8 + 3 * 4


@pytest.mark.parametrize(("waiting", "state"), [
    ({}, "NO_COMMAND"),
    ({"command": 1}, "PIPELINE"),
    ({"command": 1, "load": 1}, "WAITS_LOAD"),
    ({"command": 1, "execute": 1}, "WAITS_EXECUTE"),
    ({"command": 1, "load": 1, "execute": 1}, "WAITS_LOAD"),
])  # fmt: skip
@pytest.mark.parametrize("awaits_answer", [False, True])
def test_a_unit_with_nothing_to_send_tells_what_its_command_waits_for(
        waiting, state, awaits_answer):
    config = CONFIGS["tiny"]
    dut = StoreUnit(config, job_layout=StoreJob(config))

    async def check(ctx):
        if awaits_answer:
            ctx.set(dut.job.payload, job(1, 1, 0x100, 0))
            ctx.set(dut.job.valid, 1)
            await ctx.tick().until(dut.job.ready)
            ctx.set(dut.job.valid, 0)
            for port in (dut.acc_read, dut.axi.aw, dut.axi.w):
                ctx.set(port.ready, 1)
            await ctx.tick().repeat(20)
            assert StoreState(ctx.get(dut.state)) is RESPONSE
        ctx.set(dut.waiting, waiting)
        await ctx.tick()
        expected = RESPONSE if awaits_answer and not waiting else StoreState[state]
        assert StoreState(ctx.get(dut.state)) is expected

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(check)
    sim.run()
