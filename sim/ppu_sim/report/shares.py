"""Stall shares: the states of each unit as parts of all cycles."""

import plotly.graph_objects as go

from ppu.lib.states import MEANINGS, STATES

from ..trace.events import UNITS
from .style import INK, figure, name_rows, plain, state_key, states_of

__all__ = ["case_shares", "product_shares"]

_ROW, _THIN_ROW = 34, 17
#: A part is labelled in its bar if it is at least this share.
_LABELLED = 0.04


def product_shares(trace):
    """A bar for each unit of a traced product; parts of some size carry their share."""
    drawing = figure(_ROW * len(UNITS) + 60, left=110, right=20, top=6, bottom=50,
                     barmode="stack", showlegend=False)  # fmt: skip
    for unit in UNITS:
        spent = trace.state_cycles(unit)[0]
        for state in STATES[unit]:
            cycles = int(spent[state.value])
            if not cycles:
                continue
            name, colour = state_key(state)
            share = cycles / trace.cycles
            drawing.add_trace(go.Bar(
                orientation="h", x=[100 * share], y=[unit.upper()], name=name,
                marker={"color": colour, "line": {"width": 0}},
                text=[f"{share:.0%}" if share >= _LABELLED else ""], textposition="inside",
                insidetextanchor="middle", textangle=0, textfont={"color": _letters(colour)},
                hovertemplate=f"<b>{unit.upper()}: {name}</b><br>{plain(MEANINGS[state])}<br>"
                f"{cycles:,} of {trace.cycles:,} cycles, {share:.1%}<extra></extra>"))
    drawing.update_xaxes(range=[0, 100], dtick=20, ticksuffix="%", title="share of all cycles",
                         fixedrange=True)  # fmt: skip
    drawing.update_yaxes(fixedrange=True, autorange="reversed", showgrid=False)
    return drawing


def case_shares(measurements):
    """For each measurement of a group a row, with a bar for each unit."""
    drawing = figure(_THIN_ROW * len(measurements) + 74, left=255, right=16, top=28, bottom=46,
                     barmode="stack", showlegend=False)  # fmt: skip
    drawing.update_layout(bargap=0.2)
    shares = [states_of(m.counters) for m in measurements]
    for number, unit in enumerate(UNITS):
        axis = f"x{number + 1 if number else ''}"
        _add_unit(drawing, axis, unit, measurements, [share[unit] for share in shares])
        left = number / len(UNITS)
        width = 1 / len(UNITS) - 0.03
        drawing.update_layout({axis.replace("x", "xaxis"): {
            **drawing.layout.xaxis.to_plotly_json(), "domain": [left, left + width], "anchor": "y",
            "range": [0, 100], "dtick": 25, "ticksuffix": "%", "fixedrange": True}})
        drawing.add_annotation(x=left, xref="paper", xanchor="left", y=1, yref="paper",
                               yanchor="bottom", text=f"<b>{unit.upper()}</b>, share of all cycles",
                               showarrow=False)  # fmt: skip
    name_rows(drawing, measurements)
    return drawing


def _add_unit(drawing, axis, unit, measurements, shares):
    for state in STATES[unit]:
        parts = [100 * share[state] for share in shares]
        if not any(parts):
            continue
        name, colour = state_key(state)
        drawing.add_trace(go.Bar(
            orientation="h", x=parts, y=list(range(len(parts))), xaxis=axis, name=name,
            marker={"color": colour, "line": {"width": 0}},
            hovertext=[plain(m.case.name) for m in measurements],
            hovertemplate=f"<b>{unit.upper()}: {name}</b>, %{{x:.1f}} %<br>%{{hovertext}}<br>"
            f"{plain(MEANINGS[state])}<extra></extra>"))


def _letters(colour):
    """White or dark, whichever is easier to read on a colour."""
    red, green, blue = (int(colour[at:at + 2], 16) for at in (1, 3, 5))
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 140 else INK
