"""The reset of a board."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["ResetSource"]


class ResetSource(wiring.Component):
    """Holds the system in reset until all is well for some time.

    `rst` is high from the configuration on, rises 3 cycles after `ok` falls, and falls `cycles` + 3
    cycles after `ok` rose for good: so a button that bounces gives one reset. It comes from a
    register. Nothing in here is reset itself.

    Parameters
    ----------
    cycles : int
        A power of two.

    Members
    -------
    ok : In(1)
        The clock is steady, and nobody wants a reset. Belongs to no clock.
    rst : Out(1)
        The reset.
    tick : Out(1)
        A pulse in every `cycles` cycles, for slower clocks.
    """

    ok: In(1)
    rst: Out(1, init=1)
    tick: Out(1)

    def __init__(self, *, cycles):
        if cycles < 2 or cycles & (cycles - 1):
            raise ValueError(f"Reset must last a power of two of cycles, not {cycles!r}")
        self._cycles = cycles
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        ok    = Signal()
        timer = Signal(range(self._cycles))
        m.submodules.synchroniser = FFSynchronizer(self.ok, ok)
        m.d.sync += Cat(timer, self.tick).eq(timer + 1)
        with m.If(self.tick):
            m.d.sync += self.rst.eq(0)
        with m.If(~ok):
            m.d.sync += [timer.eq(0), self.tick.eq(0), self.rst.eq(1)]
        return m
