"""Lamps that tell what the core and the line are doing."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["LAMPS", "Lamps"]

#: All lamps, by the names that a board's description uses.
LAMPS = ("busy", "done", "error", "activity")


class Lamps(wiring.Component):
    """Makes states that last nanoseconds long enough to be seen.

    Parameters
    ----------
    ticks : int
        How long a lamp stays lit at least, two or more: at most three times as long.

    Members
    -------
    tick : In(1)
        A pulse now and then.
    core_busy, core_stopped : In(1)
        State of the core.
    line_active : In(1)
        There is traffic on the line.
    busy : Out(1)
        The core runs commands.
    done : Out(1)
        The core has run commands, and has come to their end without an error.
    error : Out(1)
        The core stopped with an error.
    activity : Out(1)
        There is traffic on the line.
    """

    tick: In(1)
    core_busy: In(1)
    core_stopped: In(1)
    line_active: In(1)
    busy: Out(1)
    done: Out(1)
    error: Out(1)
    activity: Out(1)

    def __init__(self, *, ticks):
        if ticks < 2:
            raise ValueError(f"Lamps must be lit for at least 2 ticks, not {ticks!r}")
        self._timer_bits = (-(-ticks // 2) - 1).bit_length()
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        timer = Signal(self._timer_bits)
        tick  = Signal()
        busy  = Signal()
        with m.If(self.tick):
            m.d.sync += timer.eq(timer + 1)
        m.d.comb += tick.eq(self.tick & timer.all())
        m.d.sync += busy.eq(self.core_busy)
        self._stretch(m, tick, busy, self.busy)
        self._stretch(m, tick, self.line_active, self.activity)
        with m.If(busy | self.core_stopped):
            m.d.sync += self.done.eq(0)
        with m.Elif(self.busy):
            m.d.sync += self.done.eq(1)
        m.d.sync += self.error.eq(self.core_stopped)
        return m

    def _stretch(self, m, tick, i, o):
        """`o` stays until three ticks have come without `i`."""
        left = Signal(2, name=f"{o.name}_left")
        m.d.comb += o.eq(left != 0)
        with m.If(i):
            m.d.sync += left.eq(3)
        with m.Elif(tick & o):
            m.d.sync += left.eq(left - 1)
