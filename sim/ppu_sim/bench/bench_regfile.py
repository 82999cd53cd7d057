"""cocotb: the registers against cocotbext-axi's AXI4-Lite manager and the register map."""

import logging
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp

from ppu.config import Config, Signs
from ppu.host.counters import CounterEvents
from ppu.host.registers import COUNTERS, WINDOW_BYTES, register_map
from ppu.isa import ErrorCode, FetchedCommand, Stop
from ppu.lib.states import ExecuteState, LoadState, StoreState
from ppu_sim.bench.runner import parameters
from ppu_sim.bench.stalls import STALLS, pauses

#: What does more than keep a value.
ACTIONS = ("CONTROL", "RING_TAIL")


class Environment:
    """Clock, manager, and a command stage and memory that rest."""

    def __init__(self, dut):
        fields = parameters()
        self.dut = dut
        self.config = Config(**{**fields, "signs": Signs(fields["signs"])})
        self.registers = register_map(self.config)
        self.offsets = {register.name: register.offset for register in self.registers}
        self.rng = random.Random(cocotb.RANDOM_SEED)
        dut.rst.value = 1
        for name in ("axi__ar__ready", "axi__r__valid", "axi__r__payload", "commands__ready",
                     "completed", "end", "end_tag", "stop", "pending", "drained", "events"):
            self.pin(name).value = 0
        logging.getLogger(f"cocotb.{dut._name}").setLevel(logging.WARNING)
        Clock(dut.clk, 10, unit="ns").start()
        self.manager = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil_"), dut.clk, dut.rst)

    def pin(self, name):
        """A port of the design; `end` is a word of Verilog, and its name is escaped."""
        try:
            return getattr(self.dut, name)
        except AttributeError:
            return getattr(self.dut, f"\\{name} ")

    async def start(self, stalls="none"):
        """Leaves reset; the manager pauses as `stalls` says."""
        source, sink = STALLS[stalls]
        write, read = self.manager.write_if, self.manager.read_if
        channels = [(write.aw_channel, source), (write.w_channel, source), (write.b_channel, sink),
                    (read.ar_channel, source), (read.r_channel, sink)]
        for number, (channel, share) in enumerate(channels):
            if share:
                channel.set_pause_generator(pauses(share, number + cocotb.RANDOM_SEED))
        await self.cycles(4)
        self.dut.rst.value = 0
        await self.cycles(1)

    async def cycles(self, count):
        for _ in range(count):
            await RisingEdge(self.dut.clk)

    async def read(self, name):
        answer = await self.manager.read(self.offsets[name], 4)
        assert answer.resp == AxiResp.OKAY, f"{name}: read answered {answer.resp!r}"
        return int.from_bytes(answer.data, "little")

    async def write(self, name, value):
        answer = await self.manager.write(self.offsets[name], value.to_bytes(4, "little"))
        assert answer.resp == AxiResp.OKAY, f"{name}: write answered {answer.resp!r}"

    async def check(self, expected):
        """Reads all registers; `expected` has what differs from the reset values."""
        for register in self.registers:
            value, wanted = await self.read(register.name), \
                expected.get(register.name, register.reset)
            assert value == wanted, (
                f"{register.name}: got 0x{value:08x}, expected 0x{wanted:08x} "
                f"(seed {cocotb.RANDOM_SEED})")


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(stalls=list(STALLS))
async def access_kinds(dut, stalls):
    """Every register reads its reset value, and keeps what is written in its rw fields only."""
    env = Environment(dut)
    await env.start(stalls)
    await env.check({})
    expected = {}
    for register in env.registers:
        if register.name in ACTIONS:
            continue
        value = env.rng.getrandbits(32)
        mask = sum((1 << f.width) - 1 << f.lsb for f in register.fields if f.access == "rw")
        await env.write(register.name, value)
        expected[register.name] = register.reset & ~mask | value & mask
    await env.check(expected)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(stalls=["none", "both"])
