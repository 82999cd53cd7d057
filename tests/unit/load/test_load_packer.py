# amaranth: UnusedElaboratable=no
"""The gearbox and the row writer."""

import random

import pytest
from amaranth import Cat
from load_streams import consecutive, cycles, run

from ppu.load.packer import Packer
from ppu.load.writer import RowWriter


def traffic(rng, beat, block, *, lines, first=None, length=None):
    """Words, beats and the blocks that come of them, for matrix rows that begin a beat each."""
    segments, beats, blocks = [], [], []
    for _ in range(lines):
        lane = rng.randrange(beat) if first is None else first
        size = rng.choice([1, block, rng.randint(1, 4 * beat)]) if length is None else length
        stream = rng.randbytes(-(-(lane + size) // beat) * beat)
        errors = [rng.random() < 0.2 for _ in range(len(stream) // beat)]
        beats += [{"data": int.from_bytes(stream[n * beat:(n + 1) * beat], "little"),
                   "resp": 2 if bad else rng.randrange(2)} for n, bad in enumerate(errors)]
        whole = -(-size // block)
        for k, word in enumerate(range(lane // block, (lane + size - 1) // block + 1)):
            begin = lane + k * block
            end = min(begin + block, lane + size)
            last_word = word == (lane + size - 1) // block
            segments.append({
                "word": word % (beat // block), "shift": lane % block, "spent": k >= whole,
                "waits": k < whole and (end - 1) // block > word, "last": k == whole - 1,
                "tail": (end - begin - 1) % block,
                "releases": last_word or (word + 1) % (beat // block) == 0,
            })  # fmt: skip
            if k < whole:
                error = any(errors[begin // beat:(end - 1) // beat + 1])
                blocks.append((int.from_bytes(stream[begin:end], "little"), k == whole - 1, error))
    return segments, beats, blocks


@pytest.mark.parametrize("stall", [0, 0.3, 0.7])
@pytest.mark.parametrize("beat,block", [(4, 4), (8, 8), (64, 4), (32, 16), (64, 64)])
def test_blocks(beat, block, stall):
    rng = random.Random(beat * block)
    segments, beats, blocks = traffic(rng, beat, block, lines=40)
    log = run(Packer(beat_bytes=beat, block_bytes=block), {"segments": segments, "beats": beats},
              {"o": len(blocks)}, stall=stall, seed=1)
    assert [(item.data, item.last, item.error) for item, _ in log["o"]] == blocks
    if stall == 0:
        assert consecutive(cycles(log["segments"]))


@pytest.mark.parametrize("first,length,latency", [
    (0, 24, 1),  # aligned: a block comes the cycle after its beat
    (3, 5, 1),   # within one beat
    (3, 24, 2),  # the second of two beats comes one cycle after the first, its block one more
])  # fmt: skip
def test_latency(first, length, latency):
    segments, beats, blocks = traffic(random.Random(1), 8, 8, lines=1, first=first, length=length)
    log = run(Packer(beat_bytes=8, block_bytes=8), {"segments": segments, "beats": beats},
              {"o": len(blocks)})
    begin = cycles(log["beats"])[0]
    assert cycles(log["o"]) == list(range(begin + latency, begin + latency + len(blocks)))


WRITERS = {
    "row of one block": {"block_bytes": 8, "row_bytes": 8, "columns": 8},
    "row of four": {"block_bytes": 4, "row_bytes": 16, "columns": 4},
    "small accumulator row": {"block_bytes": 64, "row_bytes": 64, "columns": 4},
    "wide accumulator row": {"block_bytes": 4, "row_bytes": 4, "columns": 16},
}


def writer(name):
    return RowWriter(**WRITERS[name], scratchpad_rows=64, accumulator_rows=32)


def write_jobs(rng, name, count):
    """Blocks and destinations of random jobs, and the rows and errors that come of them."""
    block, row_bytes, columns = WRITERS[name].values()
    blocks, destinations, rows, errors = [], [], [], []
    for _ in range(count):
        target = rng.randrange(2)
        size = 4 * columns if target else row_bytes
        error = False
        for line in range(rng.randint(1, 3)):
            units = rng.randint(1, 3)
            length = (units - 1) * size + rng.randint(1, size)
            content = rng.randbytes(length)
            pieces = [content[n:n + block] for n in range(0, length, block)]
            for index, piece in enumerate(pieces):
                bad = rng.random() < 0.1
                error |= bad
                blocks.append({"data": int.from_bytes(piece, "little"), "error": bad,
                               "last": index == len(pieces) - 1})
            zeros = rng.randrange(3) if line == 0 else 0
            for index in range(units):
                row = rng.randrange(32)
                part = index % max(1, block // size) if target else 0
                destinations.append({"target": target, "row": row, "part": part, "zero": 0})
                rows.append((target, row, int.from_bytes(
                    content[index * size:(index + 1) * size], "little")))
            for row in range(zeros):
                destinations.append({"target": target, "row": row, "part": 0, "zero": 1})
                rows.append((target, row, 0))
        destinations[-1]["last"] = 1
        errors.append(error)
    return blocks, [{"last": 0, **row} for row in destinations], rows, errors


@pytest.mark.parametrize("stall", [0, 0.4])
@pytest.mark.parametrize("name", WRITERS)
def test_rows(name, stall):
    blocks, destinations, rows, errors = write_jobs(random.Random(5), name, 40)
    dut = writer(name)
    blocks.append({"data": 1, "last": 1, "error": 0})
    destinations += [{"target": 0, "row": 0, "part": 0, "zero": 0, "last": 1},
                     {"target": 1, "row": 9, "part": 0, "zero": 1, "last": 1}]  # fmt: skip
    log = run(dut, {"blocks": blocks, "destinations": destinations},
              {"acc_write": 1 + sum(target for target, _, _ in rows)}, stall=stall, seed=2,
              watch={"sp": Cat(dut.sp_en, dut.sp_row, dut.sp_data),
                     "done": Cat(dut.completed, dut.error)})
    taken = [(cycle, 1, item.row, item.data.as_bits()) for item, cycle in log["acc_write"]]
    taken += [(cycle, 0, word >> 1 & 63, word >> 7) for cycle, word in enumerate(log["sp"])
              if word & 1]
    assert [row[1:] for row in sorted(taken)] == [*rows, (0, 0, 1), (1, 9, 0)]
    assert [done >> 1 for done in log["done"] if done & 1][:len(errors)] == errors


def test_writer_cycles():
    """One cycle from a block to its row; one scratchpad row per cycle; one cycle more after an
    accumulator row, and `completed` one cycle after it."""
    dut = writer("row of one block")
    blocks = [{"data": n, "last": 1, "error": 0} for n in range(8)]
    rows = [{"target": 0, "row": n, "part": 0, "zero": n == 2, "last": n == 5} for n in range(6)]
    rows += [{"target": 1, "row": n, "part": 0, "zero": 0, "last": n == 2} for n in range(3)]
    rows += [{"target": 1, "row": 9, "part": 0, "zero": 1, "last": 0}]
    log = run(dut, {"blocks": blocks, "destinations": rows}, {"acc_write": 4},
              watch={"sp": dut.sp_en, "done": dut.completed})
    start = cycles(log["blocks"])[0] + 1
    assert [cycle for cycle, en in enumerate(log["sp"]) if en] == list(range(start, start + 6))
    accumulator = cycles(log["acc_write"])
    assert accumulator == [start + 6 + 2 * n for n in range(4)]
    assert [cycle for cycle, done in enumerate(log["done"]) if done] == [
        start + 5, accumulator[2] + 1]
