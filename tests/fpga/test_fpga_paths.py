"""Critical paths in the names of the sources, from what nextpnr wrote."""

import pytest

from ppu_fpga.flow.devices import device
from ppu_fpga.flow.paths import clock_name, critical_path, signal_name

CLOCK = "posedge $glbnet$clk$TRELLIS_IO_IN"


def _step(kind, delay, start, end, net=None):
    step = {"type": kind, "delay": delay}
    for name, (cell, port) in (("from", start), ("to", end)):
        step[name] = {"cell": cell, "loc": [1, 2], "port": port}
    if net:
        step |= {"net": net, "sources": ["core.py:1"]}
    return step


def _report():
    """Recorded from the core, and shortened."""
    first = "core.command.station.fail_number_TRELLIS_FF_Q"
    made_up = "core.command.station.load.number_3_LUT4_C_Z_PFUMX_ALUT"
    mux = "core.command.station.order.is_end_TRELLIS_FF_Q_8_CE_LUT4_Z_B"
    named, carry = "core.load.writer.error_LUT4_D", "core.load.writer.sum_CCU2C_S0"
    last = "core.command.station.fail_address_TRELLIS_FF_Q_8"
    path = [
        _step("clk-to-q", 0.5, (first, "Q"), (first, "Q")),
        _step("routing", 1.2, (first, "Q"), (made_up, "C"), "core.command.station.fail_number[0]"),
        _step("logic", 0.25, (made_up, "C"), (made_up, "F")),
        _step("routing", 0.0, (made_up, "F"), (mux, "F1"), f"{made_up}_Z[6]"),
        _step("logic", 0.25, (mux, "F1"), (mux, "OFX")),
        _step("routing", 1.0, (mux, "OFX"), (named, "D"), f"{mux}_Z"),
        _step("logic", 0.25, (named, "D"), (named, "F")),
        _step("routing", 0.5, (named, "F"), (carry, "A0"), "core.load.writer.error[2]"),
        _step("logic", 0.5, (carry, "A0"), (carry, "FCO")),
        _step("routing", 0.0, (carry, "FCO"), (carry, "FCI"), f"{carry}_COUT"),
        _step("logic", 0.5, (carry, "FCI"), (carry, "F0")),
        _step("routing", 1.5, (carry, "F0"), (last, "CE"), f"{carry}_Z"),
        _step("setup", 0.0, (last, "CE"), (last, "CE")),
    ]
    slow = [_step("routing", 50.0, ("i$tr_io", "O"), (first, "M"), "i$TRELLIS_IO_IN")]
    return {"critical_paths": [
        {"from": "<async>", "to": CLOCK, "path": slow},
        {"from": CLOCK, "to": CLOCK, "path": path[:2]},
        {"from": CLOCK, "to": CLOCK, "path": path},
    ]}  # fmt: skip


def test_the_slowest_path_is_told_leg_by_leg():
    path = critical_path(_report(), device("ecp5-85"))
    assert path.clock == "clk"
    assert path.start == "command.station.fail_number[0]"
    assert [leg.signal for leg in path.legs] == [
        "load.writer.error[2]", "command.station.fail_address.CE"]  # fmt: skip
    first, second = path.legs
    assert (first.luts, first.muxes, first.carries) == (2, 1, 0)
    assert (second.luts, second.muxes, second.carries) == (1, 0, 1)
    assert first.near == ("command.station.load.number_3", "command.station.order.is_end")
    assert path.levels == 5
    assert (path.logic, path.routing) == (pytest.approx(2.25), pytest.approx(4.2))


def test_the_text_has_delays_and_levels():
    lines = critical_path(_report(), device("ecp5-85")).text().splitlines()
    assert lines[0] == "command.station.fail_number[0]"
    assert "2 LUTs, 1 mux, 4.0 ns (1.2 logic, 2.7 routing)" in lines[1]
    assert "near command.station.load.number_3" in lines[1]
    assert lines[-1] == "  -> command.station.fail_address.CE"


def test_json_has_the_same_figures():
    told = critical_path(_report(), device("ecp5-85")).as_dict()
    assert told["levels"] == 5
    assert told["ns"] == pytest.approx(told["logic_ns"] + told["routing_ns"])
    assert told["legs"][0]["near"][0] == "command.station.load.number_3"


def test_there_may_be_no_path_between_registers():
    report = {"critical_paths": _report()["critical_paths"][:1]}
    assert critical_path(report, device("ecp5-85")) is None


@pytest.mark.parametrize("made_up, name", [
    ("core.command.valid_TRELLIS_FF_Q_3_DI_LUT4_Z_C", "command.valid"),
    ("core.count_SB_LUT4_I2_O[4]", "count"),
    ("core.count_SB_DFFESR_Q_2", "count"),
    ("core.count_DFFE_Q", "count"),
    ("core.load.slot_valid[2]", "load.slot_valid[2]"),
    ("core.load.MULT_result", "load.MULT_result"),
    ("core.array.multiplier_3.product_MULT18X18D_P0", "array.multiplier_3.product"),
])  # fmt: skip
def test_names_are_those_of_the_sources(made_up, name):
    assert signal_name(made_up) == name


@pytest.mark.parametrize("chip, raw", [
    ("ecp5-85", "$glbnet$clk$TRELLIS_IO_IN"), ("ice40-up5k", "clk$SB_IO_IN_$glb_clk"),
    ("gowin-9", "core.clk"), ("ecp5-85", "clk"),
])  # fmt: skip
def test_clocks_have_their_own_names(chip, raw):
    assert clock_name(raw, device(chip).tools) == "clk"
