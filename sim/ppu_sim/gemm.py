"""``ppu gemm``: one matrix product of random operands, held against numpy."""

import json

import numpy as np

from ppu.config import preset

from . import opening, waves
from .allocator import Allocator
from .backends import BACKENDS, MAX_LATENCY, Settings, backend_class
from .operands import matrix_sizes, product_of

__all__ = ["add_command", "add_product", "operands"]

_TYPES = {"int8": np.int8, "uint8": np.uint8}


def add_command(commands, presets):
    """Adds ``gemm`` to the subcommands."""
    parser = commands.add_parser(
        "gemm", help="multiply random matrices on the core and compare with numpy",
        description="Multiplies an M x K by a K x N matrix of random numbers on the core. "
                    "Exit code 0: exact; 1: not exact; 2: bad arguments.",
    )  # fmt: skip
    add_product(parser, presets, list(BACKENDS))
    waves.add_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def add_product(parser, presets, backends):
    """Adds the arguments that say which product runs on what."""
    for name, text in (("m", "rows of A"), ("k", "columns of A"), ("n", "columns of B")):
        parser.add_argument(name, metavar=name.upper(), type=int, help=text)
    parser.add_argument("--preset", default="medium", choices=presets, help="default: medium")
    parser.add_argument(
        "--backend", default="verilator", choices=backends, help="default: verilator"
    )
    parser.add_argument(
        "--latency", type=int, default=100, metavar="CYCLES",
        help=f"of the memory, 1 to {MAX_LATENCY}; default: 100",
    )  # fmt: skip
    parser.add_argument(
        "--stall", type=float, default=0.0, metavar="CHANCE",
        help="that an AXI channel stalls in a cycle, 0 to 255/256; default: 0",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="of stalls and operands; default: 1")
    parser.add_argument(
        "--memory", type=int, metavar="BYTES",
        help="size of the memory, a multiple of 64; default: 64 MiB, on Icarus 4 MiB",
    )  # fmt: skip
    for name in ("a", "b"):
        parser.add_argument(
            f"--{name}", default="int8", choices=list(_TYPES), dest=f"{name}_type",
            help=f"type of {name.upper()}; default: int8",
        )  # fmt: skip


def operands(arguments):
    """Checks the arguments of :func:`add_product`; returns A, B and the size of the memory."""
    for name in ("m", "k", "n"):
        if getattr(arguments, name) < 1:
            raise ValueError(f"{name.upper()} must be at least 1, not {getattr(arguments, name)}")
    Settings(latency=arguments.latency, stall=arguments.stall, seed=arguments.seed)  # checks them
    backend = backend_class(arguments.backend)
    memory_size = backend.checked_memory_size(preset(arguments.preset), arguments.memory)
    Allocator(memory_size).require(*matrix_sizes(arguments.m, arguments.n, arguments.k))
    rng = np.random.default_rng(arguments.seed)
    a = _random(rng, arguments.a_type, (arguments.m, arguments.k))
    b = _random(rng, arguments.b_type, (arguments.k, arguments.n))
    return a, b, memory_size


def run(arguments):
    """Runs the command; returns the exit code."""
    a, b, memory_size = operands(arguments)
    with opening.open(
        arguments.backend, preset=arguments.preset, latency=arguments.latency,
        stall=arguments.stall, seed=arguments.seed, memory_size=memory_size,
        waves=arguments.waves,
    ) as device:  # fmt: skip
        result, took = device.matmul(a, b), device.last_run
        expected = product_of(device.config, a=a, b=b).expected
    wrong = np.argwhere(result != expected)
    report = {
        **{name: getattr(arguments, name) for name in
           ("m", "k", "n", "preset", "backend", "latency", "stall", "seed")},
        "exact": not len(wrong), "cycles": took.cycles, "macs": took.macs,
        "utilization": took.utilization, "cycles_per_second": took.cycles_per_second,
        "commands": took.commands, "seconds": took.seconds, "counters": took.counters,
    }  # fmt: skip
    print(json.dumps(report) if arguments.json else _text(report, took, wrong, result, expected))
    return 1 if len(wrong) else 0


def _random(rng, name, shape):
    limits = np.iinfo(_TYPES[name])
    return rng.integers(limits.min, limits.max, shape, _TYPES[name], endpoint=True)


def _text(report, took, wrong, result, expected):
    r = report
    lines = [f"{r['m']} x {r['k']} times {r['k']} x {r['n']} on {r['preset']} ({r['backend']})"]
    elements = f"{result.size:,} element{'s' if result.size > 1 else ''}"
    if r["exact"]:
        lines.append(f"exact in {'all ' if result.size > 1 else ''}{elements}")
    else:
        row, column = wrong[0]
        lines.append(
            f"WRONG in {len(wrong):,} of {elements}; "
            f"C[{row}, {column}]: got {result[row, column]}, expected {expected[row, column]}"
        )
    if r["cycles"] is not None:
        lines.append(
            f"{r['cycles']:,} cycles, {r['macs'] / r['cycles']:.1f} MACs per cycle, "
            f"{r['utilization']:.1%} of peak"
        )
        lines.append(f"{r['seconds']:.3g} s, {r['cycles_per_second']:,.0f} cycles per second")
        lines.append(took.state_table)
    return "\n".join(lines)
