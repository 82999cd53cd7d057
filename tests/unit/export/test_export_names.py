"""Names that Verilog takes."""

import pytest

from ppu.export.names import Names, identifier, unique


@pytest.mark.parametrize(("name", "plain"), [
    ("level", "level"), ("payload$12", "payload"), ("$signal", "signal"), ("3d", "_3d"),
    ("i.valid[2]", "i_valid_2_"), ("begin", "begin_"), ("logic", "logic_"), ("", "_"),
])  # fmt: skip
def test_identifier_needs_no_escape(name, plain):
    assert identifier(name) == plain


def test_unique_counts_from_two():
    taken = set()
    assert [unique("x", taken) for _ in range(3)] == ["x", "x_2", "x_3"]


def test_modules_are_called_like_their_classes():
    names = Names("core")
    assert names.module("AxiLiteBridge") == "core_axi_lite_bridge"
    assert names.module("INT8Element") == "core_int8_element"
    assert names.module("AxiLiteBridge") == "core_axi_lite_bridge_2"


def test_top_name_must_be_an_identifier():
    with pytest.raises(ValueError, match="name must be a plain Verilog identifier, not '2core'"):
        Names("2core")
