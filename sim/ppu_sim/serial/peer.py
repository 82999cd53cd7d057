"""A bridge in software, in front of any simulator: the other end of the line without a board."""

import numpy as np

from ppu.config import preset
from ppu.host.registers import WINDOW_BYTES, register_map
from ppu_fpga.bridge.protocol import (
    Identity,
    Kind,
    ProtocolError,
    Reply,
    Request,
    Status,
    Unstuffer,
)

from ..backends import RegisterError, Settings, open_backend

__all__ = ["Peer"]

#: Cycles that the core runs during a request: about the time of one on a fast line.
_CYCLES_PER_REQUEST = 500
#: Cycles until a reset must be done.
_RESET_CYCLES = 100_000


class _Bad(Exception):
    """A request that is answered with an error. The only argument is the status."""


class Peer:
    """Answers requests as the bridge does. What it is fed comes back answered, in order.

    The core stands still between requests, so cycles are those of a simulator, not of a clock.

    Parameters
    ----------
    backend : Backend
        The core and its memory.
    max_data, receive_buffer, clock_hz, version : int
        What it tells of itself. Frames that are longer than the buffer are bad.
    """

    def __init__(
        self, backend, *, max_data=256, receive_buffer=1024, clock_hz=25_000_000, version=1
    ):
        self.backend = backend
        self.identity = Identity(
            max_data=max_data, receive_buffer=receive_buffer, clock_hz=clock_hz, version=version,
            memory_base=backend.memory_base, memory_size=backend.memory_size,
        )  # fmt: skip
        self._unstuffer = Unstuffer(longest=receive_buffer)
        self._offsets = {r.name: r.offset for r in register_map(backend.config)}

    @classmethod
    def of_preset(cls, name="tiny", *, simulator="model", memory_size=1 << 18, **told):
        """A peer with a simulator of its own. `told` is as for the class."""
        backend = open_backend(simulator, preset(name), memory_size)
        backend.configure(Settings(latency=20))
        return cls(backend, **told)

    def feed(self, received):
        """Takes bytes off the line; returns those of the replies."""
        return b"".join(self._answer(frame) for frame in self._unstuffer.feed(received))

    def close(self):
        """Ends the simulator."""
        self.backend.close()

    def _answer(self, frame):
        try:
            if frame.error:
                raise ProtocolError(frame.error)
            request = Request.decode(frame.body)
        except ProtocolError:
            return Reply(status=Status.BAD_FRAME, irq=self._irq()).encode()
        status, data = Status.OK, b""
        try:
            data = self._do(request)
        except _Bad as bad:
            (status,) = bad.args
        return Reply(status=status, tag=request.tag, data=data, irq=self._irq()).encode()

    def _irq(self):
        return bool(self.backend.wait(_CYCLES_PER_REQUEST))

    def _do(self, request):
        """Carries a request out; returns the data of the reply."""
        if request.kind not in iter(Kind):
            raise _Bad(Status.BAD_KIND)
        self._check_count(request)
        if request.kind is Kind.IDENTIFY:
            return self.identity.encode()
        if request.kind is Kind.RESET:
            return self._reset()
        if request.kind in (Kind.READ_REGISTER, Kind.WRITE_REGISTER):
            return self._register(request)
        return self._memory(request)

    def _check_count(self, request):
        register = request.kind in (Kind.READ_REGISTER, Kind.WRITE_REGISTER)
        memory = request.kind in (Kind.READ_MEMORY, Kind.WRITE_MEMORY)
        fits = request.count == 4 if register else request.count == 0
        if memory:
            fits = 1 <= request.count <= self.identity.max_data
        carried = request.count if Kind(request.kind).carries_data else 0
        if not fits or len(request.data) != carried:
            raise _Bad(Status.BAD_COUNT)

    def _reset(self):
        control = self._offsets["CONTROL"]
        self.backend.write_register(control, 1)
        for _ in range(_RESET_CYCLES // _CYCLES_PER_REQUEST):
            if not self.backend.read_register(control) & 1:
                break
            self.backend.advance(_CYCLES_PER_REQUEST)
        return b""

    def _register(self, request):
        offset = request.address
        if offset % 4 or offset >= WINDOW_BYTES:
            raise _Bad(Status.BAD_ADDRESS)
        try:
            if request.kind is Kind.WRITE_REGISTER:
                self.backend.write_register(offset, int.from_bytes(request.data, "little"))
                return b""
            return self.backend.read_register(offset).to_bytes(4, "little")
        except (RegisterError, KeyError):
            raise _Bad(Status.BUS_SLVERR) from None

    def _memory(self, request):
        start, base = request.address, self.identity.memory_base
        if start < base or start + request.count > base + self.identity.memory_size:
            raise _Bad(Status.BUS_DECERR)
        if request.kind is Kind.READ_MEMORY:
            return self.backend.read_memory(start, request.count).tobytes()
        self.backend.write_memory(start, np.frombuffer(request.data, np.uint8))
        return b""
