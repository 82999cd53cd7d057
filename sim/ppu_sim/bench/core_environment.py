"""The core between cocotbext-axi's memory and AXI4-Lite master, in step with the golden model."""

import itertools
import logging
import random

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiRam, AxiResp

from ppu.config import preset
from ppu.host.registers import register_map
from ppu.isa import COMMAND_BYTES, Target
from ppu_sim.bench.runner import parameters
from ppu_sim.model import Machine
from ppu_sim.program import Program, end, load, matmul_program

__all__ = ["DATA", "RING", "SIZE", "STALLS", "Environment"]

#: Bytes of memory; the ring, whose first commands end at a 4 KiB edge; where data may lie.
SIZE, RING, DATA = 1 << 16, 0x0FC0, range(0x2000, 1 << 16)
RING_SIZE = 8
#: Stalls of the memory -> channels that pause, of those that send and of those that take.
STALLS = {
    "none": ((), ()),
    "source": (("r", "b"), ()),
    "sink": ((), ("ar", "aw", "w")),
    "both": (("r", "b"), ("ar", "aw", "w")),
}
STALL_SHARE = 0.4
#: Registers that a run leaves as the model does.
_COMPARED = (
    "STATUS", "IRQ_CAUSE", "COMPLETED", "END_COUNT", "END_TAG",
    "ERROR_CODE", "ERROR_INDEX", "ERROR_ADDRESS_LOW", "ERROR_ADDRESS_HIGH",
)  # fmt: skip
_BUSY, _STOPPED = 1, 2


class _FaultyRam(AxiRam):
    """`AxiRam` whose regions `faults`, a list of :class:`ppu_sim.model.Fault`, answer errors."""

    def __init__(self, dut, contents):
        self.faults = []
        super().__init__(AxiBus.from_prefix(dut, "m_axi"), dut.clk, dut.rst, mem=contents)
        self._spoil("read", self.read_if, self.read_if.r_channel, "rresp")
        self._spoil("write", self.write_if, self.write_if.b_channel, "bresp")

    def _spoil(self, kind, interface, channel, field):
        """Lets accesses to a region fail; the RAM's answer, SLVERR, becomes that of the region."""
        access, send, failed = getattr(interface, f"_{kind}"), channel.send, []

        async def spoiled_access(address, argument):
            size = argument if kind == "read" else len(argument)
            for fault in self.faults:
                if fault.kind == kind and fault.start < address + size and address < fault.end:
                    failed.append(fault.response.value)
                    raise IndexError(f"{kind} of {address:#x}")
            return await access(address, argument)

        async def spoiled_send(answer):
            if getattr(answer, field) == AxiResp.SLVERR:
                setattr(answer, field, failed[0])
                failed.clear()
            await send(answer)

        setattr(interface, f"_{kind}", spoiled_access)
        channel.send = spoiled_send


