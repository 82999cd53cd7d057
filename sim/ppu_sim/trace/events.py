"""What happened in a run, as arrays."""

from dataclasses import dataclass, field

import numpy as np

from ppu.lib.states import STATES

from ..program import Program
from .channels import CHANNELS, bursts_of
from .runs import level, runs

__all__ = ["COMMAND", "UNITS", "Trace", "trace_of"]

#: The units in the order in which data flows.
UNITS = tuple(STATES)
#: One row for each command; see :class:`Trace`.
COMMAND = np.dtype([
    ("unit", np.int8), ("decoded", np.int64), ("taken", np.int64), ("go", np.int64),
    ("completed", np.int64), ("retired", np.int64),
])  # fmt: skip
_UNIT_OF = {unit.upper(): number for number, unit in enumerate(UNITS)}


@dataclass(frozen=True)
class Trace:
    """What happened in a run.

    Times are cycles, counted from 0: the cycle after the clock edge at which the doorbell was
    written. Cycle `cycles` is the first one with the interrupt. A time that never came is -1.

    Parameters
    ----------
    cycles : int
        Cycles of the run.
    program : Program
        The commands.
    commands : numpy.ndarray of `COMMAND`, shape (commands,)
        For each command, in program order: `unit`, an index of `UNITS`, -1 for FENCE and END; the
        cycle in which the decoder took it (`decoded`), its unit took it as a job (`taken`), an
        EXECUTE was allowed to begin with its rows of A (`go`), the unit reported it done
        (`completed`); and the first one in which COMPLETED had counted it (`retired`).
    states : dict of str to numpy.ndarray of `RUN`
        Unit -> runs (`start`, `value`) of its state, a value of ``ppu.lib.states.STATES[unit]``.
        Each lasts until the next, the last one until `cycles`; the first starts at 0.
    bursts : dict of str to numpy.ndarray of `BURST`
        Channel of the bus, "ar", "r", "aw", "w" or "b" -> its bursts, or offers of one, in order:
        `start`, the first cycle with `valid`; `end`, the cycle after the last transfer; `id`,
        `address` of the first beat, `beats`.
    waits : dict of str to numpy.ndarray of `WAIT`
        Channel -> times within its bursts without a transfer, from `start` to before `end`:
        `refused`, if `ready` was missing, else `valid`.
    levels : dict of str to numpy.ndarray of `RUN`
        Name of a queue -> runs of its level, as for `states`. "read buffer": beats of operands;
        "load waiting" and so on: commands decoded or being decoded that are no jobs yet; "reads
        outstanding", "writes outstanding": bursts with an address and without the last answer.
    """

    cycles: int
    program: Program = field(repr=False)
    commands: np.ndarray = field(repr=False)
    states: dict = field(repr=False)
    bursts: dict = field(repr=False)
    waits: dict = field(repr=False)
    levels: dict = field(repr=False)

    def state_cycles(self, unit, edges=None):
        """Cycles that a unit spends in each state.

        Parameters
        ----------
        unit : str
            One of `UNITS`.
        edges : sequence of int, optional
            Times that bound intervals, ascending; 0 and `cycles` if not given.

        Returns
        -------
        numpy.ndarray of int64, shape (len(edges) - 1, states)
            For each interval, by the value of the state.
        """
        edges = np.array([0, self.cycles] if edges is None else edges, np.int64)
        spent, shown = self.states[unit], np.zeros((len(edges), len(STATES[unit])), np.int64)
        ends = np.append(spent["start"][1:], self.cycles)
        for state in STATES[unit]:
            chosen = spent["value"] == state.value
            starts, lengths = spent["start"][chosen], (ends - spent["start"])[chosen]
            before = np.append(0, lengths.cumsum())
            index = np.searchsorted(starts, edges, side="right") - 1
            inside = np.minimum(edges - starts[index], lengths[index]) if len(starts) else 0
            shown[:, state.value] = np.where(index < 0, 0, before[index] + inside)
        return np.diff(shown, axis=0)


def trace_of(record, program, cycles):
    """The trace of a run.

    Parameters
    ----------
    record : Record
        From before the doorbell to after the interrupt.
    program : Program
        The commands of the run, which began with a reset.
    cycles : int
        Cycles of the run.
    """
    (started, *_), _ = record.when(record.field("started"))
    origin = int(started) + 1
    channels = {name: bursts_of(record, name, origin) for name in CHANNELS}
    bursts = {name: found for name, (found, _) in channels.items()}
    for data, address in (("r", "ar"), ("w", "aw"), ("b", "aw")):
        _number(bursts[data], bursts[address])
    commands = _commands(record, program, origin)
    levels = {"read buffer": runs(
        record.cycles - origin, record.field("probe.buffered"), cycles)}
    for number, unit in enumerate(UNITS):
        own = commands[commands["unit"] == number]
        levels[f"{unit} waiting"] = level(own["decoded"], own["taken"], cycles)
    for name, address, answer in (("reads", "ar", "r"), ("writes", "aw", "b")):
        levels[f"{name} outstanding"] = level(
            bursts[address]["end"] - 1, bursts[answer]["end"] - 1, cycles)
    return Trace(
        cycles=cycles, program=program, commands=commands,
        # The probe tells the state of the cycle before.
        states={unit: runs(record.cycles - origin - 1, record.field(f"probe.states.{unit}"), cycles)
                for unit in UNITS},
        bursts=bursts, waits={name: waits for name, (_, waits) in channels.items()}, levels=levels,
    )  # fmt: skip


def _number(data, addresses):
    """Gives data and answers the address, and where they have none the id and the beats."""
    known = addresses[: len(data)]
    data["address"][: len(known)] = known["address"]
    data["beats"][: len(known)] = known["beats"]


def _commands(record, program, origin):
    commands = np.full(len(program), -1, COMMAND)
    commands["unit"] = [_UNIT_OF.get(command.name, -1) for command in program]

    def note(name, times, chosen):
        """The n-th time belongs to the n-th of the chosen commands."""
        times = times[: len(chosen)] - origin
        commands[name][chosen[: len(times)]] = times

    def pulses(path):
        return record.when(record.field(path))[0]

    everything = np.arange(len(program))
    retired = record.field("probe.retired")
    note("decoded", pulses("probe.decoded"), everything)
    note("retired", record.cycles[np.diff(retired, prepend=0) != 0], everything)
    for number, unit in enumerate(UNITS):
        own = np.flatnonzero(commands["unit"] == number)
        note("taken", pulses(f"probe.taken.{unit}"), own)
        note("completed", pulses(f"probe.completed.{unit}"), own)
    note("go", pulses("probe.go"), np.flatnonzero(commands["unit"] == UNITS.index("execute")))
    return commands
