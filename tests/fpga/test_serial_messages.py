# amaranth: UnusedElaboratable=no
"""What the driver says when there is no board, or another one, and which arguments it refuses."""

import dataclasses
import errno
import os
import sys

import numpy as np
import pytest
import serial

import ppu_sim
from ppu.config import SMALL, TINY
from ppu.host.registers import register_map
from ppu_fpga.bridge.protocol import END, Reply, Request, Unstuffer, stuff
from ppu_sim.backends import open_backend
from ppu_sim.serial import (
    DEFAULT_BAUD,
    ConfigMismatch,
    ForeignBridge,
    ForeignCore,
    NoAnswer,
    PortError,
)
from ppu_sim.serial.address import parse
from ppu_sim.serial.peer import Peer
from ppu_sim.serial.serve import at_pty
from ppu_sim.toolchain import ToolMissing


def refusal(error, feed, at=at_pty, **arguments):
    """What opening a board raises that answers with `feed`; the name of its port is PORT."""
    with at(feed) as name:
        with pytest.raises(error) as raised:
            ppu_sim.open(f"serial:{name}", **arguments)
        return str(raised.value).replace(name, "PORT")


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("ppu_sim.serial.link.REPLY_SECONDS", 0.05)


def test_a_port_that_is_missing():
    with pytest.raises(PortError, match=r"^there is no port /dev/ttyNONE: is the board plugged in"):
        ppu_sim.open("serial:/dev/ttyNONE")


@pytest.mark.parametrize("cause, message", [
    (errno.EACCES, r"no permission to open PORT: become a member of the group that owns it"),
    (errno.EBUSY, r"PORT is in use by another program: close that one first"),
    (errno.EIO, r"cannot open PORT: "),
])  # fmt: skip
def test_a_port_that_does_not_open(monkeypatch, cause, message):
    def refuse(*_, **__):
        raise serial.SerialException(cause, os.strerror(cause))

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    with pytest.raises(PortError, match=f"^{message}"):
        ppu_sim.open("serial:PORT")


def test_a_port_that_is_in_use():
    with at_pty(Peer.of_preset("tiny").feed) as name, ppu_sim.open(f"serial:{name}"):
        with pytest.raises(PortError, match=f"^{name} is in use by another program"):
            ppu_sim.open(f"serial:{name}")


@pytest.mark.parametrize("port", ["/dev/null", "socket://127.0.0.1:1", "nothing://here"])
def test_what_is_no_port(port):
    with pytest.raises(PortError, match=f"^cannot open {port}: "):
        ppu_sim.open(f"serial:{port}")


def test_pyserial_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(ToolMissing, match="boards need the Python package pyserial: pip install"):
        ppu_sim.open("serial:/dev/ttyUSB0")


def test_silence(impatient):
    assert refusal(NoAnswer, lambda data: b"", baud=115200) == (
        "no answer from PORT at 115,200 baud. Is the board powered, is its bitstream loaded, is "
        "this the right port of it? The baud rate must be that of the bitstream: ?baud=N"
    )


def test_an_echo(impatient):
    assert refusal(NoAnswer, lambda data: data).startswith("PORT sends back what is sent to it: ")
    with pytest.raises(NoAnswer, match=r"^loop:// sends back what is sent to it"):
        ppu_sim.open("serial:loop://")


@pytest.mark.parametrize("noise", [
    bytes(range(256)), b"\x00", b"login: ", bytes([END, 1, 2, END]),
], ids=["all", "zero", "text", "ends"])  # fmt: skip
def test_another_baud_rate(impatient, noise):
    text = refusal(NoAnswer, lambda data: noise if data else b"")
    assert text.startswith("PORT answers, but at 1,000,000 baud it makes no sense. The baud rate")


def test_frames_of_something_else(impatient):
    assert refusal(NoAnswer, lambda data: stuff(b"hello") if data else b"") == (
        "PORT sends frames, but does not answer: reset the board, and try again"
    )


def answering(make):
    """What answers each request with a reply of its tag."""
    unstuffer = Unstuffer()

    def feed(data):
        requests = [Request.decode(frame.body) for frame in unstuffer.feed(data)]
        return b"".join(make(request).encode() for request in requests)

    return feed


def test_a_bridge_that_does_not_know_identify(impatient):
    feed = answering(lambda request: Reply(status=2, tag=request.tag))
    message = "PORT answers IDENTIFY with BAD_KIND: it is no bridge of this project"
    assert refusal(NoAnswer, feed) == message


@pytest.mark.parametrize("version", [0, 2])
def test_another_version_of_the_protocol(version):
    text = refusal(ForeignBridge, Peer.of_preset("tiny", version=version).feed)
    assert text.startswith(
        f"the bridge at PORT speaks version {version} of the protocol, this driver version 1: "
    )


@pytest.mark.parametrize("told, message", [
    ({"clock_hz": 0}, "tells clock_hz = 0; it must be at least 1"),
    ({"max_data": 3}, "tells max_data = 3; it must be at least 4"),
])  # fmt: skip
def test_a_bridge_that_cannot_be(told, message):
    text = refusal(ForeignBridge, Peer.of_preset("tiny", **told).feed)
    assert text == f"the bridge at PORT {message}"


