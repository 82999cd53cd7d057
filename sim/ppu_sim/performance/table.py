"""The table of measurements, for reading."""

import textwrap

__all__ = ["markdown", "row", "text"]


def row(measurement):
    """The cells of a measurement: case, cycles, share of bound and of peak, estimate, target."""
    m = measurement
    cycles = f"{m.cycles:,}"
    if m.unstalled:
        cycles += f" ({m.cycles / m.unstalled:.3f} x)"
    return (
        m.case.name, cycles, f"{m.share:.1%}", f"{m.peak:.1%}", f"{m.error:+.1%}",
        m.case.target, "yes" if m.passes else "NO",
    )  # fmt: skip


_HEAD = ("case (M x K x N)", "cycles", "of bound", "of peak", "estimate", "target", "reached")


def _grouped(measurements):
    groups = {}
    for measurement in measurements:
        groups.setdefault(measurement.case.group, []).append(measurement)
    return groups.items()


def text(measurements):
    """The table as plain text."""
    rows = {group: [row(m) for m in some] for group, some in _grouped(measurements)}
    widths = [max(map(len, cells)) for cells in zip(
        _HEAD, *(cells for some in rows.values() for cells in some), strict=True)]  # fmt: skip

    def line(cells):
        left, *others = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        return "  ".join((left.strip().ljust(widths[0]), *others)).rstrip()

    lines = []
    for group, some in rows.items():
        lines += ["", group.title, *_wrapped(group.references), line(_HEAD), *map(line, some)]
    return "\n".join(lines[1:])


_INTRODUCTION = """\
# Performance

Written by `ppu bench --markdown docs/performance.md`; `tests/integration/test_performance.py`
holds every row, to the cycle. `make bench` prints it, with pictures in `build/report.html`.

- **Cycles** are counted from the clock edge at which the doorbell is written to the one at which
  the interrupt rises: command fetch, loads from memory, stores of INT32 results and the last
  write response included. They are the same on every machine and in every simulator.
- **L** is the memory's latency: cycles from an address to its first data, and from the last data
  to the response. It transfers one beat a cycle on each of R and W and takes 16 requests at a
  time.
- **Peak** is `row_bytes * columns` multiply-accumulates a cycle.
- **Bound**: cycles that no core with this array and this bus can beat, the larger of `ceil(K /
  row_bytes) * ceil(N / columns) * M` and the bytes that must move on the busier of the read and
  the write channel, each operand and each result once, by the bytes of a beat.
- Targets that are not reached, and what limits them: [timing.md](timing.md).
- **Estimate**: how far the [cycle model](scheduling.md) is off, which simulates nothing.
"""


def markdown(measurements):
    """The table for the manual."""
    lines = [_INTRODUCTION]
    for group, some in _grouped(measurements):
        lines += [f"## {group.title}", ""]
        lines += [*_wrapped(group.references, 120), ""] if group.references else []
        lines += [f"| {' | '.join(_HEAD)} |", "|" + " --- |" * len(_HEAD)]
        lines += [f"| {' | '.join(row(m))} |" for m in some] + [""]
    return "\n".join(lines).rstrip() + "\n"


def _wrapped(text, width=98):
    return textwrap.wrap(text, width)
