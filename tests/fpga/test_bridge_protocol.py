"""The serial protocol in plain Python: frames, requests, replies, identity."""

import random
import zlib

import pytest

from ppu_fpga.bridge import protocol
from ppu_fpga.bridge.protocol import (
    Frame,
    Identity,
    Kind,
    ProtocolError,
    Reply,
    Request,
    Status,
    Unstuffer,
)

SPECIAL = bytes([protocol.END, protocol.ESCAPE, protocol.ESCAPED_END, protocol.ESCAPED_ESCAPE])


def test_stuffing_follows_slip():
    body = b"\x01\xc0\x02\xdb\x03"
    check = zlib.crc32(body).to_bytes(4, "little")
    line = protocol.stuff(body)
    assert line[:7] == b"\x01\xdb\xdc\x02\xdb\xdd\x03"
    assert line.count(protocol.END) == 1 and line[-1] == protocol.END
    assert not set(check) & set(SPECIAL)
    assert line[7:-1] == check


@pytest.mark.parametrize("seed", range(5))
def test_frames_come_back_whatever_the_pieces(seed):
    rng = random.Random(seed)
    alphabet = SPECIAL + bytes(range(4))
    bodies = [bytes(rng.choices(alphabet, k=rng.randint(1, 40))) for _ in range(50)]
    line = b"".join(protocol.stuff(body) + b"\xc0" * rng.randint(0, 2) for body in bodies)
    unstuffer, frames = Unstuffer(), []
    while line:
        cut = rng.randint(1, 30)
        frames += unstuffer.feed(line[:cut])
        line = line[cut:]
    assert frames == [Frame(body=body) for body in bodies]
    assert not unstuffer.pending


@pytest.mark.parametrize("garbage, error", [
    (b"\xdb\x00junkjunk", "0x00 after the escape byte"),
    (b"junkjunk\xdb", "ends in an escape byte"),
    (b"\xdb", "ends in an escape byte"),
    (b"four", "only 4 bytes long"),
    (b"five5", "CRC of 5 bytes is wrong"),
    (b"x" * 65, "longer than 64 bytes"),
])  # fmt: skip
def test_garbage_costs_one_bad_frame(garbage, error):
    good = protocol.stuff(b"good")
    frames = Unstuffer(longest=64).feed(good + garbage + b"\xc0\xc0" + good)
    assert frames == [Frame(body=b"good"), Frame(error=error), Frame(body=b"good")]


def test_clear_forgets_what_has_begun():
    unstuffer = Unstuffer()
    unstuffer.feed(b"\xdb")
    assert unstuffer.pending
    unstuffer.clear()
    assert not unstuffer.pending
    assert unstuffer.feed(protocol.stuff(b"good")) == [Frame(body=b"good")]


def test_every_flipped_bit_is_noticed():
    line = Request(kind=Kind.WRITE_REGISTER, tag=3, address=8, data=b"\1\2\3\4").encode()
    body = Unstuffer().feed(line)[0].body
    for place in range(8 * (len(line) - 1)):
        bad = bytearray(line)
        bad[place // 8] ^= 1 << place % 8
        assert all(frame.body != body and frame.error for frame in Unstuffer().feed(bad))


def test_requests_lie_as_told():
    request = Request(kind=Kind.WRITE_MEMORY, tag=7, address=0x8000_0001, data=b"abc")
    frame, = Unstuffer().feed(request.encode())
    assert frame.body.hex(" ") == "05 07 03 00 01 00 00 80 00 00 00 00 61 62 63"
    assert Request.decode(frame.body) == request
    assert request.size == len(frame.body) + protocol.SIZE_CHECK
    read = Request(kind=Kind.READ_MEMORY, address=5, count=300)
    frame, = Unstuffer().feed(read.encode())
    assert frame.body.hex(" ") == "04 00 2c 01 05 00 00 00 00 00 00 00"
    assert Request.decode(frame.body) == read


def test_unknown_kind_is_kept():
    assert Request.decode(b"\x63" + bytes(11)).kind == 0x63


def test_replies_lie_as_told():
    reply = Reply(tag=9, data=b"\x11\x22", irq=True)
    frame, = Unstuffer().feed(reply.encode())
    assert frame.body.hex(" ") == "80 09 02 00 11 22"
    assert Reply.decode(frame.body) == reply
    error = Reply(status=Status.BUS_DECERR, tag=1)
    assert Reply.decode(Unstuffer().feed(error.encode())[0].body) == error


def test_identity_lies_as_told():
    identity = Identity(max_data=256, receive_buffer=1024, clock_hz=100_000_000,
                        memory_base=0x8000_0000, memory_size=0x10000)
    content = identity.encode()
    assert content.hex(" ") == (
        "50 50 55 42 01 00 00 01 00 04 00 00 00 e1 f5 05 "
        "00 00 00 80 00 00 00 00 00 00 01 00 00 00 00 00")
    assert len(content) == Identity.SIZE
    assert Identity.decode(content) == identity
    assert Identity.decode(content + b"later") == identity


@pytest.mark.parametrize("call, message", [
    (lambda: Request(kind=256), r"kind must be 0\.\.255, not 256"),
    (lambda: Request(kind=1, tag=-1), r"tag must be 0\.\.255, not -1"),
    (lambda: Request(kind=4, count=65536), r"count must be 0\.\.65535, not 65536"),
    (lambda: Request(kind=4, address=1 << 64), r"address must be 0\.\.\d+, not"),
    (lambda: Request.decode(b"short"), "request must have 12 bytes or more, not 5"),
    (lambda: Reply(tag=256), r"tag must be 0\.\.255, not 256"),
    (lambda: Reply.decode(b"\0\0"), "reply must have 4 bytes or more, not 2"),
    (lambda: Reply.decode(b"\0\0\2\0x"), "reply with count 2 holds 1 bytes"),
    (lambda: Reply.decode(b"\x08\0\0\0"), "unknown status 0x08"),
    (lambda: Reply.decode(b"\x10\0\0\0"), "unknown status 0x10"),
    (lambda: Identity.decode(b"PPUB"), "identity must have 32 bytes, not 4"),
    (lambda: Identity.decode(bytes(32)), "must begin with b'PPUB', not"),
    (lambda: Identity(max_data=1 << 16, receive_buffer=0, clock_hz=0, memory_base=0,
                      memory_size=0).encode(), "does not fit its fields"),
    (lambda: Unstuffer(longest=4), "longest must be above 4 bytes, not 4"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ProtocolError, match=message):
        call()
