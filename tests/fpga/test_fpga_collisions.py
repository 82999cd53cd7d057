# amaranth: UnusedElaboratable=no
"""Memories that say that their rows are not read while they are written cost no logic for it."""

import re

import pytest
from amaranth import *
from amaranth.back import rtlil
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from ppu_fpga.flow.collisions import ATTRIBUTE, without_checks
from ppu_fpga.flow.devices import device
from ppu_fpga.flow.synthesis import synthesise


class Rows(wiring.Component):
    """1024 rows of 16 bits; a read in the clocked domain, or at once."""

    def __init__(self, *, attrs, domain="sync"):
        self.attrs, self.domain = attrs, domain
        super().__init__({
            "w_row": In(10), "w_data": In(16), "w_en": In(1), "r_row": In(10), "r_data": Out(16)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.rows = rows = memory.Memory(
            shape=16, depth=1024, init=[], attrs=self.attrs)
        write, read = rows.write_port(), rows.read_port(domain=self.domain)
        m.d.comb += [
            write.addr.eq(self.w_row), write.data.eq(self.w_data), write.en.eq(self.w_en),
            read.addr.eq(self.r_row), self.r_data.eq(read.data),
        ]
        return m


def masks(text):
    return re.findall(r"COLLISION_X_MASK (\S+)", text)


@pytest.mark.parametrize("attrs, domain, mask", [
    ({ATTRIBUTE: 1}, "sync", "1'1"), ({}, "sync", "1'0"), ({ATTRIBUTE: 1}, "comb", "1'0")])
def test_only_clocked_ports_of_such_memories_are_changed(attrs, domain, mask):
    text = rtlil.convert(Rows(attrs=attrs, domain=domain))
    changed = without_checks(text)
    assert masks(changed) == [mask]
    assert changed.replace("MASK 1'1", "MASK 1'0") == text.replace("MASK 1'1", "MASK 1'0")


def test_it_saves_logic(tmp_path):
    counts = [
        synthesise(Rows(attrs=attrs), device("ecp5-25"), tmp_path, wrapped=False).counts()
        for attrs in ({}, {ATTRIBUTE: 1})]
    assert counts[0]["bram"] == counts[1]["bram"] == 1
    assert counts[0]["lut"] > 16 and counts[0]["ff"] > 16
    assert counts[1]["lut"] == counts[1]["ff"] == 0
