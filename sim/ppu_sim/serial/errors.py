"""What can go wrong between the driver and a core at the other end of a serial line."""

__all__ = [
    "ConfigMismatch", "Disconnected", "ForeignBridge", "ForeignCore", "NoAnswer", "PortError",
    "RequestRefused", "SerialError",
]  # fmt: skip


class SerialError(RuntimeError):
    """The port, the line, the bridge or the core is not as it must be. The message says which."""


class PortError(SerialError):
    """The port cannot be opened: missing, not permitted, busy, or no serial port."""


class NoAnswer(SerialError):
    """Nothing comes back through the port, or nothing that makes sense."""


class Disconnected(SerialError):
    """The port is gone while in use: unplugged, or the other end has closed the connection."""


class ForeignBridge(SerialError):
    """What answers is no bridge of this version of the protocol, or does not keep to it."""


class ForeignCore(SerialError):
    """What is behind the bridge is no core of this version."""


class ConfigMismatch(SerialError, ValueError):
    """The core has another configuration than was asked for. The message names the fields."""


class RequestRefused(SerialError):
    """The bridge answered a request with an error that would come again.

    Attributes
    ----------
    status : ppu_fpga.bridge.protocol.Status
        The answer.
    """

    def __init__(self, message, status):
        super().__init__(message)
        self.status = status
