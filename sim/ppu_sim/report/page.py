"""The page: all figures and texts in one file that needs no other."""

from html import escape
from pathlib import Path

from plotly.io import to_html
from plotly.offline import get_plotlyjs

from ppu import __version__

from .bounds import bars, bars_height
from .roofline import roofline
from .shares import case_shares, product_shares
from .tables import grouped, headlines, legend, swatches, table
from .timeline import shown_cycles, timeline

__all__ = ["page"]

#: Nothing of a figure is sent anywhere, so that the page can be shown to anyone and off line.
_CONFIG = {"displaylogo": False, "responsive": True, "showSendToCloud": False,
           "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}  # fmt: skip
#: A figure that was hidden when it was drawn takes its size when it is shown.
_RESIZE = """
for (const part of document.querySelectorAll("details")) part.addEventListener("toggle", () => {
  for (const figure of part.querySelectorAll(".plotly-graph-div")) Plotly.Plots.resize(figure);
});
"""
_SECTIONS = (("roofline", "Roofline"), ("bound", "Share of the bound"), ("timeline", "Timeline"),
             ("stalls", "Stall shares"), ("states", "States"), ("table", "Table"),
             ("measured", "How it was measured"))  # fmt: skip


def page(measurements, product, command):
    """The page as text.

    Parameters
    ----------
    measurements : list of Measurement
        At least one.
    product : Product
        Whose timeline is shown.
    command : str
        The command that makes the page.
    """
    groups = grouped(measurements)
    parts = {
        "roofline": _roofline(measurements), "bound": _bound(groups),
        "timeline": _timeline(product), "stalls": _stalls(product, groups),
        "states": "<p>In every cycle, each unit is in exactly one state. The hardware counts them, "
                  f"and they add up to all cycles.</p>{legend()}",
        "table": _table(groups), "measured": _measured(product, command),
    }  # fmt: skip
    links = "".join(f'<a href="#{name}">{title}</a>' for name, title in _SECTIONS)
    sections = "".join(f'<section id="{name}"><h2>{title}</h2>{parts[name]}</section>'
                       for name, title in _SECTIONS)  # fmt: skip
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>PPU tensor core: report</title><style>{_style()}</style>"
        f"<script>{get_plotlyjs()}</script></head><body><h1>PPU tensor core: report</h1>"
        f"<p>Version {escape(__version__)}. Cycles of the Verilated core, from the doorbell to the "
        f"interrupt.</p><nav>{links}</nav>{headlines(measurements, product)}{sections}"
        f"<script>{_RESIZE}</script></body></html>\n"
    )


def _style():
    return Path(__file__).with_name("page.css").read_text()


def _html(name, figure, *, zoom=False):
    return to_html(figure, config={**_CONFIG, "displayModeBar": zoom}, include_plotlyjs=False,
                   full_html=False, div_id=name, default_height=f"{figure.layout.height}px")


def _roofline(measurements):
    return (
        "<p>The array's peak is the flat part of a roof, the bus its slope. Read and write channel "
        "run at the same time: what counts is the one that has more to move.</p>"
        + _html("roofline-figure", roofline(measurements), zoom=True)
    )


def _bound(groups):
    """A panel for each group, in two columns of about the same height."""
    columns, heights = ([], []), [0, 0]
    order = sorted(range(len(groups)), key=lambda number: -len(groups[number][1]))
    for number in order:
        column = heights.index(min(heights))
        columns[column].append(number)
        heights[column] += bars_height(groups[number][1]) + 30
    html = "".join(
        "<div>" + "".join(_panel(number, *groups[number]) for number in sorted(numbers)) + "</div>"
        for numbers in sorted(columns, key=lambda numbers: min(numbers, default=len(groups)))
    )  # fmt: skip
    return (
        "<p>No core with the same array and bus can be faster than the bound: each tile of B takes "
        "one cycle for each row of A, each operand and each result moves once. A black line marks "
        f'the target; a bar that misses it is orange.</p><div class="columns">{html}</div>'
    )


def _panel(number, group, measurements):
    return f"<h3>{escape(group.title)}</h3>" + _html(f"bound-figure-{number}", bars(measurements))


def _timeline(product):
    trace, cut = product.trace, ""
    if shown_cycles(trace) < trace.cycles:
        cut = f" The first {shown_cycles(trace):,} of {trace.cycles:,} cycles are shown."
    return (
        f"<p>{escape(product.case.name)}: {trace.cycles:,} cycles. Drag to zoom, drag the axis to "
        "move, double-click to see all; a slice tells what it is when pointed at. Commands carry "
        f"their number in the program.{cut}</p>"
        + _html("timeline-figure", timeline(trace), zoom=True)
    )


def _stalls(product, groups):
    parts = [swatches(), f"<h3>{escape(product.case.name)}</h3>",
             _html("stalls-figure", product_shares(product.trace)),
             "<h3>All cases</h3>"]  # fmt: skip
    for number, (group, measurements) in enumerate(groups):
        figure = _html(f"stalls-figure-{number}", case_shares(measurements))
        state = " open" if number == 0 else ""
        parts.append(f"<details{state}><summary>{escape(group.title)}</summary>{figure}</details>")
    return "".join(parts)


def _table(groups):
    parts = []
    for group, measurements in groups:
        parts.append(f"<h3>{escape(group.title)}</h3>")
        if group.references:
            parts.append(f'<p class="references">{escape(group.references)}</p>')
        parts.append(table(measurements))
    return "".join(parts)


def _measured(product, command):
    return (
        "<p>The RTL in Verilator, with a memory that takes one beat a cycle on each channel and "
        "answers after L cycles. Preset, bus and L stand beside each case. Operands are random, "
        "and each result was compared with numpy's. The timeline's product: "
        f"{escape(product.case.name)}.</p><p>This page is made by <code>{escape(command)}</code>."
        "</p>"
    )
