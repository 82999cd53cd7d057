"""When commands come out of the decoder."""

from bisect import bisect_left

from ppu.host.fetch import PATIENCE, RATION_BEATS, RATION_COMMANDS, RATION_CYCLES
from ppu.isa import COMMAND_BYTES, Opcode

__all__ = ["FrontTimeline"]

#: Cycles from the doorbell to the first request on the bus.
DOORBELL = 5
#: Cycles from the last beat that makes room in the buffer to a request on the bus.
REQUEST = 1
#: The same from the first command of a buffer that leaves it, if nothing was asked for before.
BLOCK = 4
#: Commands that the station is taken to have room for, when it is asked what is fetched next.
LOOKAHEAD = 12
#: Cycles from the last beat of a command to the decoder.
ASSEMBLE = 2
#: Opcode -> cycles in the decoder, and from a command to the next; of others: FENCE and END.
_DECODE = {Opcode.LOAD: (4, 3), Opcode.EXECUTE: (5, 4), Opcode.STORE: (4, 3)}
_DECODE_OTHER = 3, 3
_NEVER = 1 << 60


class FrontTimeline:
    """Fetch and decoder.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    memory : MemoryTiming
        The memory.
    channel : Channel
        The reads of LOAD, which share the bus.
    total : int
        Commands of the program.
    """

    def __init__(self, config, memory, channel, total):
        self.latency, self.channel, self.total = memory.latency, channel, total
        self.buffer = config.command_buffer
        ration = max(RATION_COMMANDS, RATION_BEATS * config.beat_bytes // COMMAND_BYTES)
        #: Commands that are asked for at a time.
        self.ration = min(ration, config.command_buffer // 2)
        if self.ration < RATION_COMMANDS:
            self.ration = total
        self.slow = memory.latency > PATIENCE
        self.window, self.used = 0, 0       # the last ration, and commands asked for of it
        self.beat_bytes, self.beats = config.beat_bytes, COMMAND_BYTES / config.beat_bytes
        self.asked, self.requested, self.free = DOORBELL - 4, 0, 0
        self.arrivals, self.taken, self.entered = [], [], []
        self.ready = 0          # the decoder takes the next command from here on
        channel.front = self
        self._plan()

    def decode(self, kind):
        """The cycle in which the next command can enter the station."""
        index = len(self.taken)
        while index >= len(self.arrivals):
            self.ask()
        taken = max(self.arrivals[index], self.ready)
        if index > 1:
            taken = max(taken, self.entered[index - 2])
        self.taken.append(taken)
        latency, step = _DECODE.get(kind, _DECODE_OTHER)
        self.ready = taken + step
        self._plan()
        return taken + latency

    def enter(self, cycle):
        """The command entered the station in `cycle`."""
        self.entered.append(cycle)

    def ask(self):
        """Asks for the next burst of commands, in cycle `due`."""
        count = self.count
        self.asked = max(self.due, self.channel.memory[0] + 1)
        self.requested += count
        window = max(0, self.asked - DOORBELL - 1) // RATION_CYCLES
        self.used = count + (self.used if window == self.window else 0)
        self.window = window
        begin = self._transfer(self.asked, -(-count * COMMAND_BYTES // self.beat_bytes))
        for index in range(count):
            self.arrivals.append(begin + int((index + 1) * self.beats - 0.01) + ASSEMBLE)
        self._plan()

    def _plan(self):
        """When the next burst of commands is asked for, if that is known, and how many they are."""
        first, half = self.requested, self.buffer // 2
        self.count = min(self.total - first, half - first % half)
        self.due = _NEVER
        room = first + self.count - self.buffer - 1     # the last command that has to leave
        if not self.count or room > min(len(self.arrivals) - 1, len(self.taken) + LOOKAHEAD):
            return
        self.due = max(
            self.asked + 4, self._left(first - self.buffer) + BLOCK, self._left(room) + REQUEST)
        self._ration()

    def _left(self, index):
        """When the last beat of a command leaves the buffer."""
        if index < 0:
            return 0
        return max(self.arrivals[index], self._taken(index - 1) + round(self.beats))

    def _taken(self, index):
        """When the decoder takes a command, or will if the station always has room."""
        ahead = index - len(self.taken)
        if index < 0:
            return 0
        if ahead < 0:
            return self.taken[index]
        return max(self.arrivals[index], self.ready + _DECODE[Opcode.LOAD][1] * ahead)

    def _ration(self):
        """A ration in each window; if the memory is slow, only at first."""
        if self.slow and self.requested:
            self.due = max(self.due, DOORBELL + PATIENCE + 2)
            return
        window = max(0, self.due - DOORBELL - 1) // RATION_CYCLES
        used = self.used if window == self.window else 0
        if window < self.window or used == self.ration:
            window, used = self.window + (self.used == self.ration), self.used % self.ration
            self.due = max(self.due, DOORBELL + 1 + window * RATION_CYCLES)
        self.count = min(self.count, self.ration - used)

    def _transfer(self, asked, beats):
        """The first beat: answers come in the order of the requests."""
        channel = self.channel
        before = bisect_left(channel.requests, (asked, 0))
        begin = max(asked + self.latency, self.free)
        if before:
            begin = max(begin, channel.requests[before - 1][1] + 1)
        self.free = begin + beats
        channel.memory.append(self.free - 1)
        channel.others += beats
        channel.free = channel.free + beats if channel.free > begin else begin + beats
        return begin
