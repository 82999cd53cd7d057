"""Bars: the share of its bound that each case reaches, and what it must reach."""

import plotly.graph_objects as go

from .style import INK, MISSED, REACHED, figure, name_rows, plain

__all__ = ["allowed_cycles", "bars", "bars_height"]

_ROW, _AROUND = 15, 58


def allowed_cycles(measurement):
    """Cycles that a case may take, whatever its target is about; None without a target."""
    case, limits = measurement.case, []
    if case.most_cycles is not None:
        limits.append(case.most_cycles)
    if case.least_share is not None:
        limits.append(case.bound / case.least_share)
    if case.least_peak is not None:
        limits.append(case.macs / case.config.macs_per_cycle / case.least_peak)
    if case.most_ratio is not None and measurement.unstalled:
        limits.append(case.most_ratio * measurement.unstalled)
    return min(limits, default=None)


def bars_height(measurements):
    """Height of :func:`bars` in pixels."""
    return _ROW * len(measurements) + _AROUND


def bars(measurements):
    """A bar for each measurement of a group, the first on top, and a line at its target."""
    drawing = figure(bars_height(measurements), left=255, right=58, top=8, bottom=50,
                     showlegend=False)  # fmt: skip
    rows = list(range(len(measurements)))
    limits = [allowed_cycles(m) for m in measurements]
    targets = [limit and 100 * m.case.bound / limit
               for m, limit in zip(measurements, limits, strict=True)]  # fmt: skip
    drawing.add_trace(go.Bar(
        x=[100 * m.share for m in measurements], y=rows, orientation="h",
        marker={"color": [REACHED if m.passes else MISSED for m in measurements], "line_width": 0},
        hovertext=[_hover(m) for m in measurements],
        hovertemplate="%{hovertext}<extra></extra>"))
    drawing.add_trace(go.Scatter(
        x=targets, y=rows, mode="markers", hoverinfo="skip",
        marker={"symbol": "line-ns", "size": 9, "color": INK, "line": {"width": 2, "color": INK}}))
    for row, m in enumerate(measurements):
        drawing.add_annotation(
            x=1, xref="paper", xanchor="left", y=row, showarrow=False, xshift=4,
            text=f"{m.share:.1%}", font={"size": 11, "color": INK if m.passes else MISSED})
    drawing.update_xaxes(range=[0, 100], dtick=20, ticksuffix="%", title="share of the bound",
                         fixedrange=True)  # fmt: skip
    name_rows(drawing, measurements)
    return drawing


def _hover(m):
    target = f"target {plain(m.case.target)}: {'reached' if m.passes else 'missed'}"
    return (f"<b>{plain(m.case.name)}</b><br>{m.cycles:,} cycles, bound {m.case.bound:,.0f}"
            f"<br>{target if m.case.target else 'no target'}")  # fmt: skip
