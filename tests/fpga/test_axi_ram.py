# amaranth: UnusedElaboratable=no
"""On-chip memory behind AXI4, with both storages."""

import random

import pytest
from memory_bench import Resettable, contents, may_hold, reset, simulate, whole

from ppu_fpga.memory.axi_ram import AxiRam
from ppu_fpga.memory.model.manager import AxiManager, Burst
from ppu_fpga.memory.model.traffic import fill, random_reads, random_writes, sequence
from ppu_fpga.memory.storage import BlockStorage, SpramStorage

SIZE, BASE = 4096, 0x8000
STORAGES = [BlockStorage, SpramStorage]
DECERR = 3


def make(storage=BlockStorage, data_width=32):
    return AxiRam(address_width=20, data_width=data_width, size=SIZE, base=BASE, id_width=2,
                  storage=storage)


def outside(rng, beat_bytes):
    """A read and a write of some beats just before and just after the memory."""
    for address in (BASE - 4 * beat_bytes, BASE + SIZE, 0, 2**20 - 4096):
        beats = rng.randint(1, 4)
        yield Burst(address, beats, id=rng.randrange(4), response=DECERR)
        yield Burst(address, beats, id=rng.randrange(4), response=DECERR, words=[
            (rng.getrandbits(8 * beat_bytes), (1 << beat_bytes) - 1) for _ in range(beats)])


@pytest.mark.parametrize("stall", [0, 0.4])
@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("data_width", [32, 64])
def test_random_bursts(storage, data_width, stall):
    seed = f"{storage.__name__} {data_width} {stall}"
    print(f"seed {seed!r}")
    rng, beat = random.Random(seed), data_width // 8
    ram, region = make(storage, data_width), [range(BASE, BASE + SIZE)]
    manager = AxiManager(ram.axi, bytearray(SIZE), stall=stall, seed=rng.random(), base=BASE)
    manager.writes.extend(fill(rng, region[0], beat_bytes=beat, beats=16))
    manager.writes.extend(random_writes(rng, 60, region, beat_bytes=beat, ids=4, longest=64))
    manager.reads.extend(random_reads(rng, 60, region, beat_bytes=beat, ids=4, longest=64))
    for burst in outside(rng, beat):
        queue = manager.writes if burst.words else manager.reads
        queue.insert(rng.randrange(len(queue)), burst)

    async def main(ctx):
        await manager.finish(ctx, 20_000)
        assert contents(ctx, ram.storage) == bytes(manager.image)

    simulate(ram, [manager], main)


def test_cycles_of_block_ram():
    """A beat in every cycle on both sides at once; latencies as the docstring says."""
    ram = make()
    manager = AxiManager(ram.axi, bytearray(SIZE), base=BASE)
    manager.reads.extend(sequence(range(BASE, BASE + 2048), beat_bytes=4, beats=16))
    manager.writes.extend(fill(random.Random(1), range(BASE + 2048, BASE + SIZE), beat_bytes=4,
                               beats=16))

    async def main(ctx):
        await manager.finish(ctx, 1000)
        log = manager.log
        assert log["r"] == list(range(log["ar"][0] + 4, log["ar"][0] + 4 + 512))
        assert log["w"] == list(range(log["w"][0], log["w"][0] + 512))
        assert log["b"] == [cycle + 1 for cycle in log["w"][15::16]]

    simulate(ram, [manager], main)


@pytest.mark.parametrize("storage", STORAGES)
def test_bursts_of_one_and_two_beats(storage):
    """Two beats without a gap; one beat in two cycles."""
    for beats, cycles in ((1, 2 * 64 - 1), (2, 128)):
        ram = make(storage)
        manager = AxiManager(ram.axi, bytearray(SIZE), base=BASE)
        manager.reads.extend(
            sequence(range(BASE, BASE + 256 * beats), beat_bytes=4, beats=beats))

        async def main(ctx, manager=manager, cycles=cycles):
            await manager.finish(ctx, 1000)
            assert manager.log["r"][-1] - manager.log["r"][0] + 1 == cycles

        simulate(ram, [manager], main)


def test_one_port_is_shared_fairly():
    """A read or a write in every cycle, in turns; alone, each goes at full rate."""
    ram = make(SpramStorage)
    manager = AxiManager(ram.axi, bytearray(SIZE), base=BASE)

    async def main(ctx):
        log = manager.log
        manager.reads.extend(sequence(range(BASE, BASE + 2048), beat_bytes=4, beats=16))
        manager.writes.extend(fill(random.Random(1), range(BASE + 2048, BASE + SIZE),
                                   beat_bytes=4, beats=16))
        await manager.finish(ctx, 2000)
        assert max(log["r"][-1], log["w"][-1]) - min(log["r"][0], log["w"][0]) + 1 <= 1024 + 4
        middle = [sum(200 <= cycle < 600 for cycle in log[name]) for name in "rw"]
        assert middle == [200, 200]
        log.clear()
        manager.reads.extend(sequence(range(BASE, BASE + 2048), beat_bytes=4, beats=16))
        await manager.finish(ctx, 2000)
        assert log["r"][-1] - log["r"][0] + 1 == 512

    simulate(ram, [manager], main)


@pytest.mark.parametrize("storage", STORAGES)
def test_reset_in_the_middle(storage):
    seed = f"reset {storage.__name__}"
    print(f"seed {seed!r}")
    rng, ram, region = random.Random(seed), make(storage), [range(BASE, BASE + SIZE)]
    dut = Resettable(ram)
    manager = AxiManager(ram.axi, bytearray(SIZE), stall=0.2, seed=rng.random(), base=BASE)

    async def main(ctx):
        for _ in range(8):
            manager.reads.extend(random_reads(rng, 30, region, beat_bytes=4, longest=32))
            manager.writes.extend(random_writes(rng, 30, region, beat_bytes=4, longest=32))
            await ctx.tick().repeat(rng.randint(5, 120))
            flying = await reset(ctx, dut, [manager])
            got = contents(ctx, ram.storage)
            allowed = may_hold(manager.image, flying, BASE)
            assert all(byte in values for byte, values in zip(got, allowed, strict=True))
            manager.image[:] = got
        manager.reads.extend(whole(SIZE, 4, base=BASE))
        await manager.finish(ctx, 5000)

    simulate(dut, [manager], main)


@pytest.mark.parametrize("arguments, message", [
    ({"size": 2048}, "Size must be a power of two of at least 4096 bytes, not 2048"),
    ({"size": 12288}, "not 12288"),
    ({"size": 8192, "base": 4096}, "Base must be a multiple of the size 0x2000, not 0x1000"),
    ({"size": 8192, "base": 1 << 16}, "Memory must end at 0x10000 or before, not at 0x12000"),
])
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        AxiRam(address_width=16, data_width=32, **arguments)
