"""How all figures look: colours, letters, axes."""

from html import escape

import plotly.graph_objects as go

from ppu.lib.states import STATES

from ..trace.perfetto import state_name

__all__ = ["GREY", "INK", "LIGHT", "MISSED", "REACHED", "STATE_COLOURS", "figure", "name_rows",
           "plain", "state_key", "states_of"]  # fmt: skip

INK, GREY, LIGHT = "#222222", "#6b7280", "#e3e6ea"
#: Targets that are reached, and others.
REACHED, MISSED = "#33669a", "#d55e00"
#: Name of a state -> its colour, the same in all figures. Chosen so that with any kind of colour
#: vision, those of a unit can be told apart.
STATE_COLOURS = {
    "busy": REACHED,
    "no command": "#dddddd",
    "waits for LOAD": "#cc6677",
    "waits for EXECUTE": "#56b4e9",
    "waits for STORE": "#aaaa00",
    "latency": "#ee8866",
    "bandwidth": "#993404",
    "bank": "#332288",
    "weights": "#882255",
    "pipeline": "#e69f00",
    "response": "#ddcc77",
}
_FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def state_key(state):
    """What the legend calls a state, and its colour."""
    name = state_name(state)
    return name, STATE_COLOURS[name]


def states_of(counters):
    """Unit -> {state: share of its cycles}, from performance counters by name."""
    shares = {}
    for unit, states in STATES.items():
        cycles = {state: counters.get(f"{unit}_{state.name}".upper(), 0) for state in states}
        total = sum(cycles.values()) or 1
        shares[unit] = {state: spent / total for state, spent in cycles.items()}
    return shares


def figure(height, *, left=70, right=20, top=20, bottom=50, **layout):
    """An empty figure of some height and margins, in pixels."""
    drawing = go.Figure()
    drawing.update_layout(
        template="none", height=height, font={"family": _FONT, "size": 12, "color": INK},
        margin={"l": left, "r": right, "t": top, "b": bottom, "pad": 3},
        paper_bgcolor="white", plot_bgcolor="white", bargap=0.25,
        hoverlabel={"bgcolor": "white", "font": {"color": INK}, "align": "left"}, **layout,
    )  # fmt: skip
    drawing.update_xaxes(gridcolor=LIGHT, zeroline=False, linecolor=GREY, ticks="outside",
                         tickcolor=GREY)  # fmt: skip
    drawing.update_yaxes(gridcolor=LIGHT, zeroline=False, linecolor=GREY)
    return drawing


def name_rows(drawing, measurements):
    """Makes the vertical axis one of rows from above, each with the name of a measurement."""
    rows = list(range(len(measurements)))
    drawing.update_yaxes(
        range=[len(rows) - 0.5, -0.5], tickvals=rows, tickfont_size=11, showgrid=False,
        ticktext=[plain(m.case.name) for m in measurements], fixedrange=True, automargin=True)


def plain(text):
    """Text for a figure, in which no letter means anything else."""
    return escape(text, quote=False)
