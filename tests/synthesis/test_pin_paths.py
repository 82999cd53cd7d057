"""The search for combinational paths finds them, and nothing else."""

import pytest
from pin_paths import combinational_paths
from yosys_runner import flat_netlist

from ppu_fpga.flow.errors import FlowFailed

DESIGN = """
module top(input clk, input [1:0] a, input b, input [2:0] row, input [7:0] w,
           output [1:0] x, output y, output z, output [7:0] word, output [7:0] late);
  wire [1:0] both = {b, 1'b1} & a;
  assign x[0] = both[0];
  assign x[1] = 1'b1;
  inner inner(.clk(clk), .i(b), .o(y), .q(z));
  reg [7:0] rows [7:0];
  reg [7:0] held;
  always @(posedge clk) begin rows[row] <= w; held <= rows[row]; end
  assign word = rows[row];
  assign late = held;
endmodule
module inner(input clk, input i, output o, output reg q);
  assign o = ~i;
  always @(posedge clk) q <= i;
endmodule
"""


def test_paths_through_logic_modules_and_memories(tmp_path):
    paths = combinational_paths(flat_netlist(DESIGN, "top", tmp_path))
    # Bit 0 of `x` does not depend on `b`.
    assert paths == {("a", "x"), ("b", "y"), ("row", "word")}


def test_bad_netlists_are_refused(tmp_path):
    with pytest.raises(FlowFailed, match="Found 1 problems"):
        flat_netlist(
            "module top(input a, input b, output x); assign x = a; assign x = b; endmodule", "top",
            tmp_path)  # fmt: skip
