"""Measures cases on the Verilated core."""

import json
import sys
from dataclasses import asdict, dataclass, replace

import numpy as np

from ..cycles import MemoryTiming, estimate
from ..opening import open as open_device
from ..operands import product_of
from ..program import Placement, end, matmul_program

__all__ = ["Measurement", "case_program", "measure", "measured", "selected", "to_json"]


@dataclass(frozen=True)
class Measurement:
    """A case, what it took and what was expected.

    Parameters
    ----------
    case : Case
        What was measured.
    cycles : int
        From the doorbell to the last interrupt.
    estimate : int
        By the cycle model.
    counters : dict
        Performance counters by name.
    unstalled : int or None
        Cycles without stalls, of a case with stalls.
    """

    case: object
    cycles: int
    estimate: int
    counters: dict
    unstalled: int | None = None

    @property
    def share(self):
        """Share of the bound."""
        return self.case.bound / self.cycles

    @property
    def peak(self):
        """Share of the array's peak."""
        return self.case.macs / self.case.config.macs_per_cycle / self.cycles

    @property
    def error(self):
        """How far the cycle model is off."""
        return self.estimate / self.cycles - 1

    @property
    def passes(self):
        """Whether the case reaches what it must."""
        return self.case.passes(self.cycles, self.unstalled)


def case_program(case):
    """The commands of a case, as the device makes them, at addresses of the same alignment."""
    memory, placement = MemoryTiming(case.latency), Placement(case.config)
    m, k, n = case.m, case.k, case.n
    commands, top = [], 0
    for tag in range(1, case.copies + 1):
        addresses = []
        for size in (m * k, n * k, 4 * m * n):
            addresses.append(top)
            top += -(-size // 64) * 64
        a, b, c = addresses
        commands += matmul_program(
            case.config, m, n, k, a, k, b, k, c, 4 * n, memory=memory, placement=placement)
        commands.append(end(tag))
    return commands


def measure(case):
    """Runs a case on the Verilated core.

    Raises
    ------
    AssertionError
        If a result is wrong.
    """
    run = _run(case)
    unstalled = _run(replace(case, stall=0.0)).cycles if case.stall else None
    expected = estimate(case.config, case_program(case), MemoryTiming(case.latency))
    return Measurement(case, run.cycles, expected.cycles, run.counters, unstalled)


def _run(case):
    rng = np.random.default_rng(1)
    pairs = [
        tuple(rng.integers(-128, 128, shape, dtype=np.int8)
              for shape in ((case.m, case.k), (case.k, case.n)))
        for _ in range(case.copies)
    ]  # fmt: skip
    with open_device(
        "verilator", config=case.config, latency=case.latency, stall=case.stall
    ) as device:
        results = device.matmuls(pairs)
        for (a, b), result in zip(pairs, results, strict=True):
            assert np.array_equal(result, product_of(case.config, a=a, b=b).expected), case.name
        return device.last_run


def measured(cases):
    """Measures cases, and tells on standard error which."""
    measurements = []
    for number, case in enumerate(cases, start=1):
        print(f"\r\033[K{number}/{len(cases)}  {case.name}", end="", file=sys.stderr, flush=True)
        measurements.append(measure(case))
    print("\r\033[K", end="", file=sys.stderr)
    return measurements


def selected(cases, only):
    """The cases whose group or name contains a text, in any case.

    Raises
    ------
    ValueError
        If there is none.
    """
    chosen = [case for case in cases if only.lower() in f"{case.group.title} {case.name}".lower()]
    if not chosen:
        raise ValueError(f"no case contains {only!r}")
    return chosen


def to_json(measurements):
    """The table as text in JSON: a list of objects."""
    return json.dumps([
        {
            **{name: value for name, value in asdict(m.case).items() if name != "group"},
            "group": m.case.group.title, "cycles": m.cycles, "bound": m.case.bound,
            "share_of_bound": m.share, "share_of_peak": m.peak, "target": m.case.target,
            "passes": m.passes, "cycles_without_stalls": m.unstalled,
            "estimate": m.estimate, "counters": m.counters,
        }
        for m in measurements
    ], indent=1)  # fmt: skip
