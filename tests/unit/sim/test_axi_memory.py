# amaranth: UnusedElaboratable=no
"""Timing of the memory around the core: exact latency, full bandwidth, stalls, errors."""

import numpy as np
import pytest
from amaranth.sim import Simulator

from ppu.lib.axi import Response
from ppu_sim.system import AxiMemory
from ppu_sim.system.storage import serve

SIZE = 4096
BEAT = 8
OKAY, SLVERR, DECERR = Response.OKAY, Response.SLVERR, Response.DECERR


class Manager:
    """Sends the given bursts as fast as it can, and notes the cycle of each handshake."""

    def __init__(self, *, reads=(), writes=(), settings=None, r_ready=None, b_ready=None, depth=16):
        self.memory = np.arange(SIZE, dtype=np.uint32).astype(np.uint8)
        self.dut = AxiMemory(address_width=16, data_width=8 * BEAT, id_width=2, depth=depth)
        self.events = {name: [] for name in ("ar", "r", "aw", "w", "b")}
        self.reads, self.writes = list(reads), list(writes)
        self.settings = {"latency": 1, "size": SIZE, **(settings or {})}
        self.r_ready, self.b_ready = r_ready, b_ready

    def run(self, *, restart=0, cycles=5000):
        """Runs until everything is answered. `restart` cycles pass before the restart."""
        axi = self.dut.axi
        sim = Simulator(self.dut)
        sim.add_clock(1e-6)
        sim.add_process(serve(self.dut.storage, self.memory))
        address = [
            {"id": i % 4, "addr": start, "len": n - 1} for i, (start, n) in enumerate(self.reads)
        ]
        sim.add_testbench(self._sender(axi.ar, address, restart), background=True)
        address = [
            {"id": i % 4, "addr": start, "len": len(beats) - 1}
            for i, (start, beats) in enumerate(self.writes)
        ]
        sim.add_testbench(self._sender(axi.aw, address, restart), background=True)
        beats = [
            {"data": data, "strb": strobe, "last": i == len(beats) - 1}
            for _, beats in self.writes for i, (data, strobe) in enumerate(beats)
        ]  # fmt: skip
        sim.add_testbench(self._sender(axi.w, beats, restart), background=True)
        sim.add_testbench(self._receiver(axi.r, "r", self.r_ready), background=True)
        sim.add_testbench(self._receiver(axi.b, "b", self.b_ready), background=True)
        for channel in self.events:
            sim.add_testbench(self._watch(channel), background=True)
        expected = {"r": sum(n for _, n in self.reads), "b": len(self.writes)}

        async def control(ctx):
            ctx.set(self.dut.settings, self.settings)
            for _ in range(restart):
                await ctx.tick()
            ctx.set(self.dut.restart, 1)
            await ctx.tick()
            ctx.set(self.dut.restart, 0)
            for _ in range(cycles):
                if all(len(self.events[name]) == count for name, count in expected.items()):
                    return
                await ctx.tick()
            raise AssertionError(f"not done after {cycles} cycles: {self.events}")

        sim.add_testbench(control)
        sim.run()
        return self

    def _sender(self, port, payloads, restart):
        async def send(ctx):
            for _ in range(restart + 1):
                await ctx.tick()
            for payload in payloads:
                ctx.set(port.payload, payload)
                ctx.set(port.valid, 1)
                await ctx.tick().until(port.ready)
            ctx.set(port.valid, 0)

        return send

    def _receiver(self, port, name, pattern):
        async def receive(ctx):
            cycle = 0
            while True:
                ctx.set(port.ready, pattern(cycle) if pattern else 1)
                await ctx.tick()
                cycle += 1

        return receive

    def _watch(self, name):
        port = getattr(self.dut.axi, name)

        async def watch(ctx):
            cycle, waiting = 0, None
            async for *_, valid, ready, payload in ctx.tick().sample(
                port.valid, port.ready, port.payload
            ):
                if waiting is not None:
                    assert valid, f"{name}.valid dropped in cycle {cycle}"
                    assert payload.as_bits() == waiting, f"{name} changed in cycle {cycle}"
                waiting = payload.as_bits() if valid and not ready else None
                if valid and ready:
                    self.events[name].append((cycle, payload))
                cycle += 1

        return watch

    def cycles(self, name):
        """Cycles of the handshakes of a channel."""
        return [cycle for cycle, _ in self.events[name]]


@pytest.mark.parametrize("latency", [1, 2, 3, 17, 1023])
def test_read_latency_is_exact(latency):
    run = Manager(reads=[(64, 3)], settings={"latency": latency}).run()
    (sent,) = run.cycles("ar")
    assert run.cycles("r") == [sent + latency + i for i in range(3)]
    words = [payload.data for _, payload in run.events["r"]]
    assert words == [int.from_bytes(bytes(range(a, a + 8)), "little") for a in (64, 72, 80)]
    assert [payload.last for _, payload in run.events["r"]] == [0, 0, 1]


