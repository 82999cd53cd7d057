# amaranth: UnusedElaboratable=no
"""Two managers on one memory, and the window in front of it."""

import random

import pytest
from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, connect, flipped
from memory_bench import Resettable, contents, may_hold, reset, simulate

from ppu.lib.axi import AxiSignature
from ppu_fpga.memory.axi_ram import AxiRam
from ppu_fpga.memory.axi_share import AxiShare
from ppu_fpga.memory.axi_window import AxiWindow
from ppu_fpga.memory.model.manager import AxiManager, Burst
from ppu_fpga.memory.model.traffic import fill, random_reads, random_writes, sequence
from ppu_fpga.memory.storage import BlockStorage, SpramStorage

SIZE, BASE, DECERR = 4096, 0x3000, 3


class Shared(wiring.Component):
    """Two managers, each through a window, on one memory."""

    def __init__(self, storage=BlockStorage):
        self.windows = [AxiWindow(address_width=32, data_width=32, size=SIZE, base=BASE)
                        for _ in range(2)]
        self.share = AxiShare(address_width=13, data_width=32)
        self.ram = AxiRam(address_width=13, data_width=32, size=SIZE, id_width=2, storage=storage)
        super().__init__({
            "managers": In(AxiSignature(address_width=32, data_width=32)).array(2)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.share, m.submodules.ram = self.share, self.ram
        for number, window in enumerate(self.windows):
            m.submodules[f"window_{number}"] = window
            connect(m, flipped(self.managers[number]), window.manager)
            connect(m, window.axi, self.share.managers[number])
        connect(m, self.share.axi, self.ram.managers[0])
        return m


#: Each manager has every other 256 bytes to itself.
REGIONS = [[range(start, start + 256) for start in range(BASE + 256 * number, BASE + SIZE, 512)]
           for number in range(2)]


class Direct(wiring.Component):
    """Two managers on a memory that takes them both."""

    def __init__(self, storage=BlockStorage):
        self.ram = AxiRam(address_width=16, data_width=32, size=SIZE, base=BASE, managers=2,
                          storage=storage)
        super().__init__({
            "managers": In(AxiSignature(address_width=16, data_width=32)).array(2)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.ram = self.ram
        for outer, inner in zip(self.managers, self.ram.managers, strict=True):
            connect(m, flipped(outer), inner)
        return m


def managers_of(dut, stall, rng):
    return [AxiManager(axi, bytearray(SIZE), stall=stall, seed=rng.random(), base=BASE)
            for axi in dut.managers]


def expected(managers):
    """What is in memory, from what each manager wrote to its own regions."""
    return bytes(managers[index // 256 % 2].image[index] for index in range(SIZE))


def load(rng, manager, regions, count):
    manager.reads.extend(random_reads(rng, count, regions, beat_bytes=4, ids=2, longest=64))
    manager.writes.extend(random_writes(rng, count, regions, beat_bytes=4, ids=2, longest=64))


@pytest.mark.parametrize("stall", [0, 0.4])
@pytest.mark.parametrize("kind", [Shared, Direct])
@pytest.mark.parametrize("storage", [BlockStorage, SpramStorage])
def test_random_bursts_of_two_managers(kind, storage, stall):
    seed = f"{kind.__name__} {storage.__name__} {stall}"
    print(f"seed {seed!r}")
    rng, dut = random.Random(seed), kind(storage)
    managers = managers_of(dut, stall, rng)
    for manager, regions in zip(managers, REGIONS, strict=True):
        load(rng, manager, regions, 50)
        for address in (0, BASE - 8, BASE + SIZE, 0xF000):
            manager.reads.insert(20, Burst(address, 2, id=1, response=DECERR))
            manager.writes.insert(20, Burst(address, 2, id=1, response=DECERR,
                                            words=[(rng.getrandbits(32), 15)] * 2))

    async def main(ctx):
        for manager in managers:
            await manager.finish(ctx, 10_000)
        assert contents(ctx, dut.ram.storage) == expected(managers)

    simulate(dut, managers, main)


@pytest.mark.parametrize("kind", [Shared, Direct])
def test_managers_take_turns(kind):
    """Both at full load: half of the beats for each manager, and half of those for reads."""
    rng, dut = random.Random(1), kind()
    managers = managers_of(dut, 0, rng)
    for manager in managers:
        manager.reads.extend(sequence(range(BASE, BASE + 2048), beat_bytes=4, beats=8))
        # Each manager writes the same as the other one: who is last does not matter.
        manager.writes.extend(fill(random.Random(2), range(BASE + 2048, BASE + SIZE),
                                   beat_bytes=4, beats=8))

    async def main(ctx):
        for manager in managers:
            await manager.finish(ctx, 5000)
        # Two bursts of 8 beats take 19 cycles.
        start, end = 100, 2000
        for manager in managers:
            for name in "rw":
                beats = sum(start <= cycle < end for cycle in manager.log[name])
                assert abs(beats - (end - start) * 8 / 19 / 2) <= 8, name

    simulate(dut, managers, main)


@pytest.mark.parametrize("kind", [Shared, Direct])
def test_missing_write_data_does_not_stop_reads(kind):
    """One manager sends AW and no data for 400 cycles: the other one reads."""
    rng, dut = random.Random(3), kind()
    managers = managers_of(dut, 0, rng)
    silent, other = managers
    silent.writes.append(Burst(BASE, 1, words=[]))
    other.reads.extend(sequence(range(BASE, BASE + 1024), beat_bytes=4, beats=16))

    async def main(ctx):
        await ctx.tick().repeat(10)
        other.writes.append(Burst(BASE + 2048, 1, words=[(1, 15)]))
        await ctx.tick().repeat(400)
        assert len(other.log["r"]) == 256
        # Behind AxiShare, writes are in the order of their addresses.
        assert len(other.log["b"]) == (kind is Direct)
        silent._words.append({"data": 2, "strb": 15, "last": 1})
        for manager in managers:
            await manager.finish(ctx, 100)
        assert contents(ctx, dut.ram.storage)[:4] == (2).to_bytes(4, "little")

    simulate(dut, managers, main)


@pytest.mark.parametrize("kind", [Shared, Direct])
def test_reset_in_the_middle(kind):
    seed = f"reset {kind.__name__}"
    print(f"seed {seed!r}")
    rng, shared = random.Random(seed), kind()
    dut = Resettable(shared)
    managers = managers_of(shared, 0.2, rng)

    async def main(ctx):
        for _ in range(6):
            for manager, regions in zip(managers, REGIONS, strict=True):
                load(rng, manager, regions, 20)
            await ctx.tick().repeat(rng.randint(5, 150))
            flying = await reset(ctx, dut, managers)
            got = contents(ctx, shared.ram.storage)
            allowed = may_hold(expected(managers), flying, BASE)
            assert all(byte in values for byte, values in zip(got, allowed, strict=True))
            for manager in managers:
                manager.image[:] = got
        for manager, regions in zip(managers, REGIONS, strict=True):
            load(rng, manager, regions, 20)
        for manager in managers:
            await manager.finish(ctx, 5000)
        assert contents(ctx, shared.ram.storage) == expected(managers)

    simulate(dut, managers, main)


def test_bad_window():
    for arguments, message in (({"size": 3000}, "not 3000"),
                               ({"size": 4096, "base": 2048}, "multiple of the size 0x1000"),
                               ({"size": 4096, "base": 65536}, "at 0x10000 or before")):
        with pytest.raises(ValueError, match=message):
            AxiWindow(address_width=16, data_width=32, **arguments)
