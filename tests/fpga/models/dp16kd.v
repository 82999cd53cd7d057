// Behaviour of ECP5's DP16KD, as the vendor's memory usage guide describes it.
//
// Yosys has it as a black box only. Written for these tests: port A writes, port B reads, both have
// one width, no reset, block selects are 0. Anything else stops the simulation. A row that is read
// while it is written is X, although the hardware has rules for that.
//
// With 36 bits, bits 35 to 18 of the data are at the B side, both written and read.
module DP16KD (
  input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9,
  input DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0,
  input ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
  input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
  output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9,
  output DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0,
  input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9,
  input DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0,
  input ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
  input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
  output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9,
  output DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0
);
  parameter DATA_WIDTH_A = 18;
  parameter DATA_WIDTH_B = 18;
  parameter REGMODE_A = "NOREG";
  parameter REGMODE_B = "NOREG";
  parameter RESETMODE = "SYNC";
  parameter ASYNC_RESET_RELEASE = "SYNC";
  parameter CSDECODE_A = "0b000";
  parameter CSDECODE_B = "0b000";
  parameter WRITEMODE_A = "NORMAL";
  parameter WRITEMODE_B = "NORMAL";
  parameter GSR = "ENABLED";

  localparam WIDTH = DATA_WIDTH_B;
  localparam LOW = WIDTH == 36 ? 5 : WIDTH == 18 ? 4 : WIDTH == 9 ? 3 : WIDTH == 4 ? 2
                 : WIDTH == 2 ? 1 : 0;

  wire [35:0] written = {
    DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9,
    DIB8, DIB7, DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0,
    DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9,
    DIA8, DIA7, DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0};
  wire [13:0] a = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2,
                   ADA1, ADA0};
  wire [13:0] b = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2,
                   ADB1, ADB0};
  wire [13:0] w_row = a >> LOW, r_row = b >> LOW;
  wire [3:0] bytes = WIDTH == 36 ? a[3:0] : WIDTH == 18 ? {2'b0, a[1:0]} : 4'b1;
  // Bits, so that unused ones of a row stay X.
  reg [WIDTH-1:0] rows [0:(1 << (14 - LOW)) - 1];
  reg [WIDTH-1:0] latch, output_register;
  integer i, index;

  initial begin
    for (index = 0; index < 1 << (14 - LOW); index = index + 1) rows[index] = 0;
    if (DATA_WIDTH_A != DATA_WIDTH_B || REGMODE_B != "OUTREG"
        || (WIDTH == 36 && REGMODE_A != "OUTREG")) begin
      $display("DP16KD: not modelled");
      $finish;
    end
  end

  always @(posedge CLKB) begin
    if (CEB && WEA && CEA && |bytes && w_row == r_row) latch <= {WIDTH{1'bx}};
    else if (CEB) latch <= rows[r_row];
    if (OCEB) output_register <= latch;
    if (WEB !== 0 || RSTA !== 0 || RSTB !== 0 || {CSA2, CSA1, CSA0, CSB2, CSB1, CSB0} !== 0
        || (WIDTH == 36 && OCEA !== OCEB)) begin
      $display("DP16KD: not modelled");
      $finish;
    end
  end

  always @(posedge CLKA)
    if (CEA && WEA)
      for (i = 0; i < WIDTH; i = i + 1)
        if (bytes[i / 9]) rows[w_row][i] <= written[i];

  wire [35:0] result = output_register;
  wire [17:0] low = result[17:0], high = result[35:18];
  assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9,
          DOA8, DOA7, DOA6, DOA5, DOA4, DOA3, DOA2, DOA1, DOA0} = WIDTH == 36 ? low : 18'bx;
  assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9,
          DOB8, DOB7, DOB6, DOB5, DOB4, DOB3, DOB2, DOB1, DOB0} = WIDTH == 36 ? high : low;
endmodule
