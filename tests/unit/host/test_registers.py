# amaranth: UnusedElaboratable=no
"""Every register of the hardware, read and written over AXI4-Lite, against the map."""

import random
from dataclasses import replace

import pytest
from amaranth.sim import Simulator
from axi_models import LiteDriver

from ppu.config import PPU1, TINY
from ppu.host.host import Host
from ppu.host.registers import WINDOW_BYTES, register_map
from ppu.lib.axi import Response

IN_ORDER = replace(
    TINY, dot=4, load_slots=1, execute_slots=1, store_slots=1, performance_counters=0,
    epilogue_lanes=0, axi_address_width=17)
CONFIGS = [TINY, PPU1, IN_ORDER]
NAMES = ["tiny", "ppu1", "in order"]
#: What has an effect beyond the register itself.
ACTIONS = ("CONTROL", "RING_TAIL")


def run(config, main, *, data_first=False):
    dut = Host(config)
    driver = LiteDriver(dut.s_axil, data_first=data_first)

    async def bench(ctx):
        await main(ctx, dut, driver)

    sim = Simulator(dut)
    sim.add_clock(1e-8)
    sim.add_testbench(bench)
    sim.run()


@pytest.mark.parametrize("config", CONFIGS, ids=NAMES)
def test_every_register_reads_its_reset_value(config):
    async def main(ctx, dut, driver):
        for register in register_map(config):
            value, resp = await driver.read(ctx, register.offset)
            assert (value, resp) == (register.reset, Response.OKAY), register.name

    run(config, main)


@pytest.mark.parametrize("data_first", [False, True])
@pytest.mark.parametrize("config", CONFIGS, ids=NAMES)
def test_access_kinds(config, data_first):
    """rw fields keep what is written, w1c fields and ro registers ignore it; no other changes."""
    rng = random.Random(1)

    async def main(ctx, dut, driver):
        registers = [r for r in register_map(config) if r.name not in ACTIONS]
        expected = {r.name: r.reset for r in registers}
        for register in registers:
            for value in (0xFFFF_FFFF, rng.getrandbits(32), 0x5A5A_5A5A):
                assert await driver.write(ctx, register.offset, value) == Response.OKAY
                mask = sum((1 << f.width) - 1 << f.lsb for f in register.fields
                           if f.access == "rw")
                expected[register.name] = register.reset & ~mask | value & mask
                assert await driver.read(ctx, register.offset) == (
                    expected[register.name], Response.OKAY), register.name
        for register in registers:
            assert (await driver.read(ctx, register.offset))[0] == expected[register.name]

    run(config, main, data_first=data_first)


@pytest.mark.parametrize("config", CONFIGS, ids=NAMES)
@pytest.mark.parametrize("name", ["RING_BASE_LOW", "RING_BASE_HIGH", "RING_SIZE"])
def test_strobes_choose_bytes(config, name):
    async def main(ctx, dut, driver):
        offset = next(r.offset for r in register_map(config) if r.name == name)
        expected = 0
        for strobes in (0b0001, 0b1000, 0b0110, 0b0000, 0b1111, 0b0101):
            value = 0x1122_3344 * (strobes + 1) & 0xFFFF_FFFF
            mask = sum(0xFF << 8 * i for i in range(4) if strobes >> i & 1)
            expected = expected & ~mask | value & mask
            assert await driver.write(ctx, offset, value, strobes) == Response.OKAY
            assert (await driver.read(ctx, offset))[0] == expected
        # after a reset, what is not written is 0
        ctx.set(dut.drained, 1)
        await driver.write(ctx, 0x10, 1)
        while (await driver.read(ctx, 0x10))[0]:
            pass
        assert (await driver.read(ctx, offset))[0] == 0
        await driver.write(ctx, offset, 0x8765_4321, 0b0100)
        assert (await driver.read(ctx, offset))[0] == 0x65_0000

    run(config, main)


def test_causes_are_cleared_by_ones():
    async def main(ctx, dut, driver):
        offset = {r.name: r.offset for r in register_map(TINY)}
        ctx.set(dut.end, 1)
        ctx.set(dut.stop.valid, 1)
        await ctx.tick()
        ctx.set(dut.end, 0)
        assert (await driver.read(ctx, offset["IRQ_CAUSE"]))[0] == 3
        for value, left in ((0, 3), (1, 2), (1, 2), (2, 0)):
            await driver.write(ctx, offset["IRQ_CAUSE"], value)
            assert (await driver.read(ctx, offset["IRQ_CAUSE"]))[0] == left
        # one that comes while it is cleared stays
        ctx.set(dut.end, 1)
        await driver.write(ctx, offset["IRQ_CAUSE"], 1)
        ctx.set(dut.end, 0)
        assert (await driver.read(ctx, offset["IRQ_CAUSE"]))[0] == 1
        # a write without the byte's strobe clears nothing
        await driver.write(ctx, offset["IRQ_CAUSE"], 1, 0b1110)
        assert (await driver.read(ctx, offset["IRQ_CAUSE"]))[0] == 1

    run(TINY, main)


@pytest.mark.parametrize("config", CONFIGS, ids=NAMES)
def test_words_that_are_not_in_the_map_answer_slverr(config):
    async def main(ctx, dut, driver):
        offsets = {r.offset for r in register_map(config)}
        free = [offset for offset in range(0, WINDOW_BYTES, 4) if offset not in offsets]
        for offset in free[:40] + free[40::17] + free[-1:]:
            assert await driver.write(ctx, offset, 0xFFFF_FFFF) == Response.SLVERR, hex(offset)
            assert (await driver.read(ctx, offset))[1] == Response.SLVERR, hex(offset)
        for register in register_map(config):
            assert (await driver.read(ctx, register.offset))[0] == register.reset, register.name

    run(config, main)


def test_the_tag_of_the_last_end_stays():
    """Also if it comes while the host writes."""
    async def main(ctx, dut, driver):
        offset = {r.name: r.offset for r in register_map(IN_ORDER)}
        for tag in range(1, 8):
            ctx.set(dut.end_tag, tag)
            for cycle in range(8):
                if cycle == tag:
                    ctx.set(dut.end, 1)
                    await ctx.tick()
                    ctx.set(dut.end, 0)
                    await driver.write(ctx, offset["RING_SIZE"], 0x100 + tag)
                    break
                await ctx.tick()
            await driver.write(ctx, offset["RING_BASE_LOW"], 0x40 * tag)
            for name, value in (("END_TAG", tag), ("END_COUNT", tag), ("RING_SIZE", 0x100 + tag),
                                ("RING_BASE_LOW", 0x40 * tag)):
                assert (await driver.read(ctx, offset[name]))[0] == value

    run(IN_ORDER, main)


def test_live_registers_show_their_sources():
    async def main(ctx, dut, driver):
        offset = {r.name: r.offset for r in register_map(TINY)}
        ctx.set(dut.completed, 0x8123_4567)
        ctx.set(dut.stop, {"valid": 1, "code": 7, "index": 0xA5A5_0001,
                           "address": 0x1234_5678_9ABC_DEF0})
        await ctx.tick().repeat(2)
        for name, value in (
            ("COMPLETED", 0x8123_4567), ("ERROR_CODE", 7), ("ERROR_INDEX", 0xA5A5_0001),
            ("ERROR_ADDRESS_LOW", 0x9ABC_DEF0), ("ERROR_ADDRESS_HIGH", 0x1234_5678), ("STATUS", 2),
        ):
            assert (await driver.read(ctx, offset[name]))[0] == value, name

    run(TINY, main)
