# amaranth: UnusedElaboratable=no
"""The export with merged modules computes what Amaranth's own Verilog computes."""

import pytest
from amaranth import *
from amaranth.hdl._ir import PortDirection
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from equivalence import prove_equivalence

from ppu import generate
from ppu.config import TINY
from ppu.execute.array import SystolicArray
from ppu.execute.element import Int8Element
from ppu.export.convert import convert, write
from ppu.export.split import Split, without_checks
from ppu.lib.bank import Bank
from ppu_fpga.flow.errors import FlowFailed


class Small(wiring.Component):
    """A small array and a bank of memory, with pins as the exporter wants them."""

    a: In(18)
    b: In(18)
    swap: In(1)
    load: In(1)
    column: In(1)
    mask: In(2)
    row: In(3)
    word: Out(16)
    sums: Out(40)

    def __init__(self):
        super().__init__()
        self.domain = ClockDomain("sync")

    @property
    def ports(self):
        ports = {
            "clk": (self.domain.clk, PortDirection.Input),
            "rst": (self.domain.rst, PortDirection.Input),
        }
        for path, member, value in self.signature.flatten(self):
            direction = PortDirection.Input if member.flow == In else PortDirection.Output
            ports[path[0]] = (value, direction)
        return ports

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = self.domain
        m.submodules.array = array = SystolicArray(
            rows=2, columns=2,
            element=lambda: Int8Element(dot=1, mixed_signs=True, lanes=2, product_registers=1))
        m.submodules.bank = bank = Bank(depth=8, lanes=2, lane_width=8)
        m.d.comb += [
            array.i_a.as_value().eq(self.a), array.i_b.as_value().eq(self.b),
            array.i_swap.eq(self.swap), array.i_load.eq(self.load), array.i_column.eq(self.column),
            self.sums.eq(array.o_sums.as_value()),
            bank.w_row.eq(self.row), bank.w_mask.eq(self.mask),
            bank.w_data.as_value().eq(self.a), bank.r_row.eq(self.row), bank.r_en.eq(self.load),
            self.word.eq(bank.r_data.as_value()),
        ]  # fmt: skip
        return m


def both(make):
    """Amaranth's Verilog, the export's, and the names in both, of what `make` makes."""
    design = make()
    gold = convert(design, ports=design.ports, name="top", deduplicate=False)
    design = make()
    split = Split(without_checks(design), ports=design.ports, name="top")
    registers, memories = split.names()
    return gold, write(split.parts), {"registers": registers, "memories": memories}


def test_tiny_core(tmp_path):
    gold, gate, names = both(lambda: generate.Top(TINY))
    assert prove_equivalence(gold, gate, top="top", directory=tmp_path, **names) > 5000


@pytest.fixture(scope="module")
def small():
    return both(Small)


def test_small_design(small, tmp_path):
    gold, gate, names = small
    assert prove_equivalence(gold, gate, top="top", directory=tmp_path, **names) > 100


@pytest.mark.parametrize(("old", "new"), [
    ("$signed(operands) * $signed(weights)", "$signed(operands) * $signed(i_b)"),
    ("$signed(operands) * $signed(weights)", "operands * weights"),
    ("if (i_take) weights", "if (!i_take) weights"),
    ("o_load <= 1'h0;", "o_load <= 1'h1;"),
    ("o_sum <= n[17:0]", "o_sum <= rst ? 18'h0 : n[17:0]"),
    ("o_products = 17'h0", "o_products = 17'h1"),
    ("if (w_mask[1])", "if (w_mask[0])"),
    (".w_row(row)", ".w_row(row ^ 3'd4)"),
    ("rows[w_row][15:8] <= w_data[15:8]", "rows[w_row][15:8] <= w_data[7:0]"),
    (".i_a(element_0_0_o_a)", ".i_a(element_1_0_o_a)"),
    ("rows[rows_index] = 16'h0", "rows[rows_index] = 16'h1"),
])  # fmt: skip
def test_differences_are_found(small, tmp_path, old, new):
    gold, gate, names = small
    assert old in gate
    with pytest.raises(FlowFailed, match=r"unproven|does not start alike"):
        prove_equivalence(gold, gate.replace(old, new), top="top", directory=tmp_path, **names)
