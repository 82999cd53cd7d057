"""``ppu asic``: the core in standard cells."""

import json
import math
import sys
from pathlib import Path

from ppu_fpga.flow.errors import FlowFailed
from ppu_fpga.flow.options import add_changes, changes

__all__ = ["add_command", "measure"]


def add_command(commands, presets):
    """Adds ``asic`` to the subcommands."""
    parser = commands.add_parser(
        "asic", help="area and timing in standard cells",
        description="Synthesises the core to the cells of a Liberty file and tells its area by "
                    "block, the shapes of its memories, and its timing if OpenSTA is installed.",
    )  # fmt: skip
    parser.add_argument("--liberty", metavar="FILE", type=Path,
                        help="the cells; default: those of Debian's qflow-tech-osu018")
    parser.add_argument("--preset", default="small", choices=presets, help="default: small")
    add_changes(parser)
    parser.add_argument("--period", metavar="NS", type=float, default=10.0,
                        help="clock period to aim at; default: 10")  # fmt: skip
    parser.add_argument("--memory-delay", metavar="NS", type=float, default=0.0,
                        help="from the clock to the data of a memory; default: 0")  # fmt: skip
    parser.add_argument("--memory-bits", metavar="N", type=int, default=1024,
                        help="memories from so many bits on are black boxes; default: 1024")
    parser.add_argument("-o", "--output", metavar="DIR", type=Path,
                        help="for netlists, logs and report.json; default: build/asic/PRESET")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_run)


def _run(arguments):
    from .report import as_text

    try:
        data = measure(
            arguments.liberty, preset=arguments.preset, settings=changes(arguments),
            period=arguments.period, memory_delay=arguments.memory_delay,
            memory_bits=arguments.memory_bits,
            directory=arguments.output or Path("build/asic", arguments.preset))  # fmt: skip
    except FlowFailed as error:
        print(f"ppu asic: {error}", file=sys.stderr)
        return 1
    print(json.dumps(data) if arguments.json else as_text(data).rstrip())
    return 0


def measure(liberty, *, preset, settings=(), period=10.0, memory_delay=0.0, memory_bits=1024,
            directory):  # fmt: skip
    """Synthesises and times a core; gives what :func:`.report.as_data` does.

    Parameters
    ----------
    liberty : Path or None
        The cells; None for those of Debian's `qflow-tech-osu018`.
    preset : str
        Name of the configuration.
    settings : iterable of str
        Changes to it, ``field=value``.
    period, memory_delay : float
        Clock period and access time of memories, in nanoseconds.
    memory_bits : int
        Size of the smallest memory that is a black box.
    directory : Path
        Where to write netlists, logs, shapes of the memories, and the figures.

    Raises
    ------
    ValueError
        If a value is out of range, or the library cannot be used.
    OSError
        If there is no library.
    FlowFailed
        If a tool refuses something.
    ToolMissing
        If Yosys is not installed.
    """
    from ppu_fpga.flow.configure import configured

    from . import macros as files
    from .designs import BLOCKS, core_design, element_designs
    from .library import Library, default_file
    from .report import as_data, as_text
    from .synthesis import synthesise, synthesise_elements
    from .timing import REPORT, analyse, is_installed

    _check("--period", period, above=True)
    _check("--memory-delay", memory_delay, above=False)
    config = configured(preset, settings)
    library = Library(default_file() if liberty is None else liberty)
    design = core_design(config, memory_bits=memory_bits)
    netlist = synthesise(design, library, directory, period=period)
    elements = synthesise_elements(element_designs(config), library, directory, period=period)
    timing = None
    (directory / REPORT).unlink(missing_ok=True)
    if is_installed():
        timing = analyse(design, directory, period=period, memory_delay=memory_delay)
    instances = netlist.instances([macro.name for macro in design.macros])
    shapes = files.as_json(design.macros, instances)
    data = as_data(
        name=" ".join((preset, *settings)), config=config, library=library,
        blocks=netlist.blocks(BLOCKS), small=netlist.small_memories(),
        macros=json.loads(shapes), timing=timing, period=period,
        elements={name: (gates.size, cells.size) for name, (gates, cells) in elements.items()})
    for name, text in (("memories.json", shapes), ("report.json", json.dumps(data, indent=2)),
                       ("memories.md", files.as_table(design.macros, instances)),
                       ("report.txt", as_text(data))):  # fmt: skip
        (directory / name).write_text(text)
    return data


def _check(name, value, *, above):
    if not (math.isfinite(value) and (value > 0 if above else value >= 0)):
        rule = "more than 0" if above else "0 or more"
        raise ValueError(f"{name} must be {rule} nanoseconds, not {value!r}")
