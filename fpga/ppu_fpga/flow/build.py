"""A board's top: from Amaranth's platform to a bitstream and a report."""

from pathlib import Path

from . import tools
from .collisions import without_checks
from .place import pack
from .report import Report, placements
from .synthesis import Netlist
from .yosys import yosys

__all__ = ["build_board", "synthesise_board"]

_NAME = "top"
#: Names of a path that a block is reported by: the system's parts, and those of the core.
_DEPTH = 3
_SCRIPT = """\
{reads}
chformal -remove
{synthesis}
write_json {name}.json
"""
#: Ending of a source that a top brings along -> how Yosys reads it.
_READERS = {".v": "read_verilog", ".sv": "read_verilog -sv"}


def build_board(top, platform, device, directory, *, title, seeds=(1,), frequency=None,
                options="", place_options=(), pack_options=(), progress=None):  # fmt: skip
    """Builds the bitstream of a top for a board, and reports the best of some seeds.

    Amaranth writes the design and its pins; the programs are called here, since not all that
    Amaranth calls by itself still exist. All files go to `directory`: `top.il`, the pins, the
    netlist, logs, `top.bit`, `top.bin` or `top.fs`, `report.json` and `report.txt`.

    Parameters
    ----------
    top : Elaboratable
        What is built. It requests its pins from the platform.
    platform : Platform
        Of the board, not used before. It lowers parts if it has a method `lower`.
    device : Device
        The board's chip.
    directory : Path
        Made if need be.
    title : str
        Of the report.
    seeds : iterable of int
        Where placements begin; at least one. The bitstream is the best one's.
    frequency : float
        MHz that clocks must reach whose frequency the platform does not know.
    options, place_options, pack_options
        More options of the three programs.
    progress : callable
        Called with a line of text before each step.

    Returns
    -------
    (Report, Path)
        And the bitstream. It is written also if timing is not met; see
        :meth:`~.report.Report.check_timing`.

    Raises
    ------
    FlowFailed, ToolMissing
        If the chip is too small, or a tool fails or is missing.
    """
    directory, progress = Path(directory), progress or (lambda line: None)
    directory.mkdir(parents=True, exist_ok=True)
    chain = [tools.find(name) for name in ("yosys", device.tools.place, device.tools.pack)]
    progress(f"synthesis of {title} for {device.name}")
    netlist = synthesise_board(top, platform, device, directory, options=options)
    blocks = {path: counts for path, counts in netlist.blocks(_DEPTH).items()
              if any(counts.values())}  # fmt: skip
    report = Report(title, device, netlist.counts(), blocks,
                    {tool.name: tool.version for tool in chain},
                    cell_types=netlist.cell_types())  # fmt: skip
    report.write(directory)
    report.check_size()
    report.choose(placements(
        device, directory, seeds, netlist=f"{_NAME}.json", frequency=frequency or device.frequency,
        pins=f"{_NAME}.{device.tools.constraints}", options=place_options, progress=progress))
    report.write(directory)
    progress("bitstream")
    bitstream = pack(device, directory, name=f"seed{report.seed}", options=pack_options)
    return report, bitstream.rename(directory / f"{_NAME}{bitstream.suffix}")


def synthesise_board(top, platform, device, directory, *, options=""):
    """Writes `top.il`, `top.json` and the pins of a board's top; gives the :class:`Netlist`.

    Arguments and errors are those of :func:`build_board`; the folder exists.
    """
    plan = platform.prepare(top, _NAME)
    plan.extract(directory)
    source = directory / f"{_NAME}.il"
    source.write_text(without_checks(source.read_text()))
    reads = [f"{_READERS[Path(file).suffix]} {file}" for file in sorted(plan.files)
             if Path(file).suffix in _READERS and not file.endswith(".debug.v")]  # fmt: skip
    yosys(
        _SCRIPT.format(
            reads="\n".join([*reads, f"read_rtlil {_NAME}.il"]), name=_NAME,
            synthesis=device.tools.script(_NAME, options)),
        directory, [f"{_NAME}.json"])  # fmt: skip
    return Netlist.read(directory / f"{_NAME}.json", _NAME, device.tools)
