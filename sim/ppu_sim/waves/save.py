"""The list of signals as a save file of GTKWave."""

from math import log2
from pathlib import Path

from vcd.gtkw import GTKWSave

from .signals import GROUPS

__all__ = ["listed", "write_list"]

#: A part of the core by which the scope around it is found.
_LANDMARK = ".core.scratchpad"
#: What is before the name that is shown: the way to the innermost scope `core`. GTKWave would show
#: only what follows the last dot.
_CORE = ".core."
#: Seconds that are 200 pixels at first: 16 cycles.
_SHOWN = 160e-9


def listed(widths):
    """The signals of the list that a dump has.

    Parameters
    ----------
    widths : dict
        Full name -> bits, of all signals of the dump.

    Returns
    -------
    list of (str, list of str)
        Title of each group and full names.
    """
    scopes = {name.rpartition(".")[0] for name in widths}
    around = next(scope.removesuffix(_LANDMARK) for scope in sorted(scopes, key=len)
                  if scope.endswith(_LANDMARK))  # fmt: skip
    groups = []
    for group in GROUPS:
        found = (next((name for name in (f"{around}.{tail}" for tail in names) if name in widths),
                      None) for names in group.signals)  # fmt: skip
        groups.append((group.title, [name for name in found if name is not None]))
    return groups


def write_list(dump, path):
    """Writes the save file `path` for the FST file `dump`."""
    import pywellen

    waveform = pywellen.Waveform(str(dump))
    widths = {signal.full_name: signal.bitwidth for signal in waveform.all_vars()}
    step = waveform.timescale.factor * 10.0 ** waveform.timescale.unit.to_exponent()
    with Path(path).open("w") as file:
        save = GTKWSave(file)
        save.dumpfile(str(dump))
        save.dumpfile_size(Path(dump).stat().st_size)
        save.savefile(str(path))
        save.zoom_markers(-log2(_SHOWN / step))
        save.size(1600, 1000)
        save.signals_width(300)
        save.sst_expanded(True)
        for title, names in listed(widths):
            with save.group(title):
                for name in names:
                    bits = widths[name] or 1  # strings have none
                    range_ = f"[{bits - 1}:0]" if bits > 1 else ""
                    shown = name.rpartition(_CORE)[2].replace("\\", "").replace(".", "/")
                    save.trace(name + range_, alias=shown + range_)
