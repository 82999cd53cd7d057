"""Bursts and waits of a channel, and what a trace makes of them."""

import numpy as np
import pytest
from amaranth.lib import data

from ppu_sim.trace.channels import bursts_of
from ppu_sim.trace.record import Record

HANDSHAKE = {"valid": 1, "ready": 1}
LAYOUT = data.StructLayout({
    "ar": data.StructLayout({**HANDSHAKE, "addr": 32, "len": 8, "id": 1}),
    "r": data.StructLayout({**HANDSHAKE, "last": 1, "id": 1}),
    "w": data.StructLayout({**HANDSHAKE, "last": 1}),
})  # fmt: skip
#: Recorded cycle that is cycle 0.
ORIGIN = 100


def record(cycles):
    """The record of a list of the values in each cycle, from `ORIGIN` on."""
    entries, before = [], None
    for number, values in enumerate(cycles):
        bits = LAYOUT.const(values).as_bits()
        if bits != before:
            words = [bits >> 32 * index & 0xFFFF_FFFF for index in range(-(-LAYOUT.size // 32))]
            entries.append([ORIGIN + number, 0, *words])
        before = bits
    return Record(LAYOUT, np.array(entries, np.uint32), end=ORIGIN + len(cycles))


def channel(name, text):
    """Cycles of a channel: "-" idle, "x" refused, "." a beat, "|" the last one."""
    kinds = {"-": {"ready": 1}, "x": {"valid": 1}, ".": {"valid": 1, "ready": 1},
             "|": {"valid": 1, "ready": 1, "last": 1}}  # fmt: skip
    return [{name: kinds[letter]} for letter in text]


@pytest.mark.parametrize("text, bursts, waits", [
    ("------", [], []),
    ("||-|", [(0, 1), (1, 2), (3, 4)], []),
    ("-...|.|", [(1, 5), (5, 7)], []),
    ("-xx.-x.--|-", [(1, 10)], [(1, 3, True), (4, 5, False), (5, 6, True), (7, 9, False)]),
    ("-.|-x|x", [(1, 3), (4, 6)], [(4, 5, True)]),
    (".|.-", [(0, 2)], []),
])  # fmt: skip
def test_bursts_of_data(text, bursts, waits):
    found, waited = bursts_of(record(channel("w", text)), "w", ORIGIN)
    assert [(start, end) for start, end, *_ in found.tolist()] == bursts
    assert waited.tolist() == waits


def test_bursts_of_addresses():
    offer = {"valid": 1, "addr": 0x1234_5678, "len": 15, "id": 1}
    other = {"valid": 1, "ready": 1, "addr": 64, "len": 0}
    cycles = [{"ar": values} for values in ({}, offer, offer, {**offer, "ready": 1}, other, {})]
    found, waited = bursts_of(record(cycles), "ar", ORIGIN)
    assert found.tolist() == [(1, 4, 1, 0x1234_5678, 16), (4, 5, 0, 64, 1)]
    assert waited.tolist() == [(1, 3, True)]


def test_ids_of_read_data():
    beats = [{"r": {"valid": 1, "ready": 1, "last": last, "id": number}}
             for last, number in ((0, 1), (1, 1), (1, 0))]  # fmt: skip
    found, _ = bursts_of(record(beats), "r", ORIGIN)
    assert found[["start", "end", "id"]].tolist() == [(0, 2, 1), (2, 3, 0)]
