"""``ppu trace``: one matrix product of random operands, and what the core did in each cycle."""

from pathlib import Path

from .. import opening
from ..gemm import add_product, operands
from ..operands import product_of
from .perfetto import write

__all__ = ["add_command"]


def add_command(commands, presets):
    """Adds ``trace`` to the subcommands."""
    parser = commands.add_parser(
        "trace", help="write a trace of a matrix product for the Perfetto UI",
        description="Multiplies an M x K by a K x N matrix of random numbers on the core, and "
                    "writes what every unit, channel and queue did. In the trace, a cycle is a "
                    "nanosecond. Exit code as for `ppu gemm`.",
    )  # fmt: skip
    add_product(parser, presets, ["verilator"])
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, default=Path("run.perfetto-trace"),
        help="default: run.perfetto-trace",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(arguments):
    """Runs the command; returns the exit code."""
    a, b, memory_size = operands(arguments)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    with opening.open(
        arguments.backend, preset=arguments.preset, latency=arguments.latency,
        stall=arguments.stall, seed=arguments.seed, memory_size=memory_size, trace=True,
    ) as device:  # fmt: skip
        exact = (device.matmul(a, b) == product_of(device.config, a=a, b=b).expected).all()
        took, trace = device.last_run, device.last_trace
    product = f"{arguments.m} x {arguments.k} x {arguments.n}"
    title = f"{product} on {arguments.preset}, latency {arguments.latency}"
    write(trace, arguments.output, title=title)
    size = arguments.output.stat().st_size
    print(took)
    print(f"{arguments.output}: {size:,} bytes; open it in the Perfetto UI, where 1 cycle is 1 ns")
    if not exact:
        print("WRONG result")
    return 0 if exact else 1
