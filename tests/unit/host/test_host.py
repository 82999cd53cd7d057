# amaranth: UnusedElaboratable=no
"""The host interface as a whole: registers, ring, fetch, counters, reset."""

import random

import pytest
from amaranth.sim import Simulator
from axi_models import LiteDriver, ReadMemory

from ppu.config import MEDIUM, SMALL, TINY, Config
from ppu.host.host import Host
from ppu.host.registers import register_map
from ppu.isa import COMMAND_BYTES, ErrorCode
from ppu.lib.axi import Response

WIDE = Config(row_bytes=16, columns=16, scratchpad_rows=512, accumulator_rows=128,
              axi_data_width=512, axi_address_width=48)


class Bench:
    """A host with a memory, a register driver and a command stage that takes what comes."""

    def __init__(self, config, *, size=2**16, stall=0.0, seed=0, latency=4, faults=None):
        self.config, self.dut = config, Host(config)
        self.rng = random.Random(seed)
        self.memory = bytearray(self.rng.randbytes(size))
        self.offsets = {r.name: r.offset for r in register_map(config)}
        self.lite = LiteDriver(self.dut.s_axil)
        self.bus = ReadMemory(self.dut.axi, self.memory, latency=latency, faults=faults,
                              stall=lambda: self.rng.random() < stall)
        self.stall = stall
        self.received = []      # (cycle, index, code, address, command)
        self.resets = 0

    def command(self, base, size, index):
        address = base + COMMAND_BYTES * (index % size)
        return int.from_bytes(self.memory[address : address + COMMAND_BYTES], "little")

    async def write(self, ctx, name, value):
        assert await self.lite.write(ctx, self.offsets[name], value) == Response.OKAY

    async def read(self, ctx, name):
        value, resp = await self.lite.read(ctx, self.offsets[name])
        assert resp == Response.OKAY
        return value

    async def setup_ring(self, ctx, base, size):
        await self.write(ctx, "RING_BASE_LOW", base & 0xFFFF_FFFF)
        await self.write(ctx, "RING_BASE_HIGH", base >> 32)
        await self.write(ctx, "RING_SIZE", size)

    async def take(self, ctx):
        """Completes each command in the cycle after it came, and stops at the first error."""
        dut, port = self.dut, self.dut.commands
        previous = None
        completed, cycle = 0, 0
        while True:
            # Where commands start in order, errors are not taken.
            fails = (self.config.in_order and ctx.get(port.valid)
                     and ctx.get(port.payload.code) is not ErrorCode.NONE)
            ready = self.rng.random() >= self.stall and not fails
            ctx.set(port.ready, ready)
            _, _, valid, payload, reset = await ctx.tick().sample(
                port.valid, port.payload, dut.soft_reset)
            cycle += 1
            ctx.set(dut.pending, 0)
            ctx.set(dut.completed, completed)
            if previous is not None:
                assert valid, "valid fell while the command waited"
                assert payload == previous, "the payload changed while it waited"
            previous = payload if valid and not ready and not reset else None
            if reset:
                assert not self.bus.outstanding, "reset with reads on their way"
                self.resets += 1
                completed, previous = 0, None
                ctx.set(dut.completed, 0)
                ctx.set(dut.stop, {"valid": 0, "code": 0, "index": 0, "address": 0})
            elif valid and (ready or fails):
                code = ErrorCode(payload.code)
                if self.config.in_order:    # words have come before, and are not looked at
                    index, raw = completed, None
                else:
                    index, raw = payload.index, payload.command.raw
                self.received.append((cycle, index, code, payload.address, raw))
                if code is ErrorCode.NONE:
                    ctx.set(dut.pending, 1)
                    completed += 1
                else:
                    ctx.set(dut.stop, {"valid": 1, "code": code, "index": index,
                                       "address": payload.address})

    async def soft_reset(self, ctx):
        """Resets, as a driver does; the command stage is idle some cycles after it is asked."""
        dut = self.dut
        await self.write(ctx, "CONTROL", 1)
        assert ctx.get(dut.drain) == 1
        await ctx.tick().repeat(self.rng.randint(1, 9))
        ctx.set(dut.drained, 1)
        while await self.read(ctx, "CONTROL"):
            pass
        ctx.set(dut.drained, 0)

    def run(self, main, *monitors):
        sim = Simulator(self.dut)
        sim.add_clock(1e-8)
        sim.add_testbench(main)
        sim.add_testbench(self.take, background=True)
        sim.add_testbench(self.bus.run, background=True)
        for monitor in monitors:
            sim.add_testbench(monitor, background=True)
        sim.run()

    def check(self, base, size, first, count):
        """The last `count` received commands are those from index `first` on."""
        assert [r[1] for r in self.received[-count:]] == list(range(first, first + count))
        for _, index, code, _, raw in self.received[-count:]:
            assert code is ErrorCode.NONE
            assert raw == self.command(base, size, index), f"command {index} differs"


