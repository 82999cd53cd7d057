"""A ring of bytes that is filled frame by frame."""

from amaranth import *
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["FrameRing"]


class FrameRing(wiring.Component):
    """Holds frames of bytes in block RAM; a frame can be read once it is committed.

    One frame is open at a time. Its bytes are laid down one after another; then it is committed, or
    rolled back as if it had never begun. A rolled back frame can be laid down anew in part: a
    `step` without `write` leaves the byte that is there.

    A byte can be read from 3 cycles after its commit on, and one in every 3 cycles. `commit` and
    `rollback` must not come together with `step`.

    Parameters
    ----------
    depth : int
        Bytes that it holds, a power of two.

    Members
    -------
    data : In(8)
        The byte to write.
    write : In(1)
        Lays `data` down as the next byte of the open frame.
    step : In(1)
        Goes on to the next byte of the open frame. With neither, nothing moves.
    commit, rollback : In(1), In(1)
        Closes the open frame, or begins it anew.
    full : Out(1)
        There is no room for a byte: neither `write` nor `step` is allowed.
    length : Out(range(depth + 1))
        Bytes of the open frame.
    empty : Out(1)
        No committed byte waits.
    o : Out(stream.Signature(8))
        Committed bytes.
    """

    def __init__(self, depth):
        if not isinstance(depth, int) or depth < 16 or depth & (depth - 1):
            raise ValueError(f"Depth must be a power of two of at least 16, not {depth!r}")
        self.depth = depth
        super().__init__({
            "data": In(8), "write": In(1), "step": In(1), "commit": In(1), "rollback": In(1),
            "full": Out(1), "length": Out(range(depth + 1)),
            "empty": Out(1), "o": Out(stream.Signature(8)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        # A byte is never read in the cycle in which it is written.
        m.submodules.memory = rows = memory.Memory(
            shape=8, depth=self.depth, init=[], attrs={"no_rw_check": 1})
        write, read = rows.write_port(), rows.read_port()
        # One bit more than the address: a full ring is not an empty one.
        begin = Signal(range(2 * self.depth))
        end   = Signal.like(begin)
        out   = Signal.like(begin)
        fetched = Signal()    # the byte is at the memory's output
        m.d.comb += [
            end.eq(begin + self.length),
            self.full.eq(end == out ^ self.depth),
            self.empty.eq(begin == out),
            write.addr.eq(end), write.data.eq(self.data), write.en.eq(self.write),
            read.addr.eq(out), read.en.eq(1),
        ]  # fmt: skip
        with m.If(self.commit | self.rollback):
            m.d.sync += self.length.eq(0)
        with m.Elif(self.write | self.step):
            m.d.sync += self.length.eq(self.length + 1)
        with m.If(self.commit):
            m.d.sync += begin.eq(end)
        # The memory's clock-to-output time leaves no time for logic behind it.
        m.d.sync += self.o.payload.eq(read.data)
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [out.eq(out + 1), fetched.eq(0), self.o.valid.eq(0)]
        with m.Else():
            m.d.sync += [fetched.eq(~self.empty), self.o.valid.eq(fetched)]
        return m
