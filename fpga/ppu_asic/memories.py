"""Keeps memories as black boxes, and what a memory compiler must know of each."""

from dataclasses import dataclass

from amaranth import *
from amaranth.utils import ceil_log2

__all__ = ["DEFAULT_BITS", "Macro", "MemoryKeeper"]

#: Memories of at least so many bits become macros: the least that memory compilers offer.
DEFAULT_BITS = 1024


@dataclass(frozen=True)
class Macro:
    """A memory with one write and one read port of one clock, read in the cycle after `r_en`.

    Parameters
    ----------
    depth, width : int
        Words, and bits of a word.
    lanes : int
        Parts of a word that are written on their own, each with its bit of `w_en`.
    reads_old : bool
        Whether a read of the word that is being written must give the old one; otherwise any
        value will do.
    """

    depth: int
    width: int
    lanes: int = 1
    reads_old: bool = False

    @property
    def name(self):
        """Name of its module."""
        lanes = f"_{self.lanes}lanes" if self.lanes > 1 else ""
        return f"ppu_memory_{self.depth}x{self.width}{lanes}{'_old' if self.reads_old else ''}"

    @property
    def bits(self):
        """Bits in all."""
        return self.depth * self.width

    @property
    def pins(self):
        """Its pins in order: (name, direction, width)."""
        address = ceil_log2(self.depth)
        return (
            ("clk", "input", 1),
            ("w_en", "input", self.lanes), ("w_addr", "input", address),
            ("w_data", "input", self.width),
            ("r_en", "input", 1), ("r_addr", "input", address), ("r_data", "output", self.width),
        )  # fmt: skip


class MemoryKeeper:
    """A platform that makes black boxes of memories; the others become flip-flops in synthesis.

    A memory becomes a black box if it has at least `bits` bits, one write port and one read port
    with a register, both of one clock. Its contents at the start are lost: memories of silicon have
    none, and the core needs none.

    Parameters
    ----------
    bits : int
        Bits of the smallest black box, at least 1.

    Raises
    ------
    ValueError
        If `bits` is not so.
    """

    def __init__(self, bits=DEFAULT_BITS):
        if bits < 1:
            raise ValueError(f"A memory that is kept must have at least 1 bit, not {bits!r}")
        self._bits = bits
        #: Every :class:`Macro` that was made, by the name of its module.
        self.macros = {}

    def get_memory(self, memory):
        """What stands for `memory`, an :class:`amaranth.lib.memory.Memory`."""
        width = Shape.cast(memory.shape).width
        ports = *memory.write_ports, *memory.read_ports
        if (len(memory.write_ports) != 1 or len(memory.read_ports) != 1
                or len({port.domain for port in ports}) != 1 or memory.depth < 2
                or memory.depth * width < self._bits):  # fmt: skip
            return memory.elaborate(None)
        write, read = ports
        macro = Macro(memory.depth, width, len(write.en), "no_rw_check" not in memory.attrs)
        self.macros[macro.name] = macro
        return Instance(
            macro.name, i_clk=ClockSignal(write.domain),
            i_w_en=write.en, i_w_addr=write.addr, i_w_data=Value.cast(write.data),
            i_r_en=read.en, i_r_addr=read.addr, o_r_data=Value.cast(read.data))
