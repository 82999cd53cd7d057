"""Area and Fmax over the size of the array, as one HTML page."""

from html import escape

import plotly.graph_objects as go
from plotly.io import to_html

from ppu_sim.report.style import GREY, MISSED, REACHED, figure

from .results import speed

__all__ = ["page", "table"]

_COLUMNS = ("core", "array", "LUT", "FF", "multipliers", "block RAM", "MHz, best", "MHz, all seeds")


def table(results):
    """Rows of text, the first with titles: one for each point; what failed says so."""
    rows = [_COLUMNS]
    for result in results:
        area = result["synthesis"]
        array = f"{result['array_rows']} x {result['columns']}"
        if "error" in area:
            rows.append((result["title"], array, "failed", "", "", "", "", _first_line(area)))
            continue
        best = "" if result["best_mhz"] is None else f"{result['best_mhz']:.1f}"
        rows.append((
            result["title"], array, *(f"{area[kind]:,}" for kind in ("lut", "ff", "dsp", "bram")),
            best, ", ".join(f"{seed}: {_seed(run)}" for seed, run in result["seeds"].items())))
    return rows


def _first_line(result):
    lines = result["error"].splitlines()
    return lines[-1] if lines else "failed"


def _seed(run):
    if "error" in run:
        return f"failed ({_first_line(run)})"
    return f"{speed(run):.1f}"


def page(results, command):
    """The page as text; it needs no other file.

    Parameters
    ----------
    results : list of dict
        What :func:`~.sweep.sweep` gives.
    command : str
        The command that makes the page.
    """
    rows = table(results)
    head = "".join(f"<th>{title}</th>" for title in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows[1:])  # fmt: skip
    drawings = [to_html(drawing, include_plotlyjs=number == 0, full_html=False,
                        config={"displaylogo": False, "responsive": True})
                for number, drawing in enumerate((area(results), rate(results)))]  # fmt: skip
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        "<title>PPU tensor core: FPGA sweep</title><style>body{font-family:system-ui,sans-serif;"
        "max-width:70rem;margin:2rem auto;padding:0 1rem}td,th{text-align:left;padding:.2rem "
        ".8rem .2rem 0}</style></head><body><h1>PPU tensor core: FPGA sweep</h1>"
        f"<h2>LUTs over multiply-accumulates per cycle</h2>{drawings[0]}"
        f"<h2>Fmax over multiply-accumulates per cycle</h2>{drawings[1]}"
        f"<h2>Table</h2><table><tr>{head}</tr>{body}</table>"
        f"<p>Made by <code>{escape(command)}</code>.</p></body></html>\n"
    )


def _drawing(results, title):
    drawing = figure(360)
    sizes = sorted({result["macs"] for result in results})
    drawing.update_xaxes(type="log", tickvals=sizes, ticktext=[str(size) for size in sizes],
                         title="INT8 multiply-accumulates per cycle")  # fmt: skip
    drawing.update_yaxes(title=title, rangemode="tozero")
    return drawing


def _names(results):
    return [escape(f"{result['title']}: {result['array_rows']} x {result['columns']}")
            for result in results]  # fmt: skip


def area(results):
    """LUTs of the bare cores, one point each."""
    shown = [result for result in results if "error" not in result["synthesis"]]
    drawing = _drawing(results, "LUT")
    drawing.add_trace(go.Scatter(
        x=[result["macs"] for result in shown], y=[result["synthesis"]["lut"] for result in shown],
        mode="markers", marker={"size": 11, "color": REACHED}, text=_names(shown),
        hovertemplate="%{text}<br>%{y:,} LUT<extra></extra>", showlegend=False))
    return drawing


def rate(results):
    """Fmax: the best seed as a large point, the others as small ones."""
    drawing = _drawing(results, "MHz")
    for name, choose, marker in (
        ("each seed", lambda result: [
            speed(run) for run in result["seeds"].values()
            if "error" not in run], {"size": 6, "color": GREY}),
        ("best seed", lambda result: (
            [] if result["best_mhz"] is None else [result["best_mhz"]]),
         {"size": 11, "color": MISSED}),
    ):  # fmt: skip
        points = [(result["macs"], mhz, text)
                  for result, text in zip(results, _names(results), strict=True)
                  for mhz in choose(result)]  # fmt: skip
        drawing.add_trace(go.Scatter(
            x=[point[0] for point in points], y=[point[1] for point in points], name=name,
            text=[point[2] for point in points], mode="markers", marker=marker,
            hovertemplate="%{text}<br>%{y:.1f} MHz<extra></extra>"))
    return drawing