@pytest.mark.parametrize("latency", [1, 2, 3, 17, 1023])
def test_write_latency_is_exact(latency):
    beats = [(0x1122334455667788, 0xFF), (0, 0b10000001)]
    run = Manager(writes=[(128, beats)], settings={"latency": latency}).run()
    assert run.cycles("b") == [run.cycles("w")[-1] + latency]
    assert run.memory[128:136].tobytes() == bytes.fromhex("8877665544332211")
    assert run.memory[136:144].tolist() == [0, *range(137, 143), 0]
    assert run.memory[144] == 144


@pytest.mark.parametrize("latency", [1, 2, 5, 40])
def test_one_beat_per_cycle_with_enough_bursts_in_flight(latency):
    run = Manager(
        reads=[(0, 4)] * 30, writes=[(1024, [(i, 0xFF)] * 4) for i in range(30)],
        settings={"latency": latency},
    ).run()  # fmt: skip
    reads, writes = run.cycles("r"), run.cycles("w")
    assert reads == list(range(reads[0], reads[0] + 120))
    assert writes == list(range(writes[0], writes[0] + 120))


@pytest.mark.parametrize("depth", [4, 16])
def test_at_most_depth_bursts_are_in_flight(depth):
    run = Manager(
        reads=[(0, 1)] * 40, writes=[(0, [(0, 0)])] * 40, settings={"latency": 100}, depth=depth,
    ).run()  # fmt: skip
    for request, answer in (("ar", "r"), ("aw", "b")):
        sent, got = run.cycles(request), run.cycles(answer)
        in_flight = [
            sum(s <= cycle for s in sent) - sum(g < cycle for g in got) for cycle in range(got[-1])
        ]
        assert max(in_flight) == depth


def test_ids_are_echoed_in_order():
    run = Manager(reads=[(0, 2)] * 4, writes=[(0, [(0, 0)])] * 4, settings={"latency": 9}).run()
    assert [payload.id for _, payload in run.events["r"]] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert [payload.id for _, payload in run.events["b"]] == [0, 1, 2, 3]


def stalled(seed, restart=0, channels=("ar", "r", "aw", "w", "b"), threshold=64):
    return Manager(
        reads=[(8 * i, 1 + i % 7) for i in range(30)],
        writes=[(2048 + 8 * i, [(i, 0xFF)] * (1 + i % 5)) for i in range(30)],
        settings={
            "latency": 7, "seed": seed, "stalls": dict.fromkeys(channels, threshold),
        },
        r_ready=lambda cycle: cycle * 7 % 11 < 8, b_ready=lambda cycle: cycle * 5 % 7 < 4,
    ).run(restart=restart)  # fmt: skip


def test_stalls_depend_on_the_seed_alone():
    first, again, other = stalled(1), stalled(1), stalled(2)
    assert first.events == again.events
    assert first.events != other.events
    assert (first.memory == other.memory).all()
    # A start 11 cycles later, in step with the pattern of `ready`, is the same but for those.
    later = stalled(1, restart=77)
    for name in first.events:
        assert later.cycles(name) == [cycle + 77 for cycle in first.cycles(name)]


@pytest.mark.parametrize("channel", ["ar", "r", "aw", "w", "b"])
def test_each_channel_stalls_alone(channel):
    free, slow = stalled(1, channels=()), stalled(1, channels=(channel,), threshold=200)
    assert slow.cycles(channel)[-1] > free.cycles(channel)[-1]
    others = ("aw", "w", "b") if channel in ("ar", "r") else ("ar", "r")
    assert all(slow.cycles(other) == free.cycles(other) for other in others)
    data = [payload for _, payload in slow.events["r"]]
    assert data == [payload for _, payload in free.events["r"]]


def test_share_of_stalled_cycles_is_as_set():
    run = Manager(
        reads=[(0, 16)] * 100, settings={"latency": 1, "seed": 5, "stalls": {"r": 64}}
    ).run()
    taken = run.cycles("r")
    assert 0.72 < len(taken) / (taken[-1] - taken[0] + 1) < 0.78


@pytest.mark.parametrize("response", [SLVERR, DECERR])
def test_read_fault_region(response):
    region = {"start": 79, "end": 81, "response": response}
    run = Manager(reads=[(64, 4)], settings={"read_fault": region}).run()
    assert [p.resp for _, p in run.events["r"]] == [OKAY, response, response, OKAY]
    assert [p.data == 0 for _, p in run.events["r"]] == [False, True, True, False]


@pytest.mark.parametrize("response", [SLVERR, DECERR])
def test_write_fault_region(response):
    region = {"start": 80, "end": 81, "response": response}
    beats = [(0, 0xFF)] * 4
    run = Manager(
        writes=[(64, beats), (96, beats)], settings={"latency": 3, "write_fault": region}
    ).run()
    assert [p.resp for _, p in run.events["b"]] == [response, OKAY]
    expected = np.arange(SIZE, dtype=np.uint32).astype(np.uint8)
    expected[64:80] = expected[88:128] = 0
    assert (run.memory == expected).all()


def test_beyond_the_size_of_the_memory_is_decerr():
    run = Manager(
        reads=[(1016, 2)], writes=[(1016, [(0, 0xFF)] * 2)], settings={"size": 1024}
    ).run()
    assert [p.resp for _, p in run.events["r"]] == [OKAY, DECERR]
    assert [p.resp for _, p in run.events["b"]] == [DECERR]
    assert run.memory[1024] == 0 and run.memory[1025] == 1
