"""``ppu bench``: the table of measured cycles, with what others take beside it."""

from pathlib import Path

from .cases import CASES
from .measure import measured, selected, to_json
from .table import markdown, text

__all__ = ["add_command"]


def add_command(commands):
    """Adds ``bench`` to the subcommands."""
    parser = commands.add_parser(
        "bench", help="measure the core on known layers and print the table",
        description="Measures the Verilated core on square products and on layers of known "
                    "networks. Exit code 0: every target is reached; 1: not.",
    )  # fmt: skip
    parser.add_argument("--only", metavar="TEXT", default="",
                        help="cases whose group or name contains this, for example 'decode'")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the table to this file")
    parser.add_argument("--markdown", metavar="FILE", type=Path,
                        help="write the table to this file as Markdown")  # fmt: skip
    parser.set_defaults(run=_run)


def _run(arguments):
    cases = selected(CASES, arguments.only)
    outputs = [(path, make) for path, make in (
        (arguments.json, to_json), (arguments.markdown, markdown)) if path]  # fmt: skip
    for path, _ in outputs:     # a bad name shows before the work, not after it
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    measurements = measured(cases)
    print(text(measurements))
    for path, make in outputs:
        path.write_text(make(measurements))
    missed = sum(not m.passes for m in measurements)
    print(f"\n{len(measurements) - missed} of {len(measurements)} targets are reached.")
    errors = [abs(m.error) for m in measurements if not m.case.stall]
    if errors:
        print(f"The cycle model is off by {max(errors):.2%} at most.")
    return 1 if missed else 0
