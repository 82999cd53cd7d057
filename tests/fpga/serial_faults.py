"""A line between driver and peer that does what lines do: loses, changes and adds bytes."""

import time

import numpy as np

__all__ = ["FaultyLine", "SlowLine"]


class FaultyLine:
    """Disturbs bytes at random places, in both directions.

    Parameters
    ----------
    feed : callable
        The peer's.
    seed : int
        Of the places and the kinds.
    rate : float
        Chance of a fault at each byte.
    unplug_after : int, optional
        Bytes in both directions after which the connection ends.

    Attributes
    ----------
    faults : int
        So many there were.
    """

    def __init__(self, feed, *, seed=0, rate=0.0, unplug_after=None):
        self.peer, self.rate = feed, rate
        self.left = float("inf") if unplug_after is None else unplug_after
        self.rng = np.random.default_rng(seed)
        self.faults = 0

    def feed(self, data):
        """What comes back of `data`; None once it is unplugged."""
        answer = self._disturbed(self.peer(self._disturbed(data)))
        self.left -= len(data) + len(answer)
        return None if self.left < 0 else answer

    def _disturbed(self, data):
        result, start = bytearray(), 0
        for place in np.flatnonzero(self.rng.random(len(data)) < self.rate):
            if place >= start:
                result += data[start:place]
                added, start = self._fault(data[place], place)
                result += added
        return bytes(result + data[start:])

    def _fault(self, byte, place):
        """What is there instead of the byte, and where the good bytes begin again."""
        self.faults += 1
        kind = self.rng.integers(5)
        if kind == 0:
            return b"", place + 1
        if kind == 1:
            return b"", place + int(self.rng.integers(2, 400))
        if kind == 2:
            return bytes([byte ^ 1 << int(self.rng.integers(8))]), place + 1
        if kind == 3:
            return self.rng.bytes(int(self.rng.integers(1, 600))) + bytes([byte]), place + 1
        time.sleep(self.rng.random() * 0.02)
        return bytes([byte]), place + 1


class SlowLine:
    """Answers late, as USB does, and watches how much is under way.

    Attributes
    ----------
    most : int
        Most bytes that came before the answers to them went.
    received, sent : int
        Bytes in each direction.
    """

    def __init__(self, feed, seconds):
        self.peer, self.seconds = feed, seconds
        self.most = self.received = self.sent = 0

    def feed(self, data):
        """The answer, late."""
        if data:
            time.sleep(self.seconds)
        answer = self.peer(data)
        self.most = max(self.most, len(data))
        self.received += len(data)
        self.sent += len(answer)
        return answer
