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
    manager = AxiManager(
        ram.managers[0], bytearray(SIZE), stall=stall, seed=rng.random(), base=BASE)
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


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("beats", [1, 2, 16])
def test_cycles(storage, beats):
    """A cycle for each beat and two for each burst, or one; latencies as the docstring says."""
    rng, ram = random.Random(beats), make(storage)
    manager = AxiManager(ram.managers[0], bytearray(SIZE), base=BASE)
    bursts = 2048 // (4 * beats)

    async def main(ctx):
        log = manager.log
        manager.reads.extend(sequence(range(BASE, BASE + 2048), beat_bytes=4, beats=beats))
        await manager.finish(ctx, 2000)
        # The first address is there in cycle 1.
        assert log["r"] == [
            3 + burst * (beats + 2) + beat for burst in range(bursts) for beat in range(beats)]
        log.clear()
        manager.writes.extend(
            fill(rng, range(BASE + 2048, BASE + SIZE), beat_bytes=4, beats=beats))
        await manager.finish(ctx, 2000)
        assert log["b"] == [cycle + 1 for cycle in log["w"][beats - 1 :: beats]]
        assert log["w"][-1] - log["w"][0] + 1 == bursts * (beats + 1) - 1

    simulate(ram, [manager], main)


def test_reads_and_writes_take_turns():
    ram = make()
    manager = AxiManager(ram.managers[0], bytearray(SIZE), base=BASE)

    async def main(ctx):
        log = manager.log
        manager.reads.extend(sequence(range(BASE, BASE + 2048), beat_bytes=4, beats=16))
        manager.writes.extend(fill(random.Random(1), range(BASE + 2048, BASE + SIZE),
                                   beat_bytes=4, beats=16))
        await manager.finish(ctx, 2000)
        assert max(log["r"][-1], log["w"][-1]) - min(log["r"][0], log["w"][0]) <= 64 * 18
        # Of the 35 cycles of two bursts, 16 are for each side's beats.
        middle = [sum(200 <= cycle < 550 for cycle in log[name]) for name in "rw"]
        assert middle == [160, 160]

    simulate(ram, [manager], main)


@pytest.mark.parametrize("storage", STORAGES)
def test_reset_in_the_middle(storage):
    seed = f"reset {storage.__name__}"
    print(f"seed {seed!r}")
    rng, ram, region = random.Random(seed), make(storage), [range(BASE, BASE + SIZE)]
    dut = Resettable(ram)
    manager = AxiManager(ram.managers[0], bytearray(SIZE), stall=0.2, seed=rng.random(), base=BASE)

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
    ({"size": 8192, "managers": 3}, "There must be 1 or 2 managers, not 3"),
])
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        AxiRam(address_width=16, data_width=32, **arguments)
