# amaranth: UnusedElaboratable=no
"""What comes off the line byte by byte, against the plain Python of the protocol."""

import random

import pytest
from amaranth.hdl import Value
from amaranth.sim import Simulator

from ppu_fpga.bridge import protocol
from ppu_fpga.bridge.intake import Intake
from ppu_fpga.bridge.protocol import Kind, Request, Status, Unstuffer

DEPTH = 256


def expected(line, errors):
    """What must come out: a frame's body, or (status, tag)."""
    unstuffer, bad = Unstuffer(longest=DEPTH), False
    for byte, error in zip(line, errors, strict=True):
        bad |= error
        for frame in unstuffer.feed([byte] if not error else b""):
            yield from _judge(frame, bad)
            bad = False
        if byte == protocol.END and not error and bad:
            yield (Status.BAD_FRAME, None)
            bad = False


def _judge(frame, bad):
    body = frame.body
    if bad or frame.error or len(body) < protocol.HEADER_REQUEST:
        yield (Status.BAD_FRAME, None)
        return
    request = Request.decode(body)
    carried = request.count if request.kind in (Kind.WRITE_REGISTER, Kind.WRITE_MEMORY) else 0
    if carried % DEPTH != len(request.data):
        yield (Status.BAD_COUNT, request.tag)
        return
    yield body


def run(line, errors=None, *, pause=lambda: False):
    """Feeds `line`; returns the entries that came out: bytes, and 0x100 more for an end."""
    dut, out = Intake(DEPTH), []
    errors = errors or [False] * len(line)

    async def feed(ctx):
        for byte, error in zip(line, errors, strict=True):
            ctx.set(dut.data, byte)
            ctx.set(dut.error, error)
            ctx.set(dut.valid, 1)
            await ctx.tick()
            ctx.set(dut.valid, 0)
            await ctx.tick().repeat(15)
        await ctx.tick().repeat(3 * DEPTH)

    async def drain(ctx):
        while True:
            ctx.set(dut.o.ready, not pause())
            _, _, valid, ready, payload = await ctx.tick().sample(
                dut.o.valid, dut.o.ready, Value.cast(dut.o.payload))
            if valid and ready:
                out.append(payload)

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(feed)
    simulator.add_testbench(drain, background=True)
    simulator.run()
    return out


def split(out):
    """Requests and marks in what came out."""
    frame = bytearray()
    for entry in out:
        if entry < 0x100:
            frame.append(entry)
            continue
        if len(frame) > 2:
            yield bytes(frame[:-3])    # the end stands for the CRC's last byte
        else:
            yield (Status(entry & 7), frame[1] if frame else None)
        frame.clear()
    assert not frame


def some_request(rng):
    data = bytes(rng.choices([0xC0, 0xDB, 0xDC, 0xDD, 1], k=rng.choice([0, 1, 4, 30])))
    kind = rng.choice([*Kind, Kind.WRITE_MEMORY, 0, 9, 0x83])
    carries = kind in (Kind.WRITE_REGISTER, Kind.WRITE_MEMORY)
    count = None if carries and rng.random() < 0.9 else rng.choice([0, 1, 257, 0x1004])
    return Request(kind=kind, tag=rng.randrange(256), address=rng.getrandbits(64),
                   count=count, data=data if carries or rng.random() < 0.1 else b"").encode()


@pytest.mark.parametrize("seed", range(3))
def test_garbage_between_and_inside_frames(seed):
    rng = random.Random(seed)
    line = bytearray()
    for _ in range(40):
        frame = bytearray(some_request(rng))
        damage = rng.choice(["no", "no", "no", "bit", "drop", "insert", "cut", "ends", "noise"])
        if damage == "bit":
            frame[rng.randrange(len(frame))] ^= 1 << rng.randrange(8)
        elif damage == "drop":
            del frame[rng.randrange(len(frame))]
        elif damage == "insert":
            frame.insert(rng.randrange(len(frame)), rng.choice([0xC0, 0xDB, 0x55]))
        elif damage == "cut":
            del frame[rng.randrange(len(frame)) :]
        elif damage == "ends":
            frame = b"\xc0" * rng.randrange(4) + frame
        elif damage == "noise":
            frame = rng.randbytes(rng.randrange(20)) + b"\xc0" + frame
        line += frame
    errors = [rng.random() < 0.002 for _ in line]
    assert list(split(run(line, errors))) == list(expected(line, errors)), f"seed {seed}"


def test_long_frames_are_bad_and_short_ones_too():
    whole = Request(kind=Kind.WRITE_MEMORY, tag=5, data=bytes(DEPTH - 16)).encode()
    line = (bytes(DEPTH + 1) + b"\xc0" + bytes(3 * DEPTH) + b"\xc0" + b"1\xc0" + b"\xdb\xc0"
            + protocol.stuff(b"eleven bytes"[:11]) + whole)
    marks = [(Status.BAD_FRAME, None)] * 5
    frames = list(split(run(line)))
    assert frames[:5] == marks
    assert frames[5][1] == 5 and len(frames[5]) == DEPTH - 4


@pytest.mark.parametrize("lost", [1, 3])
def test_an_overrun_is_told_once_there_is_room(lost):
    full = Request(kind=Kind.WRITE_MEMORY, tag=1, data=bytes(DEPTH - 16 - 20)).encode()
    small = Request(kind=Kind.READ_MEMORY, tag=2, count=4).encode()
    other = Request(kind=Kind.WRITE_MEMORY, tag=3, data=bytes(8)).encode()
    stop = 16 * (len(full) + lost * len(other))
    calls = iter(range(1 << 30))
    out = list(split(run(full + lost * other + b"\xc0" * 80 + small,
                         pause=lambda: next(calls) < stop)))
    assert out[0][1] == 1 and out[-1][1] == 2
    assert out[1:-1] == [(Status.OVERRUN, None)] * lost


def test_marks_wait_for_room():
    """A queue full to the last byte, one of which is at the output: room for one mark. The other
    one comes when a byte has gone."""
    full = Request(kind=Kind.WRITE_MEMORY, tag=1, data=bytes(DEPTH - 16)).encode()
    other = Request(kind=Kind.WRITE_MEMORY, tag=3, data=bytes(8)).encode()
    small = Request(kind=Kind.READ_MEMORY, tag=2, count=4).encode()
    stop = 16 * (len(full) + 5 * len(other))
    calls = iter(range(1 << 30))
    out = list(split(run(full + 5 * other + b"\xc0" * 80 + small,
                         pause=lambda: next(calls) < stop)))
    assert out[0][1] == 1 and out[-1][1] == 2
    assert out[1:-1] == [(Status.OVERRUN, None)] * 2
