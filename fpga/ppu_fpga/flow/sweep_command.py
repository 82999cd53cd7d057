"""``ppu fpga sweep``: seeds, presets and array sizes in parallel."""

import importlib.util
import shlex
import sys
from pathlib import Path

from .farm import add_farm, farm
from .options import add_changes, progress

__all__ = ["add_step"]


def add_step(steps, presets, devices, guarded):
    """Adds ``sweep``."""
    parser = steps.add_parser(
        "sweep", help="area and Fmax over seeds, presets and array sizes",
        description="Builds cores with several seeds in parallel on dask.distributed, and draws "
                    "area and Fmax. What the output folder has already is not built again.",
    )  # fmt: skip
    parser.add_argument("--device", default="ecp5-85", choices=devices, help="default: ecp5-85")
    parser.add_argument("--preset", nargs="+", default=["small"], choices=presets,
                        help="one or more; default: small")  # fmt: skip
    add_changes(parser, help="a variant of each preset, such as `axi_data_width=32`; may be "
                             "given several times")  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the first; default: 1")
    parser.add_argument("--seeds", type=int, default=3, metavar="N",
                        help="how many for each core; default: 3")  # fmt: skip
    parser.add_argument("--frequency", type=float, metavar="MHZ",
                        help="to aim at; default: the chip's")
    add_farm(parser)
    parser.add_argument("-o", "--output", metavar="DIR", type=Path,
                        default=Path("build/fpga/sweep"), help="default: build/fpga/sweep")
    parser.set_defaults(run=guarded(_run))


def _run(arguments):
    from ppu_sim.toolchain import ToolMissing

    if not importlib.util.find_spec("plotly"):
        raise ToolMissing("A sweep needs plotly: pip install 'ppu-tensor-core[fpga,sim]'")
    from .configure import configured
    from .devices import device
    from .points import CorePoint
    from .sweep import sweep
    from .sweep_page import page, table

    if arguments.seeds < 1:
        raise ValueError(f"--seeds must be at least 1, not {arguments.seeds}")
    frequency = arguments.frequency or device(arguments.device).frequency
    points = [CorePoint(arguments.device, preset, tuple(changes), frequency)
              for preset in arguments.preset for changes in arguments.set or [()]]  # fmt: skip
    for point in points:
        configured(point.preset, point.changes)
    seeds = range(arguments.seed, arguments.seed + arguments.seeds)
    with farm(arguments) as client:
        results = sweep(points, seeds, arguments.output, client, progress=progress)
    file = arguments.output / "sweep.html"
    file.write_text(page(results, shlex.join(["ppu", *sys.argv[1:]])))
    rows = table(results)
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)))
    print(f"{file}, {arguments.output / 'results.json'}", file=sys.stderr)
    return 0 if any(result["best_mhz"] for result in results) else 1
