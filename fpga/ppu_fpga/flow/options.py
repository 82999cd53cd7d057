"""Options that the steps of ``ppu fpga`` have in common, and how they tell what came out."""

import json
import sys
from pathlib import Path

from .errors import FlowFailed, TimingNotMet
from .place import RIP_UP

__all__ = ["add_changes", "add_options", "changes", "checked", "guarded", "progress", "tell"]


def add_changes(parser, help="change a field of the preset; see `ppu info`"):
    """The option that changes fields of the preset."""
    parser.add_argument("--set", metavar="FIELD=VALUE", action="append", default=[], nargs="+",
                        help=help)  # fmt: skip


def add_options(parser, *, frequency):
    """Options that all steps that build have in common; `frequency` is the help of that one."""
    parser.add_argument("--seed", type=int, default=1, metavar="N",
                        help="where placement begins; default: 1")  # fmt: skip
    parser.add_argument("--seeds", type=int, default=1, metavar="N",
                        help="place with this many seeds, and keep the best; default: 1")
    parser.add_argument("--frequency", type=float, metavar="MHZ", help=frequency)
    parser.add_argument("--rip-up", action="store_true",
                        help="let the router take wires from nets in less of a hurry: some MHz, "
                             "but it may not end if the frequency is out of reach")
    parser.add_argument("--json", action="store_true", help="print report.json")
    parser.add_argument("-o", "--output", metavar="DIR", type=Path,
                        help="folder of all files; default: below build/fpga")  # fmt: skip


def guarded(function):
    """Runs a step; its failures are told in one line and give 1."""
    def run(arguments):
        try:
            return function(arguments)
        except (FlowFailed, TimingNotMet) as error:
            print(f"ppu fpga {arguments.step}: {error}", file=sys.stderr)
            return 1
    return run


def progress(line):
    """Tells a line of what is going on."""
    print(line, file=sys.stderr, flush=True)


def tell(arguments, report, file):
    """Prints a report as it is asked for, and where everything is."""
    print(json.dumps(report.as_dict(), indent=2) if arguments.json else report.text())
    progress(f"written: {file}")


def changes(arguments):
    """The ``field=value`` texts of the command line."""
    return [text for group in arguments.set for text in group]


def checked(arguments):
    """What the steps that build get from the command line; ValueError if that cannot be."""
    if arguments.seeds < 1:
        raise ValueError(f"--seeds must be at least 1, not {arguments.seeds}")
    if arguments.frequency is not None and not arguments.frequency > 0:
        raise ValueError(f"--frequency must be above 0, not {arguments.frequency:g}")
    return {"seeds": range(arguments.seed, arguments.seed + arguments.seeds),
            "frequency": arguments.frequency, "progress": progress,
            "place_options": [RIP_UP] if arguments.rip_up else []}  # fmt: skip
