"""Static timing of a netlist, with OpenSTA."""

import re
import shutil
import subprocess
from dataclasses import dataclass

from ppu_fpga.flow.errors import FlowFailed

from .macros import as_liberty
from .synthesis import TIMING_NETLIST

__all__ = ["HOW_TO_GET_IT", "REPORT", "Timing", "analyse", "is_installed", "read_report"]

HOW_TO_GET_IT = "needs OpenSTA: apt-get install opensta"
#: File with the critical path, cell by cell.
REPORT = "timing.rpt"

_SCRIPT = """\
read_liberty cells.lib
{memories}
read_verilog {netlist}
link_design {top}
set_cmd_units -time ns
create_clock -name clk -period {period} [get_ports clk]
set inputs {{}}
foreach port [all_inputs] {{
  if {{[get_property $port full_name] ne "clk"}} {{ lappend inputs $port }}
}}
set_input_delay 0 -clock clk $inputs
set_output_delay 0 -clock clk [all_outputs]
report_checks -path_delay max -format full -fields {{capacitance slew}} -digits 4
puts "complete"
exit
"""
_NUMBER = r"(-?\d+\.\d+)"
_SLACK = re.compile(rf"^\s+{_NUMBER}\s+slack", re.M)
_ARRIVAL = re.compile(rf"^\s+{_NUMBER}\s+data arrival time", re.M)
_END = re.compile(r"^(?:Startpoint|Endpoint): (\S+)", re.M)
_OUTPUT = re.compile(r"^[-\d. ]*[v^] (\S+)/\S+ \((\S+)\)$", re.M)


@dataclass(frozen=True)
class Timing:
    """The slowest path.

    Parameters
    ----------
    period, slack, delay : float
        Clock period that was asked for, what is left of it, and the path's delay up to the input
        of its last register; in nanoseconds.
    start, end : str
        Register, memory or pin where the path begins and ends.
    cells : int
        Cells that it passes, with the register at its start.
    """

    period: float
    slack: float
    delay: float
    start: str
    end: str
    cells: int

    @property
    def max_frequency(self):
        """Highest clock in MHz."""
        return 1000 / (self.period - self.slack)


def is_installed():
    """Whether there is an OpenSTA."""
    return shutil.which("sta") is not None


def analyse(design, directory, *, period, memory_delay):
    """Times the netlist that :func:`.synthesis.synthesise` left in `directory`.

    Inputs come at the clock edge, outputs may take the whole period, wires have no load, the clock
    comes everywhere at once.

    Parameters
    ----------
    design : Design
        What was synthesised.
    directory : Path
        Where the netlist is. The critical path is written to ``timing.rpt`` there.
    period : float
        Clock period in nanoseconds.
    memory_delay : float
        Nanoseconds from a clock edge to the read data of a memory.

    Raises
    ------
    FlowFailed
        If OpenSTA refuses something. The message has its words.
    """
    memories = ""
    if design.macros:
        (directory / "memories.lib").write_text(as_liberty(design.macros, memory_delay))
        memories = "read_liberty memories.lib"
    (directory / "timing.tcl").write_text(_SCRIPT.format(
        memories=memories, netlist=TIMING_NETLIST, top=design.top, period=period))
    result = subprocess.run(
        ["sta", "-no_splash", "-exit", "timing.tcl"],
        cwd=directory, capture_output=True, text=True, check=False)  # fmt: skip
    # It goes on after an error, and its exit code says nothing.
    errors = [line for line in (result.stdout + result.stderr).splitlines()
              if line.startswith("Error")]  # fmt: skip
    if errors or "complete" not in result.stdout or not _SLACK.search(result.stdout):
        raise FlowFailed("\n".join(errors) or f"OpenSTA found no path: {result.stdout}")
    (directory / REPORT).write_text(result.stdout.removesuffix("complete\n"))
    return read_report(result.stdout, period)


def read_report(text, period):
    """The :class:`Timing` of what OpenSTA prints."""
    start, end = (_without_suffix(name) for name in _END.findall(text))
    arrival = float(_ARRIVAL.search(text)[1])
    outputs = [name for name, _ in _OUTPUT.findall(text)]
    # The first line is the clock pin of the register at the start, the last ones those at the end.
    cells = len(dict.fromkeys(outputs)) - (1 if outputs and _without_suffix(outputs[-1]) == end
                                           else 0)  # fmt: skip
    return Timing(period, float(_SLACK.search(text)[1]), arrival, start, end, cells)


def _without_suffix(name):
    return name.removesuffix("_reg")
