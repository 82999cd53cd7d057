"""A request's header: what is asked for, and whether it may be."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from . import protocol
from .bounds import Bounds
from .protocol import Kind, Status

__all__ = ["Header"]

#: First byte of a header's address.
_ADDRESS = 4


class Header(wiring.Component):
    """Takes a header in byte by byte, keeps what is needed of it and checks it.

    All outputs are good from the cycle after the last byte on, the kind's after the first one.

    Parameters
    ----------
    base, size : int
        Where the memory lies.
    max_data : int
        Most bytes of data.
    count_width : int
        Bits of the count that are kept: enough for any request that carries data.

    Members
    -------
    step : In(1)
        Takes `byte` in.
    byte, index : In(8), In(range(12))
        A byte of the header, and its number.
    down : In(1)
        Takes 1 off `count`. Not with `step`.
    count : Out(count_width)
        Bytes of data that are left.
    registers, memory, write, identify, reset : Out(1)
        The kind: which bus, whether it carries data to write, or one of the others.
    offset : Out(6)
        Lowest bits of the address.
    error : Out(Status)
        Why the request cannot be carried out.
    """

    def __init__(self, *, base, size, max_data, count_width):
        self.base, self.size, self.max_data = base, size, max_data
        super().__init__({
            "step": In(1), "byte": In(8), "index": In(range(protocol.HEADER_REQUEST)),
            "down": In(1), "count": Out(count_width),
            "registers": Out(1), "memory": Out(1), "write": Out(1),
            "identify": Out(1), "reset": Out(1), "offset": Out(6), "error": Out(Status),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.bounds = bounds = Bounds(base=self.base, size=self.size)
        kind   = Signal(3, reset_less=True)    # 0 stands for any that there is not
        beyond = Signal(reset_less=True)       # the count has more bits than are kept
        fits   = Signal()
        low, high = self.count[:8], self.count[8:]
        m.d.comb += [
            self.registers.eq(kind[1] & ~kind[2]),
            self.memory.eq(kind[2] & ~kind[1]),
            self.write.eq((kind[1] ^ kind[2]) & kind[0]),
            self.identify.eq(kind == Kind.IDENTIFY),
            self.reset.eq(kind == Kind.RESET),
            bounds.clear.eq(self.step & (self.index < _ADDRESS)),
            bounds.step.eq(self.step & (self.index >= _ADDRESS)),
            bounds.index.eq(self.index - _ADDRESS),
            bounds.address.eq(self.byte),
            bounds.registers.eq(self.registers),
        ]
        with m.If(self.down):
            m.d.sync += self.count.eq(self.count - 1)
        with m.If(self.step):
            with m.Switch(self.index):
                with m.Case(0):
                    known = (self.byte != 0) & (self.byte < len(Kind) + 1)
                    m.d.sync += kind.eq(Mux(known, self.byte, 0))
                with m.Case(2):
                    m.d.sync += low.eq(self.byte)
                with m.Case(3):
                    m.d.sync += [high.eq(self.byte), beyond.eq((self.byte >> len(high)).any())]
                with m.Case(_ADDRESS):
                    m.d.comb += bounds.count.eq(low)
                    m.d.sync += self.offset.eq(self.byte)
                with m.Case(_ADDRESS + 1):
                    m.d.comb += bounds.count.eq(high)
        with m.If(self.memory):
            m.d.comb += fits.eq((self.count != 0) & (self.count <= self.max_data))
        with m.Else():
            m.d.comb += fits.eq(self.count == self.registers << 2)
        with m.If(kind == 0):
            m.d.comb += self.error.eq(Status.BAD_KIND)
        with m.Elif(beyond | ~fits):
            m.d.comb += self.error.eq(Status.BAD_COUNT)
        with m.Elif((self.registers | self.memory) & ~bounds.inside
                    | self.registers & self.offset[:2].any()):
            m.d.comb += self.error.eq(Status.BAD_ADDRESS)
        return m
