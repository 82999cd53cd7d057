"""A request's header: what is asked for, and whether it may be."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from . import protocol
from .protocol import Kind, Status

__all__ = ["REGISTER_SPACE", "Header"]

#: Bytes of the registers' address space.
REGISTER_SPACE = 0x1000
#: First byte of a header's address.
_ADDRESS = 4


class Header(wiring.Component):
    """Takes a header in byte by byte, keeps what is needed of it and checks it.

    All outputs are good from the cycle after the last byte on, the kind's after the first one.

    Parameters
    ----------
    base, size : int
        Where the memory lies: `size` is a power of two, `base` a multiple of it.
    max_data : int
        Most bytes of data, a power of two up to `size`.
    address_width : int
        Bits of an address that are kept.

    Members
    -------
    step : In(1)
        Takes `byte` in.
    byte, index : In(8), In(range(12))
        A byte of the header, and its number.
    address : In(address_width)
        The address, as kept elsewhere.
    refused : In(1)
        It was not kept, so nothing is told about it.
    down : In(1)
        One byte of data less. Not with `step`.
    final : Out(1)
        One byte of data is left.
    registers, memory, write, identify, reset : Out(1)
        The kind: which bus, whether it carries data to write, or one of the others.
    error : Out(Status)
        Why the request cannot be carried out.
    """

    def __init__(self, *, base, size, max_data, address_width):
        self.base, self.size, self.max_data = base, size, max_data
        super().__init__({
            "step": In(1), "byte": In(8), "index": In(range(protocol.HEADER_REQUEST)),
            "address": In(address_width), "refused": In(1), "down": In(1), "final": Out(1),
            "registers": Out(1), "memory": Out(1), "write": Out(1),
            "identify": Out(1), "reset": Out(1), "error": Out(Status),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        kind    = Signal(3, reset_less=True)    # 0 stands for any that there is not
        # Bytes of data that come after the next one; -1 for none.
        left    = Signal(range(2 * self.max_data), reset_less=True)
        beyond  = Signal(reset_less=True)       # there are more than that can say
        outside = Signal(reset_less=True)       # the address has more bits than are kept
        fits    = Signal()
        low, high = left[:8], left[8:]
        m.d.comb += [
            self.registers.eq(kind[1] & ~kind[2]),
            self.memory.eq(kind[2] & ~kind[1]),
            self.write.eq((kind[1] ^ kind[2]) & kind[0]),
            self.identify.eq(kind == Kind.IDENTIFY),
            self.reset.eq(kind == Kind.RESET),
            self.final.eq(left == 0),
        ]
        with m.If(self.down | self.step & (self.index == _ADDRESS)):
            m.d.sync += left.eq(left - 1)
        with m.If(self.step):
            with m.Switch(self.index):
                with m.Case(0):
                    m.d.sync += [
                        kind.eq(Mux(self.byte[3:].any(), 0, self.byte)), outside.eq(0),
                    ]  # fmt: skip
                with m.Case(2):
                    m.d.sync += [low.eq(self.byte), beyond.eq((self.byte >> len(low)).any())]
                with m.Case(3):
                    m.d.sync += [
                        high.eq(self.byte),
                        beyond.eq(beyond | (self.byte >> len(high)).any()),
                    ]
            whole, part = divmod(len(self.address), 8)
            with m.If((self.index == _ADDRESS + whole) & (self.byte >> part).any()
                      | (self.index > _ADDRESS + whole) & self.byte.any()):
                m.d.sync += outside.eq(1)
        with m.If(self.memory):
            m.d.comb += fits.eq(~left[-1])
        with m.Elif(self.registers):
            m.d.comb += fits.eq(left == 3)
        with m.Else():
            m.d.comb += fits.eq(left.all())
        with m.If((kind == 0) | kind.all()):
            m.d.comb += self.error.eq(Status.BAD_KIND)
        with m.Elif(beyond | ~fits):
            m.d.comb += self.error.eq(Status.BAD_COUNT)
        with m.Elif((self.registers | self.memory) & ~self.refused
                    & (outside | Mux(self.registers, self._is_no_register(),
                                     self._is_outside(left)))):
            m.d.comb += self.error.eq(Status.BAD_ADDRESS)
        return m

    def _is_no_register(self):
        return (self.address & ~(REGISTER_SPACE - 4)).any()

    def _is_outside(self, left):
        """The data of a request to the memory begins outside, or goes on behind its end."""
        top, bits = (self.size - 1).bit_length(), len(left) - 1
        total = self.address[:bits] + left[:bits]
        return ((self.address[top:] != self.base >> top)
                | total[bits] & self.address[bits:top].all())
