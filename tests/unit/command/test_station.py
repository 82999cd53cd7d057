# amaranth: UnusedElaboratable=no
"""The reservation station with units of random speed: order, hazards, errors."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth.sim import Simulator

from ppu.command.station import Station
from ppu.config import TINY
from ppu.isa import ErrorCode, Opcode
from ppu.lib.axi import Response

CONFIG = replace(TINY, load_slots=4, execute_slots=2, store_slots=4)
UNITS = {"load": Opcode.LOAD, "execute": Opcode.EXECUTE, "store": Opcode.STORE}
#: Which footprint parts each unit has, and whether it writes them.
PARTS = {"load": ("a", "sums", "memory"), "execute": ("a", "b", "sums"),
         "store": ("sums", "memory")}
#: Footprint part -> the memory it is in.
SPACE = {"a": "scratchpad", "b": "scratchpad", "sums": "accumulator", "memory": "memory"}
#: What a unit lets go of before it completes.
RELEASED_EARLY = {("execute", "scratchpad"), ("store", "accumulator")}
READS = {("execute", "a"), ("execute", "b"), ("store", "sums"), ("load", "memory")}


def random_footprint(rng, unit):
    """Ranges in a small space, so that many overlap."""
    footprint = {}
    for part in PARTS[unit]:
        first = int(rng.integers(24))
        footprint[part] = {"valid": 1, "first": first, "last": first + int(rng.integers(6))}
    if unit == "load":
        # A LOAD writes either memory.
        footprint[("a", "sums")[rng.integers(2)]]["valid"] = 0
    return footprint


def conflict(x, y):
    """Whether two commands share rows or blocks that one of them writes."""
    for part, range_x in x["footprint"].items():
        for other, range_y in y["footprint"].items():
            if SPACE[part] != SPACE[other] or not (range_x["valid"] and range_y["valid"]):
                continue
            if (x["unit"], part) in READS and (y["unit"], other) in READS:
                continue
            if range_x["first"] <= range_y["last"] and range_y["first"] <= range_x["last"]:
                yield SPACE[part]


class Rig:
    """Feeds commands, plays the three units, and keeps a log of (cycle, event, command number)."""

    def __init__(self, commands, seed, faults=()):
        self.dut = Station(CONFIG)
        self.commands, self.rng, self.faults = commands, np.random.default_rng(seed), faults
        self.cycle, self.log, self.ends = 0, [], []

    async def feed(self, ctx):
        i = self.dut.i
        for number, command in enumerate(self.commands):
            unit = command.get("unit")
            fields = {"code": command.get("code", ErrorCode.NONE), "tag": number,
                      "address": command.get("address", 0),
                      "opcode": UNITS.get(unit, command.get("opcode", Opcode.END))}
            ctx.set(i.payload, fields)
            for part, value in command.get("footprint", {}).items():
                ctx.set(getattr(i.payload.footprint, part), value)
            for name in UNITS:
                if unit == name:
                    ctx.set(getattr(i.payload, name)[{"load": "rows", "execute": "m",
                                                      "store": "rows"}[name]], number)
            ctx.set(i.valid, 1)
            taken = False
            while not taken:
                taken = ctx.get(i.ready)
                await ctx.tick()
            ctx.set(i.valid, 0)

    async def clock(self, ctx):
        async for _, _, end, tag in ctx.tick().sample(self.dut.end, self.dut.end_tag):
            self.cycle += 1
            if end:
                self.ends.append((self.cycle, tag))

    async def pause(self, ctx):
        for _ in range(self.rng.integers(1, 12)):
            await ctx.tick()

    def unit(self, name):
        dut, job = self.dut, getattr(self.dut, name)
        number_field = {"load": "rows", "execute": "m", "store": "rows"}[name]

        async def play(ctx):
            completed = getattr(dut, f"{name}_completed")
            released = getattr(dut, f"{name}_released", None)
            while True:
                ctx.set(job.ready, 1)
                while not ctx.get(job.valid):
                    await ctx.tick()
                number = ctx.get(job.payload[number_field])
                await ctx.tick()
                ctx.set(job.ready, 0)
                self.log.append((self.cycle, "start", number))
                await self.pause(ctx)
                if released is not None:
                    ctx.set(released, 1)
                    self.log.append((self.cycle, "release", number))
                    await ctx.tick()
                    ctx.set(released, 0)
                    await self.pause(ctx)
                if name != "execute":
                    response = Response.SLVERR if number in self.faults else Response.OKAY
                    ctx.set(getattr(dut, f"{name}_fault"), {"resp": response, "address": number})
                ctx.set(completed, 1)
                self.log.append((self.cycle, "complete", number))
                await ctx.tick()
                ctx.set(completed, 0)

        return play

    def run(self, cycles):
        sim = Simulator(self.dut)
        sim.add_clock(1e-6)
        sim.add_testbench(self.clock, background=True)
        for name in UNITS:
            sim.add_testbench(self.unit(name), background=True)
        sim.add_testbench(self.feed, background=True)

        async def wait(ctx):
            await ctx.tick().repeat(cycles)
            self.stop, self.retired = ctx.get(self.dut.stop), ctx.get(self.dut.retired)

        sim.add_testbench(wait)
        sim.run()
        self.times = {(event, number): cycle for cycle, event, number in self.log}
        return self


def random_commands(seed, count):
    rng = np.random.default_rng(seed)
    commands = []
    for _ in range(count):
        kind = rng.choice(["load", "execute", "store", "fence", "end"],
                          p=[0.35, 0.25, 0.32, 0.03, 0.05])
        if kind in UNITS:
            commands.append({"unit": str(kind), "footprint": random_footprint(rng, kind)})
        else:
            commands.append({"opcode": Opcode.FENCE if kind == "fence" else Opcode.END})
    return commands


@pytest.mark.parametrize("seed", range(6))
def test_every_command_runs_and_none_overtakes_what_it_conflicts_with(seed):
    commands = random_commands(seed, 150)
    rig = Rig(commands, seed).run(6000)
    assert rig.retired == len(commands)
    overlapped = 0
    for j, younger in enumerate(commands):
        if "unit" not in younger:
            continue
        for i, older in enumerate(commands[:j]):
            start = rig.times["start", j]
            if older.get("opcode") is Opcode.FENCE:
                assert all(rig.times["complete", x] < start
                           for x in range(i) if "unit" in commands[x])
            if "unit" not in older:
                continue
            if older["unit"] == younger["unit"]:
                assert rig.times["start", i] < start
                continue
            for space in set(conflict(older, younger)):
                event = "release" if (older["unit"], space) in RELEASED_EARLY else "complete"
                assert rig.times[event, i] < start, (i, j, space)
            overlapped += rig.times["complete", i] > start
    assert overlapped > 20, "nothing ever overlapped"


def test_latency():
    """A command that nothing is in the way of is offered to its unit three cycles after it came."""
    dut = Station(CONFIG)
    cycles = None

    async def bench(ctx):
        nonlocal cycles
        ctx.set(dut.i.payload.opcode, Opcode.LOAD)
        ctx.set(dut.i.valid, 1)
        cycles, taken = 0, False
        while not ctx.get(dut.load.valid):
            taken = ctx.get(dut.i.ready)
            await ctx.tick()
            cycles += 1
            if taken:
                ctx.set(dut.i.valid, 0)

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(bench)
    sim.run()
    assert cycles == 3


def test_ends_come_in_order_after_all_that_is_older():
    commands = random_commands(11, 150)
    rig = Rig(commands, 11).run(6000)
    expected = [n for n, c in enumerate(commands) if c.get("opcode") is Opcode.END]
    assert [tag for _, tag in rig.ends] == expected
    for cycle, tag in rig.ends:
        assert all(rig.times["complete", x] < cycle for x in range(tag) if "unit" in commands[x])


def test_a_bad_command_stops_after_all_older_ones_and_nothing_follows():
    commands = random_commands(5, 40)
    commands[20] = {"code": ErrorCode.COUNT, "address": 77}
    rig = Rig(commands, 5).run(3000)
    assert (rig.stop.valid, rig.stop.code, rig.stop.index, rig.stop.address) == (
        1, ErrorCode.COUNT, 20, 77)
    assert rig.retired == 20
    assert {n for _, n in rig.times} == {n for n in range(20) if "unit" in commands[n]}


@pytest.mark.parametrize("seed", range(10))
def test_the_oldest_bus_error_is_reported(seed):
    commands = random_commands(seed, 60)
    memory_users = [n for n, c in enumerate(commands) if c.get("unit") in ("load", "store")]
    rng = np.random.default_rng(seed)
    faults = {int(n) for n in rng.choice(memory_users, 4, replace=False)}
    rig = Rig(commands, seed, faults).run(3000)
    first = min(faults)
    code = {"load": ErrorCode.READ_SLVERR, "store": ErrorCode.WRITE_SLVERR}
    assert rig.stop.valid
    assert rig.stop.index == rig.retired == first
    assert rig.stop.code == code[commands[first]["unit"]]
    assert rig.stop.address == first
    started = {n for event, n in rig.times if event == "start"}
    assert {n for n in range(first) if "unit" in commands[n]} <= started
    assert started == {n for event, n in rig.times if event == "complete"}
    failed_at = rig.times["complete", first]
    for n in started:
        if n > first:
            # It was offered to its unit before the error was seen.
            assert rig.times["start", n] <= failed_at + 12
            for older in (commands[o] for o in faults if o < n):
                shared = set(conflict(older, commands[n])) if older["unit"] != commands[n][
                    "unit"] else set()
                assert all((older["unit"], space) in RELEASED_EARLY for space in shared)
