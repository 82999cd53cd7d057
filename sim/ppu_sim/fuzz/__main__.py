"""``python -m ppu_sim.fuzz``: random programs on the Verilated core against the model."""

import argparse
import dataclasses
import sys
import time

from ppu.config import PRESETS, preset

from ..backends import Settings
from ..backends.model import ModelBackend
from ..backends.verilator import VerilatorBackend
from ..program import shrink
from ..waves import add_option
from .case import (
    MEMORY_BYTES,
    check,
    random_case,
    run_case,
    stays_clear,
    with_end,
    without_end,
)

__all__ = ["campaign", "main"]


def expectation(case):
    """The outcome of a case on the model."""
    return run_case(case, ModelBackend(case.config, MEMORY_BYTES))


def verdict(case, expected, *, waves=None):
    """What is wrong with a case on the Verilated core; empty if nothing is."""
    backend = VerilatorBackend(case.config, MEMORY_BYTES, waves=waves)
    try:
        return check(case, run_case(case, backend), expected)
    except (TimeoutError, AssertionError) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        backend.close()


def report(case, text, *, waves=None):
    """The failing case as a short program; its waves go to the file `waves`, if any."""

    def explain(program, **options):
        changed = dataclasses.replace(case, program=program)
        return verdict(changed, expectation(changed), **options)

    def fails(program):
        return stays_clear(program) and bool(explain(with_end(program)))

    body = without_end(case.program)
    shown = with_end(shrink(body, fails)) if fails(body) else case.program
    return (f"seed {case.seed}: {text}\n{case.settings}\nshrunk: "
            f"{explain(shown, waves=waves)}\n{shown.listing()}")  # fmt: skip


def campaign(config, seeds, *, stall=0.25, progress=None, waves=None):
    """Runs the cases of all `seeds`; returns (errors seen by code, report of the first failure).

    The waves of the program in the report go to the file `waves`, if any.
    """
    codes = {}
    for done, seed in enumerate(seeds, 1):
        case = random_case(config, seed, stall=stall)
        expected = expectation(case)
        text = verdict(case, expected)
        if text:
            return codes, report(case, text, waves=waves)
        code = expected.registers["ERROR_CODE"]
        codes[code] = codes.get(code, 0) + 1
        if progress is not None:
            progress(done)
    return codes, ""


def main(arguments=None):
    """Command line; exit code 1 if a program fails."""
    parser = argparse.ArgumentParser(prog="ppu_sim.fuzz", description=__doc__)
    parser.add_argument("count", type=int, help="programs on each preset")
    parser.add_argument("--preset", nargs="+", default=["tiny", "small"], choices=PRESETS)
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--stall", type=float, default=0.25, help="chance on each channel")
    add_option(parser, "the signals of a program that fails, once it is shrunk")
    options = parser.parse_args(arguments)
    if options.count < 1:
        parser.error(f"count must be at least 1, not {options.count}")
    if options.seed < 0:
        parser.error(f"--seed must be at least 0, not {options.seed}")
    try:
        Settings(stall=options.stall)
    except ValueError as error:
        parser.error(str(error))
    for name in options.preset:
        start = time.monotonic()

        def progress(done, name=name, start=start):
            if done % 100 == 0 or done == options.count:
                print(f"\r{name}: {done}/{options.count} programs, "
                      f"{time.monotonic() - start:.0f} s", end="", flush=True)  # fmt: skip

        seeds = range(options.seed, options.seed + options.count)
        codes, failure = campaign(
            preset(name), seeds, stall=options.stall, progress=progress, waves=options.waves
        )
        print()
        if failure:
            print(failure)
            return 1
        print(f"{name}: all equal; programs by error code: "
              + ", ".join(f"{code}: {count}" for code, count in sorted(codes.items())))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
