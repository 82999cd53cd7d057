# amaranth: UnusedElaboratable=no
"""The LOAD unit against the meaning of LOAD, with seeded stalls on every side."""

import random

import numpy as np
import pytest
from load_bench import Bench, Load, config, random_load
from load_streams import consecutive

from ppu.config import PRESETS
from ppu.load.unit import LoadUnit

#: row_bytes, bytes of a beat, columns
WIDTHS = [
    (4, 4, 4), (8, 8, 8), (16, 64, 16), (32, 8, 16), (64, 32, 4), (64, 64, 4), (4, 64, 64),
    (64, 4, 16), (8, 16, 4),
]  # fmt: skip
STALLS = {
    "none": {},
    "source": {"stall_ar": 0.3, "stall_r": 0.4},
    "sink": {"stall_acc": 0.6},
    "all": {"stall_ar": 0.25, "stall_r": 0.25, "stall_acc": 0.25, "stall_job": 0.25},
}


@pytest.mark.parametrize("stalls", STALLS)
@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_random_loads(widths, stalls):
    core = config(*widths)
    seed = 1 + sum(widths)
    rng = random.Random(seed)
    loads = [random_load(rng, core) for _ in range(25)]
    Bench(core, seed=seed, latency=rng.randint(1, 30), **STALLS[stalls]).run(loads)


def fast(*widths):
    """A core of these widths whose buffers cover the latency."""
    return config(*widths, read_buffer_beats=256, max_outstanding_reads=16, load_slots=8)


def test_latencies():
    core = config(8, 8, 8)
    load = Load(target=0, rows=1, bytes=8, address=64, destination=3)
    log = Bench(core).run([load])
    (accepted,), (completed,) = log.accepted, log.completed
    assert log.ar_valid[0] - accepted == LoadUnit.ADDRESS_LATENCY
    assert log.written[0] - log.r[0] == LoadUnit.DATA_LATENCY
    assert completed == log.written[0]


def test_latency_of_a_row_in_two_beats():
    """The second beat completes the row."""
    log = Bench(config(8, 8, 8)).run([Load(target=0, rows=1, bytes=8, address=61, destination=3)])
    assert len(log.r) == 2
    assert log.written[0] - log.r[1] == LoadUnit.DATA_LATENCY


def test_completion_of_an_accumulator_load():
    """One cycle after the transfer of the last row, however late that is."""
    log = Bench(config(8, 8, 8), stall_acc=0.8, seed=5).run(
        [Load(target=1, rows=3, bytes=32, stride=32, address=64, destination=3)])
    assert log.completed == [log.written[-1] + 1]


@pytest.mark.parametrize("widths", [(4, 4, 4), (8, 8, 8), (16, 64, 16), (64, 64, 4), (32, 32, 16)],
                         ids=str)
@pytest.mark.parametrize("offset", [0, 3])
@pytest.mark.parametrize("row_words", [1, 3])
def test_one_scratchpad_row_per_cycle(widths, offset, row_words):
    """Rows that are whole operand rows, back to back over jobs, at any alignment."""
    core = fast(*widths)
    size = row_words * core.row_bytes
    loads = [Load(target=0, rows=16, bytes=size, stride=size, address=1024 * n + offset,
                  destination=0, panel_stride=16 if n % 2 else 0) for n in range(4)]
    log = Bench(core, latency=20).run(loads)
    assert len(log.written) == 4 * 16 * row_words
    if offset == 0:
        assert consecutive(log.written)
    else:  # the range begins with a part of a row: one cycle for each job
        assert log.written[-1] - log.written[0] == len(log.written) - 1 + 3


