"""What is synthesised: the core with its memories kept, one element, and a plain multiply-add."""

from dataclasses import dataclass

from amaranth import *
from amaranth.back import rtlil
from amaranth.hdl import Fragment
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ppu.config import Signs
from ppu.execute.element import Int8Element
from ppu.export.convert import write
from ppu.export.split import Split, without_checks
from ppu.generate import Top

from .memories import MemoryKeeper

__all__ = ["BLOCKS", "TOP", "Design", "MultiplyAdd", "component_design",
           "core_design", "element_designs"]

#: Name of the core's module.
TOP = "ppu_core"
#: Blocks whose areas are told, by their places in the hierarchy; each without those in it.
BLOCKS = {
    "host": ("core", "host"),
    "command": ("core", "command"),
    "bus arbiter": ("core", "arbiter"),
    "load": ("core", "load"),
    "scratchpad logic": ("core", "scratchpad"),
    "execute control": ("core", "execute"),
    "array": ("core", "execute", "array"),
    "accumulator": ("core", "accumulator"),
    "store": ("core", "store"),
}
_FIRST_ELEMENT = ("core", "execute", "array", "element_0_0")


@dataclass(frozen=True)
class Design:
    """Something to synthesise.

    Parameters
    ----------
    top : str
        Name of the top module.
    text : str
        Verilog, or RTLIL if it has no modules to keep.
    kept : tuple of str
        Modules that are synthesised on their own.
    macros : tuple of Macro
        Memories that are black boxes.
    """

    top: str
    text: str
    kept: tuple = ()
    macros: tuple = ()

    @property
    def is_rtlil(self):
        """Whether `text` is RTLIL."""
        return not self.kept


class MultiplyAdd(wiring.Component):
    """A plain multiply-add, to compare with: ``o_sum = i_sum + i_a * i_b``.

    Latency one cycle, throughput one step per cycle; the sum is its only register.

    Members
    -------
    i_a, i_b : In(signed(8))
        Operands.
    i_sum : In(signed(32))
        Sum so far.
    o_sum : Out(signed(32))
        Sum, in a register.
    """

    i_a: In(signed(8))
    i_b: In(signed(8))
    i_sum: In(signed(32))
    o_sum: Out(signed(32))

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.o_sum.eq(self.i_sum + self.i_a * self.i_b)
        return m


def core_design(config, *, memory_bits):
    """The core as Verilog, each of its distinct modules once, with memories as black boxes.

    The modules of the blocks and of the array's element are kept; the others dissolve in them.

    Raises
    ------
    ValueError
        If `memory_bits`, the size of the smallest black box, is not positive.
    """
    keeper = MemoryKeeper(memory_bits)
    top = Top(config)
    fragment = without_checks(Fragment.get(top, keeper))
    parts = Split(fragment, ports=top.ports, name=TOP).parts
    places = {".".join((TOP, *place)) for place in (("core",), *BLOCKS.values(), _FIRST_ELEMENT)}
    kept = tuple(part.name for part in parts if places.intersection(part.paths))
    macros = tuple(keeper.macros[name] for name in sorted(keeper.macros))
    return Design(TOP, write(parts), kept, macros)


def element_designs(config):
    """Name -> design of the INT8 elements with one product and of the multiply-add."""
    designs = {}
    for signs in Signs:
        name = f"element, {signs.value} signs"
        element = Int8Element(
            dot=1, mixed_signs=signs is Signs.MIXED, lanes=config.row_bytes,
            product_registers=config.product_registers)
        designs[name] = component_design(element, f"element_{signs.value}")
    designs["plain multiply-add"] = component_design(MultiplyAdd(), "multiply_add")
    return designs


def component_design(component, top):
    """A component on its own, with the ports ``clk`` and ``rst``."""
    return Design(top, rtlil.convert(component, name=top, emit_src=False))
