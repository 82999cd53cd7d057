// Behaviour of Gowin's MULT9X9, as the vendor's DSP user guide describes it.
//
// Yosys has it as a black box only. Written for these tests: signed operands from A and B, no
// register but that of the output, no reset. Anything else stops the simulation.
module MULT9X9 (
  input signed [8:0] A, B,
  input [8:0] SIA, SIB,
  input ASIGN, BSIGN, ASEL, BSEL, CE, CLK, RESET,
  output [17:0] DOUT,
  output [8:0] SOA, SOB
);
  parameter AREG = 1'b0;
  parameter BREG = 1'b0;
  parameter OUT_REG = 1'b0;
  parameter PIPE_REG = 1'b0;
  parameter ASIGN_REG = 1'b0;
  parameter BSIGN_REG = 1'b0;
  parameter SOA_REG = 1'b0;
  parameter MULT_RESET_MODE = "SYNC";

  wire signed [17:0] product = A * B;
  reg [17:0] output_register;

  always @(posedge CLK) begin
    if (CE) output_register <= product;
    if (ASIGN !== 1 || BSIGN !== 1 || ASEL !== 0 || BSEL !== 0 || RESET !== 0
        || AREG || BREG || PIPE_REG) begin
      $display("MULT9X9: not modelled");
      $finish;
    end
  end

  assign DOUT = OUT_REG ? output_register : product;
endmodule
