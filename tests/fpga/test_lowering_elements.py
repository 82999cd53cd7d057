# amaranth: UnusedElaboratable=no
"""Multipliers of each FPGA family: netlists against the RTL, with the cells' models, in Icarus."""

import random
import re

import pytest
from amaranth import *
from amaranth.hdl import Fragment
from amaranth.lib import wiring
from netlists import compare, synthesise

from ppu.execute.array import SystolicArray
from ppu.execute.columns import ColumnArray
from ppu.execute.element import Int8Element
from ppu.execute.multipliers import Multipliers
from ppu.lib.product import Product
from ppu_fpga.lowering import FAMILIES, Lowering, family

FAMILY_NAMES = sorted(FAMILIES)
#: Family -> its multiplier, and blocks for `dot` products.
BLOCKS = {
    "ecp5": ("MULT18X18D", lambda dot: dot),
    "ice40": ("SB_MAC16", lambda dot: -(-dot // 2)),
    "gowin": ("MULT9X9", lambda dot: dot),
}
SHAPES = [(dot, registers) for dot in (1, 2, 4) for registers in (0, 1, 2)]
RESET = 4
CYCLES = 800
#: LUTs of a soft product on ECP5, by `mixed_signs`.
SOFT_LUTS = {False: 74, True: 80}


class Elements(wiring.Component):
    """An element of each of `shapes`, side by side."""

    def __init__(self, *, mixed_signs, shapes=SHAPES):
        self.elements = {
            f"dot_{dot}_{registers}": Int8Element(
                dot=dot, mixed_signs=mixed_signs, lanes=4, product_registers=registers)
            for dot, registers in shapes}  # fmt: skip
        super().__init__({
            f"{name}_{port}": member for name, element in self.elements.items()
            for port, member in element.signature.members.items()})  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        for name, element in self.elements.items():
            m.submodules[name] = element
            for port, member in element.signature.members.items():
                outer = Value.cast(getattr(self, f"{name}_{port}"))
                inner = Value.cast(getattr(element, port))
                is_input = member.flow == wiring.In
                m.d.comb += inner.eq(outer) if is_input else outer.eq(inner)
        return m


def operands(rng, count, mixed_signs):
    """Packed operands: every other one at an end of the range, or near 0."""
    highest = 255 if mixed_signs else 127
    width = 9 if mixed_signs else 8
    values = [rng.choice([-128, -127, -1, 0, 1, 127, highest]) if rng.random() < 0.5
              else rng.randint(-128, highest) for _ in range(count)]  # fmt: skip
    return sum((value & (1 << width) - 1) << width * index for index, value in enumerate(values))


def operands_of(value, count, mixed_signs):
    """The same operand, packed, so often."""
    width = 9 if mixed_signs else 8
    return sum((value & (1 << width) - 1) << width * index for index in range(count))


def element_stimulus(mixed_signs, shapes=SHAPES):
    rng = random.Random(f"elements {mixed_signs}")
    width = Int8Element(dot=1, mixed_signs=mixed_signs, lanes=4,
                        product_registers=0).sum_shape.width  # fmt: skip
    for cycle in range(CYCLES):
        values = {}
        for dot, registers in shapes:
            name = f"dot_{dot}_{registers}_"
            # Weights first: without, products are undefined.
            is_start = cycle <= RESET + 2
            # Later, runs of cycles with many swaps and runs with few.
            often = 0.6 if cycle // 50 % 2 else 0.1
            values |= {
                f"{name}i_a": operands(rng, dot, mixed_signs),
                f"{name}i_b": operands(rng, dot, mixed_signs),
                f"{name}i_load": is_start or rng.random() < often,
                f"{name}i_swap": is_start or rng.random() < often,
                f"{name}i_sum": rng.getrandbits(width),
            }
        yield values


@pytest.mark.parametrize("mixed_signs", [False, True], ids=["signed", "mixed"])
@pytest.mark.parametrize("name", FAMILY_NAMES)
def test_elements(name, mixed_signs, tmp_path):
    """Every `dot` and number of registers, extremes, swaps and loads at any time."""
    def make():
        return Elements(mixed_signs=mixed_signs)

    cells = synthesise(make, name, tmp_path)
    cell, blocks = BLOCKS[name]
    assert cells[cell] == sum(blocks(dot) for dot, _ in SHAPES)
    compare(make(), name, list(element_stimulus(mixed_signs)), tmp_path, settled=RESET + 10)


def array_stimulus(lanes, columns, mixed_signs):
    rng = random.Random(f"array {lanes} {mixed_signs}")
    first = RESET + 1
    for cycle in range(CYCLES):
        is_start = cycle < first + columns
        yield {
            "i_a": operands(rng, lanes, mixed_signs),
            "i_b": operands(rng, lanes, mixed_signs),
            "i_load": is_start or rng.random() < 0.7,
            "i_column": columns - 1 - (cycle - first) % columns if is_start
                        else rng.randrange(columns),
            "i_swap": cycle == first + columns or rng.random() < 0.1,
        }  # fmt: skip


@pytest.mark.parametrize(("name", "dot", "mixed_signs", "registers"), [
    ("ecp5", 1, True, 2), ("ice40", 2, False, 1), ("ice40", 2, True, 1), ("gowin", 1, True, 1),
])  # fmt: skip
def test_array_of_4_by_4(name, dot, mixed_signs, registers, tmp_path):
    rows = columns = 4

    def make():
        return SystolicArray(rows=rows, columns=columns, element=lambda: Int8Element(
            dot=dot, mixed_signs=mixed_signs, lanes=rows * dot, product_registers=registers))

    cells = synthesise(make, name, tmp_path)
    cell, blocks = BLOCKS[name]
    assert cells[cell] == rows * columns * blocks(dot)
    stimulus = list(array_stimulus(rows * dot, columns, mixed_signs))
    compare(make(), name, stimulus, tmp_path, settled=RESET + 2 * columns + make().latency + 1)


@pytest.mark.parametrize(("blocks", "used"), [(None, 1), (2, 1), (1, 0)])
def test_product_of_the_decoder(blocks, used, tmp_path):
    rng = random.Random("product")
    edges = [0, 1, 0x7FFF, 0x8000, 0xFFFF]

    def factor():
        return rng.choice(edges) if rng.random() < 0.5 else rng.randrange(1 << 16)

    cells = synthesise(lambda: Product(16), "ecp5", tmp_path, multipliers=blocks)
    assert blocks == 1 or cells["MULT18X18D"] == used
    stimulus = [{"i_a": factor(), "i_b": factor(), "i_take": cycle < 8 or rng.random() < 0.7}
                for cycle in range(CYCLES)]
    compare(Product(16), "ecp5", stimulus, tmp_path, settled=RESET + 4)


@pytest.mark.parametrize(("name", "mixed_signs", "registers"), [
    ("ice40", False, 1), ("ice40", False, 2), ("ice40", True, 1), ("gowin", False, 1),
    ("ecp5", True, 2),
])  # fmt: skip
def test_array_of_columns(name, mixed_signs, registers, tmp_path):
    lanes = columns = 4

    def make():
        return ColumnArray(
            lanes=lanes, columns=columns, mixed_signs=mixed_signs, product_registers=registers)

    cells = synthesise(make, name, tmp_path)
    cell, blocks = BLOCKS[name]
    assert cells[cell] == columns * blocks(lanes)
    stimulus = list(array_stimulus(lanes, columns, mixed_signs))
    lowest = {"i_a": operands_of(-128, lanes, mixed_signs), "i_load": 1, "i_swap": 0}
    stimulus += [{**lowest, "i_b": lowest["i_a"], "i_column": column} for column in range(columns)]
    stimulus += [{**lowest, "i_load": 0, "i_b": 0, "i_column": 0}] * 10
    compare(make(), name, stimulus, tmp_path, settled=RESET + columns + make().latency + 1)


def used_luts(cells):
    return cells["LUT4"] + 2 * cells["CCU2C"]


@pytest.mark.parametrize("mixed_signs", [False, True], ids=["signed", "mixed"])
def test_soft_elements(mixed_signs, tmp_path):
    """As above, on an ECP5 without blocks; one product is like another."""
    shapes = SHAPES[:3]

    def make():
        return Elements(mixed_signs=mixed_signs, shapes=shapes)

    cells = synthesise(make, "ecp5", tmp_path, multipliers=0)
    assert not cells["MULT18X18D"]
    stimulus = list(element_stimulus(mixed_signs, shapes))
    compare(make(), "ecp5", stimulus, tmp_path, settled=RESET + 10)


@pytest.mark.parametrize("mixed_signs", [False, True], ids=["signed", "mixed"])
def test_soft_product_of_every_pair(mixed_signs, tmp_path):
    def make():
        return Multipliers(dot=1, mixed_signs=mixed_signs, product_registers=1)

    cells = synthesise(make, "ecp5", tmp_path, multipliers=0)
    assert not cells["MULT18X18D"]
    assert used_luts(cells) == SOFT_LUTS[mixed_signs]
    values = range(-128, 256 if mixed_signs else 128)
    stimulus = [{"i_a": 0, "i_b": 0, "i_take": 1}] * (RESET + 1)
    stimulus += [{"i_a": a, "i_b": b, "i_take": a == values[0]} for b in values for a in values]
    compare(make(), "ecp5", stimulus, tmp_path, settled=RESET + 1)


@pytest.mark.parametrize("blocks", [0, 1, 6, 16])
def test_blocks_of_the_chip_go_first(blocks, tmp_path):
    """Elements beyond them are soft."""
    def make():
        return SystolicArray(rows=4, columns=4, element=lambda: Int8Element(
            dot=1, mixed_signs=True, lanes=4, product_registers=1))

    cells = synthesise(make, "ecp5", tmp_path, multipliers=blocks)
    assert cells["MULT18X18D"] == blocks
    stimulus = list(array_stimulus(4, 4, True))
    compare(make(), "ecp5", stimulus, tmp_path, settled=RESET + 8 + make().latency + 1)
    names = re.findall(r"element_(\d)_(\d)\.multipliers\.multiplier_0 ",
                       (tmp_path / "gate.v").read_text())
    assert sorted(names) == [(str(n // 4), str(n % 4)) for n in range(blocks)]


def test_a_chip_has_no_fewer_multipliers_than_none():
    with pytest.raises(ValueError, match="multipliers must be at least 0, not -1"):
        family("ecp5", multipliers=-1)


def test_families_have_names():
    for name in FAMILY_NAMES:
        assert family(name).name == name
    with pytest.raises(ValueError, match="family must be one of ecp5, ice40, gowin, not 'ecp6'"):
        family("ecp6")


def test_a_platform_lowers_as_its_family_does():
    part = Multipliers(dot=1, mixed_signs=True, product_registers=1)
    platform = type("Platform", (Lowering,), {"family": family("gowin")})()
    assert Fragment.get(platform.lower(part), None)
    assert platform.lower(Signal()) is None
    assert Lowering().lower(part) is None


def test_product_registers_are_checked():
    with pytest.raises(ValueError, match="product_registers must be from 0 to 2, not 3"):
        Multipliers(dot=1, mixed_signs=True, product_registers=3)
