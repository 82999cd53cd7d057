"""Amaranth's simulator as a back end: runs the unmodified design."""

import numpy as np
from amaranth.sim import Simulator

from ..system.storage import serve
from ..waves.convert import VcdDump
from .base import Backend, Hang, RegisterError
from .design import Design

__all__ = ["AmaranthBackend"]

#: The clock's, in seconds: as long as in the other simulators, which shows in waves.
_PERIOD = 10e-9
#: Between two requests the host waits for this long, the shortest there is: it moves no clock.
_PAUSE = 1e-15
#: Cycles that a register access may take.
ACCESS_LIMIT = 1000


class AmaranthBackend(Backend):
    """Runs the core as Amaranth describes it. See :class:`Backend`."""

    name = "amaranth"

    def __init__(self, config, memory_size=None, *, design=None, waves=None):
        super().__init__(config, memory_size)
        self._dump = None if waves is None else VcdDump(waves)
        self.memory = np.zeros(self.memory_size, np.uint8)
        self._system = (design or Design(config)).system()
        self._request = self._result = None
        self._total = 0
        self._simulator = Simulator(self._system)
        self._simulator.add_clock(_PERIOD)
        self._simulator.add_process(serve(self._system.storage, self.memory))
        self._simulator.add_testbench(self._host)
        if self._dump is not None:
            self._dump.record(self._simulator)
        self.configure(self.settings)

    async def _host(self, ctx):
        """Does what is asked for. Between the requests no time passes on the clock."""
        while True:
            if self._request is not None:
                self._result = await self._request(ctx)
                self._request = None
            await ctx.delay(_PAUSE)

    def _do(self, request):
        self._request = request
        while self._request is not None:
            self._simulator.advance()
        return self._result

    def configure(self, settings):
        self.settings = settings
        fields = settings.as_dict(
            address_width=self.config.axi_address_width, size=self.memory_size
        )

        async def set_up(ctx):
            ctx.set(self._system.settings, fields)

        self._do(set_up)

    def _access(self, offset, *, value=None, start=False):
        host = self._system.host

        async def access(ctx):
            ctx.set(host.write, value is not None)
            ctx.set(host.write_data, value or 0)
            ctx.set(host.address, offset)
            ctx.set(host.start, start)
            ctx.set(host.valid, 1)
            for _ in range(ACCESS_LIMIT):
                await ctx.tick()
                self._total += 1
                if ctx.get(host.done):
                    break
            else:
                return None
            ctx.set(host.valid, 0)
            await ctx.tick()
            self._total += 1
            return ctx.get(host.data), ctx.get(host.response)

        result = self._do(access)
        if result is None:
            raise Hang(f"no answer to an access of register {offset:#05x}")
        data, response = result
        if response.value:
            raise RegisterError(f"register {offset:#05x} answers {response.name}")
        return data

    def write_register(self, offset, value, *, start=False):
        self._access(offset, value=value, start=start)

    def read_register(self, offset):
        return self._access(offset)

    def wait(self, limit):
        async def wait(ctx):
            for _ in range(limit):
                if ctx.get(self._system.irq):
                    break
                await ctx.tick()
                self._total += 1
            return ctx.get(self._system.irq), ctx.get(self._system.breaches)

        irq, breaches = self._do(wait)
        self._check_breaches(breaches)
        return bool(irq)

    def advance(self, cycles):
        async def advance(ctx):
            await ctx.tick().repeat(cycles)
            self._total += cycles

        if cycles:
            self._do(advance)

    @property
    def cycles(self):
        async def get(ctx):
            return ctx.get(self._system.cycles)

        return self._do(get)

    @property
    def total_cycles(self):
        return self._total

    def close(self):
        if self._dump is not None:
            self._dump.finish()
