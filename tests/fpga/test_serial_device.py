# amaranth: UnusedElaboratable=no
"""The same device over a serial line: products, memory, errors, what a run reports."""

import dataclasses
import io

import numpy as np
import pytest
from serial_faults import SlowLine

import ppu_sim
from ppu.config import TINY, Signs
from ppu.isa import ErrorCode
from ppu_sim.backends import Hang, open_backend
from ppu_sim.program import end, load
from ppu_sim.serial.peer import Peer
from ppu_sim.serial.progress import FIRST, Progress
from ppu_sim.serial.serve import at_pty, at_tcp
from ppu_sim.toolchain import ToolMissing

SHAPES = ((1, 1, 1), (5, 11, 7), (4, 4, 4), (3, 70, 2), (33, 17, 29))


@pytest.fixture(scope="module", params=[at_pty, at_tcp])
def board(request):
    peer = Peer.of_preset("tiny")
    with request.param(peer.feed) as name, ppu_sim.open(f"serial:{name}") as device:
        yield device


def random(shape, dtype, seed=1):
    limits = np.iinfo(dtype)
    rng = np.random.default_rng(seed)
    return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_products_are_exact(board, shape):
    m, k, n = shape
    a, b = random((m, k), np.int8), random((k, n), np.uint8)
    expected = a.astype(np.int64) @ b.astype(np.int64)
    assert board.matmul(a, b).tolist() == expected.tolist()
    assert board.linear(b.T, a).tolist() == expected.T.tolist()
    assert board.last_run.macs == m * k * n


def test_what_it_shows(board):
    port = board.backend.link.port.name
    assert repr(board) == f"<Device serial:{port}, 4 x 4 core, 262144 bytes of memory>"
    assert board.backend.clock_hz == 25_000_000
    assert board.last_run is None or board.last_run.cycles is None  # numpy counts none


@pytest.mark.parametrize("address, size", [(0, 1), (3, 255), (4095, 2), (61, 5000), (64, 4096)])
def test_memory_at_any_place(board, address, size):
    around = random(size + 16, np.uint8, seed=2)
    board.write(max(0, address - 8), around)
    data = random(size, np.uint8, seed=3)
    board.write(address, data)
    assert np.array_equal(board.read(address, (size,), np.uint8), data)
    after = board.read(address + size, (8,), np.uint8)
    first = max(0, address - 8)
    assert np.array_equal(after, around[address + size - first :][:8])


def test_memory_is_reached_by_calls_only(board):
    with pytest.raises(AttributeError, match="the memory of a board is no array: use read and"):
        _ = board.memory
    with pytest.raises(ValueError, match="a read of 2 bytes at address 262143 is not within"):
        board.read(262143, 2, np.uint8)
    with pytest.raises(ValueError, match="the memory of a board is as it is"):
        board.configure(ppu_sim.Settings(latency=3))
    with pytest.raises(ValueError, match="the device has 262144; the board has no more"):
        board.allocate(1 << 20)


def test_core_error(board):
    bad = load(rows=1, bytes=4, address=0, destination=600)
    with pytest.raises(ppu_sim.CoreError) as raised:
        board.run([load(rows=1, bytes=4, address=0, destination=0), bad, end()])
    error = raised.value
    assert (error.code, error.index, error.address) == (ErrorCode.SCRATCHPAD, 1, 600)
    assert error.command == bad
    assert board.matmul(np.ones((2, 3), np.int8), np.ones((3, 2), np.int8)).tolist() == [[3, 3]] * 2


def test_registers_that_are_not_there(board):
    with pytest.raises(ppu_sim.backends.RegisterError, match="READ_REGISTER at 0xffc, 4 bytes"):
        board.backend.read_register(0xFFC)
    assert board.read_register("STATUS") == 0


def test_a_program_longer_than_the_ring(board, monkeypatch):
    monkeypatch.setattr("ppu_sim.ring.RING_LIMIT", 8)
    board.run([*[load(rows=1, bytes=4, address=4 * i, destination=i) for i in range(21)], end(9)])
    assert board.read_register("COMPLETED") == 22


@pytest.mark.parametrize("config", [
    dataclasses.replace(TINY, signs=Signs.SIGNED, product_registers=2, axi_address_width=40),
    dataclasses.replace(TINY, columns=8, dot=2),
])  # fmt: skip
def test_any_configuration_is_found(config):
    peer = Peer(open_backend("model", config, 1 << 16))
    with at_tcp(peer.feed) as name:
        for wanted in (None, config):
            with ppu_sim.open(f"serial:{name}", config=wanted) as device:
                assert device.config == config


