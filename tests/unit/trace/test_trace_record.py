"""The raw record, and values over time."""

import numpy as np
import pytest
from amaranth.lib import data, enum

from ppu_sim.trace.record import Record
from ppu_sim.trace.runs import level, runs


class Colour(enum.Enum, shape=3):
    RED = 5


LAYOUT = data.StructLayout({
    "flag": 1, "wide": 63, "inner": data.StructLayout({"colour": Colour, "across": 40}), "top": 2,
})  # fmt: skip


def entry(cycle, **values):
    bits = LAYOUT.const(values).as_bits()
    words = [bits >> 32 * index & 0xFFFF_FFFF for index in range(-(-LAYOUT.size // 32))]
    return [cycle & 0xFFFF_FFFF, cycle >> 32, *words]


@pytest.fixture
def record():
    entries = [
        entry(7, flag=1, wide=2**63 - 2, top=2),
        entry(8, inner={"colour": Colour.RED, "across": 0xAB_CDEF_0123}),
        entry(2**33, flag=1, top=1),
    ]
    return Record(LAYOUT, np.array(entries, np.uint32), end=2**33 + 3)


def test_fields_lie_where_the_layout_says(record):
    assert record.field("flag").tolist() == [1, 0, 1]
    assert record.field("wide").tolist() == [2**63 - 2, 0, 0]
    assert record.field("inner.colour").tolist() == [0, 5, 0]
    assert record.field("inner.across").tolist() == [0, 0xAB_CDEF_0123, 0]
    assert record.field("top").tolist() == [2, 0, 1]


def test_entries_hold_until_the_next_one(record):
    assert record.cycles.tolist() == [7, 8, 2**33]
    assert record.lengths.tolist() == [1, 2**33 - 8, 3]
    cycles, entries = record.when(record.field("flag"))
    assert cycles.tolist() == [7, 2**33, 2**33 + 1, 2**33 + 2]
    assert entries.tolist() == [0, 2, 2, 2]
    assert record.when(record.field("flag") > 1)[0].tolist() == []


@pytest.mark.parametrize("starts, values, cycles, expected", [
    ([0], [3], 5, [(0, 3)]),
    ([-9, -2, 2, 4, 5], [1, 2, 2, 3, 4], 5, [(0, 2), (4, 3)]),
    ([-9, 0, 1, 2], [1, 2, 1, 1], 9, [(0, 2), (1, 1)]),
])  # fmt: skip
def test_runs_cover_the_run(starts, values, cycles, expected):
    assert runs(np.array(starts), np.array(values), cycles).tolist() == expected


def test_level_changes_after_the_cycle_of_its_event():
    ups, downs = np.array([3, 4, 9, -1]), np.array([4, 6, -1])
    assert level(ups, downs, 20).tolist() == [(0, 0), (4, 1), (7, 0), (10, 1)]
    assert level(ups[:0], downs[:0], 20).tolist() == [(0, 0)]
