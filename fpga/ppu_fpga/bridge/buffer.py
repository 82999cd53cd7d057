"""Requests and replies in block RAM: frames of bytes, each with an entry behind it that ends it."""

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["EntryLayout", "ReplyBuffer", "RequestBuffer"]

#: A byte of a frame, or its end.
EntryLayout = data.StructLayout({"byte": 8, "end": 1})


def _rows(m, depth):
    """The memory's ports. No entry is read in the cycle in which it is written."""
    m.submodules.rows = rows = memory.Memory(
        shape=EntryLayout, depth=depth, init=[], attrs={"no_rw_check": 1})
    return rows.write_port(), rows.read_port()


class RequestBuffer(wiring.Component):
    """A ring of entries that is filled frame by frame.

    One frame is open at a time. Its entries are laid down one after another, each by a `step` and,
    at least a cycle later, a `write`, which may be repeated. Then it is committed, or rolled back
    as if it had never begun. Only committed entries come out, one in 3 cycles, the first one 4
    cycles after its commit.

    Parameters
    ----------
    depth : int
        Entries that it holds, a power of two.

    Members
    -------
    data : In(EntryLayout)
        The entry to write.
    step : In(1)
        Goes on to the next entry. Not while it is `full`.
    write : In(1)
        Writes the entry that the last `step` went to.
    commit, rollback : In(1), In(1)
        Closes the open frame, or begins it anew. `commit` may come with the last `write`.
    full : Out(1)
        There is no room for an entry.
    empty : Out(1)
        No committed entry is left, but for one that may be at `o`.
    o : Out(stream.Signature(EntryLayout))
        Committed entries.
    """

    def __init__(self, depth):
        if not isinstance(depth, int) or depth < 16 or depth & (depth - 1):
            raise ValueError(f"Depth must be a power of two of at least 16, not {depth!r}")
        self.depth = depth
        super().__init__({
            "data": In(EntryLayout), "step": In(1), "write": In(1), "commit": In(1),
            "rollback": In(1), "full": Out(1), "empty": Out(1),
            "o": Out(stream.Signature(EntryLayout)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        write, read = _rows(m, self.depth)
        # The entries that were written, committed and read last. One bit more than an address has:
        # a full ring is not an empty one.
        last  = Signal(range(2 * self.depth))
        begin = Signal.like(last)
        out   = Signal.like(last)
        advance = Signal()
        load    = Signal()
        loaded  = Signal()
        payload = Signal(EntryLayout, reset_less=True)
        m.d.comb += [
            self.full.eq(last == out ^ self.depth), self.empty.eq(begin == out),
            write.addr.eq(last), write.data.eq(self.data), write.en.eq(self.write),
            # What has been read stays at the memory's output, and may be overwritten.
            read.addr.eq(out), read.en.eq(load), self.o.payload.eq(payload),
            advance.eq(~self.empty & ~load & ~loaded & (~self.o.valid | self.o.ready)),
        ]  # fmt: skip
        m.d.sync += [
            load.eq(advance), loaded.eq(load),
            self.o.valid.eq(loaded | self.o.valid & ~self.o.ready),
        ]  # fmt: skip
        # The memory's clock-to-output time leaves no time for logic behind it.
        m.d.sync += payload.eq(read.data)
        with m.If(self.step | self.rollback):
            m.d.sync += last.eq(Mux(self.rollback, begin, last + 1))
        with m.If(self.commit):
            m.d.sync += begin.eq(last)
        with m.If(advance):
            m.d.sync += out.eq(out + 1)
        return m


class ReplyBuffer(wiring.Component):
    """Two frames of entries: one is laid down while another one is read.

    Parameters
    ----------
    longest : int
        Most entries of a frame.

    Members
    -------
    data : In(EntryLayout)
        The entry to write.
    write : In(1)
        Writes the entry.
    step : In(1)
        Goes on to the next one, which leaves an entry as it is where it comes without `write`.
    rollback : In(1)
        Begins the frame anew.
    commit : In(1)
        The frame that was laid down is read from now on, and another one can be laid down in place
        of that which was read.
    next : In(1)
        Goes on to the next entry to be read.
    entry : Out(EntryLayout)
        The entry to be read, from the second cycle after `next` or `commit` on.
    """

    def __init__(self, longest):
        if longest < 1:
            raise ValueError(f"Frames must have at least 1 entry, not {longest!r}")
        self._bits = (longest - 1).bit_length()
        super().__init__({
            "data": In(EntryLayout), "write": In(1), "step": In(1), "rollback": In(1),
            "commit": In(1), "next": In(1), "entry": Out(EntryLayout),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        write, read = _rows(m, 2 << self._bits)
        half  = Signal(reset_less=True)
        place = Signal(self._bits)
        out   = Signal(self._bits)
        m.d.comb += [
            write.addr.eq(Cat(place, half)), write.data.eq(self.data), write.en.eq(self.write),
            read.addr.eq(Cat(out, ~half)), read.en.eq(1), self.entry.eq(read.data),
        ]  # fmt: skip
        with m.If(self.step):
            m.d.sync += place.eq(place + 1)
        with m.If(self.rollback | self.commit):
            m.d.sync += place.eq(0)
        with m.If(self.next):
            m.d.sync += out.eq(out + 1)
        with m.If(self.commit):
            m.d.sync += [half.eq(~half), out.eq(0)]
        return m
