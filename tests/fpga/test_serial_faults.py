# amaranth: UnusedElaboratable=no
"""Lines that lose and change bytes: what is sent again, and what ends the connection."""

import os
import threading
import time

import numpy as np
import pytest
from serial_faults import FaultyLine

import ppu_sim
from ppu_fpga.bridge.protocol import Kind, Reply, Request, Status, Unstuffer
from ppu_sim.serial import Disconnected, ForeignBridge, NoAnswer, RequestRefused
from ppu_sim.serial import link as link_module
from ppu_sim.serial.peer import Peer
from ppu_sim.serial.serve import at_pty, at_tcp

A = np.arange(-60, 60, dtype=np.int8).reshape(12, 10)
PRODUCT = A.astype(np.int32) @ A.T.astype(np.int32)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """What is lost without a trace costs this long."""
    monkeypatch.setattr(link_module, "REPLY_SECONDS", 0.08)


@pytest.mark.parametrize("at", [at_pty, at_tcp])
@pytest.mark.parametrize("rate", [2e-4, 1.5e-3])
def test_random_faults_change_no_result(at, rate):
    seed = int(os.environ.get("SEED", time.time_ns() % 2**32))
    print(f"SEED={seed}")
    rng = np.random.default_rng(seed)
    line = FaultyLine(Peer.of_preset("tiny").feed, seed=seed, rate=rate)
    with at(line.feed) as name, ppu_sim.open(f"serial:{name}") as device:
        for _ in range(4):
            m, k, n = rng.integers(1, 40, 3)
            a = rng.integers(-128, 128, (m, k), np.int8)
            b = rng.integers(0, 256, (k, n), np.uint8)
            assert np.array_equal(device.matmul(a, b), a.astype(np.int64) @ b.astype(np.int64))
        around = rng.integers(0, 256, 6000, np.uint8)
        device.write(1, around)
        device.write(501, around[:5000])
        around[500:5500] = around[:5000].copy()
        assert np.array_equal(device.read(1, around.shape, np.uint8), around)
        repeats = device.backend.link.repeats
    print(f"{line.faults} faults, {repeats} times sent again")
    assert repeats or rate < 1e-3  # a few faults may all be delays


# pyserial does not close a socket whose other end is gone: it is closed when it is collected.
UNCLOSED = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@UNCLOSED
@pytest.mark.parametrize("at", [at_pty, at_tcp])
@pytest.mark.parametrize("after", [700, 1500])
def test_unplugged_in_the_middle(at, after):
    line = FaultyLine(Peer.of_preset("tiny").feed, unplug_after=100_000)
    with at(line.feed) as name:
        device = ppu_sim.open(f"serial:{name}")
        line.left = after
        with pytest.raises(Disconnected) as error:
            device.matmul(A, A.T)
        assert str(error.value).startswith(f"the connection to {name} is lost (")
        assert str(error.value).endswith("then open it anew, and repeat what was not finished")
        for use in (lambda: device.matmul(A, A.T), lambda: device.read_register("ID"),
                    lambda: device.backend):  # fmt: skip
            with pytest.raises(RuntimeError, match=r"^the device is closed$"):
                use()
        assert repr(device).endswith(", closed>")
        device.close()


def test_unplugged_and_opened_anew():
    peer = Peer.of_preset("tiny")
    line = FaultyLine(peer.feed, unplug_after=3000)
    with at_pty(line.feed) as name, ppu_sim.open(f"serial:{name}") as device:
        with pytest.raises(Disconnected):
            device.write(0, np.zeros(10_000, np.uint8))
    with at_pty(peer.feed) as name, ppu_sim.open(f"serial:{name}") as device:
        assert np.array_equal(device.matmul(A, A.T), PRODUCT)


class Spoiled:
    """Spoils chosen replies: `spoil` gets each reply and returns the bytes in its place."""

    def __init__(self, peer, spoil):
        self.peer, self.spoil, self.unstuffer = peer, spoil, Unstuffer()

    def feed(self, data):
        answer = b""
        for frame in self.unstuffer.feed(self.peer.feed(data)):
            reply = Reply.decode(frame.body)
            answer += self.spoil(reply)
        return answer


def once(make):
    """Spoils the first reply with 16 bytes of data, and no other."""
    spoiled = []

    def spoil(reply):
        if len(reply.data) != 16 or spoiled:
            return reply.encode()
        spoiled.append(reply)
        return make(reply)

    return spoil


@pytest.mark.parametrize("make", [
    lambda reply: b"",
    lambda reply: Reply(status=Status.BAD_FRAME).encode(),
    lambda reply: Reply(status=Status.OVERRUN).encode(),
    lambda reply: reply.encode()[:-1],
    lambda reply: reply.encode()[3:],
    lambda reply: b"\xc0\xc0" + bytes(100) + b"\xc0" + reply.encode(),
    lambda reply: reply.encode() * 2,
], ids=["lost", "bad", "overrun", "no_end", "no_begin", "garbage", "twice"])  # fmt: skip
def test_what_is_sent_again(make):
    line = Spoiled(Peer.of_preset("tiny"), once(make))
    data = np.arange(16, dtype=np.uint8)
    with at_pty(line.feed) as name, ppu_sim.open(f"serial:{name}") as device:
        device.write(64, data)
        for _ in range(2):
            assert device.read(64, 16, np.uint8).tolist() == data.tolist()
            assert device.read(65, 15, np.uint8).tolist() == data[1:].tolist()
        assert device.backend.link.repeats == 1


