# amaranth: UnusedElaboratable=no
"""Every kind of request through the pins, and every refusal."""

from dataclasses import replace

import pytest
from bridge_bench import BASE, GUARD, REGISTERS, SIZE, Bench, make_bridge, request

from ppu.lib.axi import Response
from ppu_fpga.bridge.access import Access
from ppu_fpga.bridge.buffer import ReplyBuffer, RequestBuffer
from ppu_fpga.bridge.executor import Executor
from ppu_fpga.bridge.intake import Intake
from ppu_fpga.bridge.protocol import Identity, Kind, Status


def test_every_kind():
    async def script(bench):
        identity, = await bench.ask(request(Kind.IDENTIFY, tag=1))
        assert (identity.status, identity.tag, identity.irq) == (Status.OK, 1, False)
        assert Identity.decode(identity.data) == Identity(
            max_data=256, receive_buffer=1024, clock_hz=4_000_000, memory_base=BASE,
            memory_size=SIZE)
        bench.ctx.set(bench.dut.irq, 1)
        wrote, read = await bench.ask(
            request(Kind.WRITE_REGISTER, 0x14, data=b"\xc0\xdb\xdc\xdd", tag=0xC0),
            request(Kind.READ_REGISTER, 0x14, 4, tag=0xDB))
        assert wrote.status == read.status == Status.OK and wrote.irq and read.irq
        assert (wrote.tag, read.tag) == (0xC0, 0xDB)
        assert (wrote.data, read.data) == (b"", b"\xc0\xdb\xdc\xdd")
        assert bench.registers[0x14] == 0xDDDCDBC0
        data = bytes(range(0xB0, 0xE0))
        wrote, read = await bench.ask(request(Kind.WRITE_MEMORY, BASE + 5, data=data),
                                      request(Kind.READ_MEMORY, BASE + 3, 60))
        assert wrote.data == b""
        assert bench.memory[GUARD + 5 : GUARD + 53] == data
        assert read.data == bench.memory[GUARD + 3 : GUARD + 63]
        assert bench.resets == 0
        reset, = await bench.ask(request(Kind.RESET, tag=9))
        assert (reset.status, reset.tag, reset.data) == (Status.OK, 9, b"")
        assert bench.resets == Executor.RESET_CYCLES

    Bench(make_bridge()).run(script)


REFUSED = [
    (request(0), Status.BAD_KIND),
    (request(7, BASE, 4), Status.BAD_KIND),
    (request(0x45, BASE, 4), Status.BAD_KIND),
    (request(0x80 | Kind.READ_MEMORY, BASE, 4), Status.BAD_KIND),
    (request(0xFF, BASE, 4), Status.BAD_KIND),
    (request(Kind.IDENTIFY, count=1), Status.BAD_COUNT),
    (request(Kind.RESET, count=32), Status.BAD_COUNT),
    (request(Kind.READ_REGISTER, 0, 3), Status.BAD_COUNT),
    (request(Kind.READ_REGISTER, 0, 0x404), Status.BAD_COUNT),
    (request(Kind.WRITE_REGISTER, 0, data=bytes(5)), Status.BAD_COUNT),
    (request(Kind.READ_MEMORY, BASE, 0), Status.BAD_COUNT),
    (request(Kind.READ_MEMORY, BASE, 257), Status.BAD_COUNT),
    (request(Kind.READ_MEMORY, BASE, 0xFFFF), Status.BAD_COUNT),
    (request(Kind.WRITE_MEMORY, BASE), Status.BAD_COUNT),
    (request(Kind.WRITE_MEMORY, BASE, data=bytes(257)), Status.BAD_COUNT),
    (request(Kind.WRITE_MEMORY, BASE, 9, data=bytes(8)), Status.BAD_COUNT),
    (request(Kind.WRITE_MEMORY, BASE, 0x1008, data=bytes(8)), Status.BAD_COUNT),
    (request(Kind.READ_MEMORY, BASE, 8, data=bytes(8)), Status.BAD_COUNT),
    (request(Kind.READ_REGISTER, 2, 4), Status.BAD_ADDRESS),
    (request(Kind.READ_REGISTER, 0x1000, 4), Status.BAD_ADDRESS),
    (request(Kind.WRITE_REGISTER, 1 << 32, data=bytes(4)), Status.BAD_ADDRESS),
    (request(Kind.READ_MEMORY, BASE - 1, 1), Status.BAD_ADDRESS),
    (request(Kind.READ_MEMORY, BASE + SIZE, 1), Status.BAD_ADDRESS),
    (request(Kind.WRITE_MEMORY, BASE + SIZE - 3, data=bytes(4)), Status.BAD_ADDRESS),
    (request(Kind.WRITE_MEMORY, BASE + (1 << 32), data=bytes(4)), Status.BAD_ADDRESS),
    (request(Kind.READ_MEMORY, (1 << 64) - 1, 2), Status.BAD_ADDRESS),
    (request(Kind.WRITE_MEMORY, 0, data=bytes(4)), Status.BAD_ADDRESS),
    (request(Kind.READ_REGISTER, REGISTERS, 4), Status.BUS_SLVERR),
    (request(Kind.WRITE_REGISTER, 0xFFC, data=bytes(4)), Status.BUS_SLVERR),
]


