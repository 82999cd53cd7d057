# amaranth: UnusedElaboratable=no
"""Synthesis, the wrapper, placement and reports, on designs that take seconds."""

import json

import pytest
from flow_designs import Accumulate, Constant, Pair

from ppu_fpga.flow.core import build_component
from ppu_fpga.flow.devices import DEVICES, device
from ppu_fpga.flow.errors import FlowFailed, TimingNotMet
from ppu_fpga.flow.place import place
from ppu_fpga.flow.synthesis import Netlist, synthesise
from ppu_fpga.flow.wrapper import ports_of


@pytest.mark.parametrize("name", ["ecp5-25", "ice40-up5k", "gowin-9"])
def test_a_component_is_placed_and_timed(name, tmp_path):
    report = build_component(Accumulate(), device(name), tmp_path, title="accumulate")
    assert report.counts["ff"] == 16
    assert report.counts["lut"] >= 16
    assert list(report.fmax_mhz) == ["clk"]
    assert report.fmax_mhz["clk"] > 60
    assert report.timing_met
    written = json.loads((tmp_path / "report.json").read_text())
    for key in ("fmax_mhz", "lut", "ff", "dsp", "bram", "timing_met", "seed", "tools"):
        assert key in written
    assert written["fmax_mhz"]["clk"] == round(report.fmax_mhz["clk"], 2)
    assert written["critical_path"]["end"].startswith("sum")
    assert "0.70" in written["tools"]["yosys"] or "Yosys" in written["tools"]["yosys"]
    assert (tmp_path / "report.txt").read_text() == report.text() + "\n"


def test_the_wrapper_keeps_every_port_and_adds_no_cell_to_the_design(tmp_path):
    chip = device("ecp5-85")
    netlist = synthesise(Pair(), chip, tmp_path, wrapped=True)
    assert netlist.counts()["dsp"] == 2
    assert {"element_0", "element_1"} == set(netlist.blocks())
    assert netlist.blocks()["element_1"]["dsp"] == 1
    wrapped = Netlist.read(tmp_path / "wrapper.json", "wrapper", chip.tools)
    inner = [name for name in wrapped.cells if name.startswith("core.")]
    assert sorted(inner) == sorted(f"core.{name}" for name in netlist.cells)
    inputs = sum(port.width for port in ports_of(Pair()) if port.is_input) + 1
    outputs = sum(port.width for port in ports_of(Pair()) if not port.is_input)
    added = wrapped.counts()["ff"] - netlist.counts()["ff"]
    # Two for each input, of which reset is one; two for each output, and the pin.
    assert added == 2 * inputs + 2 * outputs + 1


def test_synthesis_alone_needs_no_placement(tmp_path):
    report = build_component(Pair(), device("ecp5-85"), tmp_path, title="pair", place_it=False)
    assert report.timing_met is None
    assert "not placed" in report.text()
    assert "nextpnr-ecp5" not in report.tools
    assert not (tmp_path / "wrapper.json").exists()


def test_the_best_of_some_seeds_is_reported(tmp_path):
    report = build_component(
        Accumulate(), device("ice40-up5k"), tmp_path, title="accumulate", seeds=(3, 4))
    assert set(report.seeds) == {3, 4}
    assert report.fmax_mhz["clk"] == pytest.approx(
        max(clocks["clk"] for clocks in report.seeds.values()), abs=0.01)
    assert f"seed: {report.seed}" in report.text()


def test_timing_that_is_not_met_names_both_frequencies(tmp_path):
    report = build_component(
        Accumulate(), device("ice40-up5k"), tmp_path, title="accumulate", frequency=400)
    assert report.timing_met is False
    reached = f"{report.fmax_mhz['clk']:.1f}"
    with pytest.raises(TimingNotMet, match=f"clk reaches {reached} MHz of the 400 MHz asked for"):
        report.check_timing()
    assert "NOT MET" in report.text()


def test_a_component_without_inputs_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Constant has no input"):
        synthesise(Constant(), device("ecp5-85"), tmp_path, wrapped=True)


def test_a_failing_tool_is_told_by_its_last_lines(tmp_path):
    (tmp_path / "empty.json").write_text("{")
    with pytest.raises(FlowFailed, match=r"nextpnr-ice40 failed; .*bad\.log ends:\nERROR"):
        place(device("ice40-up5k"), tmp_path, netlist="empty.json", seed=1, frequency=10,
              name="bad")  # fmt: skip


def test_an_unknown_chip_is_refused():
    with pytest.raises(ValueError, match=r"device must be one of ecp5-25, .*, not 'ecp5-12'"):
        device("ecp5-12")


def test_cell_types_count_for_their_kinds():
    ecp5, ice40, gowin = (DEVICES[name].tools for name in ("ecp5-85", "ice40-up5k", "gowin-9"))
    assert ecp5.count({"LUT4": 3, "CCU2C": 2, "PFUMX": 9, "TRELLIS_FF": 4})["lut"] == 7
    assert ice40.count({"SB_DFFESR": 2, "SB_DFF": 1, "SB_MAC16": 1})["ff"] == 3
    counts = gowin.count({"LUT2": 1, "ALU": 2, "ALU54D": 1, "MULT9X9": 3, "MULT18X18": 1})
    assert (counts["lut"], counts["dsp"]) == (3, 5)