@pytest.mark.parametrize("stride", [64, 96])
@pytest.mark.parametrize("widths", [(8, 8, 8), (32, 8, 16), (64, 4, 16), (32, 32, 16)], ids=str)
def test_one_beat_per_cycle(widths, stride):
    core = fast(*widths)
    loads = [Load(target=0, rows=8, bytes=64, stride=stride, address=64 * n, destination=0,
                  panel_stride=8) for n in range(4)]
    log = Bench(core, latency=20).run(loads)
    assert len(log.r) == 4 * 8 * 64 // core.beat_bytes
    assert consecutive(log.r)
    assert consecutive(log.written, core.row_bytes // core.beat_bytes)
    assert log.written[-1] == log.r[-1] + LoadUnit.DATA_LATENCY


def test_a_row_takes_as_many_cycles_as_it_touches_words():
    core = fast(8, 8, 8)
    load = Load(target=0, rows=20, bytes=13, stride=21, address=7, destination=0, panel_stride=20)
    log = Bench(core, latency=20).run([load])
    words = sum((7 + 21 * i) % 8 + 13 > 16 for i in range(20)) + 2 * 20
    assert len(log.r) == words
    assert consecutive(log.r)
    assert log.written[-1] == log.r[-1] + LoadUnit.DATA_LATENCY


def test_short_jobs_back_to_back():
    """Jobs of a single word, one every other cycle: as fast as their addresses."""
    core = fast(8, 8, 8)
    loads = [Load(target=0, rows=1, bytes=8, address=64 * n, destination=n) for n in range(24)]
    log = Bench(core, latency=3).run(loads)
    assert consecutive(log.accepted, 2)
    assert consecutive(log.completed, 2)


def test_pad_rows_take_a_cycle_each():
    core = fast(8, 8, 8)
    load = Load(target=0, rows=4, bytes=8, stride=8, pad=9, address=0, destination=0)
    log = Bench(core).run([load, load])
    assert consecutive(log.written)
    assert len(log.written) == 2 * 13


@pytest.mark.parametrize("widths,cycles", [((8, 8, 8), 5), ((32, 32, 16), 3), ((16, 16, 4), 2)],
                         ids=str)
def test_cycles_of_an_accumulator_row(widths, cycles):
    """Its words and one more."""
    core = fast(*widths)
    size = core.accumulator_row_bytes
    loads = [Load(target=1, rows=8, bytes=size, stride=0, address=128, destination=0)] * 3
    assert consecutive(Bench(core, latency=20).run(loads).written, cycles)


def test_addresses_run_ahead():
    """While no data comes, the unit takes and asks for as many jobs as it holds."""
    core = fast(8, 8, 8)
    loads = [Load(target=0, rows=2, bytes=8, stride=64, address=256 * n, destination=2 * n)
             for n in range(12)]
    log = Bench(core, latency=200).run(loads)
    before = [cycle for cycle in log.ar if cycle < log.r[0]]
    assert len(before) >= 2 * core.load_slots


@pytest.mark.parametrize("response", [2, 3])
@pytest.mark.parametrize("target", [0, 1])
def test_faults(response, target):
    """The job that reads the beat reports it; jobs before it and after it complete, too."""
    core = config(8, 8, 8)
    loads = [
        Load(target=target, rows=2, bytes=11, stride=16, address=0, destination=0, panel_stride=2),
        Load(target=target, rows=3, bytes=21, stride=37, address=101, destination=1, pad=2,
             panel_stride=5),
        Load(target=1 - target, rows=4, bytes=8, stride=8, address=512, destination=0),
    ]  # fmt: skip
    for address, first in [(136, 138), (144, 144), (152, 152), (192, 192)]:
        log = Bench(core, faults={address: response}, stall_acc=0.5).run(loads)
        assert log.faults[0][0] == 0
        assert log.faults[1] == (response, first)
        assert log.faults[2][0] == 0


def test_the_first_fault_is_reported():
    core = config(8, 8, 8)
    loads = [Load(target=0, rows=2, bytes=32, stride=32, address=256 * n, destination=0,
                  panel_stride=2) for n in range(4)]
    log = Bench(core, faults={256 + 40: 3, 256 + 48: 2, 512: 2}).run(loads)
    assert [resp != 0 for resp, _ in log.faults] == [False, True, True, False]
    assert log.faults[1] == (3, 256 + 40)


def test_exclusive_okay_is_no_fault():
    core = config(8, 8, 8)
    load = Load(target=0, rows=1, bytes=8, address=64, destination=0)
    assert Bench(core, faults={64: 1}).run([load]).faults == [(0, 0)]


def test_extreme_counts():
    """The longest row, the most rows, and the most rows of padding."""
    core = config(4, 64, 64, scratchpad_rows=65536, accumulator_rows=512)
    loads = [
        Load(target=0, rows=1, bytes=16000, address=301, destination=60000, panel_stride=1),
        Load(target=0, rows=1500, bytes=1, stride=0, address=77, destination=64036),
        Load(target=0, rows=1, bytes=1, address=78, pad=1500, destination=1000),
        Load(target=1, rows=5, bytes=1027, stride=1, address=1, destination=100, panel_stride=7),
    ]  # fmt: skip
    Bench(core, latency=5).run(loads)


def test_the_longest_row():
    """A row as long as the field allows; its chunks go round the same few rows."""
    core = config(64, 64, 4)
    bench = Bench(core, latency=5)
    bench.memory = np.random.default_rng(1).integers(0, 256, 66_000, np.uint8)
    bench.run([Load(target=0, rows=1, bytes=65535, address=3, destination=5)])


@pytest.mark.parametrize("preset", PRESETS)
def test_presets(preset):
    core = PRESETS[preset]
    rng = random.Random(11)
    Bench(core, seed=3, latency=40, stall_r=0.1).run([random_load(rng, core) for _ in range(12)])
