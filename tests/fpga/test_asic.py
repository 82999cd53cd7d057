# amaranth: UnusedElaboratable=no
"""The whole of ``ppu asic`` on a small core and a library of seven cells."""

import json
import subprocess
from pathlib import Path

import pytest

from ppu.execute.array import SystolicArray
from ppu.execute.element import Int8Element
from ppu_asic import command, timing
from ppu_asic.designs import component_design
from ppu_asic.library import Library
from ppu_asic.synthesis import synthesise
from ppu_sim import cli, toolchain

MINI = Path(__file__).with_name("asic_cells.lib")
SMALLEST = ("scratchpad_rows=64", "scratchpad_banks=2", "accumulator_rows=16", "command_buffer=4",
            "load_slots=2", "execute_slots=2", "store_slots=2")  # fmt: skip
ARGUMENTS = ["asic", "--liberty", str(MINI), "--preset", "tiny", "--period", "40",
             "--memory-delay", "2", *(word for text in SMALLEST for word in ("--set", text))]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report of the smallest core, made once, and the folder it is in."""
    directory = tmp_path_factory.mktemp("asic")
    assert cli.main([*ARGUMENTS, "-o", str(directory)]) == 0
    return json.loads((directory / "report.json").read_text()), directory


def test_area_is_the_sum_of_blocks(report):
    data, _ = report
    assert [block["name"] for block in data["blocks"]] == [
        "host", "command", "bus arbiter", "load", "scratchpad logic", "execute control", "array",
        "accumulator", "store", "rest"]
    for key in ("area", "sequential", "combinational"):
        assert sum(block[key] for block in data["blocks"]) == data[key]
    assert all(block["area"] > 0 for block in data["blocks"][:-1])
    assert data["library"]["nand2"] == "NAND2"
    assert data["nand2"] == pytest.approx(data["area"] / 4, abs=0.1)


def test_array_has_all_of_its_elements(report):
    data, _ = report
    blocks = {block["name"]: block for block in data["blocks"]}
    element = next(e for e in data["elements"] if e["name"] == "element, mixed signs")
    assert data["macs"] == 16
    assert blocks["array"]["sequential"] >= 16 * element["sequential"]
    assert blocks["array"]["combinational"] > 16 * 0.9 * element["combinational"]
    assert data["per_mac"]["array"]["area"] == pytest.approx(blocks["array"]["area"] / 16, abs=1e-3)


def test_elements_stand_beside_a_plain_multiply_add(report):
    data, _ = report
    elements = {element["name"]: element for element in data["elements"]}
    assert list(elements) == [
        "element, mixed signs", "element, signed signs", "plain multiply-add"]
    assert elements["plain multiply-add"]["flip_flops"] == 32
    for element in elements.values():
        # An 8 x 8 multiplier alone has 64 ANDs and 48 adders.
        assert 300 < element["gates"] < 1500
        assert element["area"] == pytest.approx(4 * element["nand2"], abs=0.5)


def test_memories_are_exported(report):
    data, directory = report
    shapes = json.loads((directory / "memories.json").read_text())
    assert shapes["memories"] == data["memories"]
    banks = next(m for m in shapes["memories"] if m["paths"][0].startswith("core.scratchpad"))
    assert (banks["instances"], banks["depth"], banks["width"]) == (2, 32, 32)
    assert (banks["write_lanes"], banks["write_lane_width"]) == (1, 32)
    sums = next(m for m in shapes["memories"] if m["paths"][0].startswith("core.accumulator"))
    assert (sums["instances"], sums["depth"], sums["width"]) == (2, 8, 128)
    assert (sums["write_lanes"], sums["write_lane_width"]) == (4, 32)
    assert shapes["total_bits"] == sum(m["total_bits"] for m in shapes["memories"])
    stubs = (directory / "memories.v").read_text()
    netlist = (directory / "netlist.v").read_text()
    for memory in shapes["memories"]:
        assert f"module {memory['name']} (" in stubs
        assert memory["name"] in netlist
        assert f"| {memory['name']} | {memory['instances']} |" in (
            directory / "memories.md").read_text()
    assert data["flip_flop_memories"]
    assert all(".memory" in memory["path"] for memory in data["flip_flop_memories"])


def test_timing_or_how_to_get_it(report):
    data, directory = report
    text = (directory / "report.txt").read_text()
    if not timing.is_installed():
        assert data["timing"] is None
        assert "timing: needs OpenSTA: apt-get install opensta" in text
        return
    path = data["timing"]
    assert path["max_frequency_mhz"] == pytest.approx(1000 / (40 - path["slack"]))
    assert path["start"].startswith(("core.", "m_axi_", "s_axil_"))
    assert path["cells"] > 1
    assert f"slack at 40 ns: {path['slack']:.2f} ns" in text


def test_one_json_object_is_printed(capsys, monkeypatch, tmp_path):
    figures = {"name": "tiny", "area": 1.0}
    monkeypatch.setattr(command, "measure", lambda *args, **kwargs: figures)
    assert cli.main([*ARGUMENTS, "--json", "-o", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == figures


# Data has no reset: cells know nothing before the first weights are in and used.
_BENCH = """\
`timescale 1ns/1ps
module bench;
  reg clk = 0, rst = 1;
  reg [17:0] i_a = 0, i_b = 0;
  reg i_load = 0, i_swap = 0, i_column = 0;
  wire [{last}:0] rtl, cells;
  integer cycle, seed = 1, differences = 0, changes = 0;
  rtl_array a (.clk(clk), .rst(rst), .i_a(i_a), .i_b(i_b), .i_load(i_load), .i_swap(i_swap),
    .i_column(i_column), .o_sums(rtl));
  array b (.clk(clk), .rst(rst), .i_a(i_a), .i_b(i_b), .i_load(i_load), .i_swap(i_swap),
    .i_column(i_column), .o_sums(cells));
  always #5 clk = ~clk;
  initial begin
    for (cycle = 0; cycle < 400; cycle = cycle + 1) begin
      @(negedge clk);
      if (cycle > 20 && rtl !== cells) differences = differences + 1;
      if (cycle > 2 && rtl !== 0) changes = changes + 1;
      rst = cycle < 2;
      i_a = $random(seed); i_b = $random(seed);
      {{i_load, i_swap, i_column}} = $random(seed);
    end
    $display("%0d differences, %0d sums", differences, changes);
    $finish;
  end
endmodule
"""


def test_netlist_of_an_array_computes_what_the_rtl_does(tmp_path):
    from amaranth.back import verilog

    from ppu_fpga.flow.yosys import yosys

    def array():
        return SystolicArray(rows=2, columns=2, element=lambda: Int8Element(
            dot=1, mixed_signs=True, lanes=2, product_registers=1))  # fmt: skip

    netlist = synthesise(
        component_design(array(), "array"), Library(MINI), tmp_path, period=10.0)
    assert netlist.size.combinational > 4 * 300
    yosys("read_liberty cells.lib\nproc\nwrite_verilog cells.v", tmp_path, ["cells.v"])
    (tmp_path / "rtl.v").write_text(verilog.convert(array(), name="rtl_array", emit_src=False))
    (tmp_path / "bench.v").write_text(_BENCH.format(last=2 * array().o_sums[0].shape().width - 1))
    icarus = toolchain.icarus()
    compiler = ["iverilog", "-g2005", "-o", "bench.vvp", "bench.v", "rtl.v", "netlist.v", "cells.v"]
    subprocess.run(compiler, cwd=tmp_path, check=True, env=icarus.environment)
    result = subprocess.run(["vvp", "-n", "bench.vvp"], cwd=tmp_path, check=True, text=True,
                            capture_output=True, env=icarus.environment)  # fmt: skip
    differences, sums = (int(word) for word in result.stdout.split() if word.isdigit())
    assert differences == 0
    assert sums > 300
