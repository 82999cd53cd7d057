"""What the report is about: measurements of the table's cases, and one traced product."""

import json
from dataclasses import dataclass, fields

import numpy as np

from .. import opening
from ..backends import Settings
from ..operands import product_of
from ..performance.cases import CASES, Case, Group
from ..performance.measure import Measurement

__all__ = ["Product", "from_json", "traced"]

_GROUPS = {case.group.title: case.group for case in CASES}
_FIELDS = [field.name for field in fields(Case) if field.name != "group"]


@dataclass(frozen=True)
class Product:
    """The product whose timeline is shown: a case, and its trace.

    Parameters
    ----------
    case : Case
        Sizes, configuration and latency.
    trace : Trace
        What happened.
    """

    case: Case
    trace: object


def from_json(text):
    """The measurements in a table that ``ppu bench --json`` wrote.

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        return [_measurement(row) for row in json.loads(text)]
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError("this is no table of `ppu bench --json`: "
                         f"{type(error).__name__}: {error}") from error  # fmt: skip


def _measurement(row):
    for name in ("m", "k", "n", "cycles", "estimate"):
        if not isinstance(row[name], int) or row[name] < 1:
            raise TypeError(f"{name} must be a positive integer, not {row[name]!r}")
    group = _GROUPS.get(row["group"], Group(row["group"]))
    case = Case(group, **{name: row[name] for name in _FIELDS})
    return Measurement(case, row["cycles"], row["estimate"], dict(row["counters"]),
                       row["cycles_without_stalls"])  # fmt: skip


def traced(preset, latency, m, k, n):
    """Runs one product on the Verilated core, with a trace.

    Raises
    ------
    ValueError
        If a size is less than 1, or the latency is none.
    AssertionError
        If the result is wrong.
    """
    for name, value in (("M", m), ("K", k), ("N", n)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value}")
    Settings(latency=latency)  # checks it
    case = Case(Group("Traced product"), preset, latency, m, k, n)
    rng = np.random.default_rng(1)
    a, b = (rng.integers(-128, 128, shape, dtype=np.int8) for shape in ((m, k), (k, n)))
    with opening.open("verilator", preset=preset, latency=latency, trace=True) as device:
        exact = np.array_equal(device.matmul(a, b), product_of(device.config, a=a, b=b).expected)
        assert exact, case.name
        return Product(case, device.last_trace)