def test_a_short_identity():
    feed = answering(lambda request: Reply(tag=request.tag, data=b"PPUB\x01\x00"))
    text = refusal(ForeignBridge, feed)
    assert text == "the bridge at PORT breaks the protocol: identity must have 32 bytes, not 6"


def test_no_memory():
    peer = Peer.of_preset("tiny")
    peer.identity = dataclasses.replace(peer.identity, memory_size=63)
    assert refusal(ForeignBridge, peer.feed) == (
        "the bridge at PORT tells of 63 bytes of memory at 0x0, of which the core reaches 63"
    )


def with_register(name, value):
    """A peer whose core has another value in a register, also after a reset."""
    peer = Peer.of_preset("tiny")
    offset, read = peer._offsets[name], peer.backend.read_register
    peer.backend.read_register = lambda at: value if at == offset else read(at)
    return peer.feed


@pytest.mark.parametrize("name, value, message", [
    ("ID", 0x12345678, "behind the bridge at PORT is no core of this kind: ID reads 0x12345678, "
                       "not 0x31555050"),
    ("VERSION", 0x090203, "the core at PORT is of version 9.2.3, this driver of "),
    ("VERSION", 0x01000000 | 0x000100, "the core at PORT is of version 0.1.0, this driver of "),
    ("CONFIG_COLUMNS", 5, "the core at PORT tells no possible configuration: columns must be a "
                          "power of two, not 5"),
])  # fmt: skip
def test_another_core(name, value, message):
    assert refusal(ForeignCore, with_register(name, value)).startswith(message)


def test_another_patch_is_the_same_version():
    version = next(r.reset for r in register_map(TINY) if r.name == "VERSION")
    with at_pty(with_register("VERSION", version + 1)) as name:
        ppu_sim.open(f"serial:{name}").close()


def test_another_configuration():
    peer = Peer.of_preset("tiny")
    text = refusal(ConfigMismatch, peer.feed, config=dataclasses.replace(TINY, load_slots=8))
    assert text == "the core at PORT is another one: load_slots is 4, not 8 (the core is the " \
                   "preset 'tiny')"  # fmt: skip
    assert "row_bytes is 4, not 8, columns is 4, not 8" in refusal(
        ValueError, peer.feed, preset="small"
    )
    peer = Peer(open_backend("model", dataclasses.replace(SMALL, dot=2), 1 << 16))
    text = refusal(ValueError, peer.feed, preset="small")
    assert text == "the core at PORT is another one: dot is 2, not 1"


@pytest.mark.parametrize("arguments, message", [
    ({"latency": 5}, "a board has its own memory and clock: latency cannot be set"),
    ({"stall": 0.0, "seed": 1, "trace": True},
     "a board has its own memory and clock: stall, seed, trace cannot be set"),
    ({"memory_size": 64, "waves": "a.fst"},
     "a board has its own memory and clock: memory_size, waves cannot be set"),
    ({"preset": "tiny", "config": TINY}, "give a preset or a config, not both: 'tiny'"),
    ({"baud": 3}, "baud must be from 1200 to 50000000, not 3"),
])  # fmt: skip
def test_arguments_that_a_board_refuses(arguments, message):
    with pytest.raises(ValueError) as error:
        ppu_sim.open("serial:/dev/ttyNONE", **arguments)
    assert str(error.value) == message


@pytest.mark.parametrize("arguments, message", [
    (("serial",), "a board needs its port, for example serial:/dev/ttyUSB0"),
    (("serial:",), "'serial:' names no port; give one, for example serial:/dev/ttyUSB0 or "
                   "serial:socket://host:port"),
    (("serial:?baud=9600",), "'serial:?baud=9600' names no port; give one, for example "
                             "serial:/dev/ttyUSB0 or serial:socket://host:port"),
    (("serial:a?baud=fast",), "baud must be an integer, not 'fast' in 'serial:a?baud=fast'"),
])  # fmt: skip
def test_addresses_that_cannot_be(arguments, message):
    with pytest.raises(ValueError) as error:
        ppu_sim.open(*arguments)
    assert str(error.value) == message


def test_baud_is_not_for_simulators():
    with pytest.raises(ValueError, match="baud is of the line to a board; 'model' has none"):
        ppu_sim.open("model", baud=115200)


@pytest.mark.parametrize("address, baud, parsed", [
    ("serial:/dev/ttyUSB0", None, ("/dev/ttyUSB0", DEFAULT_BAUD)),
    ("serial:COM3", np.int32(9600), ("COM3", 9600)),
    ("serial:/dev/ttyUSB0?baud=3000000", None, ("/dev/ttyUSB0", 3_000_000)),
    ("serial:/dev/ttyUSB0?baud=9600", 9600, ("/dev/ttyUSB0", 9600)),
    ("serial:rfc2217://host:4000?baud=9600&ign_set_control", None,
     ("rfc2217://host:4000?ign_set_control", 9600)),
])  # fmt: skip
def test_addresses(address, baud, parsed):
    assert parse(address, baud) == parsed


def test_two_baud_rates():
    with pytest.raises(ValueError, match="give one baud rate, not 9600 and 115200"):
        parse("serial:/dev/ttyUSB0?baud=9600", 115200)
