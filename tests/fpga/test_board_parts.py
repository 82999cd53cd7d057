# amaranth: UnusedElaboratable=no
"""Lamps, memories and descriptions of boards."""

from dataclasses import replace

import pytest
from amaranth.sim import Simulator

from ppu.config import preset
from ppu_fpga.boards.catalog import BOARDS, board
from ppu_fpga.boards.design import design
from ppu_fpga.boards.lamps import LAMPS, Lamps
from ppu_fpga.boards.memories import BASE, Sdram
from ppu_fpga.bridge.baud import Baud
from ppu_fpga.flow import board_command
from ppu_fpga.memory.sdram.parts import ULX3S_32M

pytest.importorskip("amaranth_boards")


def test_lamps_are_lit_long_enough_to_be_seen():
    dut = Lamps(ticks=20)

    def lit(ctx):
        return {name for name in LAMPS if ctx.get(getattr(dut, name))}

    async def bench(ctx):
        ctx.set(dut.tick, 1)
        assert lit(ctx) == set()
        ctx.set(dut.line_active, 1)
        await ctx.tick()
        ctx.set(dut.line_active, 0)
        for _ in range(20):
            assert lit(ctx) == {"activity"}
            await ctx.tick()
        await ctx.tick().repeat(40)
        assert lit(ctx) == set()
        ctx.set(dut.core_busy, 1)  # a run of two cycles
        await ctx.tick().repeat(2)
        ctx.set(dut.core_busy, 0)
        await ctx.tick().repeat(3)
        assert lit(ctx) == {"busy", "done"}
        await ctx.tick().repeat(60)
        assert lit(ctx) == {"done"}
        ctx.set(dut.core_busy, 1)  # and one that stops with an error
        await ctx.tick().repeat(2)
        ctx.set(dut.core_busy, 0)
        ctx.set(dut.core_stopped, 1)
        await ctx.tick().repeat(60)
        assert lit(ctx) == {"error"}

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


@pytest.mark.parametrize("mhz, delay", [(40, -1), (45, -1), (66, 0), (100, 0)])
def test_sdram_data_is_taken_at_the_edge_that_it_is_there_for(mhz, delay):
    assert Sdram(part=ULX3S_32M, clock_hz=mhz * 10**6).input_delay == delay


@pytest.mark.parametrize("mhz, message", [
    (50, "must be up to 45 MHz or from 66 MHz on, not 50 MHz"),
    (140, "Clock must be at most 133.3 MHz"),
])  # fmt: skip
def test_sdram_frequencies_that_cannot_be_are_refused(mhz, message):
    with pytest.raises(ValueError, match=message):
        design(board("ulx3s"), frequency=mhz)


def test_names_on_the_command_line_are_those_that_exist():
    assert tuple(BOARDS) == board_command.BOARDS
    with pytest.raises(ValueError, match=r"board must be one of ulx3s, .*, not 'arty'"):
        board("arty")


@pytest.mark.parametrize("name", BOARDS)
def test_descriptions(name):
    target = board(name)
    made = design(target)
    assert set(target.leds) == set(LAMPS)
    assert made.config == replace(preset(target.preset), **target.changes.get(target.preset, {}))
    assert made.memory.base == (0 if name == "icebreaker" else BASE)
    assert made.memory.base % made.memory.size == 0
    assert abs(Baud(clock_hz=made.clock_hz, baud=made.baud).error) < 0.005
    assert target.platform().lower(object()) is None


def test_a_design_takes_changes():
    made = design(board("ulx3s"), preset="tiny", changes=["dot=2"], frequency=80, baud=1_000_000)
    assert (made.config.dot, made.clock_hz, made.baud) == (2, 80_000_000, 1_000_000)
    assert made.name == "ulx3s with tiny-dot2"


def test_a_baud_rate_that_is_too_high_is_refused():
    with pytest.raises(ValueError, match=r"at most 6750000 baud"):
        design(board("tangnano9k"), baud=8_000_000)
