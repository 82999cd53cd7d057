"""The command ring's registers and the rules for writing them."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Ring", "RingMisuse"]

#: Most commands that a ring may hold, as a power of two.
SIZE_BITS = 16
#: Bytes of a command, as a power of two.
COMMAND_SHIFT = 5


#: Misuse of the ring, sticky, and the value that tells it.
RingMisuse = data.StructLayout({"valid": 1, "address": 64})


class Ring(wiring.Component):
    """Keeps RING_BASE, RING_SIZE and RING_TAIL, and checks writes as docs/isa.md says.

    The rules are checked in the order of the manual: the distance of the new tail, the size, the
    base. A tail between RING_HEAD and the old tail would take back commands that may already be on
    their way: it is too far beyond RING_HEAD, as it is when they are all fetched.

    A register changes 2 cycles after the write pulse; what is derived from base and size follows
    within 2 more. Writes must be 3 cycles apart, with data and strobes kept for a cycle.

    Parameters
    ----------
    address_width : int
        Bits of a memory address.

    Members
    -------
    write_base_low, write_base_high, write_size, write_tail : In(1)
        Pulses of a write.
    w_data, w_strb : In(32), In(4)
        What is written.
    head : In(32)
        Commands fetched.
    stopped : In(1)
        The core stopped: writes to the tail have no effect.
    base, size, tail : Out(64), Out(32), Out(32)
        The registers.
    mask : Out(16)
        Size minus one, if the size is allowed.
    behind : Out(1)
        Head differs from tail. Rises with the new tail; falls a cycle after the head arrives.
    misuse : Out(RingMisuse)
        First misuse since reset.
    """

    def __init__(self, *, address_width):
        self.address_width = address_width
        super().__init__({
            "write_base_low": In(1), "write_base_high": In(1),
            "write_size": In(1), "write_tail": In(1),
            "w_data": In(32), "w_strb": In(4),
            "head": In(32), "stopped": In(1),
            "base": Out(64), "size": Out(32), "tail": Out(32), "mask": Out(SIZE_BITS),
            "behind": Out(1), "misuse": Out(RingMisuse),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        self._elaborate_setup(m)
        self._elaborate_tail(m)
        return m

    def _misuse(self, m, address):
        m.d.sync += [self.misuse.valid.eq(1), self.misuse.address.eq(address)]

    def _elaborate_setup(self, m):
        """Base and size: a write takes effect the cycle after its pulse, if the ring is empty."""
        written = Signal(3)
        m.d.sync += written.eq(Cat(self.write_base_low, self.write_base_high, self.write_size))
        targets = (self.base[:32], self.base[32:], self.size)
        for select, target in zip(written, targets, strict=True):
            for index, strobe in enumerate(self.w_strb):
                with m.If(select & strobe & ~self.behind):
                    m.d.sync += target.word_select(index, 8).eq(self.w_data.word_select(index, 8))
        with m.If(written.any() & self.behind & ~self.stopped):
            self._elaborate_misuse(m, self.w_data)

    def _elaborate_tail(self, m):
        size_good, base_good = self._elaborate_checks(m)
        written = Signal(32)
        tail_written = Signal()
        distance = Signal(32)           # of the new tail from the head
        step = Signal(SIZE_BITS + 2)    # from the old tail: both are at most 2**16 from the head
        m.d.comb += written.eq(_merge(self.tail, self.w_data, self.w_strb))
        m.d.sync += [
            tail_written.eq(self.write_tail),
            distance.eq(written - self.head),
            step.eq(written - self.tail),
            self.behind.eq(self.tail != self.head),
        ]
        # With a bad size or base the ring is empty: head and tail are equal.
        with m.If(tail_written & ~self.stopped & ~self.misuse.valid):
            with m.If((distance > self.size) | size_good & step[-1]):
                self._elaborate_misuse(m, written)
            with m.Elif(~size_good & (distance != 0)):
                self._elaborate_misuse(m, self.size)
            with m.Elif(~base_good & (distance != 0)):
                self._elaborate_misuse(m, self.base)
            with m.Elif(step != 0):
                m.d.sync += [self.tail.eq(written), self.behind.eq(1)]

    def _elaborate_checks(self, m):
        """Whether size and base are allowed; the mask follows the size, the checks the mask."""
        size, base = self.size[: SIZE_BITS + 1], self.base
        below = Signal(SIZE_BITS + 1)
        last = Signal(self.address_width - COMMAND_SHIFT + 1)
        size_good, base_good = Signal(), Signal()
        m.d.comb += [
            self.mask.eq(below),
            last.eq(base[COMMAND_SHIFT : self.address_width] + self.mask),
        ]
        m.d.sync += [
            below.eq(size - 1),
            size_good.eq((size[1:] != 0) & ((size & below) == 0) & (self.size[len(size) :] == 0)),
            base_good.eq((base[: COMMAND_SHIFT + 1] == 0) & (base[self.address_width :] == 0)
                         & ~last[-1]),
        ]  # fmt: skip
        return size_good, base_good

    def _elaborate_misuse(self, m, address):
        with m.If(~self.misuse.valid):
            m.d.sync += [self.misuse.valid.eq(1), self.misuse.address.eq(address)]


def _merge(old, new, strobes):
    """`new` in the bytes with a strobe, `old` elsewhere."""
    return Cat(Mux(strobe, new.word_select(index, 8), old.word_select(index, 8))
               for index, strobe in enumerate(strobes))
