"""``ppu fpga build``, ``simulate`` and ``program``: what has to do with a board."""

import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from .errors import FlowFailed
from .options import add_changes, add_options, changes, checked, guarded, progress, tell

__all__ = ["BOARDS", "add_steps"]

#: Names of :data:`ppu_fpga.boards.catalog.BOARDS`; that module takes longer to import than the
#: other commands of `ppu` should wait.
BOARDS = ("ulx3s", "icebreaker", "tangnano9k")
#: Cycles of a bit on a simulated line.
_SIMULATED_BIT = 8
#: Baud rate that a simulated board is spoken to with: about what comes through.
_SIMULATED_RATE = 50_000


def add_steps(steps, presets):
    """Adds the three."""
    build = _step(steps, presets, "build", _build, "the bitstream of a board",
                  "Builds the bitstream of a board, and reports area by block, Fmax and the "
                  "critical path. Fails if the chip is too small or timing is not met.")
    add_changes(build)
    build.add_argument("--baud", type=int, metavar="N", help="bits per second on the serial line; "
                       "default: what the board's USB chip takes")
    add_options(build, frequency="of the system's clock; default: the board's for this preset")
    simulate = _step(steps, presets, "simulate", _simulate, "a board in Verilator",
                     "Runs the whole top of a board in Verilator, its serial line at a "
                     "pseudo-terminal, for `ppu gemm --backend serial:...` in another window.")
    add_changes(simulate)
    simulate.add_argument("--bit", type=int, default=_SIMULATED_BIT, metavar="N",
                          help=f"cycles of a bit on the line, 4 or more; default: {_SIMULATED_BIT}")
    program = _step(steps, presets, "program", _program, "send a bitstream to a board",
                    "Sends the bitstream that `ppu fpga build` made, by openFPGALoader.")
    program.add_argument("--flash", action="store_true", help="keep it when power goes off")
    program.add_argument("-o", "--output", metavar="DIR", type=Path,
                         help="folder that `build` wrote to")  # fmt: skip


def _step(steps, presets, name, run, short, description):
    parser = steps.add_parser(name, help=short, description=description)
    parser.add_argument("--board", required=True, choices=BOARDS, help="which one")
    parser.add_argument("--preset", choices=presets, help="default: what fits the board")
    parser.set_defaults(run=guarded(run))
    return parser


def _design(arguments, **others):
    from ppu_fpga.boards.catalog import board
    from ppu_fpga.boards.design import design

    return design(board(arguments.board), preset=arguments.preset,
                  changes=changes(arguments), **others)  # fmt: skip


def _build(arguments):
    from ppu_fpga.boards.top import BoardTop

    from .build import build_board

    options = checked(arguments)
    made = _design(arguments, frequency=options.pop("frequency"), baud=arguments.baud)
    target = made.board
    report, bitstream = build_board(
        BoardTop(made), target.platform(made.config.products), target.device,
        arguments.output or Path("build/fpga", f"{target.name}-{made.title}"),
        title=made.name, frequency=made.clock_hz / 1e6, pack_options=target.pack_options,
        **options)  # fmt: skip
    tell(arguments, report, bitstream)
    report.check_timing()
    progress(f"once programmed, its address is serial:PORT?baud={made.baud}")
    return 0


def _simulate(arguments):
    from ppu_fpga.boards.simulation.process import SimulatedBoard
    from ppu_sim.backends.verilated import BuildFailed

    made = _design(arguments)
    made = replace(made, baud=made.clock_hz // arguments.bit)
    try:
        with SimulatedBoard(made) as board:
            print(f"serial:{board.terminal}?baud={_SIMULATED_RATE}", flush=True)
            with suppress(KeyboardInterrupt):
                board.wait()
    except BuildFailed as error:
        raise FlowFailed(str(error)) from None
    counts = board.counts
    print(f"{counts.cycles:,} cycles at {counts.hz / 1e3:,.0f} kHz", file=sys.stderr)
    if counts.broken_rules:
        raise FlowFailed(f"the SDRAM's rules were broken: {', '.join(counts.broken_rules)}")
    return 0


def _program(arguments):
    from ppu_fpga.boards.catalog import board

    from .program import program

    target = board(arguments.board)
    directory = arguments.output or Path(
        "build/fpga", f"{target.name}-{arguments.preset or target.preset}")
    program(target, directory / f"top.{target.device.tools.bitstream}", flash=arguments.flash)
    return 0
