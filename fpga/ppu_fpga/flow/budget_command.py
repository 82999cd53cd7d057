"""``ppu fpga budget``: compares cell counts with the committed ones, or commits new ones."""

from pathlib import Path

__all__ = ["add_step"]


def add_step(steps, presets, guarded):
    """Adds ``budget``."""
    parser = steps.add_parser(
        "budget", help="compare the cell counts of the presets with the committed ones",
        description="Synthesises presets and fails if one takes more cells than its budget, or "
                    "another number of multipliers.",
    )  # fmt: skip
    parser.add_argument("--preset", nargs="+", choices=presets, default=presets,
                        help="one or more; default: all")  # fmt: skip
    parser.add_argument("--update", action="store_true",
                        help="make what comes out the new budget; fail only without multipliers")
    parser.add_argument("--file", metavar="FILE", type=Path,
                        help="of the budget; default: budget.json of the sources")  # fmt: skip
    parser.set_defaults(run=guarded(_run))


def _run(arguments):
    from . import budget
    from .errors import FlowFailed

    file = arguments.file or budget.BUDGET
    known = budget.read(file) if file.exists() else {}
    breaches = []
    for preset in arguments.preset:
        counts = budget.measure(preset)
        print(f"{preset} ({budget.PLAN[preset][0]}):", ", ".join(
            f"{number:,} {kind}" + _change(number, known.get(preset, {}).get(kind))
            for kind, number in counts.items()), flush=True)  # fmt: skip
        if arguments.update and counts["dsp"]:
            known[preset] = counts
        breaches += budget.breaches(preset, counts, known)
    if arguments.update:
        budget.write(known, file)
    if breaches:
        raise FlowFailed("\n".join(breaches))
    return 0


def _change(number, before):
    return f" ({number / before - 1:+.1%})" if before and number != before else ""
