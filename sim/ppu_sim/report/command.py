"""``ppu report``: one HTML page with the table, the roofline, a timeline and the stall shares."""

import importlib.util
import shlex
from pathlib import Path

from ..performance.cases import CASES
from ..toolchain import ToolMissing

__all__ = ["add_command"]


def add_command(commands, presets):
    """Adds ``report`` to the subcommands."""
    parser = commands.add_parser(
        "report", help="write a page with roofline, timeline, stalls and the table",
        description="Measures what `ppu bench` measures, or reads it, traces one product, and "
                    "writes one HTML page that needs no other file.",
    )  # fmt: skip
    parser.add_argument("-o", "--output", metavar="FILE", type=Path,
                        default=Path("build/report.html"), help="default: build/report.html")
    parser.add_argument("--json", metavar="FILE", type=Path,
                        help="show what `ppu bench --json FILE` wrote; measure nothing again")
    parser.add_argument("--only", metavar="TEXT", default="",
                        help="cases whose group or name contains this, for example 'decode'")
    parser.add_argument("--product", metavar=("M", "K", "N"), nargs=3, type=int,
                        default=(96, 96, 96), help="for the timeline; default: 96 96 96")
    parser.add_argument("--preset", default="medium", choices=presets,
                        help="of that product; default: medium")  # fmt: skip
    parser.add_argument("--latency", type=int, default=100, metavar="CYCLES",
                        help="of the memory for that product; default: 100")  # fmt: skip
    parser.set_defaults(run=_run)


def _run(arguments):
    if not importlib.util.find_spec("plotly"):
        raise ToolMissing("The report needs: pip install 'ppu-tensor-core[sim]'")
    from ..performance.measure import measured, selected
    from .page import page
    from .source import from_json, traced

    known = from_json(arguments.json.read_text()) if arguments.json else None
    cases = selected(CASES if known is None else [m.case for m in known], arguments.only)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.touch()    # a bad name shows before the work, not after it
    product = traced(arguments.preset, arguments.latency, *arguments.product)
    measurements = measured(cases) if known is None else [m for m in known if m.case in cases]
    text = page(measurements, product, _command(arguments))
    arguments.output.write_text(text)
    print(f"{arguments.output}: {len(text):,} bytes, {len(measurements)} cases; "
          "open it in a browser")  # fmt: skip
    return 0


def _command(arguments):
    """The command line that makes the page."""
    words = ["ppu", "report"]
    if arguments.json:
        words += ["--json", str(arguments.json)]
    if arguments.only:
        words += ["--only", arguments.only]
    words += ["--product", *map(str, arguments.product), "--preset", arguments.preset,
              "--latency", str(arguments.latency), "-o", str(arguments.output)]  # fmt: skip
    return shlex.join(words)
