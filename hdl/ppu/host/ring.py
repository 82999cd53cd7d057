"""The command ring's registers and the rules for writing them."""

from amaranth import *
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["SIZE_BITS", "Culprit", "Ring", "RingMisuse"]

#: Most commands that a ring may hold, as a power of two.
SIZE_BITS = 16
#: Bytes of a command, as a power of two.
COMMAND_SHIFT = 5

#: Misuse of the ring, and the value that tells it.
RingMisuse = data.StructLayout({"valid": 1, "address": 64})


class Culprit(enum.Enum, shape=2):
    """Value that tells a misuse: what was written, or a register."""
    WRITTEN = 0
    SIZE    = 1
    BASE    = 2


class Ring(wiring.Component):
    """Keeps RING_BASE, RING_SIZE and RING_TAIL, and checks writes as docs/isa.md says.

    The rules are checked in the order of the manual: the distance of the new tail, the size, the
    base. A tail between RING_HEAD and the old tail would take back commands that may already be on
    their way: it is too far beyond RING_HEAD, as it is when they are all fetched.

    A register changes 2 cycles after the write pulse, the tail 3; what is derived from base and
    size follows within 2 more. Writes must be 3 cycles apart, with data and strobes kept for a
    cycle. The fetch gets a new tail already while it is checked, and the outcome with it.

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
    announced : Out(17)
        Lowest bits of the tail, or already those of a new one that is accepted.
    offered : Out(17)
        With `write_tail`: lowest bits of what may become the tail.
    fresh, refused : Out(1)
        In the cycle after: it was so, and is checked; it is not allowed.
    behind : Out(1)
        Head differs from tail, or a misuse is about to show. Rises with the new tail; falls a cycle
        after the head arrives.
    misuse : Out(RingMisuse)
        First misuse since reset. The address is that of a register if this is the culprit; it may
        change only if the host writes to it in spite of the misuse.
    """

    def __init__(self, *, address_width, members=()):
        self.address_width = address_width
        #: A part of the base that is not kept is not 0.
        self.beyond = Signal()
        super().__init__({
            "write_base_low": In(1), "write_base_high": In(1),
            "write_size": In(1), "write_tail": In(1),
            "w_data": In(32), "w_strb": In(4),
            "head": In(32), "stopped": In(1),
            "base": Out(64), "size": Out(32), "tail": Out(32), "mask": Out(SIZE_BITS),
            "announced": Out(SIZE_BITS + 1), "offered": Out(SIZE_BITS + 1),
            "fresh": Out(1), "refused": Out(1),
            "behind": Out(1), "misuse": Out(RingMisuse), **dict(members),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        setup_written, setup_refused = self._elaborate_setup(m)
        size_good, base_good = self._elaborate_checks(m)
        tail_written, accepted, found = Signal(), Signal(), Signal()
        new_tail, candidate = Signal(32), Signal(32)
        distance = Signal(32)               # of the new tail from the head
        still = Signal()                    # distance == 0
        ahead = Signal(SIZE_BITS + 1)       # of the old tail from the head
        m.d.comb += [
            new_tail.eq(_merge(self.tail, self.w_data, self.w_strb)),
            self.behind.eq((ahead != 0) | accepted | found),
        ]
        m.d.sync += [
            tail_written.eq(self.write_tail & ~self.stopped & ~self.misuse.valid),
            candidate.eq(new_tail), distance.eq(new_tail - self.head),
            still.eq(new_tail == self.head),
            ahead.eq(self.tail - self.head),
        ]
        # With a bad size or base the ring is empty, and `ahead` is 0.
        short = distance[: len(ahead)]
        near = (distance <= self.size) & (short >= ahead)
        good = size_good & base_good | still
        m.d.sync += accepted.eq(tail_written & near & good & (short != ahead))
        with m.If(accepted):    # what is written is still there
            m.d.sync += [self.tail.eq(candidate), ahead.eq(1)]
        m.d.comb += [
            self.announced.eq(Mux(accepted, candidate, self.tail)),
            self.offered.eq(new_tail), self.fresh.eq(tail_written),
            self.refused.eq(tail_written & ~(near & good)),
        ]

        culprit = Mux(setup_refused | ~near, Culprit.WRITTEN.value,
                      Mux(size_good, Culprit.BASE.value, Culprit.SIZE.value))
        # What may be a misuse is kept before it is known to be one.
        m.d.sync += found.eq((setup_refused | self.refused) & ~self.misuse.valid)
        self._elaborate_misuse(m, setup_written | tail_written, found, culprit)
        return m

    def _elaborate_setup(self, m):
        """Base and size. Returns whether one was written the cycle before, and is in use."""
        written = Signal(3)
        m.d.sync += written.eq(Cat(self.write_base_low, self.write_base_high, self.write_size))
        targets = (self.base[:32], self.base[32:], self.size)
        for select, target in zip(written, targets, strict=True):
            for index, strobe in enumerate(self.w_strb):
                with m.If(select & strobe & ~self.behind):
                    m.d.sync += target.word_select(index, 8).eq(self.w_data.word_select(index, 8))
        return written.any(), written.any() & self.behind & ~self.stopped

    def _elaborate_checks(self, m):
        """Whether size and base are allowed; the mask follows the size, the checks the mask."""
        size, base = self.size[: SIZE_BITS + 1], self.base
        below = Signal(SIZE_BITS + 1)
        place = self.address_width - COMMAND_SHIFT     # bits of the place of a command in memory
        last = Signal(max(place, SIZE_BITS) + 1)
        size_good, base_good = Signal(), Signal()
        m.d.comb += [
            self.mask.eq(below),
            last.eq(base[COMMAND_SHIFT : self.address_width] + self.mask),
        ]
        m.d.sync += [
            below.eq(size - 1),
            size_good.eq((size[1:] != 0) & ((size & below) == 0) & (self.size[len(size) :] == 0)),
            base_good.eq((base[: COMMAND_SHIFT + 1] == 0) & (base[self.address_width :] == 0)
                         & ~self.beyond & (last[place:] == 0)),
        ]  # fmt: skip
        return size_good, base_good

    def _elaborate_misuse(self, m, may_be, found, culprit):
        kind = Signal(Culprit)
        written = Signal(32)
        with m.If(may_be & ~found & ~self.misuse.valid):
            m.d.sync += [kind.as_value().eq(culprit), written.eq(self.w_data)]
        with m.If(found):
            m.d.sync += self.misuse.valid.eq(1)
        with m.Switch(kind):
            with m.Case(Culprit.WRITTEN):
                m.d.comb += self.misuse.address.eq(written)
            with m.Case(Culprit.SIZE):
                m.d.comb += self.misuse.address.eq(self.size)
            with m.Case(Culprit.BASE):
                m.d.comb += self.misuse.address.eq(self.base)


def _merge(old, new, strobes):
    """`new` in the bytes with a strobe, `old` elsewhere."""
    return Cat(Mux(strobe, new.word_select(index, 8), old.word_select(index, 8))
               for index, strobe in enumerate(strobes))
