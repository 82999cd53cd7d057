"""``ppu fpga report``: the place-and-route figures of `docs/fpga.md`."""

import json
from pathlib import Path

from .farm import add_farm, farm
from .options import guarded, progress

__all__ = ["add_step"]


def add_step(steps):
    """Adds ``report``."""
    parser = steps.add_parser(
        "report", help="place and route what has a bar, and make the table of docs/fpga.md",
        description="Places and routes cores, arrays and boards with several seeds on "
                    "dask.distributed, and compares the best with what they must reach. What the "
                    "output folder has already is not built again. Fails if a bar is missed.",
    )  # fmt: skip
    parser.add_argument("--only", metavar="NAME", nargs="+",
                        help="rows to build, such as small or array-8x8; the others tell what the "
                             "output folder has; default: all")  # fmt: skip
    parser.add_argument("--seeds", type=int, default=5, metavar="N",
                        help="place each with this many seeds; default: 5")  # fmt: skip
    parser.add_argument("--markdown", metavar="FILE", type=Path,
                        help="put the tables between the marks of this document")
    add_farm(parser)
    parser.add_argument("-o", "--output", metavar="DIR", type=Path,
                        default=Path("build/fpga/report"),
                        help="of all results and report.json; default: build/fpga/report")
    parser.set_defaults(run=guarded(_run))


def _run(arguments):
    from .cases import CASES
    from .report_table import inserted, markdown
    from .results import collected
    from .sweep import sweep

    if arguments.seeds < 1:
        raise ValueError(f"--seeds must be at least 1, not {arguments.seeds}")
    names = [case.name for case in CASES]
    for name in arguments.only or ():
        if name not in names:
            raise ValueError(f"--only takes {', '.join(names)}, not {name!r}")
    chosen = [case for case in CASES if not arguments.only or case.name in arguments.only]
    document = arguments.markdown.read_text() if arguments.markdown else None
    if document is not None:
        inserted(document, "")
    seeds = range(1, arguments.seeds + 1)
    with farm(arguments) as client:
        sweep([case.point for case in chosen], seeds, arguments.output, client, progress=progress)
    results = {case.name: collected(case.point, seeds, arguments.output) for case in CASES}
    tables = markdown(CASES, results)
    print(tables)
    file = arguments.output / "report.json"
    file.write_text(json.dumps([_entry(case, results[case.name]) for case in CASES], indent=2)
                    + "\n")  # fmt: skip
    progress(f"written: {file}")
    if document is not None:
        arguments.markdown.write_text(inserted(document, tables))
        progress(f"written: {arguments.markdown}")
    missed = [f"{case.name}: {line}" for case in chosen for line in case.misses(results[case.name])]
    for line in missed:
        progress(f"missed: {line}")
    return 1 if missed else 0


def _entry(case, result):
    return {"name": case.name, "bar": case.bar, "missed": result and case.misses(result),
            "result": result}  # fmt: skip
