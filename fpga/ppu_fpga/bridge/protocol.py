"""The serial protocol between host and bridge, version 1, in plain Python.

On the line a frame is its body and the body's CRC-32, byte-stuffed as in SLIP and closed by `END`.
`docs/bridge.md` tells the whole protocol. Nothing here needs Amaranth.
"""

import enum
import struct
import zlib
from dataclasses import dataclass

__all__ = [
    "END", "ESCAPE", "ESCAPED_END", "ESCAPED_ESCAPE", "HEADER_REPLY", "HEADER_REQUEST",
    "SIZE_CHECK", "VERSION", "Frame", "Identity", "Kind", "ProtocolError", "Reply", "Request",
    "Status", "Unstuffer", "stuff",
]  # fmt: skip

VERSION = 1
#: Bytes with a meaning of their own on the line.
END, ESCAPE, ESCAPED_END, ESCAPED_ESCAPE = 0xC0, 0xDB, 0xDC, 0xDD
#: Bytes of the CRC-32 that follows every body.
SIZE_CHECK = 4

_REQUEST = struct.Struct("<BBHQ")
_REPLY = struct.Struct("<BBH")
_IDENTITY = struct.Struct("<4sHHIIQQ")
_IRQ = 0x80
#: Bytes of a request and of a reply before their data.
HEADER_REQUEST, HEADER_REPLY = _REQUEST.size, _REPLY.size


class ProtocolError(ValueError):
    """Bytes or fields that the protocol does not allow."""


class Kind(enum.IntEnum):
    """What a request asks for."""
    IDENTIFY       = 1
    READ_REGISTER  = 2
    WRITE_REGISTER = 3
    READ_MEMORY    = 4
    WRITE_MEMORY   = 5
    RESET          = 6

    @property
    def carries_data(self):
        """Whether the request itself holds `count` bytes of data."""
        return self in (Kind.WRITE_REGISTER, Kind.WRITE_MEMORY)


class Status(enum.IntEnum):
    """How a request ended; bits 0..3 of a reply's first byte."""
    OK          = 0
    BAD_FRAME   = 1
    BAD_KIND    = 2
    BAD_COUNT   = 3
    BAD_ADDRESS = 4
    BUS_SLVERR  = 5
    BUS_DECERR  = 6
    OVERRUN     = 7


