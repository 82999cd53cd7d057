# amaranth: UnusedElaboratable=no
"""Queues and registers for streams, with seeded stalls on both sides."""

import random

import pytest
from amaranth.lib import data
from amaranth.sim import Simulator

from ppu.lib.queue import Queue, ShallowQueue, Slice

SHAPE = data.StructLayout({"low": 5, "high": 4})

PARTS = {
    "queue of 4": lambda: Queue(SHAPE, depth=4),
    "queue of 5": lambda: Queue(SHAPE, depth=5),
    "queue of 32": lambda: Queue(SHAPE, depth=32),
    "shallow of 1": lambda: ShallowQueue(SHAPE, depth=1),
    "shallow of 3": lambda: ShallowQueue(SHAPE, depth=3),
    "shallow of 16": lambda: ShallowQueue(SHAPE, depth=16),
    "slice": lambda: Slice(SHAPE),
}


def run(dut, *, count, source=0.0, sink=0.0, seed=0, pause=0):
    """Sends 0..count-1; returns (value, cycle sent, cycle received) of each.

    `source` and `sink` are the shares of stalled cycles; the consumer is deaf for `pause` cycles.
    """
    sent, received, levels = [], [], []

    async def feed(ctx):
        rng = random.Random(seed)
        cycle = 0
        while len(sent) < count:
            valid = rng.random() >= source
            if valid:
                ctx.set(dut.i.payload, {"low": len(sent) % 32, "high": len(sent) // 32 % 16})
            ctx.set(dut.i.valid, valid)
            while True:
                _, _, ready = await ctx.tick().sample(dut.i.ready)
                cycle += 1
                if ready or not valid:
                    break
            if valid:
                sent.append(cycle - 1)
        ctx.set(dut.i.valid, 0)

    async def drain(ctx):
        rng = random.Random(seed + 1)
        cycle = 0
        held = None
        while len(received) < count:
            assert cycle < 200 * count + pause, "hangs"
            ready = cycle >= pause and rng.random() >= sink
            ctx.set(dut.o.ready, ready)
            _, _, valid, payload = await ctx.tick().sample(dut.o.valid, dut.o.payload)
            if held is not None:
                assert valid and payload == held, "valid or payload changed before the transfer"
            held = payload if valid and not ready else None
            if valid and ready:
                received.append((payload.low + 32 * payload.high, cycle))
            cycle += 1

    async def watch(ctx):
        inside = 0
        sampled = ctx.tick().sample(
            dut.level, dut.i.valid & dut.i.ready, dut.o.valid & dut.o.ready)
        async for _, _, level, push, pop in sampled:
            assert level == inside
            inside += push - pop
            levels.append(level)

    sim = Simulator(dut)
    sim.add_clock(1e-6)
    sim.add_testbench(feed)
    sim.add_testbench(drain)
    if hasattr(dut, "level"):
        sim.add_testbench(watch, background=True)
    sim.run()
    assert [value for value, _ in received] == [index % 512 for index in range(count)]
    return [(value, came, went) for (value, went), came in zip(received, sent, strict=True)]


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("stalls", [(0, 0), (0.5, 0), (0, 0.5), (0.4, 0.4), (0.1, 0.9)])
def test_order_is_kept(name, stalls):
    run(PARTS[name](), count=300, source=stalls[0], sink=stalls[1], seed=7)


@pytest.mark.parametrize("name", [name for name in PARTS if name != "shallow of 1"])
def test_latency_is_one_cycle_and_throughput_one_per_cycle(name):
    assert all(went - came == 1 for _, came, went in run(PARTS[name](), count=100))


@pytest.mark.parametrize("name", ["queue of 32", "shallow of 16"])
def test_no_bubbles_after_a_pause(name):
    cycles = [went for _, _, went in run(PARTS[name](), count=100, pause=60)]
    assert cycles == list(range(60, 160))


def test_depth_is_checked():
    with pytest.raises(ValueError, match="at least 4, not 3"):
        Queue(8, depth=3)
    with pytest.raises(ValueError, match="at least 1, not 0"):
        ShallowQueue(8, depth=0)


@pytest.mark.parametrize("name", ["queue of 4", "queue of 5", "queue of 32", "shallow of 3"])
def test_it_takes_as_many_as_its_depth_while_the_consumer_is_deaf(name):
    dut = PARTS[name]()
    taken = [came for _, came, _ in run(dut, count=60, pause=100) if came < 100]
    assert dut.depth <= len(taken) <= dut.depth + (3 if isinstance(dut, Queue) else 0)
