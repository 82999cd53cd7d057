# amaranth: UnusedElaboratable=no
"""From jobs to rows, words and destinations, against the bytes that are meant."""

import random

import pytest
from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from load_streams import consecutive, cycles, run

from ppu.load.destinations import DestinationWalker
from ppu.load.lines import LineWalker
from ppu.load.segments import Segmenter


class Words(wiring.Component):
    """Jobs to words: both walkers, one after the other."""

    def __init__(self, **widths):
        self.lines, self.segmenter = LineWalker(**widths), Segmenter(**widths)
        super().__init__({
            "i": In(stream.Signature(self.lines.i.payload.shape())),
            "o": Out(stream.Signature(self.segmenter.o.payload.shape())),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.lines, m.submodules.segmenter = self.lines, self.segmenter
        connect(m, flipped(self.i), self.lines.i)
        connect(m, self.lines.o, self.segmenter.i)
        connect(m, self.segmenter.o, flipped(self.o))
        return m


def random_job(rng, beat, block):
    """A job, and its rows as (first byte, bytes): rows of one range follow each other."""
    length = rng.choice([block, 2 * block, beat, rng.randint(1, 3 * beat), rng.randint(1, 5)])
    rows, lane = rng.randint(1, 6), rng.randrange(beat)
    contiguous = rng.random() < 0.5
    step = length if contiguous else rng.randrange(beat)
    joined = contiguous and length % block == 0 and rng.random() < 0.7
    job = {"rows": rows, "last_byte": length - 1, "lane": lane, "step": step % beat,
           "contiguous": contiguous, "joined": joined}
    if joined:
        return job, [[(lane, rows * length)]]
    if contiguous:
        return job, [[(lane + row * length, length) for row in range(rows)]]
    return job, [[((lane + row * step) % beat, length)] for row in range(rows)]


def words_of(ranges, beat, block):
    """The words of each range, from where the bytes lie."""
    words = []
    for lines in ranges:
        found = []
        for first, length in lines:
            blocks = -(-length // block)
            for k, word in enumerate(range(first // block, (first + length - 1) // block + 1)):
                block_end = min(first + (k + 1) * block, first + length) - 1
                found.append({
                    "beat": word * block // beat, "word": word % (beat // block),
                    "shift": first % block, "spent": k >= blocks,
                    "waits": k < blocks and block_end // block > word,
                    "last": k == blocks - 1, "tail": block_end - first - k * block,
                })  # fmt: skip
        for this, following in zip(found, [*found[1:], {"beat": None}], strict=True):
            this["releases"] = this["beat"] != following["beat"]
        words += found
    return words


@pytest.mark.parametrize("stall", [0, 0.4])
@pytest.mark.parametrize("beat,block", [(4, 4), (8, 8), (64, 4), (16, 8), (64, 64)])
def test_words_are_those_of_the_bytes(beat, block, stall):
    rng = random.Random(beat + block)
    jobs = [random_job(rng, beat, block) for _ in range(60)]
    wanted = [word for _, ranges in jobs for word in words_of(ranges, beat, block)]
    dut = Words(beat_bytes=beat, block_bytes=block)
    got = run(dut, {"i": [job for job, _ in jobs]}, {"o": len(wanted)}, stall=stall)["o"]
    for index, ((real, _), word) in enumerate(zip(got, wanted, strict=True)):
        # What is not used may be anything.
        names = {"word", "shift", "spent", "releases"}
        if not word["spent"]:
            names |= {"waits"}
            if not word["waits"] or word["last"]:
                names |= {"tail", "last"}
        for name in names:
            assert getattr(real, name) == word[name], f"word {index}: {name} of {word}"
    if stall == 0:
        assert consecutive(cycles(got))


def test_line_walker_takes_a_cycle_and_a_row_each():
    dut = LineWalker(beat_bytes=16, block_bytes=8)
    job = {"last_byte": 4, "lane": 13, "step": 5, "contiguous": 1, "joined": 0}
    log = run(dut, {"i": [{**job, "rows": rows} for rows in (3, 1, 1, 4)]}, {"o": 9})
    assert cycles(log["o"]) == list(range(cycles(log["i"])[0] + 1, cycles(log["i"])[0] + 10))
    assert [(line.word, line.shift) for line, _ in log["o"][:3]] == [(1, 5), (0, 2), (0, 7)]
    assert [line.extra for line, _ in log["o"][:3]] == [1, 0, 1]
    assert [line.closes for line, _ in log["o"]] == [0, 0, 1, 1, 1, 0, 0, 0, 1]


def test_segmenter_takes_a_cycle_and_a_word_each():
    dut = Segmenter(beat_bytes=8, block_bytes=8)
    line = {"shift": 2, "tail": 7, "extra": 1, "fills": 0, "closes": 1, "joined": 0, "word": 0}
    log = run(dut, {"i": [{**line, "blocks": blocks} for blocks in (2, 0, 5)]}, {"o": 4 + 2 + 7})
    assert cycles(log["o"]) == list(range(cycles(log["i"])[0] + 1, cycles(log["i"])[0] + 14))


def destinations_of(job, parts):
    """The loops of docs/isa.md."""
    chunks = job["chunks"] + 1
    return [
        {"target": job["target"], "zero": i >= job["rows"],
         "part": j % parts if job["target"] else 0,
         "row": (job["destination"] + j * job["panel_stride"] + i) % 1024,
         "last": (i, j) == (job["rows"] + job["pad"] - 1, chunks - 1)}
        for i in range(job["rows"] + job["pad"]) for j in range(chunks)
    ]  # fmt: skip


@pytest.mark.parametrize("stall", [0, 0.4])
@pytest.mark.parametrize("parts", [1, 4])
def test_destinations(parts, stall):
    rng = random.Random(parts)
    jobs = [{
        "target": rng.randrange(2), "rows": rng.randint(1, 4), "pad": rng.choice([0, 0, 1, 3]),
        "chunks": rng.choice([0, 0, 1, rng.randrange(8)]), "destination": rng.randrange(1024),
        "panel_stride": rng.randrange(1024),
    } for _ in range(60)]  # fmt: skip
    wanted = [row for job in jobs for row in destinations_of(job, parts)]
    log = run(DestinationWalker(rows=1024, parts=parts), {"i": jobs}, {"o": len(wanted)},
              stall=stall)
    for (real, _), row in zip(log["o"], wanted, strict=True):
        names = set(row) - ({"part"} if row["zero"] or parts == 1 else set())
        assert {name: getattr(real, name) for name in names} == {name: row[name] for name in names}
    if stall == 0:
        first = cycles(log["i"])[0]
        assert cycles(log["o"]) == list(range(first + 1, first + 1 + len(wanted)))


def test_a_block_larger_than_a_beat_is_refused():
    with pytest.raises(ValueError, match="at least a block, not 4 bytes against 8"):
        LineWalker(beat_bytes=4, block_bytes=8)
