# amaranth: UnusedElaboratable=no
"""The rules of the ring, against the golden model's and by example."""

import numpy as np
import pytest
from test_host import SMALL, TINY, Bench
from test_registers import IN_ORDER

from ppu.config import PPU1
from ppu.host.registers import register_map
from ppu.isa import ErrorCode
from ppu_sim.model import Machine

TAIL_TOO_FAR = [("RING_BASE_LOW", 0x40), ("RING_SIZE", 4), ("RING_TAIL", 3), ("RING_TAIL", 8)]
BACKWARDS = [("RING_SIZE", 4), ("RING_TAIL", 3), ("RING_TAIL", 2)]
SAME_TAIL = [("RING_SIZE", 3), ("RING_TAIL", 0), ("RING_SIZE", 4), ("RING_TAIL", 4)]
NO_SIZE = [("RING_TAIL", 1)]
BAD_SIZES = [[("RING_SIZE", size), ("RING_TAIL", 1)]
             for size in (1, 3, 0x18, 0x1_8000, 0x2_0000, 0x8000_0000, 0xFFFF_FFFF)]
LARGE_STEPS = [[("RING_SIZE", 1 << 30), ("RING_TAIL", tail)]
               for tail in (1 << 16, 1 << 17, 1 << 18, 1 << 31)]
BAD_BASES = [[("RING_BASE_LOW", low), ("RING_BASE_HIGH", high), ("RING_SIZE", size),
              ("RING_TAIL", 1)]
             for low, high, size in (
                 (0x20, 0, 4), (1, 0, 4), (0, 1, 4), (0, 0x100, 4), (0, 0x8000_0000, 4),
                 (0xFFFF_FFC0, 0, 4), (0xFFFF_FFC0, 0xFF, 4), (0xFFE0_0040, 0, 65536))]
FITS_AT_THE_END = [("RING_BASE_LOW", 0xFFFF_FFC0), ("RING_SIZE", 2)]
NARROW = [[("RING_BASE_LOW", base), ("RING_SIZE", size), ("RING_TAIL", 1)]
          for base, size in ((0x1_FFC0, 2), (0x1_FFC0, 4), (0x2_0000, 2), (0x100_0000, 2),
                             (0x40, 4096), (0, 8192), (0x40, 65536))]
CASES = [TAIL_TOO_FAR, BACKWARDS, SAME_TAIL, NO_SIZE, *BAD_SIZES, *LARGE_STEPS, *BAD_BASES,
         FITS_AT_THE_END, *NARROW]
REPORTED = ("STATUS", "ERROR_CODE", "ERROR_INDEX", "ERROR_ADDRESS_LOW", "ERROR_ADDRESS_HIGH",
            "RING_BASE_LOW", "RING_BASE_HIGH", "RING_SIZE", "RING_HEAD", "RING_TAIL", "COMPLETED",
            "IRQ_CAUSE")
FENCE = (5).to_bytes(32, "little")


@pytest.mark.parametrize("config", [TINY, PPU1, IN_ORDER], ids=["tiny", "ppu1", "in order"])
def test_misuse_as_in_the_model(config):
    bench = Bench(config)
    bench.memory[:] = FENCE * (len(bench.memory) // len(FENCE))
    machine = Machine(config, np.frombuffer(bytes(bench.memory), np.uint8).copy())

    async def main(ctx):
        for writes in CASES:
            for name, value in writes:
                await bench.write(ctx, name, value)
                machine.write_register(name, value)
                while await bench.read(ctx, "STATUS") & 1:
                    pass
            for name in REPORTED:
                assert await bench.read(ctx, name) == machine.read_register(name), (name, writes)
            await bench.soft_reset(ctx)
            machine.reset()

    bench.run(main)


@pytest.mark.parametrize("name", ["RING_BASE_LOW", "RING_BASE_HIGH", "RING_SIZE"])
def test_setup_of_a_ring_in_use(name):
    """All announced commands are completed first; the write has no effect."""
    bench = Bench(SMALL, latency=40)

    async def main(ctx):
        await bench.setup_ring(ctx, 0x40, 16)
        before = await bench.read(ctx, name)
        await bench.write(ctx, "RING_TAIL", 9)
        await bench.write(ctx, name, 0x1280)
        assert await bench.read(ctx, name) == before
        while await bench.read(ctx, "STATUS") != 2:
            pass
        assert await bench.read(ctx, name) == before
        await bench.write(ctx, "RING_TAIL", 10)
        assert await bench.read(ctx, "RING_TAIL") == 9
        assert await bench.read(ctx, "COMPLETED") == 9

    bench.run(main)
    assert len(bench.received) == 10
    assert bench.received[-1][1:4] == (9, ErrorCode.RING, 0x1280)


def test_a_tail_cannot_take_commands_back():
    """A tail between head and the old tail is misuse, while commands are on their way."""
    bench = Bench(SMALL, latency=40)

    async def main(ctx):
        await bench.setup_ring(ctx, 0x40, 16)
        await bench.write(ctx, "RING_TAIL", 9)
        await bench.write(ctx, "RING_TAIL", 5)
        while await bench.read(ctx, "STATUS") != 2:
            pass

    bench.run(main)
    assert len(bench.received) == 10
    assert bench.received[-1][1:4] == (9, ErrorCode.RING, 5)


def test_only_the_first_misuse_counts():
    bench = Bench(SMALL, latency=40)

    async def main(ctx):
        await bench.setup_ring(ctx, 0x40, 16)
        await bench.write(ctx, "RING_TAIL", 3)
        await bench.write(ctx, "RING_TAIL", 90)
        await bench.write(ctx, "RING_SIZE", 32)
        await bench.write(ctx, "RING_TAIL", 4)
        while await bench.read(ctx, "STATUS") != 2:
            pass

    bench.run(main)
    assert [r[1] for r in bench.received] == [0, 1, 2, 3]
    assert bench.received[-1][2:4] == (ErrorCode.RING, 90)


def test_doorbell_bytes():
    """A tail written in bytes is one tail for each of them."""
    bench = Bench(PPU1)
    tail = next(r.offset for r in register_map(PPU1) if r.name == "RING_TAIL")

    async def main(ctx):
        await bench.setup_ring(ctx, 0, 1024)
        for value, strobes, count in (
            (0xAAAA_AA23, 0b0001, 0x023), (0xAAAA_01AA, 0b0010, 0x123),
            (0xAA00_AAAA, 0b0100, 0x123), (0xAAAA_0130, 0b0011, 0x130), (0xFFFF_FFFF, 0, 0x130),
        ):
            await bench.lite.write(ctx, tail, value, strobes)
            while await bench.read(ctx, "STATUS"):
                pass
            assert await bench.read(ctx, "RING_TAIL") == count
            assert await bench.read(ctx, "RING_HEAD") == count

    bench.run(main)
