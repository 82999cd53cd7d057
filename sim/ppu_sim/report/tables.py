"""The parts of the page that are text: headline figures, legend of the states, the table."""

from html import escape

from ppu.lib.states import MEANINGS, STATES

from ..performance.table import row
from .style import STATE_COLOURS, state_key

__all__ = ["grouped", "headlines", "legend", "swatches", "table"]

_HEAD = ("case (M x K x N)", "cycles", "share of bound", "share of peak", "estimate is off by",
         "target", "reached")  # fmt: skip


def grouped(measurements):
    """Pairs of a group and its measurements, in order."""
    groups = {}
    for measurement in measurements:
        groups.setdefault(measurement.case.group, []).append(measurement)
    return list(groups.items())


def headlines(measurements, product):
    """The figures that one wants to know first."""
    passed, best = sum(m.passes for m in measurements), max(measurements, key=lambda m: m.peak)
    share = sum(m.share for m in measurements) / len(measurements)
    estimated = [m for m in measurements if not m.case.stall]
    case, cycles = product.case, product.trace.cycles
    tiles = [
        (f"{passed} of {len(measurements)}", "targets reached"),
        (f"{share:.1%}", "of the bound, mean of all cases"),
        (f"{best.peak:.1%}", f"of the peak at best: {best.case.name}"),
    ]
    if estimated:
        worst = max(abs(m.error) for m in estimated)
        tiles.append((f"{worst:.1%}", "is the most by which the cycle model is off"))
    tiles.append((f"{cycles:,}", f"cycles for the timeline's product, {case.bound / cycles:.1%} of "
                                 f"its bound: {case.name}"))  # fmt: skip
    return '<div class="tiles">' + "".join(
        f"<div><b>{escape(figure)}</b><span>{escape(text)}</span></div>" for figure, text in tiles
    ) + "</div>"  # fmt: skip


def swatches():
    """The colours of all states, in a line."""
    parts = (f'<span><i style="background:{colour}"></i>{escape(name)}</span>'
             for name, colour in STATE_COLOURS.items())  # fmt: skip
    return f'<div class="swatches">{"".join(parts)}</div>'


def legend():
    """What each state of each unit means, with its colour."""
    columns = []
    for unit, states in STATES.items():
        rows = []
        for state in states:
            name, colour = state_key(state)
            rows.append(f'<tr><td><i style="background:{colour}"></i></td><th>{escape(name)}</th>'
                        f"<td>{escape(MEANINGS[state])}</td></tr>")  # fmt: skip
        columns.append(f"<table><caption>{escape(unit.upper())}</caption>{''.join(rows)}</table>")
    return f'<div class="legend">{"".join(columns)}</div>'


def table(measurements):
    """The table of one group: what was measured, and what it must reach."""
    lines = ["<tr>" + "".join(f"<th>{escape(head)}</th>" for head in _HEAD) + "</tr>"]
    for m in measurements:
        kind = "" if m.passes else ' class="missed"'
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in row(m))
        lines.append(f"<tr{kind}>{cells}</tr>")
    return f'<table class="cases">{"".join(lines)}</table>'
