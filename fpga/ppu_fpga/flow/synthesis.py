"""From a component to a netlist of the chip's cells, alone or inside the wrapper."""

import json
from collections import Counter
from pathlib import Path

from amaranth.back import rtlil

from ppu.core import Core

from .collisions import without_checks
from .wrapper import Wrapper, ports_of
from .yosys import yosys

__all__ = ["MODULE", "Netlist", "synthesise"]

#: Name of the module that is synthesised.
MODULE = "core"
# Checks for simulation go, with what only they need.
_SYNTHESISE = """\
read_rtlil {module}.il
chformal -remove
{synthesis}
write_json {module}.json
"""
_WRAP = """\
design -stash {module}
read_verilog black_box.v
read_rtlil wrapper.il
{wrapper}
delete ={module}
design -copy-from {module} -as {module} {module}
flatten
opt_clean
write_json wrapper.json
"""


class Netlist:
    """The cells of a synthesised module.

    Parameters
    ----------
    cells : dict
        Name -> type. Names begin with the path of the submodule that the cell is in: exactly for
        registers, memories and multipliers; a LUT has that of a signal at one of its pins.
    tools : FamilyTools
        Of its family.
    """

    def __init__(self, cells, tools):
        self.cells, self._tools = cells, tools

    @classmethod
    def read(cls, file, module, tools):
        """The netlist in a JSON file of Yosys."""
        cells = json.loads(Path(file).read_text())["modules"][module]["cells"]
        return cls({name: cell["type"] for name, cell in cells.items()}, tools)

    def counts(self):
        """Kind -> number."""
        return self._tools.count(Counter(self.cells.values()))

    def cell_types(self):
        """Type -> number, without what is no hardware."""
        types = Counter(self.cells.values())
        return {name: types[name] for name in sorted(types) if not name.startswith("$")}

    def blocks(self, depth=2):
        """Path of a submodule, of `depth` names at most -> kind -> number, its own included."""
        scopes = {name for name, kind in self.cells.items() if kind == "$scopeinfo"}
        types = {}
        for name, cell_type in self.cells.items():
            # A dot may also stand before the field of a structure.
            path = name.split(".")[:-1]
            while path and ".".join(path) not in scopes:
                path.pop()
            path = path[:depth]
            for length in range(1, len(path) + 1):
                types.setdefault(".".join(path[:length]), Counter())[cell_type] += 1
        return {path: self._tools.count(types[path]) for path in sorted(types)}


def synthesise(component, device, directory, *, wrapped, options=""):
    """Synthesises a component for a chip; writes `core.json`, and `wrapper.json` if it is wrapped.

    The component is synthesised by itself, and its netlist goes into the wrapper's, so that its
    cells are the same in both.

    Parameters
    ----------
    component : wiring.Component
        With a signature and the domain `sync`.
    device : Device
        Chip; parts are lowered for its family.
    directory : Path
        Where all files go; it exists.
    wrapped : bool
        Whether the wrapper is wanted too.
    options : str
        More options for Yosys' synthesis. On iCE40, ``-dsp`` must not be among them: it makes wrong
        netlists of chained multiply-adds.

    Returns
    -------
    Netlist
        Of the component alone.

    Raises
    ------
    FlowFailed
        If Yosys fails.
    """
    ports = ports_of(component)
    text = without_checks(
        rtlil.convert(component, name=MODULE, platform=device.lowering(
            component.config.products if isinstance(component, Core) else 0)))
    (directory / f"{MODULE}.il").write_text(text)
    script = _SYNTHESISE
    if wrapped:
        wrapper = Wrapper(MODULE, ports)
        (directory / "black_box.v").write_text(wrapper.black_box)
        (directory / "wrapper.il").write_text(rtlil.convert(wrapper, name="wrapper"))
        if device.pins:
            (directory / f"wrapper.{device.tools.constraints}").write_text(
                "".join(f'IO_LOC "{name}" {pin};\n' for name, pin in device.pins.items()))
        script += _WRAP
    script = script.format(
        module=MODULE, wrapper=device.tools.script("wrapper"),
        synthesis=device.tools.script(MODULE, f"{device.tools.inner} {options}"))
    written = [f"{MODULE}.json", *(["wrapper.json"] if wrapped else [])]
    yosys(script, directory, written)
    return Netlist.read(directory / f"{MODULE}.json", MODULE, device.tools)
