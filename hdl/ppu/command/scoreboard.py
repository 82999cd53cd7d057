"""Starts commands in program order, each as soon as nothing that runs is in its way."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..isa import ErrorCode, Opcode
from ..lib.axi import Response
from .footprint import Footprint, conflicts
from .jobs import JobWordLayout
from .order import ProgramOrder
from .serial import SerialLayout
from .station import station_members

__all__ = ["Scoreboard"]

#: Unit -> its opcode, and the parts of a footprint that others ask for while it runs.
_UNITS = {
    "load": (Opcode.LOAD, ("to_sums", "target", "memory")),
    "execute": (Opcode.EXECUTE, ("a", "b", "sums")),
    "store": (Opcode.STORE, ("sums", "memory")),
}


class Scoreboard(wiring.Component):
    """Takes the place of :class:`~.station.Station` where there is one slot for each unit.

    The next command waits at the input until its unit is idle and no command that runs has a
    footprint that conflicts with its own; then the unit gets its words. FENCE, END and errors wait
    until nothing runs.

    When a unit reports a bus error, no command starts any more; once all that run have ended, the
    core stops with the oldest error. A command with an error stays at the input: the stop is read
    from there.

    Parameters
    ----------
    config : Config
        Configuration of the core.

    Members
    -------
    Those of :class:`~.station.Station`; `execute_streaming` and `store_released` have no effect,
    and jobs come word by word: ``load``, ``execute``, ``store``: Out(stream(JobWordLayout)).
    """

    def __init__(self, config):
        self.config = config
        super().__init__({
            "i": In(stream.Signature(SerialLayout(config))),
            **{unit: Out(stream.Signature(JobWordLayout(config))) for unit in _UNITS},
            **station_members(config),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.order = order = ProgramOrder(depth=4, completions=len(_UNITS))
        command, failed = self.i.payload, Signal()
        busy = {unit: Signal(name=f"{unit}_busy") for unit in _UNITS}
        numbers = {unit: Signal.like(order.tail, name=f"{unit}_number") for unit in _UNITS}
        may_start = Signal()
        m.d.comb += may_start.eq(self.i.valid & ~command.bad & ~failed & ~self.stop.valid
                                 & ~self.drain & order.ready)
        blocks = self._blocks(m, busy)
        enters = [Signal(name=f"{unit}_enters") for unit in _UNITS]
        for index, (unit, (opcode, _)) in enumerate(_UNITS.items()):
            job, completed = getattr(self, unit), getattr(self, f"{unit}_completed")
            waiting, enter = getattr(self, f"{unit}_waiting"), enters[index]
            mine = self.i.valid & ~command.bad & (command.opcode == opcode)
            m.d.comb += [
                enter.eq(may_start & (command.opcode == opcode) & ~busy[unit]
                         & ~Cat(blocks[unit].values()).any()),
                job.valid.eq(command.word_valid & (command.opcode == opcode)),
                job.payload.eq(command.word),
                waiting.command.eq(mine),
                *(waiting[other].eq(mine & bit) for other, bit in blocks[unit].items()),
                order.done[index].eq(completed & ~self._fails(unit)),
                order.done_number[index].eq(numbers[unit]),
            ]
            m.d.sync += busy[unit].eq(enter | busy[unit] & ~completed)
            with m.If(enter):
                m.d.sync += numbers[unit].eq(order.tail)
        waits = may_start & order.empty
        ends, fences = Signal(), Signal()
        m.d.comb += [
            ends.eq(waits & (command.opcode == Opcode.END)),
            fences.eq(waits & (command.opcode == Opcode.FENCE)),
            order.enter.eq(Cat(*enters, ends, fences).any()),
            order.enter_complete.eq(ends | fences),
            self.i.ready.eq(order.enter),
            self.end.eq(ends), self.end_tag.eq(command.tag), self.retired.eq(order.retired),
            self.pending.eq(~order.empty), self.drained.eq(~Cat(busy.values()).any()),
        ]  # fmt: skip
        m.d.sync += self.execute_go.eq(enters[1])
        self._stop(m, order, failed, numbers)
        return m

    def _fails(self, unit):
        if unit == "execute":
            return C(0, 1)
        fault = getattr(self, f"{unit}_fault")
        return fault.resp != Response.OKAY

    def _blocks(self, m, busy):
        """Unit -> other unit -> whether the command at the input must wait for the one there."""
        footprint, blocks = self.i.payload.footprint, {unit: {} for unit in _UNITS}
        shares = Signal()       # an EXECUTE has rows of the scratchpad to read
        m.d.sync += shares.eq((self.execute.valid | shares) & ~self.execute_released)
        for other, (_, parts) in _UNITS.items():
            kept = Signal(Footprint(self.config), name=f"{other}_footprint")
            with m.If(~busy[other]):
                m.d.sync += [kept[part].eq(footprint[part]) for part in parts]
            for unit in _UNITS:
                if unit != other:
                    early, late, _ = conflicts(unit, footprint, other, kept)
                    # A STORE that follows an EXECUTE row by row would have to know more of both
                    # than footprints tell here; it waits until all is done.
                    until = shares if (unit, other) == ("load", "execute") else busy[other]
                    blocks[unit][other] = (
                        (Value.cast(early) & until) | (Value.cast(late) & busy[other]))
        return blocks

    def _stop(self, m, order, failed, numbers):
        """Why the core stopped: a command at the input, or the oldest bus error."""
        stop, command, idle = self.stop, self.i.payload, self.drained
        by_command = Signal()
        with m.If(self.i.valid & command.bad & order.empty & ~stop.valid):
            m.d.sync += [stop.valid.eq(1), by_command.eq(1)]
        m.d.comb += stop.index.eq(Mux(stop.valid, order.retired, 0))
        with m.If(by_command):
            m.d.comb += [stop.code.eq(command.code), stop.address.eq(command.address)]
        errors = {"load": (ErrorCode.READ_SLVERR, ErrorCode.READ_DECERR),
                  "store": (ErrorCode.WRITE_SLVERR, ErrorCode.WRITE_DECERR)}
        any_failed = C(0, 1)
        for unit, (slave_error, decode_error) in errors.items():
            unit_failed, decode = Signal(name=f"{unit}_failed"), Signal(name=f"{unit}_decode")
            fault = getattr(self, f"{unit}_fault")
            with m.If(getattr(self, f"{unit}_completed") & self._fails(unit)):
                m.d.sync += [unit_failed.eq(1), decode.eq(fault.resp == Response.DECERR)]
            oldest = unit_failed & (order.head == numbers[unit])
            with m.If(oldest & idle & ~order.empty):
                m.d.sync += stop.valid.eq(1)
            with m.If(stop.valid & ~by_command & oldest):
                # The unit keeps the address of its first error.
                m.d.comb += [
                    stop.code.eq(Mux(decode, decode_error.value, slave_error.value)),
                    stop.address.eq(fault.address),
                ]
            any_failed |= unit_failed
        m.d.comb += failed.eq(any_failed)
