"""Cell counts of every preset against a committed budget.

One preset is synthesised down to LUTs. The others are so as far as their memories, which takes a
quarter of the time: registers, multipliers and block RAM are counted as they will be, and in place
of LUTs the bits that their logic computes, `logic`. Names are hidden, since most of the time goes
to what they keep alive; so a count may be a little beside that of `ppu fpga core`. The chip has as
many multipliers as the core takes, so that a lost one shows also in arrays larger than any chip's.
"""

import json
import re
import tempfile
from pathlib import Path

from amaranth.back import rtlil

from ppu.config import preset
from ppu.core import Core
from ppu.export.convert import no_collection
from ppu_fpga.lowering import family

from .collisions import without_checks
from .devices import device
from .synthesis import MODULE
from .yosys import yosys

__all__ = ["BUDGET", "PLAN", "breaches", "measure", "read", "word_counts",
           "write"]  # fmt: skip

#: The committed numbers.
BUDGET = Path(__file__).parents[2] / "budget.json"
#: Preset -> (chip whose family it is for, whether it is synthesised down to LUTs).
PLAN = {
    "tiny": ("ice40-up5k", False), "small": ("ecp5-85", True), "medium": ("ecp5-85", False),
    "ppu1": ("ecp5-85", False),
}  # fmt: skip
#: What it may be beyond the budget: the same design comes out a little different after any change.
TOLERANCE = 0.03
_SCRIPT = """\
read_rtlil {module}.il
chformal -remove
hierarchy -top {module}
proc
flatten -noscopeinfo
rename -hide w:* c:*
opt_clean -purge
{synthesis}
tee -q -o cells.json stat -json {width}
"""
_REGISTER = re.compile(r"\$(?:s|a|al|ads)?dff(?:e|sr|sre|ce)?(?:_(\d+))?$")
_WORD = re.compile(r"\$[a-z_]+_(\d+)$")


def measure(name):
    """Counts of a preset: kind -> number.

    Raises
    ------
    FlowFailed, ToolMissing
        If Yosys fails or is missing.
    """
    chip_name, down_to_luts = PLAN[name]
    chip = device(chip_name)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        with no_collection():
            text = without_checks(rtlil.convert(
                Core(preset(name)), name=MODULE, platform=family(chip.family), emit_src=False))
        (folder / f"{MODULE}.il").write_text(text)
        script = _SCRIPT.format(
            module=MODULE, width="" if down_to_luts else "-width",
            synthesis=chip.tools.script(MODULE, chip.tools.inner) if down_to_luts else
            f"{chip.tools.synthesis} {chip.tools.inner} -top {MODULE} -run :map_ffram")  # fmt: skip
        yosys(script, folder, ["cells.json"])
        found = json.loads((folder / "cells.json").read_text())
    types = found["modules"][f"\\{MODULE}"]["num_cells_by_type"]
    return chip.tools.count(types) if down_to_luts else word_counts(types, chip.tools)


def word_counts(types, tools):
    """Counts of a netlist whose logic and registers are words still."""
    counts = tools.count(types)
    # Cells that a part in the chip's form brings along.
    logic = counts.pop("lut")
    for cell_type, number in types.items():
        register, word = _REGISTER.match(cell_type), _WORD.match(cell_type)
        if register:
            counts["ff"] += int(register[1] or 1) * number
        elif word:
            logic += int(word[1]) * number
    return {"logic": logic, **counts}


def breaches(name, counts, budget):
    """What of `counts` breaks the budget of the preset, one line each.

    Everything may be up to `TOLERANCE` beyond its budget, and smaller. The number of multipliers
    must be the same, and not zero: a dead array synthesises beautifully.
    """
    if name not in budget:
        return [f"{name}: there is no budget for it"]
    found = []
    for kind, number in counts.items():
        allowed = budget[name].get(kind, 0)
        if kind == "dsp":
            if number != allowed or not number:
                found.append(f"{name}: {number} multipliers, not {allowed or 'at least one'}")
        elif number > allowed * (1 + TOLERANCE):
            found.append(f"{name}: {number:,} {kind}, {number / allowed - 1:.1%} beyond the budget "
                         f"of {allowed:,}" if allowed else f"{name}: {number:,} {kind}, not 0")
    return found


def read(file=BUDGET):
    """The budget: preset -> kind -> number."""
    return json.loads(Path(file).read_text())


def write(budget, file=BUDGET):
    """Writes a budget."""
    Path(file).write_text(json.dumps(budget, indent=2) + "\n")
