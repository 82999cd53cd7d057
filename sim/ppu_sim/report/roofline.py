"""The roofline: what array and bus allow, and what was reached."""

import math

import plotly.graph_objects as go

from .style import GREY, figure, plain

__all__ = ["intensity", "roofline"]

#: For cores and for groups of cases, in the order of appearance.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#7f7f7f")
_DASHES = ("solid", "dot", "dash", "dashdot", "longdash", "longdashdot")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "pentagon", "hexagon")


def intensity(case):
    """MACs for each byte on the busier of read and write channel.

    Each operand moves once on the one, each result once on the other, as in the case's bound.
    """
    read, write = (case.m + case.n) * case.k, 4 * case.m * case.n
    return case.m * case.k * case.n / max(read, write)


def roofline(measurements):
    """The figure: a roof for each core, a point for each measurement.

    A case whose sizes are no multiples of the array's is bounded below the roof.
    """
    cores, groups = {}, {}
    for m in measurements:
        cores.setdefault(_core(m.case), []).append(m)
        groups.setdefault(m.case.group.title, len(groups))
    drawing = figure(560, bottom=60, right=330, legend={
        "x": 1.02, "y": 1, "tracegroupgap": 14, "itemsizing": "constant", "itemclick": False,
        "itemdoubleclick": False})
    intensities = [intensity(m.case) for m in measurements]
    left, right = min(0.5, *intensities) / 1.3, 3 * max(intensities)
    for number, (core, some) in enumerate(cores.items()):
        colour, config = _COLOURS[number % len(_COLOURS)], some[0].case.config
        corner = config.macs_per_cycle / config.beat_bytes
        xs = sorted({left, corner, max(right, corner)})
        drawing.add_trace(go.Scatter(
            x=xs, y=[min(config.macs_per_cycle, config.beat_bytes * x) for x in xs], mode="lines",
            line={"color": colour, "width": 2, "dash": _DASHES[number % len(_DASHES)]},
            name=f"{plain(core)}: {config.macs_per_cycle} MACs, {config.beat_bytes} bytes a cycle",
            legendgroup="cores", legendgrouptitle_text="Roofs: array and bus", hoverinfo="skip"))
        for m in some:
            symbol = _SYMBOLS[groups[m.case.group.title] % len(_SYMBOLS)]
            drawing.add_trace(_point(m, colour, symbol))
    for title, number in groups.items():
        drawing.add_trace(go.Scatter(
            x=[None], y=[None], mode="markers", name=plain(title), legendgroup="groups",
            legendgrouptitle_text="Points: cases, in the core's colour", hoverinfo="skip",
            marker={"color": GREY, "size": 9, "symbol": _SYMBOLS[number % len(_SYMBOLS)]}))
    reached = [m.case.macs / m.cycles for m in measurements]
    peak = max(m.case.config.macs_per_cycle for m in measurements)
    drawing.update_xaxes(**_logarithmic(left, right),
                         title="MACs per byte on the busier channel, read or write")  # fmt: skip
    drawing.update_yaxes(**_logarithmic(min(reached) / 1.6, 1.5 * peak), title="MACs per cycle")
    return drawing


def _logarithmic(low, high):
    """An axis from `low` to `high` with 1, 2 and 5 of each decade."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)))
    values = [step * 10.0 ** decade for decade in decades for step in (1, 2, 5)]
    return {"type": "log", "range": [math.log10(low), math.log10(high)], "tickvals": values,
            "ticktext": [f"{value:,g}" for value in values]}  # fmt: skip


def _core(case):
    return case.preset + (f", {case.axi_data_width}-bit bus" if case.axi_data_width else "")


def _point(m, colour, symbol):
    rate = m.case.macs / m.cycles
    text = (f"<b>{plain(m.case.name)}</b><br>{m.cycles:,} cycles, bound {m.case.bound:,.0f}: "
            f"{m.share:.1%} of it<br>{rate:,.1f} MACs per cycle, {m.peak:.1%} of the peak"
            f"<br>{intensity(m.case):,.2f} MACs per byte")  # fmt: skip
    return go.Scatter(
        x=[intensity(m.case)], y=[rate], mode="markers", showlegend=False,
        hovertemplate=f"{text}<extra></extra>",
        marker={"color": colour, "size": 9, "symbol": symbol, "opacity": 0.8,
                "line": {"color": "white", "width": 1}})
