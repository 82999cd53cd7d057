# amaranth: UnusedElaboratable=no
"""Memory banks of each FPGA family: netlists against the RTL, with the cells' models, in Icarus."""

import random

import pytest
from amaranth.hdl import Fragment
from netlists import compare, synthesise

from ppu.lib.bank import Bank
from ppu_fpga.lowering import family

RESET = 4
#: Family -> (depth, lanes, lane width) -> cell, how many, and flip-flops. The depth decides how
#: many bits of a row are in a DP16KD (36, 18, 9, 4, 2, 1) or SB_RAM40_4K (16, 8, 4, 2).
SHAPES = {
    "ecp5": {
        (64, 4, 32): ("DP16KD", 4, 1), (512, 2, 64): ("DP16KD", 4, 1),
        (1024, 1, 64): ("DP16KD", 4, 1), (2048, 1, 32): ("DP16KD", 4, 1),
        (4096, 2, 8): ("DP16KD", 4, 1), (8192, 1, 3): ("DP16KD", 2, 1),
        (16384, 1, 2): ("DP16KD", 2, 1),
    },
    "ice40": {
        (64, 4, 32): ("SB_RAM40_4K", 8, 7), (512, 2, 12): ("SB_RAM40_4K", 4, 10),
        (1024, 1, 8): ("SB_RAM40_4K", 2, 11), (2048, 1, 3): ("SB_RAM40_4K", 2, 12),
    },
    "gowin": {(64, 4, 32): ("SDPX9B", 4, 129), (512, 1, 64): ("SDPX9B", 2, 65)},
}  # fmt: skip


def stimulus(depth, lanes, lane_width):
    """Fills rows, then reads and writes at random; no row is read while it is written, or a cycle
    before."""
    rng = random.Random(f"bank {depth} {lanes}")
    rows = sorted({0, 1, depth // 2 - 1, depth // 2, depth - 1, *rng.sample(range(depth), 20)})
    width = lanes * lane_width
    start = {row: {"w_row": row, "w_mask": -1, "w_data": rng.getrandbits(width)} for row in rows}
    yield from [{}] * RESET
    yield from start.values()
    yield from [{"r_row": rows[0], "r_en": 1}, {}, {}]
    before = None
    for cycle in range(1000):
        often = 0.9 if cycle // 50 % 2 else 0.3
        w_row, r_row = rng.choice(rows), rng.choice(rows)
        reads = rng.random() < often
        # A block may read where it is not asked to: that is no reason to spare the row.
        writes = rng.random() < often and w_row not in (r_row if reads else None, before)
        before = r_row if reads else None
        yield {
            "w_row": w_row, "w_mask": rng.randrange(1 << lanes) if writes else 0,
            "w_data": rng.getrandbits(width), "r_row": r_row, "r_en": reads,
        }  # fmt: skip


@pytest.mark.parametrize(("name", "depth", "lanes", "lane_width"), [
    (name, *shape) for name, shapes in SHAPES.items() for shape in shapes])  # fmt: skip
def test_bank(name, depth, lanes, lane_width, tmp_path):
    def make():
        return Bank(depth=depth, lanes=lanes, lane_width=lane_width)

    cells = synthesise(make, name, tmp_path)
    block, count, flops = SHAPES[name][depth, lanes, lane_width]
    assert cells[block] == count
    # The output register, unless it is in the block, and that of `fresh`; of iCE40, the registers
    # of what is asked for. No logic, but on ECP5 the reset of a single register.
    assert sum(count for cell, count in cells.items() if "FF" in cell) == flops
    assert sum(count for cell, count in cells.items() if "LUT" in cell) == (name == "ecp5")
    cycles = list(stimulus(depth, lanes, lane_width))
    first = next(index for index, inputs in enumerate(cycles) if "r_en" in inputs)
    compare(make(), name, cycles, tmp_path, settled=first + Bank.READ_LATENCY)


def test_bank_that_clears(tmp_path):
    def make():
        return Bank(depth=64, lanes=4, lane_width=32, clears=True)

    assert synthesise(make, "ice40", tmp_path)["SB_RAM40_4K"] == 8
    rng = random.Random("clears")
    cycles = [{**inputs, "r_clear": int("r_en" in inputs and rng.random() < 0.3)}
              for inputs in stimulus(64, 4, 32)]  # fmt: skip
    first = next(index for index, inputs in enumerate(cycles) if "r_en" in inputs)
    compare(make(), "ice40", cycles, tmp_path, settled=first + Bank.READ_LATENCY)
    for name in ("ecp5", "gowin"):
        assert family(name).lower(make()) is None


def test_banks_that_are_too_deep_for_a_block_stay_as_they_are():
    for name, deepest in (("ecp5", 16384), ("ice40", 2048)):
        assert lowers(name, deepest)
        assert not lowers(name, 2 * deepest)


def lowers(name, depth):
    """Whether a family has a form of a bank; made in full, so that nothing of it is left over."""
    form = family(name).lower(Bank(depth=depth, lanes=1, lane_width=32))
    return form is not None and bool(Fragment.get(form, None))