class Environment:
    """Clock, memory, host, and a :class:`Machine` that gets all that the core gets.

    `ram` is the core's memory, `machine` the model with a memory of its own. Both begin with the
    same random bytes, and are compared as a whole: every byte that is no destination is a guard.
    """

    def __init__(self, dut):
        self.dut = dut
        self.config = preset(parameters()["preset"])
        self.rng = np.random.default_rng(cocotb.RANDOM_SEED)
        dut.rst.value = 1
        logging.getLogger(f"cocotb.{dut._name}").setLevel(logging.ERROR)
        contents = bytearray(self.rng.bytes(SIZE))
        self.ram = _FaultyRam(dut, contents)
        self.host = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk, dut.rst)
        self.machine = Machine(self.config, np.frombuffer(contents, np.uint8).copy())
        self._offsets = {register.name: register.offset for register in register_map(self.config)}
        Clock(dut.clk, 10, unit="ns").start()

    @property
    def memory(self):
        """The core's memory."""
        return np.frombuffer(self.ram.mem, np.uint8)

    async def start(self, stalls="none"):
        """Leaves reset. Channels pause as `stalls` says, the host's likewise."""
        sources, sinks = STALLS[stalls]
        for number, name in enumerate((*sources, *sinks)):
            memory = self.ram.read_if if name in ("ar", "r") else self.ram.write_if
            self._pause(getattr(memory, f"{name}_channel"), number)
        for number, name in enumerate(("aw", "w", "ar") if sources else ()):
            host = self.host.read_if if name == "ar" else self.host.write_if
            self._pause(getattr(host, f"{name}_channel"), 10 + number)
        for number, name in enumerate(("r", "b") if sinks else ()):
            host = self.host.read_if if name == "r" else self.host.write_if
            self._pause(getattr(host, f"{name}_channel"), 20 + number)
        await self.hard_reset()

    def _pause(self, channel, number):
        rng = random.Random(cocotb.RANDOM_SEED + number)
        channel.set_pause_generator(rng.random() < STALL_SHARE for _ in itertools.count())

    async def cycles(self, count):
        for _ in range(count):
            await RisingEdge(self.dut.clk)

    async def hard_reset(self):
        """Resets all; the model goes on from what the memory holds now."""
        self.dut.rst.value = 1
        await self.cycles(3)
        self.dut.rst.value = 0
        await self.cycles(2)
        self.resume()

    async def soft_reset(self):
        """CONTROL.reset, until it is done; the model goes on from what the memory holds now."""
        await self.write("CONTROL", 1)
        while await self.read("CONTROL"):
            pass
        self.resume()

    def resume(self):
        """The model forgets what it was at."""
        self.machine.reset()
        self.machine.memory[:] = self.memory

    async def read(self, name):
        answer = await self.host.read(self._offsets[name], 4)
        assert answer.resp == AxiResp.OKAY, f"read of {name}: {answer.resp!r}"
        return int.from_bytes(answer.data, "little")

    async def write_core(self, name, value):
        """Writes a register of the core only."""
        answer = await self.host.write(self._offsets[name], value.to_bytes(4, "little"))
        assert answer.resp == AxiResp.OKAY, f"write of {name}: {answer.resp!r}"

    async def write(self, name, value):
        """Writes a register of the core and of the model, which runs then and there."""
        await self.write_core(name, value)
        self.machine.write_register(name, value)

    async def set_ring(self, base=RING, size=RING_SIZE):
        await self.write("RING_BASE_LOW", base)
        await self.write("RING_BASE_HIGH", 0)
        await self.write("RING_SIZE", size)
        self.ring, self.ring_size, self.tail = base, size, 0

    def place(self, address, data):
        """Puts bytes into both memories."""
        self.ram.mem[address : address + len(data)] = data
        self.machine.memory[address : address + len(data)] = np.frombuffer(data, np.uint8)

    async def announce(self, commands):
        """Writes commands to the ring and rings the doorbell."""
        for command in commands:
            place = self.ring + COMMAND_BYTES * (self.tail % self.ring_size)
            self.place(place, command.to_bytes())
            self.tail += 1
        await self.write("RING_TAIL", self.tail)

    async def run(self, program):
        """Feeds a program to the ring as it has room, waits for its end, and compares."""
        commands = list(program)
        while commands and not await self.read("STATUS") & _STOPPED:
            room = self.ring_size - (self.tail - await self.read("RING_HEAD"))
            await self.announce(commands[:room])
            commands = commands[room:]
        await self.finish()
        await self.compare(program)

    async def finish(self):
        while await self.read("STATUS") & _BUSY:
            pass

    async def compare(self, program=()):
        """Registers and the whole memory against the model."""
        differences = []
        for name in _COMPARED:
            got, wanted = await self.read(name), self.machine.read_register(name)
            if got != wanted:
                differences.append(f"{name}: got {got:#x}, expected {wanted:#x}")
        wrong = np.flatnonzero(self.memory != self.machine.memory)
        if len(wrong):
            at = wrong[0]
            differences.append(
                f"{len(wrong)} wrong bytes, the first at {at:#x}: got {self.memory[at]:#04x}, "
                f"expected {self.machine.memory[at]:#04x}"
            )
        listing = Program(program).listing()
        assert not differences, "\n".join([*differences, f"seed {cocotb.RANDOM_SEED}", listing])

    async def clear(self):
        """Fills all memories, which no reset clears, with zeros."""
        config = self.config
        self.place(DATA.start, bytes(4))
        await self.run([
            load(rows=1, bytes=1, address=DATA.start, destination=0, pad=rows - 1, target=target)
            for target, rows in ((Target.SCRATCHPAD, config.scratchpad_rows),
                                 (Target.ACCUMULATOR, config.accumulator_rows),
                                 (Target.PARAMETERS, config.parameter_rows)) if rows
        ])  # fmt: skip

    def product(self, m, n, k, *, signs=(True, True), a=DATA.start + 3, b=0x3FF9, c=0x7FF5, tag=1):
        """Places random operands; returns the program of their product and the product itself.

        The rows of all three matrices have gaps, and by default begin just before a 4 KiB edge.
        """
        operands = []
        for address, rows, signed in ((a, m, signs[0]), (b, n, signs[1])):
            low, high = (-128, 128) if signed else (0, 256)
            values = self.rng.integers(low, high, (rows, k))
            for i, row in enumerate(values):
                self.place(address + i * (k + 3), row.astype(np.uint8).tobytes())
            operands.append(values)
        program = matmul_program(
            self.config, m, n, k, a, k + 3, b, k + 3, c, 4 * n + 5, *signs)
        return program + [end(tag)], operands[0] @ operands[1].T

    def result(self, m, n, c=0x7FF5):
        """The matrix that the program of :meth:`product` wrote."""
        return np.array([
            np.frombuffer(self.memory[c + i * (4 * n + 5) :][: 4 * n].tobytes(), "<i4")
            for i in range(m)
        ])  # fmt: skip

    async def multiply(self, m, n, k, **options):
        """Runs a product to its end, and compares with the model and with numpy."""
        program, wanted = self.product(m, n, k, **options)
        await self.run(program)
        where = np.argwhere(self.result(m, n) != wanted)
        assert not len(where), f"C{where[0].tolist()} of {m} x {n} x {k} is wrong"