@pytest.mark.parametrize("status", [
    Status.BAD_KIND, Status.BAD_COUNT, Status.BAD_ADDRESS, Status.BUS_SLVERR, Status.BUS_DECERR,
])  # fmt: skip
def test_what_is_not_sent_again(status):
    def refuse(reply):
        return Reply(status=status, tag=reply.tag).encode()

    line = Spoiled(Peer.of_preset("tiny"), once(refuse))
    with at_pty(line.feed) as name, ppu_sim.open(f"serial:{name}") as device:
        message = f"{name} answers READ_MEMORY at 0x40, 16 bytes with {status.name}"
        with pytest.raises(RequestRefused, match=message) as error:
            device.read(64, 16, np.uint8)
        assert error.value.status is status
        assert device.backend.link.repeats == 0
        assert np.array_equal(device.matmul(A, A.T), PRODUCT)


@pytest.mark.parametrize("make, message", [
    (lambda reply: Reply(tag=reply.tag, data=b"x").encode(),
     "1 bytes of data in the reply to READ_MEMORY at 0x40, 16 bytes"),
    (lambda reply: bytes([0x70, 1, 0, 0]), "reply has the unknown status 0x70"),
])  # fmt: skip
def test_a_bridge_that_breaks_the_protocol(make, message):
    def spoiled(reply):
        made = make(reply)
        if len(made) > 4:
            return made
        from ppu_fpga.bridge.protocol import stuff

        return stuff(made)

    line = Spoiled(Peer.of_preset("tiny"), once(spoiled))
    with at_pty(line.feed) as name, ppu_sim.open(f"serial:{name}") as device:
        with pytest.raises(ForeignBridge, match=f"breaks the protocol: {message}"):
            device.read(64, 16, np.uint8)


def test_one_reply_that_never_gets_through():
    def lose(reply):
        return b"" if len(reply.data) == 16 else reply.encode()

    line = Spoiled(Peer.of_preset("tiny"), lose)
    with at_pty(line.feed) as name, ppu_sim.open(f"serial:{name}") as device:
        with pytest.raises(NoAnswer) as error:
            device.read(64, 16, np.uint8)
        assert str(error.value).startswith(
            f"READ_MEMORY at 0x40, 16 bytes did not get through to {name} in 20 attempts; the last "
            "time: no reply in time. "
        )
        assert np.array_equal(device.matmul(A, A.T), PRODUCT)


def test_a_bridge_that_falls_silent():
    silent = threading.Event()
    peer = Peer.of_preset("tiny")
    with at_pty(lambda data: b"" if silent.is_set() else peer.feed(data)) as name:
        with ppu_sim.open(f"serial:{name}") as device:
            silent.set()
            with pytest.raises(NoAnswer, match=f"no answer from {name} at 1,000,000 baud"):
                device.matmul(A, A.T)
            silent.clear()
            assert np.array_equal(device.matmul(A, A.T), PRODUCT)


def test_another_bridge_takes_the_place():
    peers = [Peer.of_preset("tiny"), Peer.of_preset("tiny", clock_hz=1)]
    with at_pty(lambda data: peers[0].feed(data)) as name:
        with ppu_sim.open(f"serial:{name}") as device:
            device.backend.link._clear = False
            peers.pop(0)
            with pytest.raises(ForeignBridge, match=r"another bridge answers at .* than before: "):
                device.matmul(A, A.T)


def test_the_keyboard_in_the_middle(monkeypatch):
    with at_pty(Peer.of_preset("tiny").feed) as name, ppu_sim.open(f"serial:{name}") as device:
        port = device.backend.link.port
        receive, calls = port.receive, []

        def interrupted(count):
            calls.append(count)
            if len(calls) == 5:
                raise KeyboardInterrupt
            return receive(count)

        monkeypatch.setattr(port, "receive", interrupted)
        with pytest.raises(KeyboardInterrupt):
            device.matmul(A, A.T)
        assert np.array_equal(device.matmul(A, A.T), PRODUCT)


def test_replies_of_an_earlier_session_are_dropped():
    peer = Peer.of_preset("tiny")
    stale = b"".join(
        peer.feed(Request(kind=Kind.READ_MEMORY, tag=tag, count=256).encode()) for tag in range(50)
    )
    peer.feed(b"half a frame")
    old = [stale[7:]]
    with at_pty(lambda data: (old.pop() if old and data else b"") + peer.feed(data)) as name:
        with ppu_sim.open(f"serial:{name}") as device:
            assert np.array_equal(device.matmul(A, A.T), PRODUCT)