@pytest.mark.parametrize("stall", [0.0, 0.4])
@pytest.mark.parametrize(("config", "size"), [
    (TINY, 2), (TINY, 4), (TINY, 64), (SMALL, 8), (MEDIUM, 64), (WIDE, 2), (WIDE, 32)])
def test_commands_arrive_in_order(config, size, stall):
    bench = Bench(config, stall=stall, seed=size)
    base = 0xF80 if size < 64 else 0x1240       # rings across a 4 KiB edge, unaligned ones too
    total = 2 * size + 7

    async def main(ctx):
        await bench.setup_ring(ctx, base, size)
        tail = 0
        while tail < total:
            tail = min(total, tail + bench.rng.randint(1, size))
            while (tail - await bench.read(ctx, "RING_HEAD")) & 0xFFFF_FFFF > size:
                pass
            await bench.write(ctx, "RING_TAIL", tail)
            assert await bench.read(ctx, "STATUS") & 2 == 0
        while await bench.read(ctx, "STATUS"):
            pass
        assert await bench.read(ctx, "RING_HEAD") == total
        assert await bench.read(ctx, "COMPLETED") == total

    bench.run(main)
    assert len(bench.received) == total
    bench.check(base, size, 0, total)


@pytest.mark.parametrize("config", [TINY, SMALL, MEDIUM])
def test_doorbell_latency(config):
    """W handshake to AR: 5 cycles. Last R beat to command: 2."""
    bench, seen = Bench(config), []
    port, bus = bench.dut.s_axil, bench.dut.axi

    async def watch(ctx):
        async for _, _, *events in ctx.tick().sample(
                port.w.valid & port.w.ready, bus.ar.valid, bus.r.valid & bus.r.ready,
                bench.dut.commands.valid):
            seen.append(events)

    async def main(ctx):
        await bench.setup_ring(ctx, 0, 16)
        await bench.write(ctx, "RING_TAIL", 1)
        await ctx.tick().repeat(60)

    bench.run(main, watch)
    doorbell = max(cycle for cycle, events in enumerate(seen) if events[0])
    request = min(cycle for cycle, events in enumerate(seen) if events[1])
    last_beat = max(cycle for cycle, events in enumerate(seen) if events[2])
    command = min(cycle for cycle, events in enumerate(seen) if events[3])
    assert request - doorbell == 5
    assert command - last_beat == 2


def test_fetch_keeps_up_with_the_bus():
    """A slow memory, a full ring and a fast consumer: a beat in nearly every cycle."""
    bench = Bench(SMALL, latency=20)

    async def main(ctx):
        await bench.setup_ring(ctx, 0, 256)
        await bench.write(ctx, "RING_TAIL", 256)
        while await bench.read(ctx, "STATUS"):
            pass

    bench.run(main)
    beats = 256 * COMMAND_BYTES // SMALL.beat_bytes
    assert bench.received[-1][0] - bench.received[0][0] < 1.15 * beats
    assert max(count for _, count in bench.bus.bursts) == 8 * COMMAND_BYTES // SMALL.beat_bytes


@pytest.mark.parametrize("resp", [Response.SLVERR, Response.DECERR])
@pytest.mark.parametrize(("config", "index", "beat"), [
    (TINY, 0, 0), (TINY, 5, 3), (TINY, 6, 7), (SMALL, 3, 2), (MEDIUM, 9, 1), (WIDE, 4, 0),
    (WIDE, 5, 0)])
