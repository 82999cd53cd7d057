"""Synthesis to the cells of a library, with Yosys and ABC."""

import json
import shutil

from ppu_fpga.flow.yosys import yosys

from . import macros
from .netlist import Netlist

__all__ = ["GATES", "TIMING_NETLIST", "synthesise", "synthesise_elements"]

#: The gates of generic counts: two inputs, or a multiplexer; inverters count too.
GATES = ("AND", "NAND", "OR", "NOR", "XOR", "XNOR", "MUX")
#: File with the netlist as one module.
TIMING_NETLIST = "timing.v"

_READ = """\
design -reset
read_liberty -lib cells.lib
{read}
hierarchy -check -top {top}
"""
# Registers of silicon have no initial values; all that matter have a reset. Memories that are made
# of flip-flops get theirs from memory_map.
_ELABORATE = """\
proc
setattr -unset init w:*
{keep}
flatten -noscopeinfo
synth -noabc -booth -run coarse:fine
memory_map
setattr -unset init w:*
synth -noabc -run fine:check
"""
_GENERIC = """\
dfflegalize -cell $_DFF_P_ x
opt
abc -g {gates}
opt_clean -purge
check -nolatches -assert
write_json {name}.json
"""
_MAP = """\
dfflibmap -liberty cells.lib
opt
abc -liberty cells.lib {abc} -D {picoseconds}
{ties}
opt_clean -purge
rename -wire -suffix _reg {registers}
splitnets
opt_clean -purge
check -mapped -nolatches -assert
write_json {name}.json
"""
# ABC's own script, but `dc2` keeps the number of levels: else fast adders become ripple-carry
# ones, and the core is half as fast for one percent less area.
_ABC = "strash;&get,-n;&fraig,-x;&put;scorr;dc2,-l;&get,-n;&dch,-f;&nf;&put"
# Buffers what has many readers, and sizes cells for the loads that they drive.
_ABC_SIZES = ";buffer,-c;topo;upsize,{D};dnsize,{D};stime,-p"
# OpenSTA does not read what Yosys writes for parts of ports, so there are no ports inside.
_TIMING = """\
setattr -mod -unset keep_hierarchy =*
flatten -noscopeinfo
splitnets -ports
opt_clean -purge
write_verilog -noattr -noexpr {timing}
"""


def synthesise(design, library, directory, *, period, name="netlist"):
    """Synthesises a design to the cells of a library.

    Parameters
    ----------
    design : Design
        The design.
    library : Library
        Its cells.
    directory : Path
        Where to work. Afterwards there are the netlist in `NAME.v`, a flat one in ``timing.v``,
        and the log.
    period : float
        Clock period in nanoseconds that ABC aims at.
    name : str
        Of the netlist.

    Returns
    -------
    Netlist
        The netlist, checked: only cells of the library, no latches, no undriven nets, no loops.

    Raises
    ------
    FlowFailed
        If Yosys refuses something, or the netlist is not so.
    ToolMissing
        If Yosys is not installed.
    """
    _prepare(library, directory)
    script = (
        _READ.format(read=_read(design, directory), top=design.top)
        + _elaborate(design) + _map(library, period, name)
        + f"write_verilog -noattr -noexpr {name}.v\n" + _TIMING.format(timing=TIMING_NETLIST))
    yosys(script, directory, [f"{name}.json", f"{name}.v", TIMING_NETLIST], name=name)
    return _netlist(directory, name, design, library)


def synthesise_elements(designs, library, directory, *, period):
    """Synthesises small designs twice: to generic gates, and to the cells of a library.

    Flip-flops are plain in the first one too: what holds or resets them counts as gates.

    Returns
    -------
    dict
        Name of a design -> (generic netlist, netlist of cells).

    Raises
    ------
    FlowFailed, ToolMissing
        As :func:`synthesise` does.
    """
    _prepare(library, directory)
    script = ""
    for design in designs.values():
        start = _READ.format(read=_read(design, directory), top=design.top) + _elaborate(design)
        script += start + _GENERIC.format(gates=",".join(GATES), name=f"{design.top}_gates")
        script += start + _map(library, period, f"{design.top}_cells")
    yosys(script, directory, name="elements")
    return {
        name: (_netlist(directory, f"{design.top}_gates", design, None),
               _netlist(directory, f"{design.top}_cells", design, library))
        for name, design in designs.items()
    }  # fmt: skip


def _prepare(library, directory):
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(library.file, directory / "cells.lib")
    if library.buffer is not None:
        (directory / "abc.constr").write_text(
            f"set_driving_cell {library.buffer.name}\nset_load {library.load_femtofarads:.3f}\n")


def _read(design, directory):
    """Writes the design; gives the commands that read it."""
    if design.is_rtlil:
        (directory / f"{design.top}.il").write_text(design.text)
        return f"read_rtlil {design.top}.il"
    (directory / "memories.v").write_text(macros.as_verilog(design.macros))
    (directory / f"{design.top}.v").write_text(design.text)
    return f"read_verilog -lib memories.v\nread_verilog {design.top}.v"


def _elaborate(design):
    keep = f"setattr -mod -set keep_hierarchy 1 {' '.join(design.kept)}" if design.kept else ""
    return _ELABORATE.format(keep=keep)


def _map(library, period, name):
    low, high = library.ties
    ties = ""
    if low and high:
        ties = f"hilomap -locell {low[0]} {low[1]} -hicell {high[0]} {high[1]}"
    registers = " ".join(
        f"t:{cell.name}" for cell in library.cells.values() if cell.kind == "flip-flop")
    abc = f"-script +{_ABC}"
    if library.buffer is not None:
        abc = f"-constr abc.constr {abc}{_ABC_SIZES}"
    return _MAP.format(abc=abc, picoseconds=round(1000 * period), ties=ties, registers=registers,
                       name=name)  # fmt: skip


def _netlist(directory, name, design, library):
    file = directory / f"{name}.json"
    modules = json.loads(file.read_text())["modules"]
    file.unlink()
    return Netlist(modules, design.top, library)