def stuff(body):
    """Returns `body` as it goes on the line: with its CRC-32, stuffed, closed by `END`."""
    content = bytes(body) + zlib.crc32(body).to_bytes(SIZE_CHECK, "little")
    content = content.replace(bytes([ESCAPE]), bytes([ESCAPE, ESCAPED_ESCAPE]))
    return content.replace(bytes([END]), bytes([ESCAPE, ESCAPED_END])) + bytes([END])


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One frame off the line: `body` without its CRC, or `error`, which says what was wrong."""
    body: bytes = b""
    error: str | None = None


class Unstuffer:
    """Finds the frames in a stream of bytes that arrives in pieces; garbage costs one bad frame.

    Parameters
    ----------
    longest : :class:`int`
        Most bytes of one unstuffed frame with its CRC; what is beyond is dropped, the frame is bad.
    """

    def __init__(self, *, longest=1 << 17):
        if longest <= SIZE_CHECK:
            raise ProtocolError(f"longest must be above {SIZE_CHECK} bytes, not {longest!r}")
        self.longest = longest
        self.clear()

    def clear(self):
        """Forgets the frame that has begun."""
        self._content = bytearray()
        self._escaped = False
        self._error = None

    @property
    def pending(self):
        """Whether a frame has begun and not ended."""
        return bool(self._content or self._escaped or self._error)

    def feed(self, received):
        """Returns the list of :class:`Frame` that end within the bytes `received`."""
        frames = []
        for byte in received:
            if byte == END:
                frame = self._close()
                if frame is not None:
                    frames.append(frame)
            else:
                self._take(byte)
        return frames

    def _take(self, byte):
        if self._escaped:
            self._escaped = False
            if byte not in (ESCAPED_END, ESCAPED_ESCAPE):
                self._error = self._error or f"0x{byte:02X} after the escape byte"
            byte = END if byte == ESCAPED_END else ESCAPE
        elif byte == ESCAPE:
            self._escaped = True
            return
        if len(self._content) < self.longest:
            self._content.append(byte)
        else:
            self._error = self._error or f"longer than {self.longest} bytes"

    def _close(self):
        if not self.pending:
            return None
        content, error = bytes(self._content), self._error
        if self._escaped:
            error = error or "ends in an escape byte"
        self.clear()
        body, check = content[:-SIZE_CHECK], content[-SIZE_CHECK:]
        if error is None and not body:
            error = f"only {len(content)} bytes long"
        if error is None and zlib.crc32(body).to_bytes(SIZE_CHECK, "little") != check:
            error = f"CRC of {len(content)} bytes is wrong"
        return Frame(error=error) if error else Frame(body=body)


def _ranged(name, value, limit):
    if not 0 <= value < limit:
        raise ProtocolError(f"{name} must be 0..{limit - 1}, not {value!r}")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request. `count` is the bytes asked for or carried; left out, it is those of `data`."""
    kind: int
    tag: int = 0
    address: int = 0
    data: bytes = b""
    count: int | None = None

    def __post_init__(self):
        object.__setattr__(self, "data", bytes(self.data))
        if self.count is None:
            object.__setattr__(self, "count", len(self.data))
        _ranged("kind", self.kind, 1 << 8)
        _ranged("tag", self.tag, 1 << 8)
        _ranged("count", self.count, 1 << 16)
        _ranged("address", self.address, 1 << 64)

    @property
    def size(self):
        """Unstuffed bytes with the CRC: what the request takes of the bridge's receive buffer."""
        return HEADER_REQUEST + len(self.data) + SIZE_CHECK

    def encode(self):
        """Returns the request as it goes on the line."""
        return stuff(_REQUEST.pack(self.kind, self.tag, self.count, self.address) + self.data)

    @classmethod
    def decode(cls, body):
        """Returns the request in a frame's `body`; its fields are not checked further."""
        if len(body) < HEADER_REQUEST:
            raise ProtocolError(f"request must have {HEADER_REQUEST} bytes or more, "
                                f"not {len(body)}")
        kind, tag, count, address = _REQUEST.unpack_from(body)
        kind = Kind(kind) if kind in iter(Kind) else kind
        return cls(kind=kind, tag=tag, count=count, address=address, data=body[HEADER_REQUEST:])


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One reply. `irq` is the level of the core's interrupt when the reply was made."""
    status: Status = Status.OK
    tag: int = 0
    data: bytes = b""
    irq: bool = False

    def __post_init__(self):
        object.__setattr__(self, "data", bytes(self.data))
        _ranged("tag", self.tag, 1 << 8)
        _ranged("count", len(self.data), 1 << 16)

    def encode(self):
        """Returns the reply as it goes on the line."""
        status = self.status | (_IRQ if self.irq else 0)
        return stuff(_REPLY.pack(status, self.tag, len(self.data)) + self.data)

    @classmethod
    def decode(cls, body):
        """Returns the reply in a frame's `body`; its length, count and status must fit."""
        if len(body) < HEADER_REPLY:
            raise ProtocolError(f"reply must have {HEADER_REPLY} bytes or more, not {len(body)}")
        status, tag, count = _REPLY.unpack_from(body)
        if count != len(body) - HEADER_REPLY:
            raise ProtocolError(f"reply with count {count} holds {len(body) - HEADER_REPLY} bytes")
        if status & ~_IRQ not in iter(Status):
            raise ProtocolError(f"reply has the unknown status 0x{status:02X}")
        return cls(status=Status(status & ~_IRQ), tag=tag, data=body[HEADER_REPLY:],
                   irq=bool(status & _IRQ))


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What the bridge tells of itself in the reply to IDENTIFY."""
    max_data: int
    receive_buffer: int
    clock_hz: int
    memory_base: int
    memory_size: int
    version: int = VERSION

    #: First bytes of the identity, and its length.
    MAGIC = b"PPUB"
    SIZE = _IDENTITY.size

    def encode(self):
        """Returns the identity as the data of a reply."""
        try:
            return _IDENTITY.pack(self.MAGIC, self.version, self.max_data, self.receive_buffer,
                                  self.clock_hz, self.memory_base, self.memory_size)
        except struct.error as error:
            raise ProtocolError(f"{self} does not fit its fields: {error}") from None

    @classmethod
    def decode(cls, content):
        """Returns the identity in `content`; of a later version only the first fields count."""
        if len(content) < cls.SIZE:
            raise ProtocolError(f"identity must have {cls.SIZE} bytes, not {len(content)}")
        magic, version, max_data, receive_buffer, clock_hz, base, size = _IDENTITY.unpack_from(
            content)
        if magic != cls.MAGIC:
            raise ProtocolError(f"identity must begin with {cls.MAGIC!r}, not {magic!r}")
        return cls(version=version, max_data=max_data, receive_buffer=receive_buffer,
                   clock_hz=clock_hz, memory_base=base, memory_size=size)
