"""A first-in first-out queue whose head can be read at once."""

from amaranth import *
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["RequestQueue"]


class RequestQueue(wiring.Component):
    """First-in first-out queue.

    Latency one cycle, throughput one payload per cycle. Cuts all paths.

    Parameters
    ----------
    shape : ShapeLike
        Shape of the payload.
    depth : int
        Payloads that it holds. A power of two.
    """

    def __init__(self, shape, *, depth):
        self.shape, self.depth = shape, depth
        super().__init__({
            "i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.entries = entries = memory.Memory(
            shape=Shape.cast(self.shape).width, depth=self.depth, init=[]
        )
        write, read = entries.write_port(), entries.read_port(domain="comb")
        head, tail = Signal(range(2 * self.depth)), Signal(range(2 * self.depth))
        level = Signal(range(2 * self.depth))
        m.d.comb += [
            level.eq(tail - head),
            self.i.ready.eq(level != self.depth),
            self.o.valid.eq(level != 0),
            write.addr.eq(tail), write.data.eq(self.i.payload),
            write.en.eq(self.i.valid & self.i.ready),
            read.addr.eq(head), Value.cast(self.o.payload).eq(read.data),
        ]  # fmt: skip
        m.d.sync += [
            tail.eq(tail + write.en),
            head.eq(head + (self.o.valid & self.o.ready)),
        ]
        return m
