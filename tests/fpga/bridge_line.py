"""The host's end of a serial line, with its own idea of how many cycles a bit has."""

from collections import deque

__all__ = ["BREAK", "GLITCH", "Line"]

#: In place of a byte: the line low for 25 bits, and a pulse of a quarter of a bit.
BREAK, GLITCH = "break", "glitch"
_FRAME = 10


class Line:
    """Sends what is in `queue`, bytes or one of the above, and gathers `received`.

    Parameters
    ----------
    period : float
        Cycles of a bit.
    """

    def __init__(self, period):
        self.period = period
        self.queue = deque()
        self.received = bytearray()
        self.begins = []        # cycles in which received bytes begin
        self._levels = deque()  # (level, cycles)
        self._edge = 0.0
        self._level = 1
        self._sample = None

    @property
    def idle(self):
        return not self.queue and not self._levels

    def step(self, now, level):
        """Takes the bridge's level of this cycle in; returns the host's."""
        self._receive(now, level)
        while now >= self._edge:
            if not self._levels and self.queue:
                self._levels.extend(self._waveform(self.queue.popleft()))
                self._edge = max(self._edge, now)
            if not self._levels:
                return 1
            self._level, cycles = self._levels.popleft()
            self._edge += cycles
        return self._level

    def _waveform(self, item):
        if item == BREAK:
            return [(0, 25 * self.period), (1, 2 * self.period)]
        if item == GLITCH:
            return [(0, self.period / 4), (1, self.period)]
        bits = [0, *(item >> bit & 1 for bit in range(8)), 1]
        return [(bit, self.period) for bit in bits]

    def _receive(self, now, level):
        if self._sample is None:
            if not level:
                self.begins.append(now)
                self._sample, self._bits = now + self.period / 2, []
        elif now >= self._sample:
            self._bits.append(level)
            self._sample += self.period
            if len(self._bits) == _FRAME:
                assert not self._bits[0] and self._bits[-1], "the bridge sent a bad byte"
                self._sample = None
                self.received.append(sum(bit << n for n, bit in enumerate(self._bits[1:-1])))
