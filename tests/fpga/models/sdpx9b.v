// Behaviour of Gowin's SDPX9B, as the vendor's memory user guide describes it.
//
// Yosys has it as a black box only. Written for these tests: 36 bits on both ports, no output
// register, no reset. Anything else stops the simulation. A row that is read while it is written is
// X, although the hardware has rules for that. Rows start as zero.
module SDPX9B (
  input CLKA, CEA, CLKB, CEB, OCE, RESETA, RESETB,
  input [13:0] ADA, ADB,
  input [2:0] BLKSELA, BLKSELB,
  input [35:0] DI,
  output reg [35:0] DO
);
  parameter READ_MODE = 1'b0;
  parameter BIT_WIDTH_0 = 36;
  parameter BIT_WIDTH_1 = 36;

  reg [35:0] rows [0:511];
  integer i, index;

  initial begin
    for (index = 0; index < 512; index = index + 1) rows[index] = 0;
    if (READ_MODE !== 0 || BIT_WIDTH_0 != 36 || BIT_WIDTH_1 != 36) begin
      $display("SDPX9B: not modelled");
      $finish;
    end
  end

  always @(posedge CLKB) begin
    if (CEB && CEA && |ADA[3:0] && ADA[13:5] == ADB[13:5]) DO <= 36'bx;
    else if (CEB) DO <= rows[ADB[13:5]];
    if (RESETA !== 0 || RESETB !== 0 || BLKSELA !== 0 || BLKSELB !== 0) begin
      $display("SDPX9B: not modelled");
      $finish;
    end
  end

  // The lowest address bits enable bytes.
  always @(posedge CLKA)
    if (CEA)
      for (i = 0; i < 36; i = i + 1)
        if (ADA[i / 9]) rows[ADA[13:5]][i] <= DI[i];
endmodule
