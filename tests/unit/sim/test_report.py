"""The report's figures and its page, of made-up measurements and a made-up trace."""

import subprocess
import sys
from html.parser import HTMLParser
from itertools import combinations, pairwise

import numpy as np
import pytest

from ppu.isa import Opcode
from ppu.lib.states import STATES
from ppu_sim.performance.cases import CASES, Case, Group
from ppu_sim.performance.measure import Measurement, selected, to_json
from ppu_sim.program import Command, Program
from ppu_sim.trace import BURST, COMMAND, RUN, WAIT, Trace

pytest.importorskip("plotly")

from ppu_sim.report import timeline as timelines
from ppu_sim.report.bounds import allowed_cycles, bars
from ppu_sim.report.page import page
from ppu_sim.report.roofline import intensity, roofline
from ppu_sim.report.shares import case_shares, product_shares
from ppu_sim.report.source import Product, from_json
from ppu_sim.report.style import STATE_COLOURS, state_key, states_of

GROUP = Group("Squares & <script>alert(1)</script>", "Others: <b>more</b>.")
COUNTERS = {"LOAD_BUSY": 30, "LOAD_LATENCY": 70, "EXECUTE_BUSY": 100, "STORE_NO_COMMAND": 100}
CYCLES = 100
KINDS = (Opcode.LOAD, Opcode.LOAD, Opcode.EXECUTE, Opcode.STORE, Opcode.END)


def measurement(case, cycles=None, unstalled=None):
    return Measurement(case, cycles or int(1.1 * case.bound), int(1.1 * case.bound), COUNTERS,
                       unstalled)  # fmt: skip


def case(m, k, n, **more):
    return Case(GROUP, "medium", 100, m, k, n, **more)
