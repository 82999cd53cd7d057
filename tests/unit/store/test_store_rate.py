# amaranth: UnusedElaboratable=no
"""STORE keeps its rate while EXECUTE updates a row of the accumulator in every cycle."""

import random

import pytest
from test_store_unit import CONFIGS, Run, job

#: Rows of several beats.
SLICED = ["tiny", "small", "medium", "ppu1", "wide row"]


def beats(run):
    """Cycles with a beat, and cycles without from the first to the last beat."""
    cycles = run.memory.write_beats
    return len(cycles), cycles[-1] - cycles[0] + 1 - len(cycles)


def alternating(phase):
    return lambda cycle: (cycle + phase) % 2


def flipping(seed):
    """Both banks in turn, but the same one twice now and then: EXECUTE begins another tile."""
    rng, bank, banks = random.Random(seed), 0, []
    for _ in range(5000):
        bank ^= 1
        banks += [bank] * rng.choice([1, 1, 1, 2])
    return banks.__getitem__


@pytest.mark.parametrize("phase", [0, 1])
@pytest.mark.parametrize("offset, gap, chunks, panel_stride", [
    (0, 0, 1, 0), (0, 64, 1, 0), (5, 64, 2, 14), (5, 0, 2, 15)])
@pytest.mark.parametrize("name", SLICED)
def test_rows_of_several_beats(name, offset, gap, chunks, panel_stride, phase):
    """One beat per cycle, over two jobs: rows follow each other, or chunks of the same parity."""
    config = CONFIGS[name]
    columns = config.columns * chunks
    rows = min(14, 2**10 // (4 * columns))
    jobs = [job(rows, columns, at + offset, 4 * columns + gap, source=at % 3,
                panel_stride=panel_stride) for at in (0x100, 0)]  # fmt: skip
    run = Run(config, jobs, updates=alternating(phase))
    run.check()
    count, idle = beats(run)
    assert count >= 2 * rows * 4 * columns // config.beat_bytes and idle == 0


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", ["tiny", "small", "medium", "wide row"])
def test_rows_of_four_beats_when_tiles_change(name, seed):
    """A row that is refused for two cycles is still early enough."""
    config = CONFIGS[name]
    run = Run(config, [job(14, config.columns, 0x100, 0x140, source=seed)], updates=flipping(seed))
    run.check()
    assert beats(run)[1] == 0


@pytest.mark.parametrize("name", ["medium", "ppu1", "wide row"])
@pytest.mark.parametrize("tail", [1, 4, 5, 9, 12])
def test_tails(name, tail):
    """Rows that end with a chunk of few words; the memory takes all that comes."""
    config = CONFIGS[name]
    columns = config.columns + tail
    run = Run(config, [job(7, columns, 0x103, 4 * columns + 20, panel_stride=9)],
              updates=alternating(0))
    run.check()
    assert beats(run)[1] == 0


def test_a_row_is_read_when_the_one_before_it_begins():
    """Four slots each: the next row at once, the others when there is a place for them."""
    run = Run(CONFIGS["small"], [job(5, 8, 0x100, 32)])
    start, = run.accepted
    assert [cycle - start for _, cycle in run.reads] == [2, 3, 7, 11, 15]


@pytest.mark.parametrize("wait, idle", [(1, 0), (3, 0), (4, 1), (6, 3)])
def test_how_long_a_row_may_be_refused(wait, idle):
    """For three cycles, if the row before has four slots."""
    jobs = [job(4, 8, 0x100, 32)]
    start, = Run(CONFIGS["small"], jobs).accepted
    waits = range(start + 3, start + 3 + wait)
    run = Run(CONFIGS["small"], jobs, updates=lambda cycle: 1 if cycle in waits else None)
    run.check()
    assert run.reads[1] == (1, start + 3 + wait)
    assert beats(run) == (16, idle)


@pytest.mark.parametrize("panel_stride, chunks, idle", [(0, 1, 0), (15, 2, 11), (14, 2, 12)])
def test_rows_of_one_beat(panel_stride, chunks, idle):
    """In every cycle, if even and odd ones take turns; two of one kind in turn cost one cycle."""
    config = CONFIGS["row is a beat"]
    columns = config.columns * chunks
    run = Run(config, [job(12, columns, 0x100, 4 * columns, panel_stride=panel_stride)],
              updates=alternating(0))
    run.check()
    assert beats(run) == (12 * chunks, idle)


@pytest.mark.parametrize("name", SLICED)
def test_one_job_per_row(name):
    """No cycle is lost between jobs."""
    config = CONFIGS[name]
    jobs = [job(1, config.columns, 0x100 * at, 0, source=at) for at in range(16)]
    run = Run(config, jobs, updates=alternating(0))
    run.check()
    assert beats(run)[1] == 0
