"""A line between driver and simulated board that disturbs the bytes."""

import os
import select
import threading
import tty
from contextlib import contextmanager

from serial_faults import FaultyLine

__all__ = ["disturbed"]

_PIECE = 4096
_PERIOD = 0.05


@contextmanager
def disturbed(terminal, *, seed, rate):
    """A second terminal in front of `terminal`, with faults in both directions while it is open.

    Yields
    ------
    (str, FaultyLine)
        Its name, and what counts the faults.
    """
    line = FaultyLine(lambda data: data, seed=seed, rate=rate)
    board = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
    master, slave = os.openpty()
    for end in (board, slave):
        tty.setraw(end)
    done = threading.Event()

    def carry():
        while not done.is_set():
            ready, _, _ = select.select([board, master], [], [], _PERIOD)
            for source, target in ((board, master), (master, board)):
                if source in ready:
                    data = line.feed(os.read(source, _PIECE))
                    while data:
                        data = data[os.write(target, data) :]

    thread = threading.Thread(target=carry, daemon=True)
    thread.start()
    try:
        yield os.ttyname(slave), line
    finally:
        done.set()
        thread.join()
        for end in (board, master, slave):
            os.close(end)
