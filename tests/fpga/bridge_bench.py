# amaranth: UnusedElaboratable=no
"""A host's line, a memory and registers around the bridge, stepped by the test's script."""

import random

from amaranth.hdl import Cat
from amaranth.sim import Simulator
from bridge_line import Line

from ppu.lib.axi import Response
from ppu_fpga.bridge.bridge import Bridge
from ppu_fpga.bridge.protocol import Reply, Request, Unstuffer

BASE, SIZE, GUARD = 0x8000_0000, 0x1000, 64
REGISTERS = 0x100


def make_bridge(data_width=32, *, cycles=4, **options):
    """A small bridge; a bit on the line is `cycles` cycles long."""
    settings = {"memory_base": BASE, "memory_size": SIZE, "address_width": 32, "timeout": 1024}
    return Bridge(clock_hz=round(1_000_000 * cycles), baud=1_000_000, data_width=data_width,
                  **{**settings, **options})


def request(kind, address=0, count=None, data=b"", tag=0):
    """A request with its fields by place."""
    return Request(kind=kind, address=address, count=count, data=data, tag=tag)


class Bus:
    """A subordinate on one of the bridge's buses.

    Takes AW and W in any order, answers `latency` cycles after it has all, checks that payloads
    wait unchanged. What `access(address, data, strobe)` does, data None for a read, is up to its
    owner; it returns (data, response).
    """

    def __init__(self, bench, port, access):
        self.bench, self.port, self.access = bench, port, access
        #: Whether there is anything to look at.
        self.outputs = Cat(port.ar.valid, port.aw.valid, port.w.valid)
        self.accesses = 0
        self.clear()

    def clear(self):
        self.got, self.held = {}, {}
        self.due, self.answer, self.moves = None, None, False

    def step(self, ctx, valid):
        """What happens between two edges: what moves at the second one is already known."""
        for place, name in enumerate(("ar", "aw", "w")):
            if valid >> place & 1:
                self._take(ctx, name, getattr(self.port, name))
            assert valid >> place & 1 or name not in self.held, f"{name} was taken back"
        if self.got:
            self._respond(ctx)

    def _take(self, ctx, name, channel):
        payload = ctx.get(channel.payload)
        assert self.held.setdefault(name, payload) == payload, f"{name} moved while it waited"
        ready = not self.bench.hang and self.bench.chance()
        ctx.set(channel.ready, ready)
        if ready:
            assert name not in self.got, f"second {name} at once"
            self.got[name] = self.held.pop(name)

    def _respond(self, ctx):
        if self.answer is not None:
            if self.moves:
                ctx.set(self.answer.valid, 0)
                self.clear()
            else:
                self.moves = ctx.get(self.answer.ready)
            return
        name = "r" if "ar" in self.got else "b"
        if name == "b" and not {"aw", "w"} <= self.got.keys():
            return
        if self.due is None:
            self.accesses += 1
            self.due = self.bench.now + self.bench.latency
        if self.bench.now >= self.due and self.bench.chance():
            channel = getattr(self.port, name)
            address, w = self.got["ar" if name == "r" else "aw"], self.got.get("w")
            assert getattr(address, "len", 0) == 0
            data, response = self.access(
                address.addr, None if w is None else w.data, None if w is None else w.strb)
            if name == "r":
                ctx.set(channel.payload.data, data)
            ctx.set(channel.payload.resp, response)
            ctx.set(channel.valid, 1)
            self.answer, self.moves = channel, ctx.get(channel.ready)


class Bench:
    """Runs `script(bench)` on a bridge.

    Members that a script may set: `stall` (chance that a bus stalls), `latency` (cycles), `hang`,
    `faults` (address of a bus word -> response).
    """

    def __init__(self, dut, *, period=None, seed=0):
        self.dut = dut
        self.period = period or dut.baud.clock_hz / dut.baud.baud
        self.line = Line(self.period)
        self.rng = random.Random(seed)
        self.stall, self.latency, self.hang = 0.0, 1, False
        self.faults, self.now, self.resets, self.rx = {}, 0, 0, 0
        self.word = dut.m_axi.signature.data_width // 8
        self.memory = bytearray(self.rng.randbytes(SIZE + 2 * GUARD))
        self.registers = {4 * n: 0 for n in range(REGISTERS // 4)}
        self.axi = Bus(self, dut.m_axi, self._access_memory)
        self.axil = Bus(self, dut.m_axil, self._access_register)
        self.unstuffer, self._taken, self.replies = Unstuffer(), 0, []

    def chance(self):
        return self.stall == 0 or self.rng.random() >= self.stall

    def _access_memory(self, address, data, strobe):
        assert address % self.word == 0
        place = address - BASE + GUARD
        response = self.faults.get(address, Response.OKAY)
        if data is None:
            return int.from_bytes(self.memory[place : place + self.word], "little"), response
        for lane in range(self.word):
            if strobe >> lane & 1 and response == Response.OKAY:
                self.memory[place + lane] = data >> 8 * lane & 0xFF
        return None, response

    def _access_register(self, offset, data, strobe):
        if offset not in self.registers:
            return 0, Response.SLVERR
        if data is None:
            return self.registers[offset], Response.OKAY
        assert strobe == 0xF
        self.registers[offset] = data
        return None, Response.OKAY

    def run(self, script):
        """Runs `script(self)` to its end."""
        async def testbench(ctx):
            self.ctx = ctx
            await script(self)

        simulator = Simulator(self.dut)
        simulator.add_clock(1e-6)
        simulator.add_testbench(testbench)
        simulator.run()
        return self

    async def cycle(self, count=1):
        """Goes on by some cycles."""
        ctx, axi, axil, dut = self.ctx, self.axi, self.axil, self.dut
        outputs = Cat(axi.outputs, axil.outputs, dut.reset_request, dut.tx)
        tick = ctx.tick()
        for _ in range(count):
            await tick
            self.now += 1
            values = ctx.get(outputs)
            rx = self.line.step(self.now, values >> 7)
            if rx != self.rx:
                self.rx = rx
                ctx.set(dut.rx, rx)
            if values & 0x40:
                self.resets += 1
                axi.clear()
                axil.clear()
            else:
                axi.step(ctx, values & 7)
                axil.step(ctx, values >> 3 & 7)
        self._gather()

    async def until(self, condition, limit):
        """Goes on until `condition()`."""
        end = self.now + limit
        while not condition():
            assert self.now < end, f"nothing in {limit} cycles; replies so far: {self.replies}"
            await self.cycle(10)

    def _gather(self):
        fresh = bytes(self.line.received[self._taken :])
        self._taken += len(fresh)
        for frame in self.unstuffer.feed(fresh):
            assert frame.error is None, frame
            self.replies.append(Reply.decode(frame.body))

    async def ask(self, *requests, credit=1024, limit=100_000):
        """Sends requests, as many at once as the credit allows; returns the replies."""
        first = len(self.replies)
        waiting = list(requests)
        while waiting:
            answered = len(self.replies) - first
            open_requests = requests[answered : len(requests) - len(waiting)]
            if sum(item.size for item in open_requests) + waiting[0].size <= credit:
                self.line.queue.extend(waiting.pop(0).encode())
            else:
                await self.until(lambda n=answered: len(self.replies) - first > n, limit)
        await self.until(lambda: len(self.replies) - first >= len(requests), limit)
        return self.replies[first:]

    async def send(self, *items):
        """Puts bytes, or what else a line can carry, on the line and waits until they are out."""
        for item in items:
            self.line.queue.extend([item] if isinstance(item, str) else item)
        await self.until(lambda: self.line.idle, 1_000_000)
