"""Waves of every RTL back end: the signals of the list are there, and they are right."""

import re
from pathlib import Path

import numpy as np
import pytest

import ppu_sim
from ppu_sim.toolchain import ToolMissing
from ppu_sim.waves.save import listed
from ppu_sim.waves.signals import GROUPS

BACKENDS = ("verilator", "icarus", "amaranth")
#: Cycles that a product of this test takes at most, register accesses included.
CYCLES = 2000


@pytest.fixture(scope="module", params=BACKENDS)
def run(request, tmp_path_factory):
    """(Run, FST file, its signals) of a product on a back end."""
    pywellen = pytest.importorskip("pywellen", reason="pywellen reads FST")
    path = tmp_path_factory.mktemp("waves") / request.param / "product.fst"
    rng = np.random.default_rng(1)
    a, b = (rng.integers(-128, 128, (16, 16), dtype=np.int8) for _ in range(2))
    try:
        with ppu_sim.open(request.param, preset="tiny", latency=10, waves=path) as device:
            assert (device.matmul(a, b) == a.astype(np.int32) @ b.astype(np.int32)).all()
            took = device.last_run
    except ToolMissing as missing:
        pytest.skip(str(missing))
    return took, path, {v.full_name: v for v in pywellen.Waveform(str(path)).all_vars()}


def pins(signals, *tails):
    """The signals of the core whose names end so: of its instance nearest to the top."""
    names = sorted(signals, key=len)
    return [signals[next(n for n in names if n.endswith(f".core.{tail}"))] for tail in tails]


def at_edges(signals, *tails):
    """Values of the core's pins at each rising edge of the clock, just before it."""
    clock, *wanted = pins(signals, "clk", *tails)
    edges = [time for time, value in clock.signal if value and time]
    return [tuple(pin.signal.value_at(edge - 1) for pin in wanted) for edge in edges]


def test_every_signal_of_the_list_is_there(run):
    _, _, signals = run
    groups = listed({name: signal.bitwidth for name, signal in signals.items()})
    found = [name for _, names in groups for name in names]
    assert [title for title, _ in groups] == [group.title for group in GROUPS]
    missing = [names for group in GROUPS for names in group.signals
               if not any(name.endswith(tuple(f".{n}" for n in names)) for name in found)]
    assert not missing


def test_the_list_is_a_save_file_for_the_dump(run):
    _, path, signals = run
    text = path.with_suffix(".gtkw").read_text()
    assert f'[dumpfile] "{path}"' in text
    assert all(f"-{group.title}\n" in text for group in GROUPS)
    shown = re.findall(r"^\+\{\S+\} (\S+)", text, re.MULTILINE)
    assert len(shown) == sum(len(group.signals) for group in GROUPS)
    for name in shown:
        bare, _, high = re.fullmatch(r"(.+?)(\[(\d+):0\])?", name).groups()
        assert (signals[bare].bitwidth or 1) == int(high or 0) + 1


def test_beats_are_those_that_the_core_counts(run):
    took, _, signals = run
    names = [f"m_axi__{channel}__{pin}" for channel in "rw" for pin in ("valid", "ready")]
    cycles = at_edges(signals, *names)
    assert 500 < len(cycles) < CYCLES
    assert sum(r == rr == 1 for r, rr, _, _ in cycles) == took.counters["READ_BEATS"]
    assert sum(w == wr == 1 for _, _, w, wr in cycles) == took.counters["WRITE_BEATS"]


def test_files_are_of_a_sane_size(run):
    _, path, _ = run
    assert 100_000 < path.stat().st_size < 1_000_000


def test_name_that_a_viewer_would_take_for_something_else(tmp_path):
    with pytest.raises(ValueError, match=r"waves must be a file name that ends in \.fst, not"):
        ppu_sim.open("amaranth", preset="tiny", waves=tmp_path / "waves.vcd")


def test_the_model_has_no_waves(tmp_path):
    with pytest.raises(ValueError, match="the back end 'model' has no signals"):
        ppu_sim.open("model", preset="tiny", waves=tmp_path / "waves.fst")


def test_place_that_cannot_be_written():
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        ppu_sim.open("amaranth", preset="tiny", waves=Path("/dev/null/waves.fst"))
