# amaranth: UnusedElaboratable=no
"""The read engine and the arbiter against a memory with latency, stalls and errors."""

import random

import pytest
from amaranth import *
from amaranth.lib import wiring
from amaranth.sim import Simulator

from ppu.dma.read_arbiter import ReadArbiter
from ppu.dma.reader import ReadEngine
from ppu.lib.axi import AxiReadSignature
from ppu_sim.bench.axi_memory import AxiMemory


def pattern(size, seed=0):
    return bytearray(random.Random(seed).randbytes(size))


def make_engine(data_width=64, buffer_beats=64, max_outstanding=8, max_burst_beats=16, **more):
    return ReadEngine(
        address_width=32, data_width=data_width, buffer_beats=buffer_beats,
        max_outstanding=max_outstanding, max_burst_beats=max_burst_beats, **more)


def words_of(ranges, beat_bytes):
    """Addresses of the bus words of the ranges, with the first wanted byte of each."""
    for address, length in ranges:
        aligned = address - address % beat_bytes
        for word in range(aligned, address + length, beat_bytes):
            yield word, max(word, address)


def run(dut, engines, memory, axi, jobs, *, source=0.0, sink=0.0, seed=0, pause=0, until=()):
    """Feeds each engine its ranges; returns per engine a list of (data, resp, cycle)."""
    results = [[] for _ in engines]

    def feeder(engine, ranges, index):
        async def feed(ctx):
            rng = random.Random(seed + index)
            for address, length in ranges:
                while rng.random() < source:
                    await ctx.tick()
                ctx.set(engine.ranges.payload, {"address": address, "length": length})
                ctx.set(engine.ranges.valid, 1)
                await ctx.tick().until(engine.ranges.ready)
                ctx.set(engine.ranges.valid, 0)
        return feed

    def drainer(engine, ranges, index):
        async def drain(ctx):
            rng, cycle = random.Random(seed + 100 + index), 0
            expected = len(list(words_of(ranges, engine.data_width // 8)))
            while len(results[index]) < expected:
                assert cycle < 3000 + 60 * expected, "hangs"
                ready = cycle >= pause and rng.random() >= sink
                ctx.set(engine.beats.ready, ready)
                _, _, valid, beat = await ctx.tick().sample(
                    engine.beats.valid, engine.beats.payload)
                if valid and ready:
                    results[index].append((beat.data, beat.resp.value, cycle))
                cycle += 1
            for _ in range(4):
                await ctx.tick()
            assert not ctx.get(engine.beats.valid) and not ctx.get(engine.busy)
            assert ctx.get(engine.in_flight) == 0
        return drain

    async def serve(ctx):
        await memory.reads(ctx, axi)

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    for index, (engine, ranges) in enumerate(zip(engines, jobs, strict=True)):
        sim.add_testbench(feeder(engine, ranges, index))
        sim.add_testbench(drainer(engine, ranges, index))
    sim.add_testbench(serve, background=True)
    sim.run()
    return results


def check(ranges, result, memory, beat_bytes):
    for (word, _), (value, _, _) in zip(words_of(ranges, beat_bytes), result, strict=True):
        expected = memory.data[word:word + beat_bytes]
        assert value == int.from_bytes(expected, "little"), f"word at {word:#x}"


def random_ranges(rng, count, size):
    ranges = []
    for _ in range(count):
        length = rng.choice([1, 3, rng.randint(1, 64), rng.randint(1, 900)])
        address = rng.choice([4096 * rng.randint(1, 3) - rng.randint(0, 40), rng.randint(0, 2**14)])
        ranges.append((min(address, size - length), length))
    return ranges


@pytest.mark.parametrize("stall, sink, latency", [
    (0, 0, 0), (0, 0, 20), (0.4, 0, 3), (0, 0.5, 30), (0.3, 0.3, 10)])
@pytest.mark.parametrize("engine", [
    {}, {"data_width": 32, "buffer_beats": 8, "max_outstanding": 2, "max_burst_beats": 8},
    {"data_width": 128, "buffer_beats": 32, "max_outstanding": 1, "max_burst_beats": 4},
    {"data_width": 512, "buffer_beats": 17, "max_outstanding": 3, "max_burst_beats": 1},
    {"data_width": 64, "buffer_beats": 256, "max_outstanding": 64, "max_burst_beats": 256},
])  # fmt: skip
def test_words_come_in_order(engine, stall, sink, latency):
    dut, rng = make_engine(**engine), random.Random(latency)
    beat_bytes = dut.data_width // 8
    memory = AxiMemory(pattern(2**15), beat_bytes=beat_bytes, latency=latency, stall=stall, seed=5)
    ranges = random_ranges(rng, 12, 2**15)
    result, = run(dut, [dut], memory, dut.axi, [ranges], source=stall, sink=sink)
    check(ranges, result, memory, beat_bytes)
    assert memory.most_reads <= dut.max_outstanding


def test_the_buffer_never_overflows_and_is_used_entirely():
    dut = make_engine(buffer_beats=64, max_burst_beats=16)
    memory = AxiMemory(pattern(2**14), beat_bytes=8)
    ranges = [(0, 2000), (4096, 800)]
    result, = run(dut, [dut], memory, dut.axi, [ranges], pause=300)
    check(ranges, result, memory, 8)
    assert sum(cycle < 300 for cycle in memory.read_beats) == 64
    cycles = [cycle for _, _, cycle in result]
    assert cycles[:64] == list(range(300, 364))


def test_latencies():
    """AR two cycles after a range is taken, a beat one cycle after it is on the bus."""
    dut = make_engine()
    memory = AxiMemory(pattern(2**14), beat_bytes=8, latency=5)
    result, = run(dut, [dut], memory, dut.axi, [[(64, 128)]])
    asked = memory.read_bursts[0][2]
    assert asked == 2
    assert [cycle for _, _, cycle in result] == [cycle + 1 for cycle in memory.read_beats]
    assert memory.read_beats == list(range(asked + 6, asked + 6 + 16))


@pytest.mark.parametrize("length, stride, beats", [(2048, 2048, 256), (32, 4096, 4), (8, 256, 1)])
def test_one_beat_per_cycle(length, stride, beats):
    """Long ranges, rows of four beats and rows of one beat: 48 cycles of latency are covered."""
    dut = make_engine(buffer_beats=128, max_outstanding=64, max_burst_beats=16)
    memory = AxiMemory(pattern(2**16), beat_bytes=8, latency=48)
    ranges = [(row * stride, length) for row in range(1024 // beats)]
    result, = run(dut, [dut], memory, dut.axi, [ranges])
    check([(a % 2**16, n) for a, n in ranges], result, memory, 8)
    assert memory.read_beats == list(range(memory.read_beats[0], memory.read_beats[0] + 1024))
    assert result[-1][2] - result[0][2] == 1023


@pytest.mark.parametrize("faults, address, resp", [
    ([(0x1018, 0x1019, 2)], 0x1018, 2),
    ([(0x1010, 0x1018, 3)], 0x1013, 3),                  # the first wanted byte, not the first
    ([(0x1030, 0x1038, 2), (0x1020, 0x1028, 3)], 0x1020, 3),
    ([(0x2000, 0x3000, 3), (0x2800, 0x2900, 2)], 0x2000, 3),
    ([(0x3000, 0x3008, 2)], None, 0),
])  # fmt: skip
def test_the_first_fault_is_kept(faults, address, resp):
    dut = make_engine(max_burst_beats=8)
    memory = AxiMemory(pattern(2**14), beat_bytes=8, latency=9, faults=faults)
    ranges = [(0x1013, 40), (0x1FF0, 40)]
    seen = []

    async def watch(ctx):
        sampled = ctx.tick().sample(
            dut.beats.valid & dut.beats.ready & dut.beats.p.resp.as_value()[1], dut.fault)
        async for _, _, failing, fault in sampled:
            if failing:
                seen.append((fault.resp.value, fault.address))

    module = Module()
    module.submodules.dut = dut
    sim_results = []
    sim = Simulator(module)
    sim.add_clock(1e-6)

    async def feed(ctx):
        ctx.set(dut.beats.ready, 1)
        for start, length in ranges:
            ctx.set(dut.ranges.payload, {"address": start, "length": length})
            ctx.set(dut.ranges.valid, 1)
            await ctx.tick().until(dut.ranges.ready)
        ctx.set(dut.ranges.valid, 0)
        for _ in range(60):
            await ctx.tick()
        sim_results.append(ctx.get(dut.fault))

    async def serve(ctx):
        await memory.reads(ctx, dut.axi)

    sim.add_testbench(feed)
    sim.add_testbench(watch, background=True)
    sim.add_testbench(serve, background=True)
    sim.run()
    fault, = sim_results
    assert fault.resp.value == resp
    if resp:
        assert fault.address == address
        assert seen and all(item == (resp, address) for item in seen)
    else:
        assert not seen


class TwoReaders(wiring.Component):
    """Two engines behind an arbiter."""

    def __init__(self):
        self.engines = [
            make_engine(data_width=32, id=index, buffer_beats=(16, 64)[index], max_burst_beats=8)
            for index in range(2)]
        super().__init__({"axi": wiring.Out(AxiReadSignature(address_width=32, data_width=32))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.arbiter = arbiter = ReadArbiter(address_width=32, data_width=32, clients=2)
        m.submodules += self.engines
        for engine, client in zip(self.engines, arbiter.clients, strict=True):
            wiring.connect(m, engine.axi, client)
        wiring.connect(m, arbiter.axi, wiring.flipped(self.axi))
        return m


class Interleaving(AxiMemory):
    """Answers of different ids in any order."""

    async def reads(self, ctx, axi):
        rng = random.Random(self.seed)
        waiting = {0: [], 1: []}
        cycle = 0
        while True:
            ready = rng.random() >= self.stall
            ids = [tag for tag in waiting if waiting[tag]]
            ctx.set(axi.ar.ready, ready)
            ctx.set(axi.r.valid, 0)
            if ids and rng.random() >= self.stall:
                tag = rng.choice(ids)
                address, last = waiting[tag].pop(0)
                word = int.from_bytes(self.data[address:address + self.beat_bytes], "little")
                ctx.set(axi.r.valid, 1)
                ctx.set(axi.r.payload, {"id": tag, "data": word, "last": last})
            _, _, valid, payload = await ctx.tick().sample(axi.ar.valid, axi.ar.payload)
            if valid and ready:
                beats = self._check_burst(payload)
                self.read_bursts.append((payload.addr, beats, cycle))
                waiting[payload.id] += [
                    (payload.addr + index * self.beat_bytes, index == beats - 1)
                    for index in range(beats)]
            cycle += 1


@pytest.mark.parametrize("kind", [AxiMemory, Interleaving])
@pytest.mark.parametrize("stall", [0, 0.4])
def test_the_arbiter_keeps_readers_apart(kind, stall):
    dut, rng = TwoReaders(), random.Random(2)
    memory = kind(pattern(2**15), beat_bytes=4, latency=10, stall=stall, seed=3)
    jobs = [random_ranges(rng, 10, 2**15) for _ in range(2)]
    results = run(dut, dut.engines, memory, dut.axi, jobs, sink=stall)
    for ranges, result in zip(jobs, results, strict=True):
        check(ranges, result, memory, 4)


def test_client_0_goes_first():
    dut = TwoReaders()
    memory = AxiMemory(pattern(2**15), beat_bytes=4, latency=30)
    run(dut, dut.engines, memory, dut.axi, [[(0, 32)], [(4096, 128)]])
    assert [address for address, _, _ in memory.read_bursts] == [0] + list(range(4096, 4224, 32))
    assert [cycle for _, _, cycle in memory.read_bursts] == [3, 4, 5, 6, 7]


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="hold a burst of 16 beats, not 8"):
        make_engine(buffer_beats=8)
    with pytest.raises(ValueError, match=r"At least 1 burst .* not 0"):
        make_engine(max_outstanding=0)
    with pytest.raises(ValueError, match="fit in 1 bits, not 2"):
        make_engine(id=2)
    with pytest.raises(ValueError, match="1 to 2 for ids of 1 bits, not 3"):
        ReadArbiter(address_width=32, data_width=32, clients=3)