def test_memory_that_begins_elsewhere():
    backend = open_backend("model", TINY, 1 << 17)
    backend.memory_base, backend.memory_size = 1 << 16, 1 << 16
    a = random((7, 9), np.int8)
    with at_tcp(Peer(backend).feed) as name, ppu_sim.open(f"serial:{name}") as device:
        assert np.array_equal(device.matmul(a, a.T), a.astype(np.int32) @ a.T.astype(np.int32))
        assert device.allocator.free == 1 << 16
        assert device.allocate(1) == 1 << 16
        with pytest.raises(ValueError, match="not within the memory, addresses 65536 to 131071"):
            device.write(0, a)
        with pytest.raises(ValueError, match="needs 65600 bytes of memory, the device has 65536"):
            device.allocate(1 << 16)
    assert not backend.memory[: 1 << 16].any()


def test_a_hang_is_told(monkeypatch):
    monkeypatch.setattr("ppu_sim.serial.backend._WAIT_FLOOR", 0.05)
    peer = Peer.of_preset("tiny")
    monkeypatch.setattr(peer.backend.machine, "_doorbell", lambda tail: None)
    with at_tcp(peer.feed) as name, ppu_sim.open(f"serial:{name}") as device:
        with pytest.raises(Hang, match=r"the core is not done in time. STATUS 0x0, .* COMPLETED"):
            device.run([end()])


@pytest.mark.parametrize("buffer, most_data", [(1024, 256), (512, 256), (100, 64), (24, 4)])
def test_no_more_is_under_way_than_the_bridge_has_room_for(buffer, most_data):
    peer = Peer.of_preset("tiny", receive_buffer=buffer, max_data=most_data)
    line = SlowLine(peer.feed, 0.002)
    data = random(4000 if buffer > 500 else 400, np.uint8) & 0x3F  # no byte needs stuffing
    with at_tcp(line.feed) as name, ppu_sim.open(f"serial:{name}") as device:
        device.write(5, data)
        assert np.array_equal(device.read(5, data.shape, np.uint8), data)
    # Each frame has an end, besides its bytes: at most one for 20.
    assert buffer // 2 < line.most <= buffer * 21 / 20 + 1


def test_only_what_is_asked_for_crosses_the_line():
    peer = Peer.of_preset("tiny", memory_size=64 << 20)
    line = SlowLine(peer.feed, 0)
    with at_tcp(line.feed) as name, ppu_sim.open(f"serial:{name}") as device:
        a = random((8, 64), np.int8)
        device.matmul(a, a.T)
    assert line.received + line.sent < 10_000


def test_the_rtl_behind_the_line():
    try:
        peer = Peer.of_preset("tiny", simulator="verilator")
        direct = ppu_sim.open("verilator", preset="tiny", latency=20, memory_size=1 << 18)
    except ToolMissing as missing:
        pytest.skip(str(missing))
    a, b = random((13, 22), np.int8), random((22, 9), np.uint8)
    expected = a.astype(np.int64) @ b.astype(np.int64)
    with direct, at_pty(peer.feed) as name, ppu_sim.open(f"serial:{name}") as device:
        assert device.matmul(a, b).tolist() == direct.matmul(a, b).tolist() == expected.tolist()
        run, reference = device.last_run, direct.last_run
        assert run.cycles == reference.cycles == run.counters["CYCLES"]
        assert run.counters == reference.counters
        assert run.simulated == run.cycles
        device.matmul(a, b)
        assert (device.last_run.cycles, device.last_run.simulated) == (run.cycles, run.cycles)
    peer.close()


def test_a_clock_that_is_slower_than_it_says(monkeypatch):
    monkeypatch.setattr("ppu_sim.serial.backend._WAIT_FLOOR", 0.001)
    try:
        peer = Peer.of_preset("tiny", simulator="verilator", clock_hz=4_000_000_000)
    except ToolMissing as missing:
        pytest.skip(str(missing))
    a = random((30, 30), np.int8)
    with at_pty(peer.feed) as name, ppu_sim.open(f"serial:{name}") as device:
        assert np.array_equal(device.matmul(a, a), a.astype(np.int32) @ a.astype(np.int32))
        with pytest.raises(Hang, match="the core is not done in time"):
            device.run([*[load(rows=1, bytes=4, address=0, destination=0)] * 3000, end()], limit=99)
        assert np.array_equal(device.matmul(a, a), a.astype(np.int32) @ a.astype(np.int32))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_shows_on_terminals_only(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("ppu_sim.serial.progress.time.monotonic", lambda: now[0])
    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        now[0] = 0.0
        with Progress("writing PORT", 400_000, stream=stream) as progress:
            progress.update(10)
            assert stream.getvalue() == ""
            now[0] = FIRST + 1
            progress.update(100_000)
            progress.update(100_001)
        text = "\r\x1b[K  writing PORT: 100 of 400 kB, 50 kB/s, 6 s left\r\x1b[K"
        assert stream.getvalue() == (text if shown else "")


def test_waiting_shows_its_time(monkeypatch):
    stream = Terminal()
    with Progress("waiting", stream=stream) as progress:
        monkeypatch.setattr(progress, "_next", 0)
        progress.update()
    assert "waiting: 0 s" in stream.getvalue()
