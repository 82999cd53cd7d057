"""Sweeps: what is built, what is not built again, and what a failure leaves behind."""

import json
from dataclasses import replace

import pytest

from ppu_fpga.flow import results as results_module
from ppu_fpga.flow import sweep as module
from ppu_fpga.flow.configure import configured, title_of
from ppu_fpga.flow.errors import FlowFailed
from ppu_fpga.flow.points import BoardPoint, CorePoint
from ppu_fpga.flow.results import sources_digest, unfinished
from ppu_fpga.flow.sweep import sweep
from ppu_fpga.flow.sweep_page import page, table

distributed = pytest.importorskip("distributed")

TINY = CorePoint("ecp5-85", "tiny", (), 100.0)
SMALL = CorePoint("ecp5-85", "small", ("row_bytes=4", "columns=4", "epilogue_lanes=2"), 100.0)


@pytest.fixture(scope="module")
def client():
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address="127.0.0.1:0",
        worker_dashboard_address=None,
    ) as cluster, distributed.Client(cluster) as client:
        yield client


#: What the tasks below were called for. Tasks travel by name, and so share it with the tests.
DONE = []


def synthesis(point):
    """In place of the tools; all points with two banks fail."""
    DONE.append((point.title, None))
    if "scratchpad_banks=2" in point.changes:
        raise FlowFailed("yosys failed; yosys.log ends:\nERROR: no")
    area = {"lut": 1000 * len(point.title), "ff": 20, "dsp": 16, "bram": 4, "blocks": {}}
    return area, b"netlist"


def placement(point, synthesised, seed):
    """In place of the tools; seed 2 fails."""
    DONE.append((point.title, seed))
    assert synthesised[1] == b"netlist"
    if seed == 2:
        raise FlowFailed("nextpnr-ecp5 failed; place.log ends:\nERROR: does not fit")
    return {"fmax_mhz": {"clk": 100.0 + seed}, "target_mhz": {"clk": 100.0}}


@pytest.fixture
def built(monkeypatch):
    """The list of what was built."""
    monkeypatch.setattr(module, "synthesis_task", synthesis)
    monkeypatch.setattr(module, "placement_task", placement)
    DONE.clear()
    return DONE


def test_points_and_seeds_are_all_built(client, built, tmp_path):
    results = sweep([TINY, SMALL], [1, 3], tmp_path, client)
    assert len(built) == 6
    assert [result["best_mhz"] for result in results] == [103.0, 103.0]
    assert results[0]["best_seed"] == 3
    assert (results[1]["array_rows"], results[1]["columns"]) == (4, 4)
    assert len(json.loads((tmp_path / "results.json").read_text())) == 2


def test_what_is_finished_is_not_built_again(client, built, tmp_path):
    sweep([TINY], [1], tmp_path, client)
    built.clear()
    sweep([TINY], [1], tmp_path, client)
    assert built == []
    sweep([TINY], [1, 3], tmp_path, client)
    # The netlist is made again; only the new seed is placed.
    assert sorted(built, key=str) == [(TINY.title, 3), (TINY.title, None)]


def test_other_sources_build_again(client, built, tmp_path, monkeypatch):
    sweep([TINY], [1], tmp_path, client)
    built.clear()
    monkeypatch.setattr(results_module, "sources_digest", lambda names: "others")
    assert len(unfinished([TINY], [1], tmp_path)) == 2
    sweep([TINY], [1], tmp_path, client)
    assert len(built) == 2


def test_another_frequency_builds_again(client, built, tmp_path):
    sweep([TINY], [1], tmp_path, client)
    faster = replace(TINY, frequency=200.0)
    assert unfinished([faster], [1], tmp_path) == [(faster, 1)]


def test_a_failed_seed_is_shown_and_tried_again(client, built, tmp_path):
    lines = []
    results = sweep([TINY], [1, 2], tmp_path, client, progress=lines.append)
    assert results[0]["best_seed"] == 1
    assert any("nextpnr-ecp5 failed" in line for line in lines)
    assert "2: failed (ERROR: does not fit)" in table(results)[1][-1]
    assert unfinished([TINY], [1, 2], tmp_path) == [(TINY, 2)]


def test_a_failed_core_leaves_the_others(client, built, tmp_path):
    broken = CorePoint("ecp5-85", "tiny", ("scratchpad_banks=2",), 100.0)
    results = sweep([broken, TINY], [1], tmp_path, client)
    rows = table(results)
    assert rows[1][2] == "failed" and "ERROR: no" in rows[1][-1]
    assert rows[2][6] == "101.0"


def test_the_page_is_one_file_with_both_figures(client, built, tmp_path):
    text = page(sweep([TINY, SMALL], [1, 2], tmp_path, client), "ppu fpga sweep <x>")
    assert text.count("plotly-graph-div") >= 2
    assert "ppu fpga sweep &lt;x&gt;" in text
    assert SMALL.title in text


def test_sources_have_a_digest():
    digest = sources_digest(TINY.sources)
    assert len(digest) == 16
    assert sources_digest(BoardPoint("icebreaker", "tiny").sources) != digest


def test_a_change_names_a_field_and_a_value():
    config = configured("tiny", ["columns=8", "signs=signed", "scratchpad_rows=1024"])
    assert (config.columns, config.signs.value) == (8, "signed")
    assert title_of("tiny", ["columns=8"]) == "tiny-columns8"


@pytest.mark.parametrize("text, message", [
    ("columns", "FIELD=VALUE, not 'columns'"), ("colums=8", "field must be one of .*'colums'"),
    ("columns=wide", "columns must be an integer, not 'wide'"),
    ("signs=odd", "signs must be one of mixed, signed, not 'odd'"),
    ("columns=5", "columns must be a power of two, not 5"),
])  # fmt: skip
def test_bad_changes_are_refused(text, message):
    with pytest.raises(ValueError, match=message):
        configured("tiny", [text])
