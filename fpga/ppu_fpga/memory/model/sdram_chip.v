// An SDRAM chip with 16 bits and 4 banks that checks what it is told.
//
// Commands are taken at the rising edge of `clk`. Data to be read at an edge comes half a cycle
// before it, so late as a real chip's at 100 MHz. `errors` has a sticky bit for each broken rule,
// in the order of RULES in chip.py; each is printed once. Times are in cycles, as in SdramTiming.
module sdram_chip #(
  parameter ROW_BITS = 13,
  parameter COLUMN_BITS = 9,
  parameter BURST = 4,
  parameter CAS = 3,
  parameter RCD = 3,
  parameter RP = 3,
  parameter RAS = 5,
  parameter RC = 7,
  parameter RFC = 7,
  parameter RRD = 2,
  parameter WR = 2,
  parameter MRD = 2,
  parameter REFRESH = 781,
  parameter REFRESH_SLACK = 0,
  parameter POWER_UP = 20000
) (
  input             clk,
  input             cke,
  input             cs_n,
  input             ras_n,
  input             cas_n,
  input             we_n,
  input      [1:0]  ba,
  input      [12:0] a,
  input      [1:0]  dqm,
  input      [15:0] dq_i,      // what the controller drives,
  input             dq_driven, // and whether it does
  output reg [15:0] dq_o,
  output reg        dq_drive,
  output reg [17:0] errors
);
  localparam POWER_UP_RULE = 0, INITIALISATION = 1, MODE = 2, MRD_RULE = 3, RCD_RULE = 4,
    RP_RULE = 5, RAS_RULE = 6, RC_RULE = 7, RRD_RULE = 8, RFC_RULE = 9, WR_RULE = 10, OPEN = 11,
    CLOSED = 12, REFRESH_RULE = 13, CUT = 14, TURNAROUND = 15, DATA = 16, UNKNOWN = 17;
  localparam LONG_AGO = -1000000000;
  localparam PLACE = ROW_BITS + 2 + COLUMN_BITS;
  localparam [12:0] MODE_WORD =
    (BURST == 8 ? 3 : BURST == 4 ? 2 : BURST == 2 ? 1 : 0) | CAS << 4;

  reg [15:0] words [0:(1 << PLACE) - 1];
  integer now, refreshed, mode_set, fresh, last_driven, number, index;
  integer activated [0:3], closed [0:3], last_read [0:3], written [0:3];
  reg [3:0]  is_open;
  reg [12:0] row [0:3];
  reg all_closed, ready;
  // One entry for each cycle to come, at its number modulo 32.
  reg [PLACE-1:0] write_place [0:31], read_place [0:31];
  reg [31:0] write_due, read_due;
  reg [1:0]  hidden [0:31];
  reg [PLACE-1:0] place;
  reg [COLUMN_BITS-1:0] column;
  wire [2:0] command = cs_n ? 3'b111 : {ras_n, cas_n, we_n};
  wire [4:0] slot = now[4:0];

  task breach(input integer rule);
    begin
      if (!errors[rule]) $display("sdram_chip: rule %0d is broken in cycle %0d", rule, now);
      errors[rule] = 1;
    end
  endtask

  task since(input integer moment, input integer least, input integer rule);
    if (now - moment < least) breach(rule);
  endtask

  task check_closed(input integer rule);
    for (number = 0; number < 4; number = number + 1) begin
      if (is_open[number]) breach(rule);
      since(closed[number], RP, RP_RULE);
    end
  endtask

  task access;
    begin
      if (!is_open[ba]) breach(CLOSED);
      if (a[10]) breach(UNKNOWN);
      since(activated[ba], RCD, RCD_RULE);
      for (number = 0; number < 4; number = number + 1) since(last_read[number], BURST, CUT);
      if (write_due != 0) breach(CUT);
      for (index = 0; index < BURST; index = index + 1) begin
        column = (a[COLUMN_BITS-1:0] & ~(BURST - 1)) | ((a[COLUMN_BITS-1:0] + index) & (BURST - 1));
        place = {row[ba][ROW_BITS-1:0], ba, column};
        if (command == 3'b101) begin
          read_due[(now + CAS + index) % 32] = 1;
          read_place[(now + CAS + index) % 32] = place;
        end else begin
          write_due[(now + index) % 32] = 1;
          write_place[(now + index) % 32] = place;
        end
      end
      if (command == 3'b101) last_read[ba] = now;
      else written[ba] = now + BURST - 1;
    end
  endtask

  initial begin
    errors = 0; now = 0; fresh = 0; is_open = 0; all_closed = 0; ready = 0;
    write_due = 0; read_due = 0; dq_o = 0; dq_drive = 0;
    refreshed = LONG_AGO; mode_set = LONG_AGO; last_driven = LONG_AGO;
    for (number = 0; number < 4; number = number + 1) begin
      activated[number] = LONG_AGO; closed[number] = LONG_AGO;
      last_read[number] = LONG_AGO; written[number] = LONG_AGO; row[number] = 0;
    end
    for (index = 0; index < 32; index = index + 1) hidden[index] = 0;
  end

  always @(posedge clk) begin
    if (command != 3'b111) begin
      if (now < POWER_UP) breach(POWER_UP_RULE);
      since(mode_set, MRD, MRD_RULE);
      since(refreshed, RFC, RFC_RULE);
    end
    case (command)
      3'b011: begin // ACTIVATE
        if (!ready) breach(INITIALISATION);
        if (is_open[ba]) breach(OPEN);
        since(activated[ba], RC, RC_RULE);
        since(closed[ba], RP, RP_RULE);
        for (number = 0; number < 4; number = number + 1)
          if (number != ba) since(activated[number], RRD, RRD_RULE);
        is_open[ba] = 1; row[ba] = a; activated[ba] = now;
      end
      3'b010: begin // PRECHARGE
        for (number = 0; number < 4; number = number + 1)
          if (a[10] || number == ba) begin
            since(activated[number], RAS, RAS_RULE);
            since(written[number], WR, WR_RULE);
            since(last_read[number], BURST, CUT);
            if (is_open[number] || !all_closed) closed[number] = now;
            is_open[number] = 0;
          end
        if (a[10]) all_closed = 1;
      end
      3'b001: begin // REFRESH
        if (!all_closed) breach(INITIALISATION);
        check_closed(OPEN);
        refreshed = now; fresh = fresh + 1;
      end
      3'b000: begin // LOAD MODE
        check_closed(MODE);
        if (ba != 0 || a != MODE_WORD) breach(MODE);
        if (fresh < 8) breach(INITIALISATION);
        mode_set = now; ready = 1;
      end
      3'b100, 3'b101: access;
      3'b110: breach(UNKNOWN);
      default: ;
    endcase
    if (!cke && now > POWER_UP) breach(UNKNOWN);
    if (ready && now - refreshed > REFRESH + REFRESH_SLACK) breach(REFRESH_RULE);
    if (dq_driven && now - last_driven < 2) breach(TURNAROUND);
    hidden[(now + 2) % 32] = dqm;
    if (write_due[now % 32]) begin
      if (!dq_driven) breach(DATA);
      if (!dqm[0]) words[write_place[slot]][7:0] = dq_i[7:0];
      if (!dqm[1]) words[write_place[slot]][15:8] = dq_i[15:8];
      write_due[slot] = 0;
    end
    read_due[slot] = 0;
    now = now + 1;
    if (read_due[now % 32]) last_driven = now;
  end

  always @(negedge clk) begin
    dq_drive <= read_due[slot];
    dq_o <= read_due[slot]
      ? words[read_place[slot]] & {{8{~hidden[slot][1]}}, {8{~hidden[slot][0]}}} : 16'h0;
  end
endmodule