def test_what_cannot_be_done_is_refused_and_changes_nothing():
    async def script(bench):
        before = bytes(bench.memory)
        requests = [replace(item, tag=n + 1) for n, (item, _) in enumerate(REFUSED)]
        replies = await bench.ask(*requests)
        for item, (_, status), reply in zip(requests, REFUSED, replies, strict=True):
            assert (reply.status, reply.tag, reply.data) == (status, item.tag, b""), item
        assert bench.memory == before
        assert not any(bench.registers.values()) and not bench.resets
        assert bench.axi.accesses == 0 and bench.axil.accesses == 2
        ends, = await bench.ask(request(Kind.READ_MEMORY, BASE + SIZE - 4, 4))
        assert ends.data == bench.memory[-GUARD - 4 : -GUARD]

    Bench(make_bridge()).run(script)


def test_a_bus_error_ends_the_request_and_not_more():
    async def script(bench):
        bench.faults = {BASE + 8: Response.SLVERR, BASE + 0x100: Response.DECERR,
                        BASE + 0x200: Response.EXOKAY}
        replies = await bench.ask(
            request(Kind.READ_MEMORY, BASE + 1, 20, tag=1),
            request(Kind.WRITE_MEMORY, BASE + 2, data=b"abcdefghijklmnop", tag=2),
            request(Kind.READ_MEMORY, BASE + 0x100, 1, tag=3),
            request(Kind.WRITE_MEMORY, BASE + 0x103, data=b"x", tag=4),
            request(Kind.READ_MEMORY, BASE + 0x1FE, 5, tag=5))
        assert [reply.tag for reply in replies] == [1, 2, 3, 4, 5]
        assert [reply.status for reply in replies] == [
            Status.BUS_SLVERR, Status.BUS_SLVERR, Status.BUS_DECERR, Status.BUS_DECERR, Status.OK]
        assert [len(reply.data) for reply in replies] == [0, 0, 0, 0, 5]
        assert bench.memory[GUARD + 2 : GUARD + 8] == b"abcdef"

    Bench(make_bridge()).run(script)


IDENTITY = Identity(max_data=64, receive_buffer=256, clock_hz=1, memory_base=0, memory_size=64)


@pytest.mark.parametrize("build, message", [
    (lambda: make_bridge(max_data=4),
     "max_data must be a power of two, 8 to receive_buffer - 16, which is 1008, not 4"),
    (lambda: make_bridge(max_data=1024), "which is 1008, not 1024"),
    (lambda: make_bridge(max_data=100), "which is 1008, not 100"),
    (lambda: make_bridge(memory_size=0x1002), "power of two of at least 256 bytes, not 4098"),
    (lambda: make_bridge(memory_base=0x8000_0004), "multiple of the size 0x1000, not 0x80000004"),
    (lambda: make_bridge(memory_base=1 << 32), "at 0x100000000 or before, not at 0x100001000"),
    (lambda: make_bridge(cycles=3), "at least 4: at most 750000 baud"),
    (lambda: RequestBuffer(1000), "power of two of at least 16, not 1000"),
    (lambda: ReplyBuffer(0), "at least 1 entry, not 0"),
    (lambda: Intake(128), "Depth must be 256 to 65536, not 128"),
    (lambda: Executor(IDENTITY, address_width=32, data_width=32, timeout=1000),
     "power of two of at least 64, not 1000"),
    (lambda: Access(address_width=65, data_width=32), "Address width must be 13 to 64, not 65"),
    (lambda: Access(address_width=32, data_width=48), "32, 64, 128, 256 or 512, not 48"),
])  # fmt: skip
def test_what_cannot_be_built_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()
