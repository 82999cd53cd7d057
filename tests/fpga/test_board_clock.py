# amaranth: UnusedElaboratable=no
"""A board's clock and reset."""

import pytest
from amaranth.sim import Simulator

from ppu_fpga.boards.catalog import BOARDS
from ppu_fpga.boards.clock.pll import PllImpossible
from ppu_fpga.boards.clock.reset import ResetSource
from ppu_fpga.boards.clock.source import PLLS


def output(family, input_hz, setting):
    """The frequency that a setting makes."""
    if family == "ice40":
        divr, divf, divq = setting
        return input_hz / (divr + 1) * (divf + 1) / 2**divq
    if family == "ecp5":
        divider, feedback, _ = setting
        return input_hz * feedback / divider
    idiv, fbdiv, _ = setting
    return input_hz * (fbdiv + 1) / (idiv + 1)


@pytest.mark.parametrize("family, input_mhz, wanted_mhz, setting", [
    ("ecp5", 25, 100, (1, 4, 6)), ("ecp5", 25, 70, (5, 14, 9)), ("ecp5", 25, 110, (5, 22, 5)),
    ("ice40", 12, 21, (0, 55, 5)), ("ice40", 12, 24, (0, 63, 5)), ("ice40", 12, 48, (0, 63, 4)),
    ("gowin", 27, 27, (0, 0, 16)), ("gowin", 27, 54, (0, 1, 8)), ("gowin", 27, 36, (2, 3, 16)),
])  # fmt: skip
def test_dividers(family, input_mhz, wanted_mhz, setting):
    pll = PLLS[family](input_mhz * 10**6, wanted_mhz * 10**6)
    assert pll.setting == setting
    assert pll.output_hz == wanted_mhz * 10**6 == output(family, pll.input_hz, setting)


def test_the_nearest_frequency_is_taken():
    pll = PLLS["ice40"](12_000_000, 20_000_000)
    assert pll.output_hz == 19_875_000 == output("ice40", 12_000_000, pll.setting)


@pytest.mark.parametrize("family, input_hz, wanted_hz, message", [
    ("ecp5", 25_000_000, 410_000_000, "The PLL makes 400 MHz of 25 MHz, but not 410 MHz"),
    ("ecp5", 25_000_000, 1_000_000, "makes 3.125 MHz of 25 MHz, but not 1 MHz"),
    ("ice40", 12_000_000, 12_000_000, "makes 16.12 MHz of 12 MHz, but not 12 MHz"),
    ("ice40", 1_000_000, 20_000_000, "The PLL takes no oscillator of 1 MHz"),
    ("gowin", 27_000_000, 2_000_000, "but not 2 MHz"),
])  # fmt: skip
def test_impossible_frequencies_are_refused(family, input_hz, wanted_hz, message):
    with pytest.raises(PllImpossible) as error:
        PLLS[family](input_hz, wanted_hz)
    assert message in str(error.value)


def test_every_board_has_a_clock_for_every_preset():
    for board in BOARDS.values():
        pll_class = PLLS[board.device.family]
        for mhz in board.frequencies.values():
            pll = pll_class(board.oscillator_hz, round(mhz * 1e6))
            assert pll.output_hz == pytest.approx(mhz * 1e6, rel=1e-6)


def test_reset_lasts_from_configuration_on_and_after_the_last_bounce():
    dut = ResetSource(cycles=16)

    async def bench(ctx):
        ctx.set(dut.ok, 1)
        assert ctx.get(dut.rst)
        for _ in range(18):
            await ctx.tick()
            assert ctx.get(dut.rst)
        await ctx.tick()
        assert not ctx.get(dut.rst)
        for _ in range(3):  # a button that bounces
            ctx.set(dut.ok, 0)
            await ctx.tick().repeat(3)
            assert ctx.get(dut.rst)
            ctx.set(dut.ok, 1)
            await ctx.tick().repeat(10)
            assert ctx.get(dut.rst)
        await ctx.tick().repeat(9)
        assert not ctx.get(dut.rst)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()


def test_a_reset_lasts_a_power_of_two_of_cycles():
    with pytest.raises(ValueError, match="power of two of cycles, not 3"):
        ResetSource(cycles=3)
