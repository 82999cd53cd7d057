# amaranth: UnusedElaboratable=no
"""The SDRAM controller on the chip in Python: bytes, errors, resets, exact cycles."""

import random
from dataclasses import replace

import pytest
from memory_bench import Resettable, may_hold, reset, simulate

from ppu_fpga.memory.model.chip import SdramChip
from ppu_fpga.memory.model.manager import AxiManager, Burst
from ppu_fpga.memory.model.sdram_top import SdramTop, run_chip
from ppu_fpga.memory.model.traffic import fill, random_reads, random_writes, sequence
from ppu_fpga.memory.sdram.controller import SdramController
from ppu_fpga.memory.sdram.data_path import DataPath
from ppu_fpga.memory.sdram.parts import ULX3S_32M, SdramTiming
from ppu_fpga.memory.sdram.scheduler import Scheduler

#: As on the board, but with 8 rows and hardly any wait at first.
PART = replace(ULX3S_32M, rows=8, power_up=300)
BASE, DECERR = 1 << 20, 3


class Bench:
    """A controller, its chip with random contents, and a manager."""

    def __init__(self, seed, *, data_width=64, cas=3, stall=0.0, slack=0, **options):
        print(f"seed {seed!r}")
        self.rng, self.beat = random.Random(seed), data_width // 8
        timing = SdramTiming.of(PART, frequency=100e6, cas=cas)
        self.top = SdramTop(SdramController(
            PART, timing, address_width=24, data_width=data_width, base=BASE, **options))
        self.dut = Resettable(self.top)
        self.chip = SdramChip(PART, timing, burst=data_width // 16, refresh_slack=slack)
        self.chip.data[:] = self.rng.randbytes(PART.size)
        self.manager = AxiManager(self.top.axi, bytearray(self.chip.data), stall=stall,
                                  seed=self.rng.random(), base=BASE)

    def load(self, reads, writes, *, longest=256, whole=range(BASE, BASE + PART.size)):
        widths = {"beat_bytes": self.beat, "ids": 2, "longest": longest}
        self.manager.reads.extend(random_reads(self.rng, reads, [whole], **widths))
        self.manager.writes.extend(random_writes(self.rng, writes, [whole], **widths))

    def run(self, main):
        async def chip(ctx):
            await run_chip(ctx, self.chip, self.top.ports)
        simulate(self.dut, [self.manager], main, chip)

    async def finish(self, ctx):
        """All is answered, and all bytes of the chip are what they should be."""
        await self.manager.finish(ctx, 30_000)
        await ctx.tick().repeat(20)
        assert self.chip.data == self.manager.image

    async def start(self, ctx):
        """Past the initialisation."""
        self.manager.reads.append(Burst(BASE, 1))
        await self.finish(ctx)


@pytest.mark.parametrize("data_width, cas, stall, longest", [
    (64, 3, 0, 64), (64, 2, 0.5, 8), (32, 3, 0.2, 64), (128, 2, 0, 32)])
def test_random_bursts(data_width, cas, stall, longest):
    bench = Bench(f"{data_width} {cas} {stall}", data_width=data_width, cas=cas, stall=stall)
    bench.load(30, 30, longest=longest)

    async def main(ctx):
        await bench.finish(ctx)

    bench.run(main)


def test_outside():
    """DECERR before and after the memory, in the middle of other bursts."""
    bench = Bench("outside")
    bench.load(12, 12, longest=8)
    for index, address in enumerate((0, BASE - 64, BASE + PART.size, 2**24 - 4096)):
        bench.manager.reads.insert(3 * index, Burst(address, 5, id=1, response=DECERR))
        bench.manager.writes.insert(3 * index, Burst(address, 5, id=1, response=DECERR,
                                                     words=[(2**64 - 1, 255)] * 5))

    async def main(ctx):
        await bench.finish(ctx)

    bench.run(main)


def test_latency():
    """AR to R in an open row, and in a closed bank; the last W to B."""
    bench = Bench("latency")
    log = bench.manager.log

    async def main(ctx):
        await bench.start(ctx)
        for address, cycles in ((BASE + 64, 14), (BASE + 1024, 17)):
            log.clear()
            bench.manager.reads.append(Burst(address, 1))
            await bench.finish(ctx)
            assert log["r"][0] - log["ar"][0] == cycles, f"{address:#x}"
        log.clear()
        bench.manager.writes.append(Burst(BASE + 64, 1, words=[(5, 255)]))
        await bench.finish(ctx)
        assert log["b"][0] - log["w"][0] == 5

    bench.run(main)


@pytest.mark.parametrize("kind, beats, cycles", [
    ("read", 16, 4200), ("read", 256, 4200), ("write", 16, 4200), ("both", 16, 8900)])
def test_bandwidth(kind, beats, cycles):
    """8 KiB: 4096 words on the data pins, 16 rows, 5 or 6 refreshes; both ways at once 8192."""
    bench = Bench(f"bandwidth {kind} {beats}")

    async def main(ctx):
        await bench.start(ctx)
        begin, widths = bench.manager.cycle, {"beat_bytes": 8, "beats": beats}
        if kind in ("read", "both"):
            bench.manager.reads.extend(sequence(range(BASE, BASE + 8192), **widths))
        if kind in ("write", "both"):
            bench.manager.writes.extend(
                fill(bench.rng, range(BASE + 16384, BASE + 24576), **widths))
        await bench.manager.finish(ctx, 30_000)
        taken = bench.manager.cycle - begin
        print(f"{kind} {beats}: {taken} cycles")
        assert taken <= cycles
        await bench.finish(ctx)

    bench.run(main)


def test_neither_side_stops_the_other():
    """R is not taken and writes go on; write data does not come and reads go on."""
    bench = Bench("independence")
    manager = bench.manager
    manager.stall = 0

    async def main(ctx):
        await bench.start(ctx)
        manager.log.clear()
        manager.writes.append(Burst(BASE, 1, words=[]))
        manager.reads.extend(sequence(range(BASE + 8192, BASE + 12288), beat_bytes=8, beats=16))
        await ctx.tick().repeat(2300)
        assert len(manager.log["r"]) == 512 and not manager.log["b"]
        manager._words.append({"data": int.from_bytes(manager.image[:8], "little"),
                               "strb": 255, "last": 1})
        await bench.finish(ctx)

    bench.run(main)


def test_reset_in_the_middle():
    """No rule of the chip is broken, what was not being written stays, and it goes on."""
    bench = Bench("reset", stall=0.1, slack=100)

    async def main(ctx):
        for _ in range(5):
            bench.load(10, 10, longest=16)
            await ctx.tick().repeat(bench.rng.randint(200, 500))
            flying = await reset(ctx, bench.dut, [bench.manager])
            await ctx.tick().repeat(20)
            allowed = may_hold(bench.manager.image, flying, BASE)
            assert all(map(lambda byte, values: byte in values, bench.chip.data, allowed))
            bench.manager.image[:] = bench.chip.data
        bench.load(10, 10, longest=16)
        await bench.finish(ctx)

    bench.run(main)


@pytest.mark.parametrize("arguments, message", [
    ({"data_width": 16}, "Bus must be 32, 64 or 128 bits wide, not 16"),
    ({"base": 4096}, "Base must be a multiple of the size"),
    ({"address_width": 14}, "Memory must end at 0x4000 or before"),
    ({"buffer_beats": 4}, "at least 8 beats, not 4"),
])
def test_bad_arguments(arguments, message):
    timing = SdramTiming.of(PART, frequency=100e6)
    with pytest.raises(ValueError, match=message):
        SdramController(PART, timing, **arguments)
    with pytest.raises(ValueError, match="at least 1 beat, not 0"):
        Scheduler(PART, timing, burst=4, id_width=1, group=0)
    with pytest.raises(ValueError, match="not -2"):
        DataPath(burst=4, cas=3, input_delay=-2, id_width=1)
