"""Shows that a long step is running, and how long it took."""

import sys
import threading
import time
from contextlib import contextmanager

__all__ = ["step"]

#: Seconds between signs of life: on a terminal, in a log.
TERMINAL_PERIOD, LOG_PERIOD = 1, 10


@contextmanager
def step(title, *, stream=None):
    """Prints `title`, the running time while the block runs, and its duration at the end.

    On a terminal the running time stays on one line, which whatever the block prints replaces; in a
    log, a line every ten seconds says that it goes on.
    """
    stream = stream or sys.stdout
    period, end = (TERMINAL_PERIOD, "\x1b[K\r") if stream.isatty() else (LOG_PERIOD, "\n")
    started = time.monotonic()
    done = threading.Event()

    def live():
        while not done.wait(period):
            print(f"  {time.monotonic() - started:.0f} s", end=end, file=stream, flush=True)

    print(f"{title} ...", file=stream, flush=True)
    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    outcome = "failed after"
    try:
        yield
        outcome = "done in"
    finally:
        done.set()
        thread.join()
        print(f"  {outcome} {time.monotonic() - started:.1f} s", file=stream, flush=True)
