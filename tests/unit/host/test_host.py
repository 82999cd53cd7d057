# amaranth: UnusedElaboratable=no
"""The host interface as a whole: registers, ring, fetch, counters, reset."""

import random

import pytest
from amaranth.sim import Simulator
from axi_models import LiteDriver, ReadMemory

from ppu.config import MEDIUM, SMALL, TINY, Config
from ppu.host.counters import Counters
from ppu.host.host import FETCH_ID, Host
from ppu.host.registers import COUNTERS, register_map
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
            ready = self.rng.random() >= self.stall
            ctx.set(port.ready, ready)
            _, _, valid, payload, reset = await ctx.tick().sample(
                port.valid, port.payload, dut.soft_reset)
            cycle += 1
            ctx.set(dut.pending, 0)
            ctx.set(dut.completed, completed)
            observed = (payload.as_bits()
                        if hasattr(payload, "as_bits") else payload)
            assert previous in (None, observed), "the payload changed while it waited"
            previous = observed if valid and not ready else None
            if reset:
                self.resets += 1
                completed, previous = 0, None
                ctx.set(dut.completed, 0)
                ctx.set(dut.stop, {"valid": 0, "code": 0, "index": 0, "address": 0})
            elif valid and ready:
                code = ErrorCode(payload.code)
                self.received.append(
                    (cycle, payload.index, code, payload.address, payload.command.raw))
                if code is ErrorCode.NONE:
                    ctx.set(dut.pending, 1)
                    completed += 1
                else:
                    ctx.set(dut.stop, {"valid": 1, "code": code, "index": payload.index,
                                       "address": payload.address})

    def run(self, main):
        sim = Simulator(self.dut)
        sim.add_clock(1e-8)
        sim.add_testbench(main)
        sim.add_testbench(self.take, background=True)
        sim.add_testbench(self.bus.run, background=True)
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
    total = 3 * size + 7

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
    """W handshake to AR: 6 cycles. Last R beat to command: 2."""
    bench = Bench(config)
    doorbell = []

    async def main(ctx):
        await bench.setup_ring(ctx, 0, 16)
        ctx.set(bench.dut.commands.ready, 1)
        port = bench.dut.s_axil
        await ctx.tick()
        doorbell.append(bench.bus.cycle)
        await bench.write(ctx, "RING_TAIL", 1)
        await ctx.tick().repeat(60)
        assert port.ar.valid is not None

    bench.run(main)
    assert bench.bus.first_request - doorbell[0] == 6
    assert bench.received[0][0] - 1 - bench.bus.last_beat == 2
