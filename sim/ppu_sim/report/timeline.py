"""The timeline of a traced product: what each unit and channel did in every cycle."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from ppu.lib.states import MEANINGS, STATES

from ..trace.events import UNITS
from .style import GREY, INK, STATE_COLOURS, figure, plain, state_key

__all__ = ["shown_cycles", "timeline"]

#: Slices that a browser still draws at once.
MOST_SLICES = 12_000
#: Cycles that the buttons for start and end of a run show.
_CLOSE_UP = 500
_STATES, _LANE, _BUS, _GAP = 28, 20, 20, 16
_COMMAND_FILL = "#cbd6e2"
#: ARID, or -1 for a write -> what is moved, and the colours of one burst and the next.
_MOVED = {1: ("operands", ("#5b6673", "#7f8a97")), 0: ("commands", ("#b08d57", "#c6aa7f")),
          -1: ("results", ("#5b6673", "#7f8a97"))}
_WAITS = {True: ("refused", STATE_COLOURS["bandwidth"]), False: ("idle in a burst", "#eceff2")}

#: Times of a command that are shown.
_MOMENTS = ("decoded", "taken", "go", "completed", "retired")


@dataclass
class _Rows:
    """Places of the rows from above, in pixels, and what is written beside them."""

    bottom: int = 6
    marks: tuple = ()

    def add(self, height, label=None, *, gap=0):
        """Adds a row; returns the place of its middle."""
        middle = self.bottom + gap + height / 2
        self.bottom += gap + height
        if label:
            self.marks += ((middle, label),)
        return middle


def shown_cycles(trace):
    """The cycles from the first on that are not too much for a browser."""
    taken = trace.commands["taken"]
    starts = np.sort(np.concatenate([
        *(trace.states[unit]["start"] for unit in UNITS), taken[taken >= 0],
        *(found[name]["start"] for found in (trace.bursts, trace.waits) for name in ("r", "w"))]))
    return trace.cycles if len(starts) <= MOST_SLICES else int(starts[MOST_SLICES])


def timeline(trace):
    """The figure: tracks of LOAD, EXECUTE, STORE, of read and of write data.

    For each unit a strip of its states, and below it its commands, on as many lanes as it has
    commands at a time. Of a long run only the first :func:`shown_cycles` are drawn.
    """
    cycles, rows = shown_cycles(trace), _Rows()
    drawing, seen = figure(100, left=110, right=20, top=46, bottom=48), set()
    for number, unit in enumerate(UNITS):
        _add_states(drawing, trace, unit, cycles, rows, seen)
        _add_commands(drawing, trace, number, cycles, rows)
    for name, label in (("r", "AXI R"), ("w", "AXI W")):
        _add_bursts(drawing, trace, name, cycles, rows.add(_BUS, label, gap=_GAP), seen)
    bottom = rows.bottom + 6
    drawing.update_layout(
        height=bottom + 46 + 48 + 66, margin_b=48 + 66, barmode="overlay", dragmode="zoom",
        uniformtext={"minsize": 8, "mode": "hide"}, updatemenus=[_buttons(cycles)],
        legend={"orientation": "h", "x": 0, "y": -46 / bottom, "yanchor": "top",
                "itemclick": False, "itemdoubleclick": False, "traceorder": "normal"})
    drawing.update_xaxes(title="cycles since the doorbell", range=[0, cycles], tickformat=",d",
                         title_standoff=6, showspikes=True, spikemode="across", spikethickness=1,
                         spikedash="dot", spikecolor=GREY)  # fmt: skip
    drawing.update_yaxes(range=[bottom, 0], fixedrange=True, showgrid=False,
                         tickvals=[place for place, _ in rows.marks],
                         ticktext=[label for _, label in rows.marks])  # fmt: skip
    return drawing


def _buttons(cycles):
    close = min(_CLOSE_UP, cycles)
    views = [("whole run", 0, cycles), (f"first {close:,} cycles", 0, close),
             (f"last {close:,} cycles", cycles - close, cycles)]  # fmt: skip
    return {
        "type": "buttons", "direction": "left", "x": 0, "xanchor": "left", "y": 1,
        "yanchor": "bottom", "pad": {"b": 8, "l": 0}, "showactive": False, "font": {"size": 11},
        "bordercolor": GREY,
        "buttons": [{"label": label, "method": "relayout", "args": [{"xaxis.range": [start, end]}]}
                    for label, start, end in views],
    }  # fmt: skip


def _slices(drawing, place, height, starts, ends, **more):
    drawing.add_trace(go.Bar(
        orientation="h", base=starts, x=ends - starts, y=np.full(len(starts), place), width=height,
        **{"showlegend": False, **more}))


def _add_states(drawing, trace, unit, cycles, rows, seen):
    place = rows.add(_STATES, f"<b>{unit.upper()}</b> state", gap=_GAP if rows.marks else 0)
    runs = trace.states[unit]
    ends = np.minimum(np.append(runs["start"][1:], trace.cycles), cycles)
    for state in STATES[unit]:
        chosen = (runs["value"] == state.value) & (runs["start"] < cycles)
        if not chosen.any():
            continue
        name, colour = state_key(state)
        starts = runs["start"][chosen]
        _slices(drawing, place, _STATES, starts, ends[chosen], name=name,
                showlegend=name not in seen, marker={"color": colour, "line": {"width": 0}},
                customdata=np.stack([ends[chosen], ends[chosen] - starts], axis=1),
                hovertemplate=f"<b>{unit.upper()}: {name}</b><br>{plain(MEANINGS[state])}<br>"
                "%{customdata[1]:,d} cycles, from %{base:,d} to before %{customdata[0]:,d}"
                "<extra></extra>")  # fmt: skip
        seen.add(name)


def _lanes(taken, ends):
    """For each command, the lane in which none of the commands before it is left."""
    busy, lanes = [], []
    for start, end in zip(taken.tolist(), ends.tolist(), strict=True):
        lane = next((lane for lane, until in enumerate(busy) if until <= start), len(busy))
        busy[lane:lane + 1] = [end]
        lanes.append(lane)
    return np.array(lanes, int)


def _add_commands(drawing, trace, number, cycles, rows):
    own = np.flatnonzero((trace.commands["unit"] == number) & (trace.commands["taken"] >= 0)
                         & (trace.commands["taken"] < cycles))  # fmt: skip
    if not len(own):
        return
    times = trace.commands[own]
    ends = np.where(times["completed"] < 0, trace.cycles, times["completed"] + 1)
    lanes = _lanes(times["taken"], ends)
    places = [rows.add(_LANE, "commands" if lane == 0 else None, gap=3 if lane == 0 else 0)
              for lane in range(lanes.max() + 1)]  # fmt: skip
    for lane, place in enumerate(places):
        chosen = np.flatnonzero(lanes == lane)
        _slices(drawing, place, _LANE - 2, times["taken"][chosen],
                np.minimum(ends[chosen], cycles),
                marker={"color": _COMMAND_FILL, "line": {"width": 1, "color": "white"}},
                text=[str(index) for index in own[chosen]], textposition="inside",
                insidetextanchor="middle", textangle=0, textfont={"size": 10, "color": INK},
                hovertext=[_hover(trace, int(index)) for index in own[chosen]],
                hovertemplate="%{hovertext}<extra></extra>")  # fmt: skip


def _hover(trace, index):
    command, times = trace.program[index], trace.commands[index]
    moments = ", ".join(f"{name} {int(times[name]):,}" for name in _MOMENTS if times[name] >= 0)
    fields = " ".join(str(command).split())
    return f"<b>command {index}</b><br>{plain(fields)}<br>in cycle: {moments}"


def _add_bursts(drawing, trace, name, cycles, place, seen):
    bursts, waits = trace.bursts[name], trace.waits[name]
    for number, (label, colours) in _MOVED.items():
        if (name == "w") != (number < 0):
            continue
        chosen = bursts[(bursts["start"] < cycles) & ((bursts["id"] == number) | (name == "w"))]
        if not len(chosen):
            continue
        _slices(drawing, place, _BUS, chosen["start"], np.minimum(chosen["end"], cycles),
                name=f"{name.upper()}: {label}", showlegend=True,
                marker={"color": np.resize(colours, len(chosen)), "line": {"width": 0}},
                customdata=np.stack([chosen["end"], chosen["beats"], chosen["address"]], axis=1),
                hovertemplate=f"<b>AXI {name.upper()}: burst of {label}</b><br>%{{customdata[1]}} "
                "beats from address %{customdata[2]:#x}<br>cycles %{base:,d} to before "
                "%{customdata[0]:,d}<extra></extra>")  # fmt: skip
    for refused, (label, colour) in _WAITS.items():
        chosen = waits[(waits["refused"] == refused) & (waits["start"] < cycles)]
        if not len(chosen):
            continue
        _slices(drawing, place, _BUS, chosen["start"], np.minimum(chosen["end"], cycles),
                name=f"R, W: {label}", showlegend=label not in seen,
                marker={"color": colour, "line": {"width": 0}},
                customdata=chosen["end"],
                hovertemplate=f"<b>AXI {name.upper()}: {label}</b><br>cycles %{{base:,d}} to "
                "before %{customdata:,d}<extra></extra>")  # fmt: skip
        seen.add(label)
