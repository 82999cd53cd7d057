"""The part of the Icarus back end that runs inside the simulator, under cocotb.

It takes requests from a socket, a JSON object on each line, and answers each with another. Inputs
change and outputs are looked at where the clock falls, so that the order of events is no matter.
"""

import json
import socket

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, RisingEdge, Timer, with_timeout

from ppu_sim.bench import runner

PERIOD_NS = 10
NOTHING_WRITTEN = 0xFFFF_FFFF


class Host:
    """Does what the back end asks for; each method is a request."""

    def __init__(self, dut):
        self.dut = dut
        self.total = 0

    async def start(self):
        dut = self.dut
        for pin in ("host_valid", "host_write", "host_start", "host_address", "host_write_data"):
            getattr(dut, pin).value = 0
        dut.settings.value = 0
        Clock(dut.clk, PERIOD_NS, unit="ns").start()
        await FallingEdge(dut.clk)

    async def _cycles(self, count):
        if count > 1:
            await Timer((count - 1) * PERIOD_NS, unit="ns")
        await FallingEdge(self.dut.clk)
        self.total += count

    async def configure(self, settings):
        self.dut.settings.value = settings

    async def access(self, offset, value, start, limit):
        dut = self.dut
        dut.host_write.value = value is not None
        dut.host_write_data.value = value or 0
        dut.host_address.value = offset
        dut.host_start.value = start
        dut.host_valid.value = 1
        for _ in range(limit):
            await self._cycles(1)
            if dut.host_done.value == 1:
                break
        else:
            return None
        dut.host_valid.value = 0
        await self._cycles(1)
        return [int(dut.host_data.value), int(dut.host_response.value)]

    async def wait(self, limit):
        dut = self.dut
        if dut.irq.value == 0 and limit:
            began = cocotb.simtime.get_sim_time("ns")
            try:
                await with_timeout(RisingEdge(dut.irq), limit * PERIOD_NS, "ns")
                await FallingEdge(dut.clk)
            except cocotb.triggers.SimTimeoutError:
                pass
            self.total += round((cocotb.simtime.get_sim_time("ns") - began) / PERIOD_NS)
        return [int(dut.irq.value), int(dut.breaches.value)]

    async def advance(self, cycles):
        if cycles:
            await self._cycles(cycles)

    async def counts(self):
        return [int(self.dut.cycles.value), self.total]

    async def load(self, first, last):
        await self._exchange("load", first, last)

    async def save(self, first, last):
        await self._exchange("save", first, last)

    async def written(self):
        """The first and the last word written since the last call; None if none was."""
        storage = self.dut.top.storage
        lowest, highest = int(storage.lowest.value), int(storage.highest.value)
        storage.lowest.value, storage.highest.value = NOTHING_WRITTEN, 0
        await self._settle()
        return None if lowest == NOTHING_WRITTEN else [lowest, highest]

    async def _exchange(self, way, first, last):
        storage = self.dut.top.storage
        storage.first.value, storage.last.value = first, last
        await self._settle()
        trigger = getattr(storage, way)
        trigger.value = 1
        await self._settle()
        trigger.value = 0
        await self._settle()

    async def _settle(self):
        await Timer(1, unit="ps")


@cocotb.test()
async def serve(dut):
    host = Host(dut)
    await host.start()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(runner.parameters()["socket"])
        stream = connection.makefile("rw")
        for line in stream:
            request = json.loads(line)
            answer = await getattr(host, request.pop("do"))(**request)
            stream.write(json.dumps(answer) + "\n")
            stream.flush()
