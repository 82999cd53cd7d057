"""Whether an access lies inside of its address space, decided a byte at a time."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["REGISTER_SPACE", "Bounds"]

#: Bytes of the registers' address space.
REGISTER_SPACE = 0x1000


class Bounds(wiring.Component):
    """Compares an address and the one behind the last byte with the limits of an address space.

    The address comes in 8 steps, lowest byte first; `inside` is good from the cycle after the last
    one on. Three 8-bit adders do what would else take three as wide as the address.

    Parameters
    ----------
    base, size : int
        Where the memory lies. Registers begin at 0.

    Members
    -------
    clear : In(1)
        Begins anew.
    step : In(1)
        Takes the next byte in.
    index : In(3)
        Number of that byte.
    address, count : In(8), In(8)
        The bytes of address and count.
    registers : In(1)
        The access is to a register, not to memory.
    inside : Out(1)
        All bytes lie inside.
    """

    def __init__(self, *, base, size):
        if base < 0 or size < 1 or base + size >= 1 << 64:
            raise ValueError(
                f"Memory must lie from 0 on and end before 2**64, not at {base!r} with {size!r} "
                "bytes")
        self.base, self.limit = base, base + size
        super().__init__({
            "clear": In(1), "step": In(1), "index": In(3), "address": In(8), "count": In(8),
            "registers": In(1), "inside": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        base  = Signal(8)
        limit = Signal(8)
        below = Signal()    # the address is below the base, so far as its bytes are known
        carry = Signal()
        above = Signal()    # its end is above the limit
        end   = Signal(9)
        with m.Switch(self.index):
            for index in range(8):
                with m.Case(index):
                    shift = 8 * index
                    m.d.comb += [
                        base.eq(Mux(self.registers, 0, self.base >> shift)),
                        limit.eq(Mux(self.registers, REGISTER_SPACE >> shift & 0xFF,
                                     self.limit >> shift & 0xFF)),
                    ]
        m.d.comb += [
            end.eq(_sum(self.address, self.count, carry)),
            self.inside.eq(~(below | carry | above)),
        ]
        with m.If(self.clear):
            m.d.sync += [below.eq(0), carry.eq(0), above.eq(0)]
        with m.Elif(self.step):
            m.d.sync += [
                below.eq(~_carry(self.address, ~base, ~below)),
                carry.eq(end[8]),
                above.eq(~_carry(limit, ~end[:8], ~above)),
            ]
        return m


def _sum(a, b, carry):
    """Sum of three in a single adder: two of them make a carry into the others' lowest bit."""
    return (Cat(1, a) + Cat(carry, b))[1:]


def _carry(a, b, carry):
    return _sum(a, b, carry)[8]
