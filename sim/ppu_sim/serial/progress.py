"""Shows on a terminal how far a long transfer or a long wait is."""

import sys
import time

__all__ = ["Progress"]

#: Seconds before anything is shown, and between two times that it is.
FIRST, PERIOD = 1.0, 0.2
#: Back to the begin of the line, and clear what is behind.
_CLEAR = "\r\x1b[K"


class Progress:
    """One line that stays in its place, and disappears at the end of the block.

    In a log, and wherever the stream is no terminal, it prints nothing.

    Parameters
    ----------
    title : str
        What is going on.
    total : int, optional
        Bytes that it will be.
    stream : file, optional
        Standard error if not given.
    """

    def __init__(self, title, total=None, *, stream=None):
        self.title, self.total = title, total
        self.stream = sys.stderr if stream is None else stream
        self._began = time.monotonic()
        self._next = self._began + FIRST if self.stream.isatty() else float("inf")
        self._shown = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._shown:
            print(_CLEAR, end="", file=self.stream, flush=True)

    def update(self, done=0):
        """Tells that `done` bytes are through by now, or that the wait goes on."""
        now = time.monotonic()
        if now >= self._next:
            self._next, self._shown = now + PERIOD, True
            text = self._text(done, now - self._began)
            print(f"{_CLEAR}  {text}", end="", file=self.stream, flush=True)

    def _text(self, done, seconds):
        if self.total is None:
            return f"{self.title}: {seconds:.0f} s"
        rate = done / seconds
        left = f", {(self.total - done) / rate:.0f} s left" if rate else ""
        return (
            f"{self.title}: {done / 1000:,.0f} of {self.total / 1000:,.0f} kB, "
            f"{rate / 1000:,.0f} kB/s{left}"
        )
