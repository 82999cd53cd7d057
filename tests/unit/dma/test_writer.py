# amaranth: UnusedElaboratable=no
"""The write engine against a memory with latency, stalls and errors."""

import random

import pytest
from amaranth.sim import Simulator

from ppu.dma.writer import WriteEngine
from ppu_sim.bench.axi_memory import AxiMemory


def make_engine(data_width=64, max_outstanding=8, max_burst_beats=16, **more):
    return WriteEngine(
        address_width=32, data_width=data_width, max_outstanding=max_outstanding,
        max_burst_beats=max_burst_beats, **more)


def beats_of(address, values, beat_bytes):
    """Yields (data, strobes) of the beats that hold `values` from `address` on."""
    start = address % beat_bytes
    padded = bytes(start) + bytes(values)
    mask = ((1 << len(padded)) - 1) >> start << start
    for at in range(0, len(padded), beat_bytes):
        word = padded[at:at + beat_bytes]
        yield int.from_bytes(word, "little"), mask >> at & ((1 << beat_bytes) - 1)


def run(dut, memory, jobs, *, source=0.0, seed=0):
    """Writes `jobs`, lists of (address, values); returns (cycle, resp, address) of completions."""
    beat_bytes, completions = dut.data_width // 8, []

    async def feed_ranges(ctx):
        rng = random.Random(seed)
        for job in jobs:
            for index, (address, values) in enumerate(job):
                while rng.random() < source:
                    await ctx.tick()
                ctx.set(dut.ranges.payload, {
                    "address": address, "length": len(values), "last": index == len(job) - 1})
                ctx.set(dut.ranges.valid, 1)
                await ctx.tick().until(dut.ranges.ready)
                ctx.set(dut.ranges.valid, 0)

    async def feed_beats(ctx):
        rng = random.Random(seed + 1)
        for job in jobs:
            for address, values in job:
                for word, strobes in beats_of(address, values, beat_bytes):
                    while rng.random() < source:
                        await ctx.tick()
                    ctx.set(dut.beats.payload, {"data": word, "strb": strobes})
                    ctx.set(dut.beats.valid, 1)
                    await ctx.tick().until(dut.beats.ready)
                    ctx.set(dut.beats.valid, 0)

    async def watch(ctx):
        cycle = 0
        while len(completions) < len(jobs):
            assert cycle < 20000, "hangs"
            _, _, completed, fault = await ctx.tick().sample(dut.completed, dut.fault)
            if completed:
                completions.append((cycle, fault.resp.value, fault.address))
            cycle += 1
        for _ in range(4):
            _, _, completed, busy = await ctx.tick().sample(dut.completed, dut.busy)
            assert not completed and not busy

    async def serve(ctx):
        await memory.writes(ctx, dut.axi)

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(feed_ranges)
    sim.add_testbench(feed_beats)
    sim.add_testbench(watch)
    sim.add_testbench(serve, background=True)
    sim.run()
    return completions


def random_jobs(rng, count, size, beat_bytes):
    jobs = []
    for _ in range(count):
        job = []
        for _ in range(rng.choice([1, 1, 2, 4])):
            length = rng.choice([1, beat_bytes, rng.randint(1, 40), rng.randint(1, 700)])
            address = rng.choice(
                [4096 - rng.randint(0, 2 * beat_bytes), rng.randint(0, size - length)])
            job.append((address, rng.randbytes(length)))
        jobs.append(job)
    return jobs


def expect(jobs, size):
    memory = bytearray(b"\xa5" * size)
    for job in jobs:
        for address, values in job:
            memory[address:address + len(values)] = values
    return memory


@pytest.mark.parametrize("stall, source, latency", [
    (0, 0, 0), (0, 0, 20), (0.5, 0, 3), (0, 0.5, 30), (0.3, 0.3, 10)])
@pytest.mark.parametrize("engine", [
    {}, {"data_width": 32, "max_outstanding": 1, "max_burst_beats": 4},
    {"data_width": 128, "max_outstanding": 3, "max_burst_beats": 1},
    {"data_width": 512, "max_outstanding": 64, "max_burst_beats": 64},
])  # fmt: skip
def test_exactly_the_wanted_bytes_are_written(engine, stall, source, latency):
    dut, rng = make_engine(**engine), random.Random(latency + 1)
    jobs = random_jobs(rng, 12, 2**13, dut.data_width // 8)
    memory = AxiMemory(bytearray(b"\xa5" * 2**13), beat_bytes=dut.data_width // 8,
                       latency=latency, stall=stall, seed=9)
    completions = run(dut, memory, jobs, source=source)
    assert memory.data == expect(jobs, 2**13)
    assert all(resp == 0 for _, resp, _ in completions)
    assert memory.most_writes <= dut.max_outstanding


def test_latencies():
    """AW two cycles and W four after the range is taken; `completed` one cycle after B."""
    dut = make_engine()
    memory = AxiMemory(bytearray(2**13), beat_bytes=8, latency=3)
    (cycle, _, _), = run(dut, memory, [[(128, bytes(128))]])
    assert memory.write_bursts == [(128, 16, 2)]
    assert memory.write_beats == list(range(4, 20))
    assert memory.answers == [19 + 4]
    assert cycle == memory.answers[0] + 1


@pytest.mark.parametrize("length, stride", [(2048, 2048), (32, 4096), (8, 256)])
def test_one_beat_per_cycle(length, stride):
    """Long ranges, rows of four beats and rows of one beat, with enough bursts in flight."""
    dut = make_engine(max_outstanding=64)
    memory = AxiMemory(bytearray(2**13), beat_bytes=8, latency=40)
    count = 512 * 8 // length
    run(dut, memory, [[(row * stride, bytes(length)) for row in range(count)]])
    assert memory.write_beats == list(range(4, 4 + 512))


def test_rows_of_four_beats_with_sixteen_outstanding():
    dut = make_engine(max_outstanding=16)
    memory = AxiMemory(bytearray(2**13), beat_bytes=8, latency=40)
    run(dut, memory, [[(row * 4096, bytes(32)) for row in range(128)]])
    assert memory.write_beats == list(range(4, 4 + 512))


@pytest.mark.parametrize("faults, failing, address, resp", [
    ([(0x1000, 0x1001, 2)], 1, 0x1000, 2),
    ([(0x0FF9, 0x0FFA, 3)], 1, 0x0FF3, 3),          # the burst's own first byte, not aligned
    ([(0x10F0, 0x2100, 2)], 1, 0x1080, 2),          # the second burst of the range is the first
    ([(0x1800, 0x1900, 3), (0x1000, 0x1100, 2)], 1, 0x1000, 2),
    ([(0x1800, 0x1900, 3)], 2, 0x1801, 3),
])  # fmt: skip
def test_the_first_fault_is_kept(faults, failing, address, resp):
    dut = make_engine()
    memory = AxiMemory(bytearray(2**13), beat_bytes=8, latency=9, faults=faults)
    jobs = [[(0x10, bytes(50))], [(0x0FF3, bytes(300))], [(0x1801, bytes(9))], [(0, bytes(9))]]
    completions = run(dut, memory, jobs)
    assert all(item[1] == 0 for item in completions[:failing])
    assert all(item[1:] == (resp, address) for item in completions[failing:])


def test_arguments_are_checked():
    with pytest.raises(ValueError, match=r"At least 1 burst .* not 0"):
        make_engine(max_outstanding=0)
    with pytest.raises(ValueError, match="fit in 1 bits, not 2"):
        make_engine(id=2)
