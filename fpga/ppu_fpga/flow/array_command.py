"""``ppu fpga array``: a bare systolic array, without a core."""

from pathlib import Path

from .options import add_options, checked, guarded, tell

__all__ = ["add_step"]


def add_step(steps, devices):
    """Adds ``array``."""
    parser = steps.add_parser(
        "array", help="area and Fmax of a bare systolic array",
        description="Synthesises an INT8 array as the core has it, places it between three pins, "
                    "and reports area, Fmax and the critical path.",
    )  # fmt: skip
    parser.add_argument("--device", default="ecp5-85", choices=devices, help="default: ecp5-85")
    parser.add_argument("--rows", type=int, default=8, metavar="N", help="default: 8")
    parser.add_argument("--columns", type=int, default=8, metavar="N", help="default: 8")
    parser.add_argument("--dot", type=int, default=1, metavar="N",
                        help="products that an element adds in a step; default: 1")  # fmt: skip
    parser.add_argument("--signs", default="mixed", choices=("mixed", "signed"),
                        help="default: mixed")  # fmt: skip
    parser.add_argument("--product-registers", type=int, default=2, metavar="N",
                        help="between multiplier and adder, 0 to 2; default: 2")
    add_options(parser, frequency="fail if it is not reached; default: what is usual for the chip, "
                                  "and no failure")  # fmt: skip
    parser.set_defaults(run=guarded(_run))


def _run(arguments):
    from ppu.config import Signs

    from .core import build_component
    from .devices import device
    from .points import ArrayPoint

    options, chip = checked(arguments), device(arguments.device)
    point = ArrayPoint(
        chip.name, arguments.rows, arguments.columns, chip.frequency, arguments.dot,
        Signs(arguments.signs), arguments.product_registers)  # fmt: skip
    directory = arguments.output or Path("build/fpga", point.title)
    report = build_component(point.component(), chip, directory, title=point.title, **options)
    tell(arguments, report, directory)
    if arguments.frequency is not None:
        report.check_timing()
    return 0
