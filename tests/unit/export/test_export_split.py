# amaranth: UnusedElaboratable=no
"""A design falls into its distinct parts."""

import pytest
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from export_parts import Cell, Chain, Store, parts_of


def by_name(split):
    return {part.name: part for part in split.parts}


def test_equal_components_are_one_part_however_they_are_wired():
    parts = by_name(parts_of(Chain(5)))
    assert list(parts) == ["top", "top_chain", "top_cell"]
    assert parts["top_cell"].paths == [f"top.inner.cell_{index}" for index in range(5)]
    assert parts["top_cell"].source == "Cell"


def test_ports_are_those_of_the_signature_in_its_order():
    ports = by_name(parts_of(Chain(2)))["top_cell"].ports
    assert list(ports) == ["i", "i_flag", "o", "o_flag", "clk", "rst"]


def test_components_that_differ_in_a_constant_are_two_parts():
    class Two(wiring.Component):
        o: Out(2)

        def elaborate(self, platform):
            m = Module()
            for index in range(2):
                m.submodules[f"store_{index}"] = store = Store(init=[[index, 0]])
                m.d.comb += self.o[index].eq(store.r_data[0][0])
            return m

    assert {"top_store", "top_store_2"} <= by_name(parts_of(Two())).keys()


def test_zero_memories_are_told_apart_from_others():
    zeroed = by_name(parts_of(Store()))["top_store"]
    filled = by_name(parts_of(Store(init=[[1, 2]])))["top_store"]
    assert zeroed.zeroed == {"rows": (16, 16)} and "$meminit" not in zeroed.text
    assert filled.zeroed == {} and "$meminit_v2" in filled.text


def test_signals_across_borders_become_ports():
    class Peeking(wiring.Component):
        o: Out(8)

        def elaborate(self, platform):
            m = Module()
            m.submodules.inner = inner = Module()
            hidden = Signal(8)
            inner.d.sync += hidden.eq(hidden + 1)
            m.d.comb += self.o.eq(hidden)
            return m

    parts = by_name(parts_of(Peeking()))
    assert set(parts["top_inner"].ports) == {"hidden", "clk", "rst"}


def test_register_inserters_do_not_hide_the_class():
    class Resettable(wiring.Component):
        clear: In(1)
        o: Out(8)

        def elaborate(self, platform):
            m = Module()
            cell = Cell()
            m.submodules.cell = ResetInserter(self.clear)(cell)
            m.d.comb += self.o.eq(cell.o)
            return m

    parts = by_name(parts_of(Resettable()))
    assert "clear" in parts["top_cell"].ports


def test_names_lead_from_amaranth_to_the_output():
    registers, memories = parts_of(Store()).names()
    assert memories == {("inner", "rows"): ("inner", "rows")}
    registers, _ = parts_of(Chain(2)).names()
    assert registers["inner", "cell_1", "weight"] == ("inner", "cell_1", "weight")


def test_one_driver_for_each_signal():
    class Shared(wiring.Component):
        o: Out(2)

        def elaborate(self, platform):
            m = Module()
            for bit in range(2):
                m.submodules[f"half_{bit}"] = half = Module()
                half.d.sync += self.o[bit].eq(~self.o[bit])
            return m

    message = "signal 'o' must be driven from one module, not from both top.inner.half_0 and"
    with pytest.raises(ValueError, match=message):
        parts_of(Shared())
