# amaranth: UnusedElaboratable=no
"""The state that LOAD tells in each cycle."""

from itertools import groupby

import pytest
from amaranth.sim import Simulator
from load_bench import Bench, Load, config

from ppu.command.jobs import LoadJob
from ppu.config import TINY
from ppu.lib.states import LoadState
from ppu.load.unit import LoadUnit

BUSY, NO_COMMAND, LATENCY, BANDWIDTH, BANK = (
    LoadState[name] for name in ("BUSY", "NO_COMMAND", "LATENCY", "BANDWIDTH", "BANK"))
CORE = config(8, 8, 8)


def scratchpad_load(rows=4):
    return Load(target=0, rows=rows, bytes=8, stride=8, address=64, destination=0)


def runs(states):
    """[state, cycles] one after the other."""
    return [[state, len(list(group))] for state, group in groupby(states)]


@pytest.mark.parametrize("latency", [1, 20])
def test_one_load(latency):
    log = Bench(CORE, latency=latency).run([scratchpad_load()])
    beats = 4
    assert runs(log.states) == [
        [NO_COMMAND, log.accepted[0] + 2],
        [LATENCY, LoadUnit.ADDRESS_LATENCY - 1 + latency],
        [BUSY, beats + LoadUnit.DATA_LATENCY],
        [NO_COMMAND, 1],
    ]


def test_a_pause_within_a_burst_is_bandwidth():
    """A beat every tenth cycle; three of the ten are its way to its row."""
    log = Bench(CORE, pace=lambda cycle: cycle % 10 == 0).run([scratchpad_load()])
    during = runs(log.states)[2:-1]
    assert during == [[BUSY, 4], [BANDWIDTH, 6]] * 3 + [[BUSY, 4]]


def test_a_bus_that_is_taken_is_bandwidth():
    """From the cycle after the job, until the first beat."""
    log = Bench(CORE, latency=20, inputs=lambda cycle: {"bus_taken": cycle < 15}).run(
        [scratchpad_load()])
    assert [state for state, _ in runs(log.states)] == [
        NO_COMMAND, BANDWIDTH, LATENCY, BUSY, NO_COMMAND]


def test_a_refused_row_is_bank():
    loads = [Load(target=1, rows=6, bytes=32, stride=32, address=64, destination=3)]
    smooth, refused = (Bench(CORE, stall_acc=stall, seed=5).run(loads) for stall in (0, 0.95))
    assert BANK not in smooth.states and BANDWIDTH not in smooth.states
    assert refused.states.count(BANK) >= 6
    assert refused.states.count(LATENCY) == smooth.states.count(LATENCY)


def test_rows_of_zeros_are_busy():
    log = Bench(CORE, latency=5).run([
        Load(target=0, rows=1, bytes=8, address=64, destination=0, pad=30)])
    assert runs(log.states)[2:] == [[BUSY, 1 + LoadUnit.DATA_LATENCY + 30], [NO_COMMAND, 1]]


@pytest.mark.parametrize(("waiting", "state"), [
    ({}, "NO_COMMAND"),
    ({"command": 1}, "LATENCY"),
    ({"command": 1, "execute": 1}, "WAITS_EXECUTE"),
    ({"command": 1, "store": 1}, "WAITS_STORE"),
    ({"command": 1, "execute": 1, "store": 1}, "WAITS_EXECUTE"),
])  # fmt: skip
def test_an_idle_unit_tells_what_its_command_waits_for(waiting, state):
    dut = LoadUnit(TINY, job_layout=LoadJob(TINY))

    async def check(ctx):
        ctx.set(dut.bus_taken, 1)
        ctx.set(dut.waiting, waiting)
        await ctx.tick()
        assert LoadState(ctx.get(dut.state)) is LoadState[state]

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(check)
    sim.run()
