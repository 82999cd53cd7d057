"""cocotb: the read engine against cocotbext-axi's memory."""

import logging
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiBus, AxiRam

from ppu.dma.ranges import RangeLayout
from ppu.dma.reader import BeatLayout
from ppu.lib.axi import FaultLayout, Response
from ppu_sim.bench.runner import parameters
from ppu_sim.bench.stalls import STALLS, pauses

SIZE = 2**16


class Environment:
    """Clock, memory, and the streams of a `ReadTop`."""

    def __init__(self, dut):
        widths = parameters()
        self.dut = dut
        self.range_layout = RangeLayout(widths["address_width"])
        self.beat_layout = BeatLayout(widths["data_width"])
        self.fault_layout = FaultLayout(widths["address_width"])
        self.beat_bytes = widths["data_width"] // 8
        self.rng = random.Random(cocotb.RANDOM_SEED)
        dut.rst.value = 1
        dut.ranges__valid.value = 0
        dut.ranges__payload.value = 0
        dut.beats__ready.value = 0
        logging.getLogger(f"cocotb.{dut._name}").setLevel(logging.WARNING)
        Clock(dut.clk, 10, unit="ns").start()
        self.ram = AxiRam(AxiBus.from_prefix(dut, "m_axi_"), dut.clk, dut.rst, size=SIZE)
        self.image = self.rng.randbytes(SIZE)
        self.ram.write(0, self.image)

    async def start(self, stalls):
        """Leaves reset; the memory pauses as `stalls` says."""
        source, self.sink = STALLS[stalls]
        if source:
            for number, channel in enumerate(
                    (self.ram.read_if.ar_channel, self.ram.read_if.r_channel)):
                channel.set_pause_generator(pauses(source, number))
        for _ in range(4):
            await RisingEdge(self.dut.clk)
        self.dut.rst.value = 0
        await RisingEdge(self.dut.clk)

    async def ask(self, ranges):
        """Sends ranges, one after the other."""
        dut = self.dut
        for address, length in ranges:
            dut.ranges__payload.value = self.range_layout.const(
                {"address": address, "length": length, "last": 1}).as_bits()
            dut.ranges__valid.value = 1
            await RisingEdge(dut.clk)
            while not dut.ranges__ready.value:
                await RisingEdge(dut.clk)
        dut.ranges__valid.value = 0

    async def take(self, count):
        """Takes `count` beats; returns (data as bytes, response) of each."""
        dut, beats, ready = self.dut, [], False
        while len(beats) < count:
            await RisingEdge(dut.clk)
            if ready and dut.beats__valid.value:
                beat = self.beat_layout.from_bits(int(dut.beats__payload.value))
                beats.append((beat.data.to_bytes(self.beat_bytes, "little"), beat.resp))
            ready = len(beats) < count and self.rng.random() >= self.sink
            dut.beats__ready.value = ready
        return beats

    def words(self, ranges):
        """Addresses of the bus words of `ranges`."""
        for address, length in ranges:
            yield from range(
                address - address % self.beat_bytes, address + length, self.beat_bytes)

    async def check(self, ranges):
        """Reads `ranges` and compares each word; the engine is idle afterwards."""
        feeder = cocotb.start_soon(self.ask(ranges))
        words = list(self.words(ranges))
        for word, (value, resp) in zip(words, await self.take(len(words)), strict=True):
            expected = self.image[word:word + self.beat_bytes]
            assert value == expected, f"at {word:#x}: got {value.hex()}, expected {expected.hex()}"
            assert resp is Response.OKAY
        await feeder
        for _ in range(8):
            await RisingEdge(self.dut.clk)
            assert not self.dut.beats__valid.value, "more beats than asked for"
        assert not self.dut.busy.value
        assert self.fault() is Response.OKAY

    def fault(self):
        return self.fault_layout.from_bits(int(self.dut.fault.value)).resp


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stalls=list(STALLS), length=[1, 2, 9, 64, 600])
async def ranges_at_the_page_edge(dut, stalls, length):
    env = Environment(dut)
    await env.start(stalls)
    offsets = {0, 1, 4096, *range(4096 - env.beat_bytes - 1, 4098), 4096 - length, 4097 - length}
    await env.check([(8192 + offset, length) for offset in sorted(offsets)])


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stalls=list(STALLS))
async def random_ranges(dut, stalls):
    env = Environment(dut)
    await env.start(stalls)
    ranges = []
    for _ in range(25):
        length = env.rng.choice([1, env.rng.randint(1, 40), env.rng.randint(1, 1500)])
        ranges.append((env.rng.randrange(SIZE - length), length))
    await env.check(ranges)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_long_range_comes_at_one_beat_per_cycle(dut):
    env = Environment(dut)
    await env.start("none")
    beats = 400
    cocotb.start_soon(env.ask([(256, beats * env.beat_bytes)]))
    while not dut.beats__valid.value:
        await RisingEdge(dut.clk)
    cycles, taken = 0, cocotb.start_soon(env.take(beats))
    while not taken.done():
        await RisingEdge(dut.clk)
        cycles += 1
    # The memory of cocotbext-axi takes a cycle or two between bursts.
    assert cycles <= beats + 2 * beats // 8 + 10, f"{cycles} cycles for {beats} beats"
