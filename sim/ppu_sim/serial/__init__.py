"""Boards: the back end that reaches a core through a serial port and a bridge."""

from .address import DEFAULT_BAUD, PREFIX, is_board
from .errors import (
    ConfigMismatch,
    Disconnected,
    ForeignBridge,
    ForeignCore,
    NoAnswer,
    PortError,
    RequestRefused,
    SerialError,
)

__all__ = [
    "DEFAULT_BAUD", "PREFIX", "ConfigMismatch", "Disconnected", "ForeignBridge", "ForeignCore",
    "NoAnswer", "PortError", "RequestRefused", "SerialError", "is_board", "open_board",
]  # fmt: skip


def open_board(address, *, config=None, baud=None):
    """The back end at ``serial:...``, a :class:`ppu_sim.serial.backend.SerialBackend`.

    Parameters
    ----------
    address : str
        See :mod:`ppu_sim.serial.address`.
    config : Config, optional
        What the core must be; whatever it is if not given.
    baud : int, optional
        Bits per second, in place of those in the address.

    Raises
    ------
    ValueError, TypeError
        If address or baud rate cannot be.
    ppu_sim.toolchain.ToolMissing
        If pyserial is not installed.
    SerialError
        If there is no such core at the port; its subclasses tell why.
    """
    from .backend import SerialBackend  # needs pyserial's neighbours, which most runs do not

    return SerialBackend.open(address, config=config, baud=baud)
