# amaranth: UnusedElaboratable=no
"""The text that comes out."""

import re

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from export_parts import Cell, Chain, Store, verilog_of


def module(text, name):
    return re.search(rf"^module {name} \(.*?^endmodule$", text, re.M | re.S)[0]


def test_a_component_reads_as_written_by_hand():
    assert module(verilog_of(Cell()), "top_cell") == """\
module top_cell (
  input  wire [7:0] i,
  input  wire i_flag,
  output reg  [7:0] o = 8'h0,
  output reg  o_flag = 1'h0,
  input  wire clk,
  input  wire rst
);
  wire [8:0] n, n_2;
  reg [7:0] weight = 8'h03;
  assign n = weight + 1'h1;
  assign n_2 = i + weight;
  always @(posedge clk) begin
    o <= n_2[7:0];
    o_flag <= i_flag;
    if (i_flag) weight <= n[7:0];
    if (rst) begin
      o <= 8'h0; o_flag <= 1'h0; weight <= 8'h03;
    end
  end
endmodule"""


def test_every_port_of_an_instance_is_named():
    text = module(verilog_of(Chain(2)), "top_chain")
    assert ".i(8'h00), .i_flag(i_flag), .o(cell_0_o), .o_flag(cell_0_o_flag)" in text
    assert ".i(cell_0_o), .i_flag(cell_0_o_flag), .o(o), .o_flag(), .clk(clk), .rst(rst)" in text


def test_zero_memories_are_cleared_in_a_loop():
    text = module(verilog_of(Store()), "top_store")
    assert "initial for (rows_index = 0; rows_index < 16; rows_index = rows_index + 1)" in text
    assert "if (mask[1]) rows[row][15:8] <= w_data[15:8];" in text


def test_other_initial_values_are_kept():
    text = module(verilog_of(Store(init=[[1, 2], [3, 4]])), "top_store")
    assert "rows[0] = 16'h0201;" in text and "rows[1] = 16'h0403;" in text
    assert "integer" not in text


def test_names_need_no_escape():
    class Odd(wiring.Component):
        i: In(4)
        o: Out(4)

        def elaborate(self, platform):
            m = Module()
            stages = [Signal(4, name=name) for name in ("reg", "logic", "x.y", "same", "same")]
            for stage, source in zip(stages, [self.i, *stages[:-1]], strict=True):
                m.d.sync += stage.eq(source)
            m.d.comb += self.o.eq(stages[-1])
            return m

    text = module(verilog_of(Odd()), "top_odd")
    assert "\\" not in text
    assert {"reg_", "logic_", "x_y", "same"} <= set(re.findall(r"\w+", text))


def test_every_combinational_block_starts_at_time_zero():
    class Halves(wiring.Component):
        i: In(2)
        o: Out(8)

        def elaborate(self, platform):
            m = Module()
            m.d.comb += self.o[4:].eq(3)
            with m.If(self.i == 1):
                m.d.comb += self.o[:4].eq(5)
            return m

    text = module(verilog_of(Halves()), "top_halves")
    assert text.count("always @*") == text.count("if (start) begin end") > 0


def test_repeated_operators_and_bits_are_written_once():
    class Masked(wiring.Component):
        i: In(16)
        a: In(4)
        b: In(4)
        o: Out(16)

        def elaborate(self, platform):
            m = Module()
            m.d.comb += self.o.eq(self.i & (self.a == self.b).replicate(16))
            return m

    text = module(verilog_of(Masked()), "top_masked")
    assert text.count("==") == 1 and re.search(r"\{16\{\w+\}\}", text)


def test_values_without_bits_vanish():
    class Hollow(wiring.Component):
        i: In(4)
        o: Out(4)

        def elaborate(self, platform):
            m = Module()
            empty = Signal(0)
            m.d.comb += empty.eq(self.i[:0])
            m.d.sync += self.o.eq(Mux(self.i == 0, self.i + empty, 3))
            return m

    text = module(verilog_of(Hollow()), "top_hollow")
    assert "empty" not in text and "i == 4'h0" in text


def test_attributes_stay():
    class Kept(wiring.Component):
        i: In(4)
        o: Out(4)

        def elaborate(self, platform):
            m = Module()
            stage = Signal(4, attrs={"keep": 1})
            m.d.sync += stage.eq(self.i)
            m.d.comb += self.o.eq(stage + 1)
            return m

    text = module(verilog_of(Kept()), "top_kept")
    assert re.search(r"\(\* keep = .*\*\) reg \[3:0\] stage", text)
