// Bytes of the memory for Icarus Verilog: one read and one write port, as StorageSignature says.
// The host exchanges words `first` to `last` with the file "image.hex" in the working directory.
// It is also the place where the waves of the whole system are asked for: +waves=FILE.

`timescale 1ns/1ps

module ppu_storage #(
    parameter WIDTH = 32,
    parameter DEPTH = 1024,
    parameter ADDRESS_WIDTH = 10
) (
    input                          clk,
    input                          read_en,
    input      [ADDRESS_WIDTH-1:0] read_word,
    output reg [WIDTH-1:0]         read_data,
    input      [WIDTH/8-1:0]       write_strobe,
    input      [ADDRESS_WIDTH-1:0] write_word,
    input      [WIDTH-1:0]         write_data
);
    reg [WIDTH-1:0] words [0:DEPTH-1];

    // Words written since the host last reset `lowest` and `highest`.
    reg [31:0] lowest = 32'hffffffff, highest = 0;
    reg [31:0] first = 0, last = 0;
    reg load = 0, save = 0;

    reg [8*4096-1:0] waves;
    initial if ($value$plusargs("waves=%s", waves)) begin
        $dumpfile(waves);
        $dumpvars(0, ppu_system);
    end

    integer i;
    initial begin
        read_data = 0;
        for (i = 0; i < DEPTH; i = i + 1) words[i] = 0;
    end

    always @(posedge clk) begin
        if (read_en) read_data <= words[read_word];
        if (|write_strobe) begin
            for (i = 0; i < WIDTH/8; i = i + 1)
                if (write_strobe[i]) words[write_word][8*i +: 8] <= write_data[8*i +: 8];
            if (write_word < lowest) lowest <= write_word;
            if (write_word > highest) highest <= write_word;
        end
    end

    always @(posedge load) $readmemh("image.hex", words, first, last);
    always @(posedge save) $writememh("image.hex", words, first, last);
endmodule
