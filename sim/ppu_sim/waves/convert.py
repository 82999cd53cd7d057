"""FST of Amaranth's VCD."""

import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from ..toolchain import ToolMissing
from .dump import Dump

__all__ = ["VcdDump", "to_fst"]

#: Seconds in units of 10^n -> n.
_EXPONENTS = {"s": 0, "ms": -3, "us": -6, "ns": -9, "ps": -12, "fs": -15}


class VcdDump(Dump):
    """Waves of Amaranth's simulator: VCD beside the wanted file while it runs, FST at the end.

    The parameters are those of :class:`~.dump.Dump`, which says what is wrong with them.
    ToolMissing, too, if nothing is installed that writes FST.
    """

    def __init__(self, path):
        if find_spec("pylibfst") is None and shutil.which("vcd2fst") is None:
            raise ToolMissing(
                "Waves from Amaranth's simulator need the package pylibfst, which comes with "
                "'ppu-tensor-core[sim]' for some versions of Python, or: apt-get install gtkwave"
            )
        super().__init__(path)
        self._folder = self._vcd = self._writer = None

    def record(self, simulator):
        """Has a simulator write, from its first step on."""
        self._folder = tempfile.TemporaryDirectory(prefix="ppu-vcd-", dir=self.path.parent)
        self._vcd = Path(self._folder.name) / "waves.vcd"
        self._writer = simulator.write_vcd(str(self._vcd))
        self._writer.__enter__()

    def finish(self):
        """Writes the FST file and the list of signals, once."""
        if self._writer is None:
            return
        self._writer.__exit__(None, None, None)
        self._writer = None
        with self._folder:
            if find_spec("pylibfst") is not None:
                to_fst(self._vcd, self.path)
            else:
                command = ["vcd2fst", str(self._vcd), str(self.path)]
                subprocess.run(command, check=True, capture_output=True)
        super().finish()


def to_fst(vcd, fst):
    """Converts a VCD file to FST.

    Parameters
    ----------
    vcd : Path
        As Amaranth writes it: a declaration or a change on each line. Signals without a name, which
        begin with a dollar sign there, are left out.
    fst : Path
        The file to write.
    """
    import pylibfst

    writer = pylibfst.lib.fstWriterCreate(str(fst).encode(), 1)
    if writer == pylibfst.ffi.NULL:
        raise OSError(f"cannot write {fst}")
    try:
        pylibfst.lib.fstWriterSetPackType(writer, pylibfst.lib.FST_WR_PT_LZ4)
        with vcd.open() as file:
            widths, handles = _declare(file, writer, pylibfst.lib, pylibfst.ffi.NULL)
            _change(file, writer, pylibfst.lib, widths, handles)
    finally:
        pylibfst.lib.fstWriterClose(writer)


def _declare(file, writer, lib, null):
    """Copies the declarations. Returns identifier -> width, and identifier -> FST's handle."""
    widths, handles = {}, {}
    for line in file:
        match line.split():
            case ["$scope", _, name, "$end"]:
                lib.fstWriterSetScope(writer, lib.FST_ST_VCD_MODULE, name.encode(), null)
            case ["$upscope", "$end"]:
                lib.fstWriterSetUpscope(writer)
            case ["$var", kind, width, key, name, "$end"] if not name.startswith("$"):
                text = kind == "string"  # of any length, which FST notes as 0
                widths[key] = 0 if text else int(width)
                handles[key] = lib.fstWriterCreateVar(
                    writer, lib.FST_VT_GEN_STRING if text else lib.FST_VT_VCD_WIRE,
                    lib.FST_VD_IMPLICIT, widths[key], name.encode(), handles.get(key, 0),
                )  # fmt: skip
            case ["$timescale", number, unit, "$end"]:
                lib.fstWriterSetTimescale(writer, _EXPONENTS[unit] + len(number) - 1)
            case ["$enddefinitions", "$end"]:
                break
    return widths, handles


def _change(file, writer, lib, widths, handles):
    """Copies the changes of the signals that were declared."""
    for line in file:
        value, _, key = line.rstrip("\n").rpartition(" ")
        match line[0]:
            case "#":
                lib.fstWriterEmitTimeChange(writer, int(line[1:]))
            case "0" | "1" if line[1:-1] in handles:
                lib.fstWriterEmitValueChange(writer, handles[line[1:-1]], line[:1].encode())
            case "b" if key in handles:
                bits = value[1:].zfill(widths[key]).encode()
                lib.fstWriterEmitValueChange(writer, handles[key], bits)
            case "s" if key in handles:
                text = value[1:].encode()
                lib.fstWriterEmitVariableLengthValueChange(writer, handles[key], text, len(text))
