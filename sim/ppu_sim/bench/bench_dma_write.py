"""cocotb: the write engine against cocotbext-axi's memory."""

import logging
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiBus, AxiRam

from ppu.dma.ranges import RangeLayout
from ppu.dma.writer import StrobedLayout
from ppu.lib.axi import FaultLayout, Response
from ppu_sim.bench.runner import parameters
from ppu_sim.bench.stalls import STALLS, pauses

SIZE = 2**14


class Environment:
    """Clock, memory, and the streams of a `WriteTop`. `image` is what the memory must hold."""

    def __init__(self, dut):
        widths = parameters()
        self.dut = dut
        self.range_layout = RangeLayout(widths["address_width"])
        self.beat_layout = StrobedLayout(widths["data_width"])
        self.fault_layout = FaultLayout(widths["address_width"])
        self.beat_bytes = widths["data_width"] // 8
        self.rng = random.Random(cocotb.RANDOM_SEED)
        self.completed = 0
        dut.rst.value = 1
        dut.ranges__valid.value = 0
        dut.ranges__payload.value = 0
        dut.beats__valid.value = 0
        dut.beats__payload.value = 0
        logging.getLogger(f"cocotb.{dut._name}").setLevel(logging.WARNING)
        Clock(dut.clk, 10, unit="ns").start()
        self.ram = AxiRam(AxiBus.from_prefix(dut, "m_axi_"), dut.clk, dut.rst, size=SIZE)
        self.image = bytearray(self.rng.randbytes(SIZE))
        self.ram.write(0, bytes(self.image))

    async def start(self, stalls):
        """Leaves reset; the memory pauses as `stalls` says."""
        self.source, sink = STALLS[stalls]
        if sink:
            write = self.ram.write_if
            for number, channel in enumerate((write.aw_channel, write.w_channel, write.b_channel)):
                channel.set_pause_generator(pauses(sink, number))
        for _ in range(4):
            await RisingEdge(self.dut.clk)
        self.dut.rst.value = 0
        await RisingEdge(self.dut.clk)
        cocotb.start_soon(self.count())

    async def count(self):
        """Counts completed jobs."""
        while True:
            await RisingEdge(self.dut.clk)
            self.completed += int(self.dut.completed.value)

    async def send(self, name, payloads):
        """Sends payloads on the stream `name`."""
        clk = self.dut.clk
        valid, payload, ready = (
            getattr(self.dut, f"{name}__{part}") for part in ("valid", "payload", "ready"))
        for value in payloads:
            while self.rng.random() < self.source:
                await RisingEdge(clk)
            payload.value = value.as_bits()
            valid.value = 1
            await RisingEdge(clk)
            while not ready.value:
                await RisingEdge(clk)
            valid.value = 0

    def ranges(self, writes):
        for address, values in writes:
            yield self.range_layout.const({"address": address, "length": len(values), "last": 1})

    def beats(self, writes):
        """The words of `writes`; bytes that are not to be written hold junk."""
        for address, values in writes:
            start, count = address % self.beat_bytes, len(values)
            tail = -(start + count) % self.beat_bytes
            padded = self.rng.randbytes(start) + values + self.rng.randbytes(tail)
            mask = ((1 << count) - 1) << start
            for at in range(0, len(padded), self.beat_bytes):
                yield self.beat_layout.const({
                    "data": int.from_bytes(padded[at:at + self.beat_bytes], "little"),
                    "strb": mask >> at & ((1 << self.beat_bytes) - 1)})

    async def check(self, writes):
        """Writes, then compares the whole memory, so every byte around is a guard."""
        cocotb.start_soon(self.send("ranges", self.ranges(writes)))
        cocotb.start_soon(self.send("beats", self.beats(writes)))
        for address, values in writes:
            self.image[address:address + len(values)] = values
        while self.completed < len(writes):
            await RisingEdge(self.dut.clk)
        got = self.ram.read(0, SIZE)
        wrong = [at for at in range(SIZE) if got[at] != self.image[at]]
        assert not wrong, (
            f"{len(wrong)} wrong bytes, first at {wrong[0]:#x}: got {got[wrong[0]]:#04x}, "
            f"expected {self.image[wrong[0]]:#04x}")
        for _ in range(8):
            await RisingEdge(self.dut.clk)
        assert self.completed == len(writes) and not self.dut.busy.value
        fault = self.fault_layout.from_bits(int(self.dut.fault.value))
        assert fault.resp is Response.OKAY


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stalls=list(STALLS), length=[1, 2, 9, 64, 600])
async def ranges_at_the_page_edge(dut, stalls, length):
    env = Environment(dut)
    await env.start(stalls)
    offsets = {0, 1, 4096, *range(4096 - env.beat_bytes - 1, 4098), 4096 - length, 4097 - length}
    await env.check([(4096 + offset, env.rng.randbytes(length)) for offset in sorted(offsets)])


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stalls=list(STALLS))
async def random_ranges(dut, stalls):
    env = Environment(dut)
    await env.start(stalls)
    writes = []
    for _ in range(25):
        length = env.rng.choice([1, env.rng.randint(1, 40), env.rng.randint(1, 1500)])
        writes.append((env.rng.randrange(SIZE - length), env.rng.randbytes(length)))
    await env.check(writes)
