"""A serial port by pyserial, with errors that say what to do."""

import errno
import os
from contextlib import suppress

from ..toolchain import ToolMissing
from .errors import Disconnected, PortError

__all__ = ["Port"]

#: Seconds that one read waits at most for the bytes that were asked for.
READ_SECONDS = 0.02
#: Seconds until bytes that the port does not take mean that it is gone.
WRITE_SECONDS = 10


class Port:
    """An open port.

    Parameters
    ----------
    name : str
        What pyserial's `serial_for_url` takes.
    baud : int
        Bits per second.

    Raises
    ------
    PortError
        If it cannot be opened.
    ToolMissing
        If pyserial is not installed.
    """

    def __init__(self, name, baud):
        self.name, self.baud = name, baud
        self._serial = _open(name, baud)
        # FTDI's driver on Linux keeps short answers back for 16 ms unless told otherwise.
        with suppress(AttributeError, OSError, ValueError, NotImplementedError):
            self._serial.set_low_latency_mode(True)

    def send(self, data):
        """Sends bytes. Disconnected if the port is gone."""
        self._guarded(lambda: self._serial.write(data))

    def receive(self, count):
        """What is there: `count` bytes or more, or what came in `READ_SECONDS`.

        Disconnected if the port is gone.
        """
        return self._guarded(lambda: self._serial.read(max(count, self._serial.in_waiting)))

    def close(self):
        """Closes the port; also if it is gone."""
        with suppress(OSError):
            self._serial.close()

    def _guarded(self, action):
        try:
            return action()
        except OSError as error:
            self.close()
            raise Disconnected(
                f"the connection to {self.name} is lost ({error}). If the board was unplugged, "
                "plug it in again; then open it anew, and repeat what was not finished"
            ) from error


def _open(name, baud):
    try:
        import serial
    except ModuleNotFoundError:
        raise ToolMissing(
            'boards need the Python package pyserial: pip install pyserial, or the extra "fpga" '
            "of this project"
        ) from None
    try:
        return serial.serial_for_url(
            name, baud, timeout=READ_SECONDS, write_timeout=WRITE_SECONDS, exclusive=True
        )
    except (OSError, ValueError) as error:
        raise PortError(_advice(name, baud, error)) from error


def _advice(name, baud, error):
    """What to do about an error of opening."""
    cause = getattr(error, "errno", None)
    if cause in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return f"there is no port {name}: is the board plugged in? {_others()}"
    if cause in (errno.EACCES, errno.EPERM) and os.name == "posix":
        return (
            f"no permission to open {name}: become a member of the group that owns it, on most "
            "systems `sudo usermod -a -G dialout $USER`, and log in anew"
        )
    if cause in (errno.EBUSY, errno.EAGAIN, errno.EACCES, errno.EPERM):
        return f"{name} is in use by another program: close that one first"
    if "baud" in str(error).lower():
        return f"{name} cannot be set to {baud:,} baud: {error}"
    return f"cannot open {name}: {error}"


def _others():
    """A sentence on the ports that there are."""
    from serial.tools import list_ports

    names = sorted(port.device for port in list_ports.comports())
    return f"Ports of this machine: {', '.join(names)}" if names else "This machine has no ports"
