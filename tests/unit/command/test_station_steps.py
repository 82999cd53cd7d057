# amaranth: UnusedElaboratable=no
"""The reservation station step by step: in which cycle a command is offered and started."""

import pytest
from amaranth.sim import Simulator
from test_station import CONFIG, UNITS

from ppu.command.station import Station
from ppu.isa import Opcode
from ppu.lib.axi import Response


def rows(first, last):
    return {"first": first, "last": last}


def play(*steps):
    """Runs steps on a station: generators that yield once for each cycle they take."""
    dut = Station(CONFIG)

    async def bench(ctx):
        for step in steps:
            for _ in step(ctx, dut):
                await ctx.tick()

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()


def enters(opcode, **footprint):
    """A command enters."""
    def step(ctx, dut):
        ctx.set(dut.i.payload, {"opcode": opcode})
        for part, value in footprint.items():
            ctx.set(getattr(dut.i.payload.footprint, part), value)
        ctx.set(dut.i.valid, 1)
        taken = False
        while not taken:
            taken = ctx.get(dut.i.ready)
            yield
        ctx.set(dut.i.valid, 0)
    return step


def takes(unit, cycles=1):
    """A unit is offered a job, and takes it, in the last of so many cycles."""
    def step(ctx, dut):
        job = getattr(dut, unit)
        for _ in range(cycles - 1):
            assert not ctx.get(job.valid)
            yield
        assert ctx.get(job.valid)
        ctx.set(job.ready, 1)
        yield
        ctx.set(job.ready, 0)
    return step


def pulses(member, response=Response.OKAY):
    def step(ctx, dut):
        if member in ("load_completed", "store_completed"):
            ctx.set(getattr(dut, member.replace("completed", "fault")).resp, response)
        ctx.set(getattr(dut, member), 1)
        yield
        ctx.set(getattr(dut, member), 0)
    return step


def sees(cycles=1, **members):
    """Outputs have these values for so many cycles."""
    def step(ctx, dut):
        for _ in range(cycles):
            for name, value in members.items():
                signal = getattr(dut, name)
                signal = getattr(signal, "valid", signal)
                assert ctx.get(signal) == value, name
            yield
    return step


def test_a_command_is_offered_two_cycles_after_it_came():
    for unit, opcode in UNITS.items():
        # It takes two cycles to enter, and is offered in the next.
        play(enters(opcode), takes(unit))


def test_a_command_is_offered_in_the_cycle_after_the_last_conflict():
    play(enters(Opcode.LOAD, target=rows(3, 9)), takes("load"),
         enters(Opcode.EXECUTE, b=rows(9, 12)), sees(9, execute=0),
         pulses("load_completed"), takes("execute"), sees(execute_go=0), sees(execute_go=1),
         sees(9, execute_go=0))


def test_an_execute_starts_in_the_cycle_after_the_last_conflict():
    play(enters(Opcode.LOAD, target=rows(3, 9)), takes("load"),
         enters(Opcode.EXECUTE, a=rows(9, 12), b=rows(20, 30)), takes("execute"),
         sees(9, execute_go=0), pulses("load_completed"), sees(execute_go=1),
         sees(9, execute_go=0))


@pytest.mark.parametrize(("first", "base", "event"), [
    (0, 8, "execute_streaming"), (8, 8, "execute_streaming"), (8, 9, "execute_completed"),
])  # fmt: skip
def test_a_store_waits_for_the_last_tile_or_for_all_of_it(first, base, event):
    events = ["execute_released", "execute_streaming", "execute_completed"]
    play(enters(Opcode.EXECUTE, sums=rows(0, 11), sums_base=8), takes("execute"),
         enters(Opcode.STORE, sums=rows(first, base + 3), sums_base=base),
         *(step for before in events[:events.index(event)]
           for step in (pulses(before), sees(5, store=0))),
         pulses(event), takes("store"))


def test_a_store_that_comes_late_does_not_wait_for_what_is_past():
    play(enters(Opcode.EXECUTE, sums=rows(0, 11), sums_base=8), takes("execute"),
         pulses("execute_streaming"),
         enters(Opcode.STORE, sums=rows(0, 11), sums_base=8), takes("store"))


@pytest.mark.parametrize("shared", ["a", "b"])
def test_an_execute_that_has_not_started_is_not_waited_for(shared):
    """A LOAD fails for which it waits: the core stops, whether the unit has the EXECUTE or not."""
    play(enters(Opcode.LOAD, target=rows(3, 9)), takes("load"),
         enters(Opcode.EXECUTE, **{shared: rows(9, 12)}),
         takes("execute") if shared == "a" else sees(execute=0), sees(drained=0, stop=0),
         pulses("load_completed", Response.SLVERR), sees(2, drained=1, stop=0),
         sees(9, drained=1, stop=1, execute_go=0))


def test_no_execute_younger_than_a_failed_load_starts():
    """It waits for another LOAD, which completes later."""
    play(enters(Opcode.LOAD, target=rows(3, 9)), takes("load"),
         enters(Opcode.LOAD, target=rows(20, 29)), takes("load"),
         enters(Opcode.EXECUTE, a=rows(25, 32)), takes("execute"),
         pulses("load_completed", Response.SLVERR), sees(9, drained=0, stop=0, execute_go=0),
         pulses("load_completed"), sees(2, drained=1, stop=0, execute_go=0),
         sees(9, drained=1, stop=1, execute_go=0))


def drain(ctx, dut):
    ctx.set(dut.drain, 1)
    return ()


def test_draining_waits_for_executes_that_have_started_only():
    play(enters(Opcode.LOAD, target=rows(3, 9)), takes("load"),
         enters(Opcode.EXECUTE, b=rows(20, 29)), takes("execute"), sees(), sees(execute_go=1),
         enters(Opcode.EXECUTE, a=rows(3, 9), b=rows(20, 29)), takes("execute"), drain,
         pulses("load_completed"), sees(9, drained=0, execute_go=0),
         pulses("execute_completed"), sees(9, drained=1, execute_go=0))
