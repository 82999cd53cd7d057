"""Plays the commands of a program through station and units."""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from ppu.isa import Opcode

from ..program.spans import spans
from .execute import ExecuteTimeline
from .front import FrontTimeline
from .load import LoadTimeline
from .memory import MemoryTiming
from .store import StoreTimeline

__all__ = ["CommandTimes", "Estimate", "estimate"]

#: Cycles from the decoder to a place in the station, and from one command to the next.
ENTER = 1
#: Cycles from the place to the offer to the unit.
OFFER = 1
#: Cycles from the end of a command to the offer of one that waited for it.
WAKE = 1
#: Cycles from the retirement of END to the interrupt.
INTERRUPT = 2
#: ENDs that the station's list of commands in flight has room for.
_ENDS = 4


class CommandTimes(NamedTuple):
    """Cycles since the doorbell: at the decoder, with its unit, first and last work, complete."""

    decoded: int
    start: int
    begin: int
    end: int
    completed: int


@dataclass(frozen=True)
class Estimate:
    """What a program is expected to take.

    Parameters
    ----------
    cycles : int
        From the doorbell to the interrupt of the last command.
    commands : tuple of CommandTimes
        One for each command.
    """

    cycles: int
    commands: tuple


class _InFlight(NamedTuple):
    unit: Opcode
    reads: tuple
    writes: tuple
    base: int
    released: int
    streaming: int
    completed: int


def _overlap(some, others):
    for space, first, last in some:
        for other_space, other_first, other_last in others:
            if space == other_space and first <= other_last and other_first <= last:
                return True
    return False


class _Station:
    """Commands in flight, and what a new one waits for."""

    def __init__(self, config):
        slots = {Opcode.LOAD: config.load_slots, Opcode.EXECUTE: config.execute_slots,
                 Opcode.STORE: config.store_slots}  # fmt: skip
        self.completions = {unit: deque([-1] * count, maxlen=count)
                            for unit, count in slots.items()}  # fmt: skip
        window = 1 << (sum(slots.values()) + _ENDS - 1).bit_length()
        self.in_flight = deque(maxlen=window)
        self.retired = deque([-1] * window, maxlen=window)

    def room(self, unit):
        """The cycle in which there is room for one more command."""
        free = self.completions[unit][0] + 1 if unit in self.completions else 0
        return max(free, self.retired[0] + 1)

    def waits(self, unit, reads, writes, base, since):
        """The last cycle in which an older command of another unit is in the way."""
        until = -1
        for older in self.in_flight:
            if older.completed < since or older.unit is unit:
                continue
            if older.completed > until and _overlap(writes + reads, older.writes):
                chained = older.unit is Opcode.EXECUTE and unit is Opcode.STORE and (
                    base <= older.base)  # fmt: skip
                until = max(until, older.streaming if chained else older.completed)
            if older.released > until and _overlap(writes, older.reads):
                until = older.released
        return until

    def add(self, command):
        """A command is in flight from now on."""
        self.in_flight.append(command)
        self.completions[command.unit].append(command.completed)
        self.retire(command.completed)

    def retire(self, completed):
        """A command retires after those before it. Returns the cycle."""
        self.retired.append(max(self.retired[-1] + 1, completed + 1))
        return self.retired[-1]


def estimate(config, commands, memory=None):
    """The cycles of a program, without simulating it.

    It follows commands through fetch, decoder and station, the bursts of each LOAD and STORE on
    their channel, and the tiles of each EXECUTE; not single beats. Stalls of the bus are not known.
    Cores that start commands in order take longer.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    commands : iterable of Command
        Valid commands.
    memory : MemoryTiming, optional
        The memory; 100 cycles of latency if not given.
    """
    memory = memory or MemoryTiming()
    commands = tuple(commands)
    load, store = LoadTimeline(config, memory), StoreTimeline(config, memory)
    array, station = ExecuteTimeline(config), _Station(config)
    front = FrontTimeline(config, memory, load.channel, len(commands))
    next_job = dict.fromkeys((Opcode.LOAD, Opcode.EXECUTE, Opcode.STORE), 0)
    entry, times, interrupt = 0, [], 0
    for command in commands:
        unit, f = command.kind, command.fields
        entry = max(front.decode(unit) + ENTER, entry + 2, station.room(unit))
        if unit not in next_job:
            if unit is Opcode.FENCE:
                entry = max(entry, station.retired[-1] + 1)
            front.enter(entry)
            retired = station.retire(entry)
            interrupt = retired + INTERRUPT
            times.append(CommandTimes(front.taken[-1], entry, entry, entry, retired))
            continue
        front.enter(entry)
        reads, writes = spans(config, command)
        base = _base(config, unit, f)
        offered = entry + OFFER
        until = station.waits(unit, reads, writes, base, entry)
        go = max(offered, until + WAKE)
        if unit is Opcode.LOAD:
            start = max(go, next_job[unit])
            next_job[unit], begin, end, completed = load.run(start, f)
            released = streaming = completed
        elif unit is Opcode.STORE:
            start = max(go, next_job[unit])
            next_job[unit], begin, end, released, completed = store.run(
                start, f, array.reads_until >= start + 2)
            streaming = completed
        else:
            weights = station.waits(unit, (reads[1],), (), base, entry)
            start = max(offered, weights + WAKE, next_job[unit])
            done = array.run(start, max(go, start), f)
            next_job[unit], begin, end = done.next_job, done.begin, done.end
            released, streaming, completed = done.end, done.streaming, done.completed
        station.add(_InFlight(unit, reads, writes, base, released, streaming, completed))
        times.append(CommandTimes(front.taken[-1], start, begin, end, completed))
    return Estimate(interrupt or max(time.completed for time in times), tuple(times))


def _base(config, unit, f):
    """First accumulator row of the last tile of an EXECUTE, of the last chunk of a STORE."""
    if unit is Opcode.EXECUTE:
        return f["c"] + (f["n"] - 1) * f["c_stride"]
    if unit is Opcode.STORE:
        if f.get("add_residual"):       # never follows an EXECUTE that is running
            return config.accumulator_rows
        return f["source"] + (f["columns"] - 1) // config.columns * f["panel_stride"]
    return 0