def test_fetch_error(config, index, beat, resp):
    """The failing command is reported, nothing follows, and a reset makes the core work again."""
    base, size, count = 0x1000, 16, 12
    fault = base + index * COMMAND_BYTES + beat * config.beat_bytes
    beat_address = fault // config.beat_bytes * config.beat_bytes
    bench = Bench(config, faults={beat_address: resp})
    # a beat of two commands hits the first of them
    first = index // 2 * 2 if config.beat_bytes > COMMAND_BYTES else index
    address = base + first * COMMAND_BYTES + beat * config.beat_bytes

    async def main(ctx):
        await bench.setup_ring(ctx, base, size)
        await bench.write(ctx, "IRQ_ENABLE", 2)
        await bench.write(ctx, "RING_TAIL", count)
        while await bench.read(ctx, "STATUS") != 2:
            pass
        assert ctx.get(bench.dut.irq) == 1
        assert await bench.read(ctx, "IRQ_CAUSE") == 2
        assert await bench.read(ctx, "ERROR_CODE") == ErrorCode[f"FETCH_{resp.name}"].value
        assert await bench.read(ctx, "ERROR_INDEX") == first
        assert await bench.read(ctx, "ERROR_ADDRESS_LOW") == address
        assert await bench.read(ctx, "RING_HEAD") == first
        await bench.write(ctx, "RING_TAIL", count + 1)      # no effect any more
        assert await bench.read(ctx, "RING_TAIL") == count
        await ctx.tick().repeat(100)
        assert len(bench.received) == first + 1
        bench.bus.faults.clear()
        await bench.soft_reset(ctx)
        assert ctx.get(bench.dut.irq) == 0
        await bench.setup_ring(ctx, base, size)
        await bench.write(ctx, "RING_TAIL", count)
        while await bench.read(ctx, "STATUS"):
            pass

    bench.run(main)
    assert len(bench.received) == first + 1 + count
    bench.check(base, size, 0, count)


@pytest.mark.parametrize("stall", [0.0, 0.5])
@pytest.mark.parametrize("config", [TINY, SMALL, WIDE])
def test_soft_reset_at_any_moment(config, stall):
    """No read is on its way at the reset, and the registers are those after power-on."""
    bench = Bench(config, stall=stall, seed=3, latency=20)
    writable = [r for r in register_map(config) if r.writable]
    counters = [r for r in register_map(config) if r.name.startswith("COUNT_CYC")]

    async def main(ctx):
        for delay in (1, 2, 4, 7, 12, 25, 40, 60):
            await bench.setup_ring(ctx, 0x40, 32)
            await bench.write(ctx, "RING_TAIL", 32)
            await ctx.tick().repeat(delay)
            await bench.soft_reset(ctx)
            for register in writable + counters:
                assert await bench.read(ctx, register.name) == register.reset, register.name
        bench.received.clear()
        await bench.setup_ring(ctx, 0x40, 32)
        await bench.write(ctx, "RING_TAIL", 31)
        while await bench.read(ctx, "STATUS"):
            pass

    bench.run(main)
    assert bench.resets == 8
    assert len(bench.received) == 31
    bench.check(0x40, 32, 0, 31)


def test_interrupt_and_ends():
    bench = Bench(TINY)

    async def main(ctx):
        dut = bench.dut
        for tag in (7, 0xDEAD_BEEF):
            ctx.set(dut.end_tag, tag)
            ctx.set(dut.end, 1)
            await ctx.tick()
            ctx.set(dut.end, 0)
            await ctx.tick().repeat(3)
            assert ctx.get(dut.irq) == 0
        assert await bench.read(ctx, "END_COUNT") == 2
        assert await bench.read(ctx, "END_TAG") == 0xDEAD_BEEF
        await bench.write(ctx, "IRQ_ENABLE", 2)
        assert ctx.get(dut.irq) == 0
        await bench.write(ctx, "IRQ_ENABLE", 3)
        await ctx.tick().repeat(2)
        assert ctx.get(dut.irq) == 1
        await bench.write(ctx, "IRQ_CAUSE", 2)
        assert await bench.read(ctx, "IRQ_CAUSE") == 1
        await bench.write(ctx, "IRQ_CAUSE", 1)
        await ctx.tick().repeat(2)
        assert ctx.get(dut.irq) == 0
        assert await bench.read(ctx, "IRQ_CAUSE") == 0

    bench.run(main)


def test_busy_cycles_are_counted_from_doorbell_to_completion():
    bench = Bench(MEDIUM, latency=30)

    async def main(ctx):
        await bench.setup_ring(ctx, 0, 16)
        await bench.write(ctx, "RING_TAIL", 3)
        while await bench.read(ctx, "STATUS"):
            pass
        cycles = []
        for _ in range(2):
            await bench.write(ctx, "CONTROL", 2)
            cycles.append(await bench.read(ctx, "COUNT_CYCLES_LOW"))
            assert await bench.read(ctx, "CONTROL") == 0
            assert await bench.read(ctx, "COUNT_COMMANDS_LOW") == 3
        assert 36 <= cycles[0] <= 50 and cycles[1] == cycles[0], "counts while idle"

    bench.run(main)