async def single_bytes(dut, stalls):
    """Writes of 1 to 4 bytes at any offset change just these bytes."""
    env = Environment(dut)
    await env.start(stalls)
    names = ("RING_BASE_LOW", "RING_BASE_HIGH", "RING_SIZE")
    image = bytearray(12)
    for _ in range(30):
        length = env.rng.randint(1, 12)
        first = env.rng.randint(0, 12 - length)
        data = env.rng.randbytes(length)
        image[first : first + length] = data
        answer = await env.manager.write(env.offsets[names[0]] + first, data)
        assert answer.resp == AxiResp.OKAY
        answer = await env.manager.read(env.offsets[names[0]], 12)
        assert answer.data == bytes(image)


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(stalls=["none", "both"])
async def unmapped_words(dut, stalls):
    env = Environment(dut)
    await env.start(stalls)
    mapped = set(env.offsets.values())
    free = [offset for offset in range(0, WINDOW_BYTES, 4) if offset not in mapped]
    for offset in [*free[:12], *env.rng.sample(free, 20), free[-1]]:
        assert (await env.manager.write(offset, b"\xff" * 4)).resp == AxiResp.SLVERR
        assert (await env.manager.read(offset, 4)).resp == AxiResp.SLVERR
    await env.check({})


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def reads_and_writes_at_once(dut):
    """Many transfers queued on both directions; each one gets its own answer."""
    env = Environment(dut)
    await env.start("both")
    values = [env.rng.getrandbits(32) for _ in range(40)]
    writes = [env.manager.init_write(env.offsets["RING_SIZE"], value.to_bytes(4, "little"))
              for value in values]
    names = [env.rng.choice(["ID", "CONFIG_COLUMNS", "CONFIG_ROW_BYTES", "VERSION"])
             for _ in range(40)]
    reads = [env.manager.init_read(env.offsets[name], 4) for name in names]
    resets = {register.name: register.reset for register in env.registers}
    for name, read in zip(names, reads, strict=True):
        await read.wait()
        assert int.from_bytes(read.data.data, "little") == resets[name], name
    for write in writes:
        await write.wait()
        assert write.data.resp == AxiResp.OKAY
    assert await env.read("RING_SIZE") == values[-1]


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def misuse_stops_and_interrupts(dut):
    """A doorbell without a ring reaches the command stage as an error; a soft reset forgets it."""
    env = Environment(dut)
    await env.start()
    await env.write("IRQ_ENABLE", 3)
    await env.write("RING_SIZE", 3)
    await env.write("RING_TAIL", 2)
    await env.cycles(4)
    assert dut.commands__valid.value == 1
    command = FetchedCommand.from_bits(int(dut.commands__payload.value))
    assert (command.index, command.code, command.address) == (0, ErrorCode.RING, 3)
    dut.commands__ready.value = 1
    await env.cycles(1)
    stop = {"valid": 1, "code": ErrorCode.RING, "index": 0, "address": 3}
    dut.stop.value = Stop.const(stop).as_bits()
    await env.cycles(4)
    assert dut.irq.value == 1 and dut.commands__valid.value == 0
    await env.check({"IRQ_ENABLE": 3, "RING_SIZE": 3, "STATUS": 2, "IRQ_CAUSE": 2,
                     "ERROR_CODE": ErrorCode.RING.value, "ERROR_ADDRESS_LOW": 3})

    await env.write("CONTROL", 1)
    await env.cycles(9)
    assert dut.drain.value == 1 and await env.read("CONTROL") == 1
    dut.drained.value = 1
    while not dut.soft_reset.value:
        await env.cycles(1)
    dut.stop.value = 0
    dut.drained.value = 0
    await env.cycles(2)
    assert dut.irq.value == 0
    await env.check({})


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def ends_and_counters(dut):
    env = Environment(dut)
    await env.start("both")
    tags = [env.rng.getrandbits(32) for _ in range(3)]
    for tag in tags:
        dut.end_tag.value = tag
        env.pin("end").value = 1
        env.pin("pending").value = 1
        await env.cycles(1)
        env.pin("end").value = 0
        env.pin("pending").value = 0
        await env.cycles(2)
    for completed in range(78):
        dut.completed.value = completed
        await env.cycles(1)
    states = {"load": LoadState.BANK, "execute": ExecuteState.WEIGHTS, "store": StoreState.BUSY}
    dut.events.value = CounterEvents.const(
        {**states, "read_beats": 1, "write_beats": 1}).as_value().value
    env.pin("pending").value = 1
    await env.cycles(200)
    env.pin("pending").value = 0
    await env.cycles(1)
    dut.events.value = 0
    await env.cycles(1)
    await env.write("CONTROL", 2)
    counts = {f"COUNT_{name}_LOW": 0 for name, _ in COUNTERS}
    for name in ("CYCLES", "LOAD_BANK", "EXECUTE_WEIGHTS", "STORE_BUSY"):
        counts[f"COUNT_{name}_LOW"] = 200
    counts["COUNT_READ_BEATS_LOW"] = counts["COUNT_WRITE_BEATS_LOW"] = 201
    # Each END counts until the interrupt could rise.
    for name in ("CYCLES", "LOAD_BUSY", "EXECUTE_BUSY", "STORE_BUSY"):
        counts[f"COUNT_{name}_LOW"] += 2 * len(tags)
    counts["COUNT_COMMANDS_LOW"] = 77
    await env.read("COUNT_CYCLES_LOW")      # waits for the snapshot
    await env.check({**counts, "COMPLETED": 77, "END_COUNT": 3, "END_TAG": tags[-1],
                     "IRQ_CAUSE": 1})
