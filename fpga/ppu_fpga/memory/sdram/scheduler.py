"""Which command an SDRAM gets in each cycle."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from .banks import hold_off
from .bus import Command
from .walker import PlaceLayout, WalkSignature

__all__ = ["Scheduler"]


class Scheduler(wiring.Component):
    """Chooses between reads and writes, and between beats and rows.

    One direction is the active one. Its beats go first, one each `burst` cycles. In the cycles
    between them, rows are closed and opened: that of the active direction's beat, then the one
    after it, then that of the other direction. So the rows of a long burst are open when they are
    needed, and those of the other direction when its turn comes.

    The direction changes when the active one has nothing to do, or has had `group` beats while the
    other one was waiting. A write for which there is no data yet does not count as something to do,
    nor a read for which there is no room, so neither can stop the other direction.

    Parameters
    ----------
    part : SdramPart
        Geometry.
    timing : SdramTiming
        The memory's timing.
    burst : int
        Words of a beat, at least 2.
    id_width : int
        Bits of an ID.
    group : int
        Beats in one direction after which the other one goes.

    Members
    -------
    reads, writes : In(WalkSignature)
        What is wanted.
    may_read, may_write : In(1)
        There is room for a beat read, and for its answer a beat to write.
    want_write : In(1)
        There is so much to write that it is worth a change of direction.
    hold : In(1)
        Nothing may be sent in this cycle.
    writing : Out(1)
        The active direction.
    disturbs : Out(1)
        The command opens or closes a row.
    command, bank, address : Out(Command), Out(2), Out(13)
        The command of this cycle. Beats outside the memory have none.
    """

    def __init__(self, part, timing, *, burst, id_width, group):
        if burst < 2:
            raise ValueError(f"Burst must be at least 2 words, not {burst!r}")
        if group < 1:
            raise ValueError(f"Group must be at least 1 beat, not {group!r}")
        self.timing, self.burst, self.group = timing, burst, group
        walk = WalkSignature(part, burst=burst, id_width=id_width)
        super().__init__({
            "reads": In(walk), "writes": In(walk),
            "may_read": In(1), "may_write": In(1), "want_write": In(1), "hold": In(1),
            "writing": Out(1), "disturbs": Out(1),
            "command": Out(Command, init=Command.NOP), "bank": Out(2), "address": Out(13),
        })

    def elaborate(self, platform):
        m = Module()
        read, write = self._beats(m)
        self._direction(m, read | write)
        rows = self._rows(m)
        shift = exact_log2(self.burst)
        with m.If(read):
            m.d.comb += [
                self.command.eq(Mux(self.reads.outside, Command.NOP, Command.READ)),
                self.bank.eq(self.reads.current.bank), self.address.eq(self.reads.beat << shift),
            ]
        with m.Elif(write):
            m.d.comb += [
                self.command.eq(Mux(self.writes.outside, Command.NOP, Command.WRITE)),
                self.bank.eq(self.writes.current.bank), self.address.eq(self.writes.beat << shift),
            ]
        with m.Elif(~self.hold):
            for index, (wanted, closes, place) in enumerate(rows):
                with (m.If if index == 0 else m.Elif)(wanted):
                    m.d.comb += [
                        self.command.eq(Mux(closes, Command.PRECHARGE, Command.ACTIVATE)),
                        self.bank.eq(place.bank),
                        self.address.eq(Mux(closes, 0, place.row)),
                        self.disturbs.eq(1),
                    ]
        return m

    def _beats(self, m):
        """Whether the next beat of each direction goes now."""
        cas, burst = self.timing.cas, self.burst
        # The memory drives its last word up to cycle cas + burst after READ; one more, and the
        # other side may drive. Words to write are sent with WRITE and after it.
        no_read, no_write = Signal(burst), Signal(cas + burst)
        read, write = Signal(), Signal()
        m.d.comb += [
            read.eq(~self.writing & self.reads.hit & self.may_read & ~no_read[0] & ~self.hold),
            write.eq(self.writing & self.writes.hit & self.may_write & ~no_write[0] & ~self.hold),
            self.reads.step.eq(read), self.writes.step.eq(write),
        ]
        m.d.sync += [
            no_read.eq(no_read >> 1 | hold_off(read | write, burst)),
            no_write.eq(no_write >> 1 | hold_off(write, burst) | hold_off(read, cas + burst + 1)),
        ]
        return read, write

    def _direction(self, m, step):
        left = Signal(range(self.group + 1))  # beats of this turn
        read, write = Signal(), Signal()      # something to do
        change = Signal()
        m.d.comb += [
            read.eq(self.reads.valid & self.may_read),
            write.eq(self.writes.valid & self.may_write),
            change.eq(Mux(self.writing,
                          read & (~write | (left == 0)),
                          (write & ~read) | (self.want_write & (left == 0)))),
        ]
        with m.If(change):
            m.d.sync += [self.writing.eq(~self.writing), left.eq(self.group)]
        with m.Elif(step & (left != 0)):
            m.d.sync += left.eq(left - 1)

    def _rows(self, m):
        """What may be done for rows in this cycle, the most urgent first: (whether, close, row)."""
        reads, writes = self.reads, self.writes
        first  = _choose(m, self.writing, writes, reads, "first")
        second = _choose(m, self.writing, reads, writes, "second")
        # The other direction may not close what this one uses, nor take what it is about to use.
        taken = Signal()
        m.d.comb += taken.eq(
            (first.valid & (reads.current.bank == writes.current.bank))
            | Mux(self.writing,
                  writes.ahead_valid & (writes.ahead.bank == reads.current.bank),
                  reads.ahead_valid & (reads.ahead.bank == writes.current.bank)))
        return [
            (first.open | first.close, first.close, first.current),
            (first.ahead_open | first.ahead_close, first.ahead_close, first.ahead),
            ((second.open | second.close) & ~taken, second.close, second.current),
        ]


def _choose(m, condition, yes, no, name):
    """What one of two walkers wants of rows."""
    layout = data.StructLayout({
        "valid": 1, "current": PlaceLayout(), "open": 1, "close": 1,
        "ahead": PlaceLayout(), "ahead_open": 1, "ahead_close": 1,
    })
    chosen = Signal(layout, name=name)
    for field in dict(layout):
        m.d.comb += chosen[field].eq(Mux(condition, getattr(yes, field), getattr(no, field)))
    return chosen
