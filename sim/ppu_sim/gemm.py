"""``ppu gemm``: one matrix product of random operands, held against numpy."""

import argparse
import json

import numpy as np

from ppu.config import PRESETS, preset

from . import opening, waves
from .allocator import Allocator
from .backends import BACKENDS, MAX_LATENCY, Settings, backend_class
from .operands import matrix_sizes, product_of
from .serial import PREFIX, is_board

__all__ = ["add_backend", "add_command", "add_product", "operands", "preset_name"]

_TYPES = {"int8": np.int8, "uint8": np.uint8}
#: What a simulator's core and memory are unless told otherwise. A board is what it is.
_DEFAULTS = {"preset": "medium", "latency": 100, "stall": 0.0}


def add_command(commands, presets):
    """Adds ``gemm`` to the subcommands."""
    parser = commands.add_parser(
        "gemm", help="multiply random matrices on the core and compare with numpy",
        description="Multiplies an M x K by a K x N matrix of random numbers on the core. "
                    "Exit code 0: exact; 1: not exact; 2: bad arguments.",
    )  # fmt: skip
    add_product(parser, presets, list(BACKENDS), boards=True)
    waves.add_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def add_backend(parser, names, *, boards=True):
    """Adds ``--backend``: one of these names, or the address of a board."""

    def checked(text):
        if text in names or (boards and is_board(text)):
            return text
        also = f" or {PREFIX}PORT" if boards else ""
        raise argparse.ArgumentTypeError(f"choose from {', '.join(names)}{also}, not {text!r}")

    ports = f", {PREFIX}PORT" if boards else ""
    parser.add_argument(
        "--backend", default="verilator", type=checked, metavar="NAME",
        help=f"{', '.join(names)}{ports}; default: verilator",
    )  # fmt: skip


def add_product(parser, presets, backends, *, boards=False):
    """Adds the arguments that say which product runs on what."""
    own = "; not for a board" if boards else ""
    for name, text in (("m", "rows of A"), ("k", "columns of A"), ("n", "columns of B")):
        parser.add_argument(name, metavar=name.upper(), type=int, help=text)
    parser.add_argument(
        "--preset", choices=presets,
        help="default: medium" + ("; on a board, what it is" if boards else ""),
    )  # fmt: skip
    add_backend(parser, backends, boards=boards)
    parser.add_argument(
        "--latency", type=int, metavar="CYCLES",
        help=f"of the memory, 1 to {MAX_LATENCY}; default: 100{own}",
    )  # fmt: skip
    parser.add_argument(
        "--stall", type=float, metavar="CHANCE",
        help=f"that an AXI channel stalls in a cycle, 0 to 255/256; default: 0{own}",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=1, help="of stalls and operands; default: 1")
    parser.add_argument(
        "--memory", type=int, metavar="BYTES",
        help=f"size of the memory, a multiple of 64; default: 64 MiB, on Icarus 4 MiB{own}",
    )  # fmt: skip
    for name in ("a", "b"):
        parser.add_argument(
            f"--{name}", default="int8", choices=list(_TYPES), dest=f"{name}_type",
            help=f"type of {name.upper()}; default: int8",
        )  # fmt: skip


def operands(arguments):
    """Checks the arguments of :func:`add_product`, and sets those that are not given.

    Returns A, B and the size of the memory; None for a board, which is not known yet.
    """
    for name in ("m", "k", "n"):
        if getattr(arguments, name) < 1:
            raise ValueError(f"{name.upper()} must be at least 1, not {getattr(arguments, name)}")
    memory_size = arguments.memory
    if is_board(arguments.backend):
        Settings(seed=arguments.seed)  # checks it: the operands' alone, here
    else:
        for name, default in _DEFAULTS.items():
            if getattr(arguments, name) is None:
                setattr(arguments, name, default)
        memory_size = _checked_memory(arguments)
    rng = np.random.default_rng(arguments.seed)
    a = _random(rng, arguments.a_type, (arguments.m, arguments.k))
    b = _random(rng, arguments.b_type, (arguments.k, arguments.n))
    return a, b, memory_size


def _checked_memory(arguments):
    """The size of the memory; ValueError if a setting is wrong, or the product does not fit."""
    Settings(latency=arguments.latency, stall=arguments.stall, seed=arguments.seed)  # checks them
    backend = backend_class(arguments.backend)
    memory_size = backend.checked_memory_size(preset(arguments.preset), arguments.memory)
    Allocator(memory_size).require(*matrix_sizes(arguments.m, arguments.n, arguments.k))
    return memory_size


def preset_name(config):
    """The name of the preset that this configuration is; None if it is none."""
    return next((name for name, known in PRESETS.items() if known == config), None)


def run(arguments):
    """Runs the command; returns the exit code."""
    a, b, memory_size = operands(arguments)
    with opening.open(
        arguments.backend, preset=arguments.preset, latency=arguments.latency,
        stall=arguments.stall, seed=None if is_board(arguments.backend) else arguments.seed,
        memory_size=memory_size, waves=arguments.waves,
    ) as device:  # fmt: skip
        result, took = device.matmul(a, b), device.last_run
        expected = product_of(device.config, a=a, b=b).expected
        arguments.preset, clock_hz = preset_name(device.config), device.backend.clock_hz
    wrong = np.argwhere(result != expected)
    report = {
        **{name: getattr(arguments, name) for name in
           ("m", "k", "n", "preset", "backend", "latency", "stall", "seed")},
        "exact": not len(wrong), "cycles": took.cycles, "macs": took.macs,
        "utilization": took.utilization, "cycles_per_second": took.cycles_per_second,
        "commands": took.commands, "seconds": took.seconds, "counters": took.counters,
        "clock_hz": clock_hz,
    }  # fmt: skip
    print(json.dumps(report) if arguments.json else _text(report, took, wrong, result, expected))
    return 1 if len(wrong) else 0


def _random(rng, name, shape):
    limits = np.iinfo(_TYPES[name])
    return rng.integers(limits.min, limits.max, shape, _TYPES[name], endpoint=True)


def _text(report, took, wrong, result, expected):
    r = report
    core = r["preset"] or "a core of its own configuration"
    lines = [f"{r['m']} x {r['k']} times {r['k']} x {r['n']} on {core} ({r['backend']})"]
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
        lines.append(_time(r))
        lines.append(took.state_table)
    return "\n".join(lines)


def _time(report):
    """What the wall clock says."""
    seconds, clock_hz = report["seconds"], report["clock_hz"]
    if clock_hz is None:
        return f"{seconds:.3g} s, {report['cycles_per_second']:,.0f} cycles per second"
    core = 1000 * report["cycles"] / clock_hz
    return f"{core:.3g} ms at {clock_hz / 1e6:.1f} MHz; {seconds:.3g} s with the line"
