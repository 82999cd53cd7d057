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
PARTS = {"load": ("target", "memory"), "execute": ("a", "b", "sums"),
         "store": ("sums", "memory")}
#: Footprint part -> the memory it is in.
SPACE = {"a": "scratchpad", "b": "scratchpad", "sums": "accumulator", "memory": "memory"}
READS = {("execute", "a"), ("execute", "b"), ("store", "sums"), ("load", "memory")}
#: Jobs that the EXECUTE unit takes before the first of them starts.
AHEAD = 3


def random_footprint(rng, unit):
    """Ranges in a small space, so that many overlap."""
    footprint = {}
    for part in PARTS[unit]:
        first = int(rng.integers(24))
        footprint[part] = {"first": first, "last": first + int(rng.integers(6))}
    if unit != "load":
        sums = footprint["sums"]
        # Often the lowest row, so that a STORE may follow an EXECUTE.
        above = 0 if unit == "store" and rng.random() < 0.7 else sums["last"] - sums["first"]
        footprint["sums_base"] = sums["first"] + int(rng.integers(above + 1))
    else:
        footprint |= {"to_sums": int(rng.integers(2)), "sums": footprint["target"]}
    return footprint


def space(part, footprint):
    """The memory that a part is in; None of what is no range."""
    if part == "target":
        return "accumulator" if footprint["to_sums"] else "scratchpad"
    return None if "target" in footprint and part == "sums" else SPACE.get(part)


def conflict(older, younger):
    """What must come before what because two commands share something that one of them writes.

    Pairs of an event of the older one and one of the younger one. An EXECUTE has its weights from
    "take" on, everything else from "start" on.
    """
    for x, range_x in older["footprint"].items():
        for y, range_y in younger["footprint"].items():
            memory = space(x, older["footprint"])
            if memory is None or memory != space(y, younger["footprint"]):
                continue
            if (older["unit"], x) in READS and (younger["unit"], y) in READS:
                continue
            if range_x["first"] > range_y["last"] or range_y["first"] > range_x["last"]:
                continue
            event = "complete"
            if (older["unit"], memory) in {("execute", "scratchpad"), ("store", "accumulator")}:
                event = "release"
            if (older["unit"], younger["unit"]) == ("execute", "store") and (
                    younger["footprint"]["sums_base"] <= older["footprint"]["sums_base"]):
                event = "stream"
            yield event, "take" if (younger["unit"], y) == ("execute", "b") else "start"


class Rig:
    """Feeds commands, plays the three units, and keeps a log of (cycle, event, command number)."""

    def __init__(self, commands, seed, faults=()):
        self.dut = Station(CONFIG)
        self.commands, self.rng, self.faults = commands, np.random.default_rng(seed), faults
        self.cycle, self.log, self.ends = 0, [], []
        self.taken, self.granted = [], 0

    async def feed(self, ctx):
        i = self.dut.i
        for number, command in enumerate(self.commands):
            unit = command.get("unit")
            code = command.get("code", ErrorCode.NONE)
            fields = {"code": code, "bad": code != ErrorCode.NONE, "tag": number,
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
        async for _, _, end, tag, go in ctx.tick().sample(
                self.dut.end, self.dut.end_tag, self.dut.execute_go):
            self.cycle += 1
            if go:
                self.log.append((self.cycle, "start", self.taken[self.granted]))
                self.granted += 1
            if end:
                self.ends.append((self.cycle, tag))

    async def pause(self, ctx):
        for _ in range(self.rng.integers(1, 12)):
            await ctx.tick()

    async def take(self, ctx, name):
        """A job from the station; returns its number."""
        job = getattr(self.dut, name)
        ctx.set(job.ready, 1)
        while not ctx.get(job.valid):
            await ctx.tick()
        number = ctx.get(job.payload[{"load": "rows", "execute": "m", "store": "rows"}[name]])
        await ctx.tick()
        ctx.set(job.ready, 0)
        return number

    async def pulse(self, ctx, member, event, number):
        ctx.set(getattr(self.dut, member), 1)
        self.log.append((self.cycle, event, number))
        await ctx.tick()
        ctx.set(getattr(self.dut, member), 0)

    def unit(self, name):
        """LOAD and STORE."""
        async def play(ctx):
            address = 0
            while True:
                number = await self.take(ctx, name)
                self.log.append((self.cycle, "start", number))
                await self.pause(ctx)
                if name == "store":
                    await self.pulse(ctx, "store_released", "release", number)
                    await self.pause(ctx)
                response = Response.SLVERR if number in self.faults else Response.OKAY
                if response != Response.OKAY:   # a unit keeps the address of its first one
                    address = address or number
                ctx.set(getattr(self.dut, f"{name}_fault"), {"resp": response, "address": address})
                await self.pulse(ctx, f"{name}_completed", "complete", number)

        return play

    async def take_executes(self, ctx):
        done = self.done = []
        while True:
            while len(self.taken) - len(done) == AHEAD:
                await ctx.tick()
            number = await self.take(ctx, "execute")
            self.taken.append(number)
            self.log.append((self.cycle, "take", number))
            if self.rng.random() < 0.5:
                await self.pause(ctx)

    async def run_executes(self, ctx):
        while True:
            while self.granted == len(self.done):
                await ctx.tick()
            number = self.taken[len(self.done)]
            await self.pause(ctx)
            for event in self.rng.permutation(["release", "stream"]):
                await self.pulse(ctx, {"release": "execute_released",
                                       "stream": "execute_streaming"}[event], str(event), number)
                await self.pause(ctx)
            await self.pulse(ctx, "execute_completed", "complete", number)
            self.done.append(number)

    def run(self, cycles):
        sim = Simulator(self.dut)
        sim.add_clock(1e-6)
        sim.add_testbench(self.clock, background=True)
        for bench in (self.unit("load"), self.take_executes, self.run_executes, self.unit("store")):
            sim.add_testbench(bench, background=True)
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
    overlapped, ahead, behind = 0, 0, 0
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
            for before, after in set(conflict(older, younger)):
                assert rig.times[before, i] < rig.times[after, j], (i, j, before, after)
                completed = rig.times["complete", i]
                ahead += younger["unit"] == "execute" and rig.times["take", j] < completed < start
                behind += before == "stream" and start < completed
            overlapped += rig.times["complete", i] > start
    assert overlapped > 20, "nothing ever overlapped"
    assert ahead > 2, "no EXECUTE was ever taken before it could start"
    assert behind > 0, "no STORE ever followed a running EXECUTE"


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
            # It was offered within two cycles; its unit took it when it had paused twice.
            assert rig.times["start", n] <= failed_at + 2 + 2 * 12
            for older in (commands[o] for o in faults if o < n):
                if older["unit"] != commands[n]["unit"]:
                    assert "complete" not in {before for before, _ in conflict(older, commands[n])}
