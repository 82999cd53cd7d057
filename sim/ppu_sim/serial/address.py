"""Addresses of boards: ``serial:PORT``, where PORT is what pyserial's `serial_for_url` takes.

For example ``serial:/dev/ttyUSB0``, ``serial:COM3``, ``serial:/dev/ttyUSB0?baud=3000000``,
``serial:socket://host:port`` or ``serial:rfc2217://host:port``.
"""

from ..arguments import check_range

__all__ = ["DEFAULT_BAUD", "PREFIX", "is_board", "parse"]

PREFIX = "serial:"
#: Bits per second. Every USB chip on the boards does it exactly, and a clock of 12 MHz divides to
#: it.
DEFAULT_BAUD = 1_000_000
_BAUD_LIMITS = (1200, 50_000_000)


def is_board(name):
    """Whether a back end is named that is a board at a serial port."""
    return isinstance(name, str) and name.startswith(PREFIX)


def parse(address, baud=None):
    """The port and the baud rate of an address.

    ``baud=N`` among the options after a question mark gives the rate, else `baud`, else
    `DEFAULT_BAUD`. All other options are pyserial's and stay.

    Raises
    ------
    TypeError, ValueError
        If the address names no port, or the rate is no integer from 1,200 to 50 million, or given
        twice with different values.
    """
    port, _, options = address.removeprefix(PREFIX).partition("?")
    if not port:
        raise ValueError(
            f"{address!r} names no port; give one, for example {PREFIX}/dev/ttyUSB0 or "
            f"{PREFIX}socket://host:port"
        )
    rates = [text for text in options.split("&") if text.startswith("baud=")]
    others = [text for text in options.split("&") if text and not text.startswith("baud=")]
    rates = {_rate(text.removeprefix("baud="), address) for text in rates}
    if baud is not None:
        rates.add(check_range("baud", baud, *_BAUD_LIMITS))
    if len(rates) > 1:
        raise ValueError(f"give one baud rate, not {' and '.join(map(str, sorted(rates)))}")
    return port + ("?" + "&".join(others) if others else ""), rates.pop() if rates else DEFAULT_BAUD


def _rate(text, address):
    if not text.isdecimal():
        raise ValueError(f"baud must be an integer, not {text!r} in {address!r}")
    return check_range("baud", int(text), *_BAUD_LIMITS)
