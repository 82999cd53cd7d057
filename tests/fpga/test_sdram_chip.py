"""The two SDRAM chips, in Python and in Verilog: each rule can fail, and they agree."""

import random
import subprocess

import pytest
from sdram_scripts import BURST, ILLEGAL, LEGAL, PART, TIMING, random_edges

from ppu_fpga.memory.model.chip import RULES, SdramBreach, SdramChip
from ppu_fpga.memory.model.chip_instance import broken_rules, chip_verilog
from ppu_fpga.memory.sdram.bus import Command
from ppu_sim import toolchain

SEED = 20

_BENCH = """
module bench;
  reg clk = 0;
  reg [42:0] edges [0:{last}];
  reg [42:0] pins = 43'h7;
  integer index;
  wire [15:0] dq_o;
  wire dq_drive;
  wire [17:0] errors;
  sdram_chip #({parameters}) chip (
    .clk(clk), .cs_n(1'b0), .ras_n(pins[2]), .cas_n(pins[1]), .we_n(pins[0]), .ba(pins[4:3]),
    .a(pins[17:5]), .dqm(pins[19:18]), .dq_driven(pins[20]), .cke(pins[21]), .dq_i(pins[37:22]),
    .dq_o(dq_o), .dq_drive(dq_drive), .errors(errors));
  initial begin
    $readmemh("edges.hex", edges);
    for (index = 0; index < 1 << {place}; index = index + 1) chip.words[index] = 0;
    for (index = 0; index <= {last}; index = index + 1) begin
      pins = edges[index]; #5 clk = 1; #5 clk = 0; #1;
      $display("EDGE %h %h %h", errors, dq_drive, dq_o);
    end
    $finish;
  end
endmodule
"""


def in_python(edges):
    """(rule broken first or None, words that the chip drives after each edge or None)."""
    chip, seen = SdramChip(PART, TIMING, burst=BURST), []
    try:
        for edge in edges:
            word = chip.edge(edge.command, edge.bank, edge.address, mask=edge.mask,
                             word=edge.word, enable=edge.enable)
            seen.append(word if chip.drives else None)
    except SdramBreach as breach:
        return breach.rule, seen
    return None, seen


def in_verilog(sequences, directory):
    """For each sequence: rules broken up to each edge, and the words."""
    names = ("cas", "rcd", "rp", "ras", "rc", "rfc", "rrd", "wr", "mrd", "refresh", "power_up")
    values = {name.upper(): getattr(TIMING, name) for name in names}
    values |= {"ROW_BITS": 4, "COLUMN_BITS": 6, "BURST": BURST}
    longest = max(map(len, sequences))
    bench = _BENCH.format(last=longest - 1, place=4 + 2 + 6, parameters=", ".join(
        f".{name}({value})" for name, value in values.items()))
    (directory / "bench.v").write_text(bench + chip_verilog())
    subprocess.run([toolchain.icarus().executable, "-g2012", "-o", "bench.vvp", "bench.v"],
                   cwd=directory, check=True)
    results = []
    for edges in sequences:
        words = [edge.command.value | edge.bank << 3 | edge.address << 5 | edge.mask << 18
                 | (edge.word is not None) << 20 | edge.enable << 21 | (edge.word or 0) << 22
                 for edge in edges]
        words += [Command.NOP.value | 1 << 21] * (longest - len(edges))
        (directory / "edges.hex").write_text("\n".join(f"{word:x}" for word in words))
        log = subprocess.run(["vvp", "-n", "bench.vvp"], cwd=directory, check=True,
                             capture_output=True, text=True).stdout
        lines = [line.split()[1:] for line in log.splitlines() if line.startswith("EDGE")]
        results.append([(broken_rules(int(errors, 16)), int(word, 16) if drive == "1" else None)
                        for errors, drive, word in lines[: len(edges)]])
    return results


def agree(edges, verilog, what):
    """Both chips see the same first breach in the same cycle, and drive the same words."""
    rule, words = in_python(edges)
    for cycle, word in enumerate(words):
        rules, got = verilog[cycle]
        assert not rules, f"{what}: Verilog alone sees {rules} in cycle {cycle}"
        assert (got is None) == (word is None), f"{what}: cycle {cycle}: {got}, {word}"
    if rule is not None:
        assert rule in verilog[len(words)][0], f"{what}: Python alone sees {rule}"
    return rule


@pytest.mark.parametrize("name", LEGAL)
def test_legal_sequences(name):
    assert in_python(LEGAL[name])[0] is None


@pytest.mark.parametrize("name", ILLEGAL)
def test_each_rule_can_fail(name):
    rule, edges = ILLEGAL[name]
    assert in_python(edges)[0] == rule


def test_no_rule_is_untested():
    assert {rule for rule, _ in ILLEGAL.values()} == set(RULES)


def test_what_is_written_is_read():
    words = [word for word in in_python(LEGAL["write again"])[1] if word is not None]
    # The second WRITE to column 8 has masks 3, 2, 1, 0: the words stay, as they are the same.
    assert words == [0x1234, 0x5678, 0x9ABC, 0xDEF0]
    masked = [word for word in in_python(LEGAL["write and read back"])[1] if word is not None]
    assert masked[:4] == [0x1234, 0x5600, 0x00BC, 0x0000]


def test_the_chip_in_verilog_agrees(tmp_path):
    sequences = [*LEGAL.values(), *(edges for _, edges in ILLEGAL.values())]
    for name, edges, got in zip([*LEGAL, *ILLEGAL], sequences, in_verilog(sequences, tmp_path),
                                strict=True):
        agree(edges, got, name)
        if name in LEGAL:
            assert [word for _, word in got] == in_python(edges)[1], name


def test_both_agree_on_random_commands(tmp_path):
    print(f"seed {SEED}")
    rng = random.Random(SEED)
    sequences = [random_edges(rng) for _ in range(60)]
    found = {agree(edges, got, f"sequence {index}")
             for index, (edges, got) in enumerate(
                 zip(sequences, in_verilog(sequences, tmp_path), strict=True))}
    assert len(found) >= 5, f"only {found}"