#: Kind of colour vision -> what it makes of linear red, green and blue (Machado et al., 2009).
VISIONS = {
    "normal": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


def lab(vision, colour):
    """A colour as it is seen, in CIELAB, where distances are differences to the eye."""
    encoded = np.array([int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    seen = np.clip(VISIONS[vision] @ linear, 0, 1)
    to_xyz = [[0.4339, 0.3763, 0.1899], [0.2126, 0.7152, 0.0722], [0.0177, 0.1095, 0.8728]]
    x, y, z = np.cbrt(to_xyz @ seen)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.fixture
def trace():
    """Two LOADs that overlap, an EXECUTE that never ends, and no STORE that began."""
    commands = np.full(5, -1, COMMAND)
    commands["unit"] = [0, 0, 1, 2, -1]
    commands["decoded"] = range(5)
    commands["taken"][:3] = 10, 12, 50
    commands["go"][2], commands["completed"][:2] = 55, (40, 45)
    levels = {unit: np.array([(0, 1), (20, 0), (60, 3)], RUN) for unit in STATES}
    nothing = np.zeros(0, BURST)
    return Trace(
        cycles=CYCLES, commands=commands, states=levels, levels={},
        program=Program(map(Command.build, KINDS)),
        bursts={**dict.fromkeys(("ar", "aw", "w", "b"), nothing),
                "r": np.array([(5, 9, 0, 0, 4), (20, 40, 1, 64, 16)], BURST)},
        waits={**dict.fromkeys(("ar", "aw", "w", "b"), np.zeros(0, WAIT)),
               "r": np.array([(25, 27, False)], WAIT)},
    )  # fmt: skip


@pytest.fixture
def measurements():
    return [
        measurement(case(64, 64, 64, most_cycles=2_000)),
        measurement(case(128, 64, 64, least_share=0.97)),
        measurement(Case(Group("Wide"), "small", 1, 8, 8, 8, axi_data_width=256, least_peak=0.5)),
        measurement(case(64, 64, 64, stall=0.25, most_ratio=1.05), unstalled=1_200),
        measurement(case(1, 1, 1)),
    ]


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its text without scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.inside = [], "", None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.inside = tag

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside not in ("script", "style"):
            self.text += data


def test_every_state_has_a_colour_of_its_own():
    names = {state_key(state)[0] for states in STATES.values() for state in states}
    assert names == set(STATE_COLOURS)
    assert len(set(STATE_COLOURS.values())) == len(STATE_COLOURS)


@pytest.mark.parametrize("vision", VISIONS)
def test_colours_of_a_unit_can_be_told_apart(vision):
    for states in STATES.values():
        places = [lab(vision, state_key(state)[1]) for state in states]
        assert min(np.linalg.norm(a - b) for a, b in combinations(places, 2)) > 18


def test_shares_of_states_come_from_the_counters():
    shares = states_of(COUNTERS)
    assert shares["load"][STATES["load"].LATENCY] == 0.7
    assert shares["store"][STATES["store"].BUSY] == 0
    assert not any(states_of({})["execute"].values())


def test_roof_over_a_case_without_padding_is_its_bound():
    for some in CASES:
        config = some.config
        if some.k % config.row_bytes or some.n % config.columns:
            continue
        roof = min(config.macs_per_cycle, config.beat_bytes * intensity(some))
        assert some.macs / some.bound == pytest.approx(roof)


def test_roofline_has_a_roof_for_each_core_and_a_point_for_each_case(measurements):
    drawing = roofline(measurements)
    roofs = [trace for trace in drawing.data if trace.mode == "lines"]
    assert [max(roof.y) for roof in roofs] == [256, 64]
    points = [trace for trace in drawing.data if trace.hovertemplate]
    assert sorted(point.y[0] for point in points) == sorted(
        m.case.macs / m.cycles for m in measurements)


def test_every_kind_of_target_is_a_number_of_cycles(measurements):
    assert allowed_cycles(measurements[0]) == 2_000
    assert allowed_cycles(measurements[1]) == pytest.approx(measurements[1].case.bound / 0.97)
    assert allowed_cycles(measurements[2]) == pytest.approx(512 / 64 / 0.5)
    assert allowed_cycles(measurements[3]) == pytest.approx(1_260)
    assert allowed_cycles(measurements[4]) is None
    for m in measurements[:4]:
        assert m.passes == (m.cycles <= allowed_cycles(m))


def test_bars_that_miss_their_target_have_another_colour(measurements):
    colours = bars(measurements).data[0].marker.color
    assert [m.passes for m in measurements] == [colour == colours[0] for colour in colours]
    assert len(set(colours)) == 2


def test_timeline_shows_every_cycle_of_every_unit(trace):
    drawing = timelines.timeline(trace)
    for unit in STATES:
        spent = [sum(bar.x) for bar in drawing.data
                 if bar.hovertemplate.startswith(f"<b>{unit.upper()}: ")]  # fmt: skip
        assert len(spent) == 3 and sum(spent) == CYCLES


def test_commands_of_a_lane_do_not_overlap(trace):
    lanes = [bar for bar in timelines.timeline(trace).data if bar.text is not None]
    assert [list(lane.text) for lane in lanes] == [["0"], ["1"], ["2"]]
    assert [lane.base[0] + lane.x[0] for lane in lanes] == [41, 46, CYCLES]
    starts, ends = np.array([0, 1, 5, 9, 10]), np.array([5, 6, 9, 12, 11])
    places = timelines._lanes(starts, ends)
    assert places.tolist() == [0, 1, 0, 0, 1]
    for lane in set(places.tolist()):
        own = np.flatnonzero(places == lane)
        assert all(ends[before] <= starts[after] for before, after in pairwise(own))


def test_long_runs_are_cut(trace, monkeypatch):
    assert timelines.shown_cycles(trace) == CYCLES
    monkeypatch.setattr(timelines, "MOST_SLICES", 11)
    shown = timelines.shown_cycles(trace)
    assert shown == 50
    assert max(max(bar.base + bar.x) for bar in timelines.timeline(trace).data) == shown


def test_stall_shares_add_up(trace, measurements):
    for unit in STATES:
        parts = [bar.x[0] for bar in product_shares(trace).data if bar.y[0] == unit.upper()]
        assert sum(parts) == pytest.approx(100)
    rows = np.sum([bar.x for bar in case_shares(measurements).data], axis=0)
    assert rows == pytest.approx(np.full(len(measurements), 300))


def test_measurements_come_back_from_json():
    some = [measurement(CASES[0]), measurement(CASES[-2], unstalled=5), measurement(CASES[-1])]
    assert from_json(to_json(some)) == some


@pytest.mark.parametrize("text", ["", "3", "[3]", "{}x", '[{"group": "a"}]'])
def test_other_files_are_refused(text):
    with pytest.raises(ValueError, match="no table of `ppu bench --json`"):
        from_json(text)


def test_selection_without_a_case_is_refused():
    assert {case.group.title for case in selected(CASES, "RESNET")} == {"ResNet-50 at 224 x 224"}
    with pytest.raises(ValueError, match="no case contains 'abc'"):
        selected(CASES, "abc")


def test_page_is_whole_and_needs_nothing_else(measurements, trace):
    found = Tags(page(measurements, Product(case(64, 64, 64), trace), "ppu report --only '<b>'"))
    sections = [attributes["id"] for tag, attributes in found.tags if tag == "section"]
    assert sections == ["roofline", "bound", "timeline", "stalls", "states", "table", "measured"]
    tags = {tag for tag, _ in found.tags}
    assert not tags & {"link", "img", "iframe", "object", "embed", "base"}
    for _, attributes in found.tags:
        assert "src" not in attributes
        assert attributes.get("href", "#").startswith("#")
    assert "<script>alert(1)</script>" in found.text, "escaped, it is text"
    assert "Others: <b>more</b>." in found.text
    assert "ppu report --only '<b>'" in found.text
    assert "4 of 5targets reached" in found.text


def test_figures_are_sent_nowhere(measurements, trace):
    text = page(measurements, Product(case(64, 64, 64), trace), "ppu report")
    assert text.count('"showSendToCloud": false') == text.count('class="plotly-graph-div"') == 7
    assert "alert(1)</script>" not in text


def test_command_line_starts_without_plotly():
    code = "import sys, ppu_sim.cli; sys.exit('plotly' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
