# amaranth: UnusedElaboratable=no
"""Small designs that the tests of the export convert."""

from amaranth import *
from amaranth.hdl import Assert
from amaranth.hdl._ir import PortDirection
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ppu.export.convert import convert
from ppu.export.split import Split, without_checks

__all__ = ["Cell", "Chain", "Store", "parts_of", "verilog_of"]


class Cell(wiring.Component):
    """One stage: adds its weight to what comes in; passes a flag along."""

    i: In(8)
    i_flag: In(1)
    o: Out(8)
    o_flag: Out(1)

    def elaborate(self, platform):
        m = Module()
        weight = Signal(8, init=3)
        with m.If(self.i_flag):
            m.d.sync += weight.eq(weight + 1)
        m.d.sync += [self.o.eq(self.i + weight), self.o_flag.eq(self.i_flag)]
        m.d.sync += Assert(weight != 0)
        return m


class Chain(wiring.Component):
    """Cells in a row: the first has a constant input, the last an unused output."""

    i_flag: In(1)
    o: Out(8)

    def __init__(self, length):
        self.length = length
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        value, flag = C(0, 8), self.i_flag
        for index in range(self.length):
            m.submodules[f"cell_{index}"] = cell = Cell()
            m.d.comb += [cell.i.eq(value), cell.i_flag.eq(flag)]
            value, flag = cell.o, cell.o_flag
        m.d.comb += self.o.eq(value)
        return m


class Store(wiring.Component):
    """A memory with lanes, of zeros or of other values."""

    row: In(4)
    mask: In(2)
    w_data: In(data.ArrayLayout(8, 2))
    r_data: Out(data.ArrayLayout(8, 2))

    def __init__(self, init=()):
        self.init = init
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.rows = rows = memory.Memory(
            shape=data.ArrayLayout(8, 2), depth=16, init=self.init)
        write, read = rows.write_port(granularity=1), rows.read_port()
        m.d.comb += [
            write.addr.eq(self.row), write.data.eq(self.w_data), write.en.eq(self.mask),
            read.addr.eq(self.row), self.r_data.eq(read.data),
        ]  # fmt: skip
        return m


class _Top(Elaboratable):
    def __init__(self, component):
        self.component, self.domain = component, ClockDomain("sync")

    @property
    def ports(self):
        ports = {
            "clk": (self.domain.clk, PortDirection.Input),
            "rst": (self.domain.rst, PortDirection.Input),
        }
        for path, member, value in self.component.signature.flatten(self.component):
            direction = PortDirection.Input if member.flow == In else PortDirection.Output
            ports["_".join(map(str, path))] = Value.cast(value), direction
        return ports

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = self.domain
        m.submodules.inner = self.component
        return m


def verilog_of(component, *, name="top", deduplicate=True):
    """Verilog of a component with its own pins, a clock and a reset."""
    top = _Top(component)
    return convert(top, ports=top.ports, name=name, deduplicate=deduplicate)


def parts_of(component, *, name="top"):
    """The :class:`Split` of a component."""
    top = _Top(component)
    return Split(without_checks(top), ports=top.ports, name=name)
