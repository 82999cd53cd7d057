# amaranth: UnusedElaboratable=no
"""The UART at its pins: rates, drift, noise, breaks, gaps."""

import random
from itertools import pairwise

import pytest
from amaranth.sim import Simulator
from bridge_line import BREAK, GLITCH, Line

from ppu_fpga.bridge.baud import Baud
from ppu_fpga.bridge.receiver import Receiver
from ppu_fpga.bridge.transmitter import Transmitter


def simulate(dut, testbench):
    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(testbench)
    simulator.run()


def receive(items, *, clock_hz, baud, drift=0.0):
    """What a receiver makes of a line: (byte, error) of all that comes out."""
    dut, heard = Receiver(Baud(clock_hz=clock_hz, baud=baud)), []
    line = Line(clock_hz / baud * (1 + drift))

    async def testbench(ctx):
        line.queue.extend(items)
        now, quiet = 0, 0
        while quiet < 12 * line.period:
            _, _, valid, data, error = await ctx.tick().sample(dut.valid, dut.data, dut.error)
            now, quiet = now + 1, quiet + 1 if line.idle else 0
            ctx.set(dut.rx, line.step(now, 1))
            if valid:
                heard.append((data, error))

    simulate(dut, testbench)
    return heard


RATES = [(12_000_000, 3_000_000), (25_000_000, 3_000_000), (27_000_000, 3_000_000),
         (13_700_000, 3_000_000), (21_000_000, 3_000_000), (100_000_000, 3_000_000),
         (12_000_000, 1_000_000)]


@pytest.mark.parametrize("clock_hz, baud", RATES)
@pytest.mark.parametrize("drift", [-0.015, 0, 0.015])
def test_bytes_come_in_at_any_rate(clock_hz, baud, drift):
    data = [0x00, 0xFF, 0x55, 0xAA, 0x01, 0x80, *random.Random(1).randbytes(10)]
    heard = receive(data, clock_hz=clock_hz, baud=baud, drift=drift)
    assert heard == [(byte, 0) for byte in data]


@pytest.mark.parametrize("clock_hz, baud", RATES[1:3])
def test_noise_and_breaks_pass(clock_hz, baud):
    heard = receive([0x41, GLITCH, 0x42, BREAK, 0x43, GLITCH, BREAK, BREAK, 0x44],
                    clock_hz=clock_hz, baud=baud)
    good = [byte for byte, error in heard if not error]
    assert good == [0x41, 0x42, 0x43, 0x44]
    assert [error for _, error in heard] == [0, 0, 1, 0, 1, 1, 0]


@pytest.mark.parametrize("clock_hz, baud", RATES)
def test_bytes_go_out_without_gaps(clock_hz, baud):
    dut = Transmitter(Baud(clock_hz=clock_hz, baud=baud))
    line = Line(clock_hz / baud)
    data = [0x00, 0xFF, 0x55, 0x80, 0x01]

    async def send(ctx):
        ctx.set(dut.i.valid, 1)
        for byte in data:
            ctx.set(dut.i.payload, byte)
            await ctx.tick().until(dut.i.ready)
        ctx.set(dut.i.valid, 0)

    async def listen(ctx):
        now = 0
        while len(line.received) < len(data):
            _, _, tx = await ctx.tick().sample(dut.tx)
            line.step(now, tx)
            now += 1

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(send)
    simulator.add_testbench(listen)
    simulator.run()
    assert list(line.received) == data
    for last, begin in pairwise(line.begins):
        assert abs(begin - last - 10 * line.period) <= 1.2


def test_the_rate_is_that_of_the_clock():
    for clock_hz, baud in [*RATES, (12_000_000, 115_200), (100_000_000, 9600)]:
        divided = Baud(clock_hz=clock_hz, baud=baud)
        assert abs(divided.error) < 0.0021
        assert divided.actual == pytest.approx(divided.step * clock_hz / divided.modulus)
    assert [Baud(clock_hz=hz, baud=3_000_000).modulus for hz in (12_000_000, 21_000_000)] == [4, 7]


@pytest.mark.parametrize("clock_hz, baud, message", [
    (12_000_000, 4_000_000, r"3\.00 cycles for each bit at 4000000 baud.* at most 3000000 baud"),
    (0, 9600, "clock_hz must be a positive integer, not 0"),
    (1000, 9600.5, r"baud must be a positive integer, not 9600\.5"),
    (1_000_000_000, 1, r"makes 0 baud instead of 1: -100\.00 %, and only 2 % are allowed"),
])  # fmt: skip
def test_rates_that_the_clock_cannot_make_are_refused(clock_hz, baud, message):
    with pytest.raises(ValueError, match=message):
        Baud(clock_hz=clock_hz, baud=baud)
