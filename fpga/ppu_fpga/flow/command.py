"""``ppu fpga``: from a preset to figures, netlists and bitstreams of an FPGA."""

from pathlib import Path

from . import array_command, board_command, budget_command, report_command, sweep_command
from .options import add_changes, add_options, changes, checked, guarded, tell

__all__ = ["add_command"]

#: Names of :data:`.devices.DEVICES`; that module takes longer to import than the other commands of
#: `ppu` should wait.
DEVICES = ("ecp5-25", "ecp5-45", "ecp5-85", "ice40-up5k", "gowin-9")


def add_command(commands, presets):
    """Adds ``fpga`` to the subcommands."""
    parser = commands.add_parser(
        "fpga", help="synthesise, place and time the core on an FPGA",
        description="Runs yosys and nextpnr on the core or on a board's top.")  # fmt: skip
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    core = steps.add_parser(
        "core", help="area and Fmax of one core, without a board",
        description="Synthesises a core, places it between three pins, and reports area by block, "
                    "Fmax and the critical path.",
    )  # fmt: skip
    core.add_argument("--device", default="ecp5-85", choices=DEVICES, help="default: ecp5-85")
    core.add_argument("--preset", default="small", choices=presets, help="default: small")
    core.add_argument("--synthesis-only", action="store_true", help="do not place and route")
    add_changes(core)
    add_options(core, frequency="fail if it is not reached; default: what is usual for the chip, "
                                "and no failure")  # fmt: skip
    core.set_defaults(run=guarded(_core))
    array_command.add_step(steps, DEVICES)
    board_command.add_steps(steps, presets)
    sweep_command.add_step(steps, presets, DEVICES, guarded)
    budget_command.add_step(steps, presets, guarded)
    report_command.add_step(steps)


def _core(arguments):
    from ppu.core import Core

    from .configure import configured, title_of
    from .core import build_component
    from .devices import device

    options = checked(arguments)
    fields = changes(arguments)
    config, chip = configured(arguments.preset, fields), device(arguments.device)
    title = title_of(arguments.preset, fields)
    directory = arguments.output or Path("build/fpga", f"core-{chip.name}-{title}")
    report = build_component(Core(config), chip, directory, title=title,
                             place_it=not arguments.synthesis_only, **options)
    tell(arguments, report, directory)
    if arguments.frequency is not None:
        report.check_timing()
    return 0
