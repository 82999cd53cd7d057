"""The two directions of the bus: when bursts are asked for, and when their beats go by."""

from collections import deque

__all__ = ["ReadChannel", "WriteChannel"]

_NEVER = -(1 << 60)


class _Channel:
    """One direction of the bus: bursts are asked for in order, one a cycle.

    Fewer than `outstanding` are unanswered. Jobs with many bursts are followed burst by burst at
    the beginning, then at the pace reached.
    """

    def __init__(self, outstanding, latency):
        self.outstanding, self.latency = outstanding, latency
        self.answered = deque([_NEVER] * outstanding, maxlen=outstanding)
        self.asked = -1             # cycle of the last request
        self.free = 0               # first cycle without a beat
        self.others = 0             # beats that were not of bursts asked for here
        #: Of each burst, in order: cycles of the request and of the last beat, and `others` then.
        self.requests = []

    def _go_on(self, bursts, pace):
        """Lets the bursts that were not looked at go by. Returns their cycles."""
        rest = bursts.total_beats - sum(bursts.beats)
        if not rest:
            return 0
        requests, span = self.requests, len(bursts.beats) // 2
        (_, start, others), (asked, end, others_now) = requests[-1 - span], requests[-1]
        per_beat = (end - start - others_now + others) / sum(bursts.beats[-span:])
        shift = round(rest * max(per_beat, pace))
        self.asked += shift
        self.free += shift
        self.answered = deque((cycle + shift for cycle in self.answered), self.answered.maxlen)
        requests.append((asked + shift, end + shift, others_now))
        return shift


class ReadChannel(_Channel):
    """Reads. A burst is asked for when the buffer has room for all of its beats.

    Parameters
    ----------
    outstanding, latency : int
        Bursts in flight, and cycles from a request to its first beat.
    memory_outstanding : int
        Bursts that the memory takes, commands included.
    buffer_beats : int
        Beats in flight or not taken.
    """

    def __init__(self, outstanding, latency, memory_outstanding, buffer_beats):
        super().__init__(outstanding, latency)
        self.memory = deque([_NEVER] * memory_outstanding, maxlen=memory_outstanding)
        self.buffer_beats = buffer_beats
        self.front = None           # what fetches commands on this channel
        self._taken = deque()       # (beats up to the end of a burst, cycle of its last, pace)
        self._beats = 0

    def run(self, request, free, bursts, pace):
        """Reads the bursts of a job.

        Parameters
        ----------
        request : int
            First cycle for a request.
        free : int
            First cycle in which a beat of this job can be taken.
        bursts : Bursts
            The bursts.
        pace : float
            Cycles from taking a beat to taking the next, at least 1.

        Returns
        -------
        tuple
            First cycle of data, and the cycle after the last beat is taken.
        """
        answered, requests, latency = self.answered, self.requests, self.latency
        memory = self.memory
        begin, taken = None, 0.0
        for beats in bursts.beats:
            offered = max(request, self.asked + 1, answered[0] + 1, self._room(beats))
            while self.front.due <= offered:
                self.front.ask()
            asked = max(offered, memory[0] + 1)
            first = max(asked + latency, self.free)
            last = first + beats - 1
            if begin is None:
                begin = max(first, free)
                taken = float(begin)
            taken = max(taken, first) + beats * pace
            self.asked, self.free = asked, last + 1
            answered.append(last)
            memory.append(last)
            requests.append((asked, last, self.others))
            self._take(beats, int(taken), pace)
        shift = self._go_on(bursts, pace)
        if shift:
            self.memory = deque((cycle + shift for cycle in memory), memory.maxlen)
            rest = bursts.total_beats - sum(bursts.beats)
            taken += shift
            self._take(rest, int(taken), max(pace, shift / rest))
        return begin, taken

    def _room(self, beats):
        """The cycle in which there is room for `beats` more."""
        needed, taken = self._beats + beats - self.buffer_beats, self._taken
        while taken and taken[0][0] < needed:
            taken.popleft()
        if needed <= 0 or not taken:
            return 0
        total, last, pace = taken[0]
        return last - int((total - needed) * pace) + 4

    def _take(self, beats, cycle, pace):
        self._beats += beats
        self._taken.append((self._beats, cycle, pace))


class WriteChannel(_Channel):
    """Writes. `latency`: cycles from the last beat of a burst to its answer."""

    def run(self, request, data, bursts, pace):
        """Writes the bursts of a job.

        Parameters
        ----------
        request : int
            First cycle for a request.
        data : int
            Cycle of the first beat, if nothing is in the way.
        bursts : Bursts
            The bursts.
        pace : float
            Cycles from a beat to the next as they come, at least 1.

        Returns
        -------
        tuple of int
            First and last beat.
        """
        answered, requests, latency = self.answered, self.requests, self.latency
        begin, ready, last = None, data - 1.0, 0
        for beats in bursts.beats:
            asked = max(request, self.asked + 1, answered[0] + 1)
            first = max(asked + 2, self.free, int(ready + pace))
            ready = max(ready + beats * pace, first + beats - 1.0)
            last = max(int(ready), self.free + beats - 1, first + beats - 1)
            self.asked, self.free = asked, last + 1
            answered.append(last + latency + 1)
            requests.append((asked, last, self.others))
            if begin is None:
                begin = first
        return begin, last + self._go_on(bursts, pace)
