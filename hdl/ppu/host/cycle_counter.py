"""The counter of cycles alone, for cores without performance counters."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .counters import CounterEvents, Counters

__all__ = ["CycleCounter"]


class CycleCounter(wiring.Component):
    """Counts CYCLES, in 32 bits, and takes the place of :class:`~.counters.Counters`.

    There is no copy for a snapshot: the counter reads as it is, without waiting, and all others
    read as 0.

    Members
    -------
    Those of :class:`~.counters.Counters`; `events`, `completed` and `snapshot` have no effect.
    """
    active: In(1)
    events: In(CounterEvents)
    completed: In(32)
    snapshot: In(1)
    pending: Out(1)
    read_valid: In(1)
    read_index: In(range(Counters.WORDS))
    read_done: Out(1)
    read_data: Out(32)

    def elaborate(self, platform):
        m = Module()
        cycles, active = Signal(32), Signal()
        m.d.sync += [active.eq(self.active), cycles.eq(cycles + active)]
        m.d.comb += [
            self.read_done.eq(self.read_valid),
            self.read_data.eq(Mux(self.read_index == 0, cycles, 0)),
        ]
        return m
