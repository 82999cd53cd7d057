# amaranth: UnusedElaboratable=no
"""Jobs to ranges to bursts: every byte exactly once, none across 4 KiB, one per cycle."""

import random
from itertools import pairwise

import pytest
from amaranth.sim import Simulator

from ppu.dma.bursts import BurstSplitter
from ppu.dma.ranges import RowRanges


def run(dut, inputs, *, count, source=0.0, sink=0.0, seed=0):
    """Sends `inputs`, takes `count` payloads; returns (payload, cycle) of each."""
    outputs = []

    async def feed(ctx):
        rng = random.Random(seed)
        for value in inputs:
            while rng.random() < source:
                await ctx.tick()
            ctx.set(dut.i.payload, value)
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)
            ctx.set(dut.i.valid, 0)

    async def drain(ctx):
        rng, cycle, held = random.Random(seed + 1), 0, None
        while len(outputs) < count:
            assert cycle < 100 + 100 * count, "hangs"
            ready = rng.random() >= sink
            ctx.set(dut.o.ready, ready)
            _, _, valid, payload = await ctx.tick().sample(dut.o.valid, dut.o.payload)
            assert held is None or (valid and payload == held)
            held = payload if valid and not ready else None
            if valid and ready:
                outputs.append((payload, cycle))
            cycle += 1
        ctx.set(dut.o.ready, 1)
        for _ in range(3):
            _, _, valid = await ctx.tick().sample(dut.o.valid)
            assert not valid, "more than expected"

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(feed)
    sim.add_testbench(drain)
    sim.run()
    return outputs


def random_job(rng):
    rows, length = rng.choice([1, 1, 2, 3, 7]), rng.randint(1, 300)
    stride = rng.choice([length, 0, 5, length + 7, 4096, 2**32 - 1])
    address = rng.randint(0, 2**40 - 1)
    contiguous = rows == 1 or stride == length
    return {"address": address, "stride": stride, "rows": rows, "bytes": length,
            "extent": (rows - 1) * stride + length, "contiguous": contiguous}


@pytest.mark.parametrize("stalls", [(0, 0), (0.5, 0), (0, 0.5), (0.3, 0.3)])
def test_rows_become_ranges(stalls):
    rng = random.Random(3)
    jobs = [random_job(rng) for _ in range(60)]
    expected = []
    for job in jobs:
        if job["contiguous"]:
            expected.append((job["address"], job["extent"], 1))
            continue
        for row in range(job["rows"]):
            expected.append(((job["address"] + row * job["stride"]) % 2**40, job["bytes"],
                             row == job["rows"] - 1))
    got = run(RowRanges(address_width=40), jobs, count=len(expected), source=stalls[0],
              sink=stalls[1])
    assert [(p.address, p.length, p.last) for p, _ in got] == expected
    if stalls == (0, 0):
        gaps = [later - earlier for (_, earlier), (_, later) in pairwise(got)]
        assert gaps == [1 + last for _, _, last in expected[:-1]]


def random_range(rng, beat_bytes):
    """Often near the edge of 4 KiB, often short."""
    address = 4096 * rng.randint(1, 20) + rng.choice([0, -1, 1, -beat_bytes, rng.randint(0, 4095)])
    length = rng.choice([1, 2, beat_bytes, rng.randint(1, 40), rng.randint(1, 3000),
                         rng.randint(1, 20000)])
    return address, length, rng.randint(0, 1)


@pytest.mark.parametrize("stalls", [(0, 0), (0.4, 0.4)])
@pytest.mark.parametrize("data_width, max_beats", [
    (32, 8), (64, 64), (64, 1), (128, 16), (128, 256), (256, 64), (512, 64), (32, 256), (8, 4),
])  # fmt: skip
def test_bursts_cover_ranges_exactly(data_width, max_beats, stalls):
    rng, beat_bytes = random.Random(data_width + max_beats), data_width // 8
    ranges = [random_range(rng, beat_bytes) for _ in range(40 if max_beats > 1 else 5)]
    expected, block = [], max_beats * beat_bytes
    for address, length, last in ranges:
        at, end = address, address + length
        while at < end:
            stop = min(end, (at // block + 1) * block)
            beats = (stop - 1) // beat_bytes - at // beat_bytes + 1
            expected.append((at, beats - 1, int(last and stop == end)))
            at = stop
    got = run(
        BurstSplitter(address_width=32, data_width=data_width, max_beats=max_beats),
        [{"address": a, "length": n, "last": last} for a, n, last in ranges],
        count=len(expected), source=stalls[0], sink=stalls[1])
    assert [(p.address, p.len, p.last) for p, _ in got] == expected
    for payload, _ in got:
        assert payload.len < max_beats
        assert payload.address % 4096 // beat_bytes + payload.len < 4096 // beat_bytes
    if stalls == (0, 0):
        assert [cycle for _, cycle in got] == list(range(1, 1 + len(expected)))


def test_a_range_may_end_at_the_last_byte_of_memory():
    got = run(BurstSplitter(address_width=16, data_width=32, max_beats=16),
              [{"address": 0xFFF1, "length": 15, "last": 1}, {"address": 0, "length": 0xFFFF}],
              count=1 + 1024)
    assert (got[0][0].address, got[0][0].len, got[0][0].last) == (0xFFF1, 3, 1)
    assert (got[-1][0].address, got[-1][0].len) == (0xFFC0, 15)


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="13 to 64 bits wide, not 12"):
        RowRanges(address_width=12)
    with pytest.raises(ValueError, match="1 to 32 bits wide, not 33"):
        RowRanges(address_width=32, bytes_width=33)
    with pytest.raises(ValueError, match="power of two, not 48"):
        BurstSplitter(address_width=32, data_width=48, max_beats=4)
    with pytest.raises(ValueError, match="from 1 to 64 beats, not 128"):
        BurstSplitter(address_width=32, data_width=512, max_beats=128)
