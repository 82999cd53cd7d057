"""The ring's registers without what only the host wants to know of them."""

from amaranth import *
from amaranth.lib.wiring import Out

from .ring import Culprit, Ring

__all__ = ["SingleRing"]


class SingleRing(Ring):
    """Takes the place of :class:`~.ring.Ring` where the host reads the setup from a memory.

    Of a base, bytes that are wholly beyond the address width are not kept, only that one of them is
    not 0. Nor is a value that tells a misuse: it is known which one it is.

    Parameters
    ----------
    address_width : int
        As for :class:`~.ring.Ring`.

    Members
    -------
    Those of :class:`~.ring.Ring`; the address in `misuse` is constant 0. And:

    keep, tell : Out(1)
        In the cycle after a write: it is to base or size, and is in effect; it may be misuse, and
        is the value that tells it unless it is found to be another.
    culprit : Out(Culprit)
        What tells a misuse.
    """

    def __init__(self, *, address_width):
        super().__init__(address_width=address_width, members={
            "keep": Out(1), "tell": Out(1), "culprit": Out(Culprit)})  # fmt: skip

    def _elaborate_setup(self, m):
        written = Signal(3)
        m.d.sync += written.eq(Cat(self.write_base_low, self.write_base_high, self.write_size))
        bytes_kept = -(-self.address_width // 8)
        beyond = Signal(8)
        for index in range(8):
            byte = self.w_data.word_select(index % 4, 8)
            with m.If(written[index // 4] & self.w_strb[index % 4] & ~self.behind):
                if index < bytes_kept:
                    m.d.sync += self.base.word_select(index, 8).eq(byte)
                else:
                    m.d.sync += beyond[index].eq(byte.any())
        for index in range(4):
            with m.If(written[2] & self.w_strb[index] & ~self.behind):
                m.d.sync += self.size.word_select(index, 8).eq(self.w_data.word_select(index, 8))
        m.d.comb += [self.beyond.eq(beyond.any()), self.keep.eq(written.any() & ~self.behind)]
        return written.any(), written.any() & self.behind & ~self.stopped

    def _elaborate_misuse(self, m, may_be, found, culprit):
        m.d.comb += self.tell.eq(may_be & ~self.keep & ~found & ~self.misuse.valid)
        with m.If(self.tell):
            m.d.sync += self.culprit.as_value().eq(culprit)
        with m.If(found):
            m.d.sync += self.misuse.valid.eq(1)
