"""``ppu plan`` and ``ppu estimate``: how a product is cut, and what it will take."""

import json
from dataclasses import fields, replace

from ppu.config import Config, preset

from ..cycles import MemoryTiming, estimate
from ..program import Program, end, matmul_plan, matmul_program
from .cases import Case, Group
from .workloads import MODELS

__all__ = ["add_commands"]

_GROUP = Group("one product")
#: Rows, columns and depth of a product: more would take minutes to plan.
_LARGEST = 262_144
_TOKENS = 128


def add_commands(commands, presets):
    """Adds ``plan`` and ``estimate`` to the subcommands."""
    plan = commands.add_parser(
        "plan", help="how a product is cut into commands",
        description="Prints the blocks, loop order and buffer split that the scheduler chooses.")
    products = commands.add_parser(
        "estimate", help="the cycles of a product or a model, without simulating it",
        description="Predicts cycles, also for arrays that are too large to simulate.")
    for parser, run in ((plan, _plan), (products, _estimate)):
        number = {"type": int, "nargs": None if parser is plan else "?"}
        for name, text in (("m", "rows of A"), ("k", "columns of A"), ("n", "columns of B")):
            parser.add_argument(name, metavar=name.upper(), help=text, **number)
        parser.add_argument("--preset", default="medium", choices=presets, help="default: medium")
        parser.add_argument("--set", metavar="FIELD=VALUE", action="append", default=[],
                            help="another value of a configuration field; may be repeated")
        parser.add_argument("--latency", type=int, default=100, metavar="CYCLES",
                            help="of the memory; default: 100")  # fmt: skip
        parser.set_defaults(run=run)
    plan.add_argument("--listing", action="store_true", help="print the commands too")
    products.add_argument("--model", choices=list(MODELS), help="all layers of this model")
    products.add_argument("--tokens", type=int, metavar="M",
                          help=f"with --model: tokens at a time; default: {_TOKENS}")  # fmt: skip
    products.add_argument("--json", action="store_true", help="print one JSON object")


def _configuration(arguments):
    names = {field.name for field in fields(Config)} - {"signs"}
    changes = {}
    for text in arguments.set:
        name, _, value = text.partition("=")
        if name not in names:
            raise ValueError(f"--set takes one of {', '.join(sorted(names))}, not {name!r}")
        if not (value.isascii() and value.isdecimal()):
            raise ValueError(f"{name} must be an integer, not {value!r}")
        changes[name] = int(value)
    config = replace(preset(arguments.preset), **changes)
    if config.in_order:
        raise ValueError("the cycle model knows no cores with load_slots, execute_slots and "
                         "store_slots of 1")
    return config


def _program(config, m, k, n, memory):
    """Plan and program of a product with operands behind one another."""
    for name, size in (("M", m), ("K", k), ("N", n)):
        if not 1 <= size <= _LARGEST:
            raise ValueError(f"{name} must be from 1 to {_LARGEST:,}, not {size:,}")
    plan = matmul_plan(config, m, n, k, memory=memory)
    b, c = -(-m * k // 64) * 64, -(-m * k // 64) * 64 + -(-n * k // 64) * 64
    commands = matmul_program(config, m, n, k, 0, k, b, k, c, 4 * n, plan=plan)
    return plan, Program([*commands, end(1)])


def _plan(arguments):
    config, memory = _configuration(arguments), MemoryTiming(arguments.latency)
    plan, program = _program(config, arguments.m, arguments.k, arguments.n, memory)
    expected = estimate(config, program, memory)
    print(plan.describe())
    print(f"{len(program)} commands, {expected.cycles:,} cycles by the cycle model")
    if arguments.listing:
        print(program.listing())
    return 0


def _layers(arguments):
    """(name, M, K, N, how often) of all that is asked for."""
    sizes = arguments.m, arguments.k, arguments.n
    if arguments.model:
        if sizes != (None, None, None):
            raise ValueError("give M K N or --model, not both")
        return [(layer.name, arguments.tokens or _TOKENS, layer.k, layer.n, layer.count)
                for layer in MODELS[arguments.model]]  # fmt: skip
    if arguments.tokens is not None:
        raise ValueError("--tokens goes with --model")
    if None in sizes:
        raise ValueError("give M K N, or --model")
    return [("product", *sizes, 1)]


def _estimate(arguments):
    config, memory = _configuration(arguments), MemoryTiming(arguments.latency)
    rows = []
    for name, m, k, n, count in _layers(arguments):
        _, program = _program(config, m, k, n, memory)
        cycles = estimate(config, program, memory).cycles
        bound = Case(_GROUP, arguments.preset, arguments.latency, m, k, n).bound_of(config)
        rows.append({"layer": name, "m": m, "k": k, "n": n, "count": count, "cycles": cycles,
                     "share_of_bound": bound / cycles,
                     "share_of_peak": m * k * n / config.macs_per_cycle / cycles})  # fmt: skip
    total = sum(row["cycles"] * row["count"] for row in rows)
    macs = sum(row["m"] * row["k"] * row["n"] * row["count"] for row in rows)
    peak = macs / config.macs_per_cycle / total
    if arguments.json:
        print(json.dumps({"layers": rows, "cycles": total, "share_of_peak": peak}))
        return 0
    width = max(len(row["layer"]) for row in rows)
    for row in rows:
        print(f"{row['layer']:{width}}  {row['count']:3} x {row['m']} x {row['k']} x {row['n']}: "
              f"{row['cycles']:,} cycles, {row['share_of_bound']:.1%} of its bound, "
              f"{row['share_of_peak']:.1%} of peak")  # fmt: skip
    print(f"{'total':{width}}  {total:,} cycles, {peak:.1%} of peak, by the cycle model")
    return 0
