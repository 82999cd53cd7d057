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

    On a terminal the line is rewritten; in a log, a line every ten seconds says that it goes on.
    """
    stream = stream or sys.stdout
    terminal = stream.isatty()
    started = time.monotonic()
    done = threading.Event()

    def tell(text, end):
        stream.write(f"\r{title} ... {text}{end}" if terminal else f"{title} ... {text}\n")
        stream.flush()

    def live():
        while not done.wait(TERMINAL_PERIOD if terminal else LOG_PERIOD):
            tell(f"{time.monotonic() - started:.0f} s", "")

    stream.write(f"{title} ..." + ("" if terminal else "\n"))
    stream.flush()
    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    try:
        yield
    except BaseException:
        outcome = "failed after "
        raise
    else:
        outcome = "done in "
    finally:
        done.set()
        thread.join()
        tell(f"{outcome}{time.monotonic() - started:.1f} s", "\n")
