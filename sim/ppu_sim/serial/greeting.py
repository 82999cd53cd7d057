"""Judges what comes back when a bridge is asked for its identity."""

from ppu_fpga.bridge.protocol import (
    HEADER_REQUEST,
    SIZE_CHECK,
    VERSION,
    Identity,
    ProtocolError,
    Reply,
    Status,
    Unstuffer,
)

from .errors import ForeignBridge

__all__ = ["Greeting"]

#: The smallest bridge that this driver can work with: a register's word, one request that fits.
LEAST_DATA = 4
LEAST_BUFFER = HEADER_REQUEST + LEAST_DATA + SIZE_CHECK


class Greeting:
    """Keeps what came back, to say in the end why there is no bridge.

    Parameters
    ----------
    port : Port
        The line.
    """

    def __init__(self, port):
        self.port = port
        self._echo, self._refusal = False, None
        self._good = self._bad = self._partial = 0

    def judge(self, request, frame):
        """The identity, if `frame` is the reply to `request`; None if not.

        ForeignBridge if it is, and this driver cannot work with that bridge.
        """
        if frame.error:
            self._bad += 1
            return None
        self._good += 1
        if frame.body == _body(request):
            self._echo = True
            return None
        try:
            reply = Reply.decode(frame.body)
        except ProtocolError:
            return None
        if reply.tag != request.tag or reply.status in (Status.BAD_FRAME, Status.OVERRUN):
            return None
        if reply.status is not Status.OK:
            self._refusal = reply.status.name
            return None
        if not reply.data.startswith(Identity.MAGIC):
            return None  # an older reply that happens to have the same tag
        return self._checked(reply.data)

    def rest(self, count):
        """Tells that `count` bytes came after the last frame."""
        self._partial = max(self._partial, count)

    def _checked(self, data):
        name = self.port.name
        version = int.from_bytes(data[4:6], "little")
        if version != VERSION:
            raise ForeignBridge(
                f"the bridge at {name} speaks version {version} of the protocol, this driver "
                f"version {VERSION}: build the bitstream and install the driver from the same "
                "version of this project"
            )
        try:
            identity = Identity.decode(data)
        except ProtocolError as error:
            raise ForeignBridge(f"the bridge at {name} breaks the protocol: {error}") from None
        for field, least in (
            ("max_data", LEAST_DATA), ("receive_buffer", LEAST_BUFFER), ("clock_hz", 1),
        ):  # fmt: skip
            value = getattr(identity, field)
            if value < least:
                raise ForeignBridge(
                    f"the bridge at {name} tells {field} = {value}; it must be at least {least}"
                )
        return identity

    def verdict(self):
        """Why there is no bridge, and what to do."""
        name, baud = self.port.name, f"{self.port.baud:,} baud"
        if self._echo:
            return (
                f"{name} sends back what is sent to it: the transmitting and the receiving wire "
                "are connected, or the device there has an echo"
            )
        if self._refusal:
            return f"{name} answers IDENTIFY with {self._refusal}: it is no bridge of this project"
        if self._good:
            return f"{name} sends frames, but does not answer: reset the board, and try again"
        if self._bad or self._partial:
            return (
                f"{name} answers, but at {baud} it makes no sense. The baud rate must be that of "
                "the bitstream: add ?baud=N to the address. Or something else is at that port"
            )
        return (
            f"no answer from {name} at {baud}. Is the board powered, is its bitstream loaded, is "
            "this the right port of it? The baud rate must be that of the bitstream: ?baud=N"
        )


def _body(request):
    """The request as it is in a frame."""
    return Unstuffer().feed(request.encode())[0].body
