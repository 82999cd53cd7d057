"""Random stalls, the same in every simulator."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["StallSource"]


class StallSource(wiring.Component):
    """Says in which cycles a channel stalls: Marsaglia's xorshift32, compared with a threshold.

    Takes one step per cycle. The stream after a restart depends on the seed alone.

    Parameters
    ----------
    salt : int
        Sets apart the streams of channels that share a seed.

    Members
    -------
    seed : In(32)
        Seed of the stream; any value.
    threshold : In(8)
        Chance of a stall, in 256ths.
    restart : In(1)
        The stream starts anew in the next cycle.
    stall : Out(1)
        The channel stalls in this cycle.
    """

    seed: In(32)
    threshold: In(8)
    restart: In(1)
    stall: Out(1)

    def __init__(self, salt):
        self.salt = salt
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        state = Signal(32, init=1)
        step_1, step_2, step_3 = Signal(32), Signal(32), Signal(32)
        start = Signal(32)
        m.d.comb += [
            step_1.eq(state ^ (state << 13)),
            step_2.eq(step_1 ^ (step_1 >> 17)),
            step_3.eq(step_2 ^ (step_2 << 5)),
            start.eq(self.seed ^ self.salt),
            self.stall.eq(state[24:] < self.threshold),
        ]
        m.d.sync += state.eq(step_3)
        with m.If(self.restart):
            m.d.sync += state.eq(Mux(start == 0, 1, start))
        return m
