"""When a LOAD's rows are in the scratchpad or in the accumulator."""

from math import gcd

from ppu.isa import Target

from .bursts import bursts_of
from .channels import ReadChannel

__all__ = ["LoadTimeline"]

#: Cycles from a job to its first request on the bus.
REQUEST = 4
#: Cycles from a beat to the row that can be read.
WRITE = 3


class LoadTimeline:
    """LOADs, one after the other. Commands are fetched on the same bus.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    memory : MemoryTiming
        The memory.
    """

    def __init__(self, config, memory):
        self.config = config
        self.channel = ReadChannel(
            config.max_outstanding_reads, memory.latency, memory.outstanding,
            config.read_buffer_beats)
        self._free = 0          # the packer takes the next job's beats from here on
        self._words = {}

    def run(self, start, fields):
        """A job handed over in cycle `start`: when the next one can be, when it works, completes.

        Returns
        -------
        tuple of int
            First cycle for the next job, first and last cycle of its data, completion.
        """
        f, channel = fields, self.channel
        bursts = bursts_of(self.config, f["address"], f["stride"], f["rows"], f["bytes"])
        work, tail = self._work(f)
        pace = max(1.0, (work - tail) / bursts.total_beats)
        before = channel.requests[-2:-1] or [(0,)]
        begin, taken = channel.run(start + REQUEST, self._free, bursts, pace)
        end = int(taken) + tail
        self._free = end
        # Two requests wait in registers while the last range of a job is still in its walker.
        one_range = f["stride"] == f["bytes"] or f["rows"] == 1
        next_job = before[0][0] if one_range else channel.asked - 2
        apart = f["bytes"] % self.config.row_bytes != 0     # rows are put together one by one
        return max(start + 1, next_job), begin, end, end - 1 + WRITE + apart

    def _work(self, f):
        """Cycles of the packer and the writer, and those of them after the last beat."""
        config = self.config
        to_scratchpad = f["target"] == Target.SCRATCHPAD.value
        row = config.row_bytes if to_scratchpad else config.accumulator_row_bytes
        word = min(config.beat_bytes, config.row_bytes)
        rows, size, stride = f["rows"], f["bytes"], f["stride"]
        chunks = -(-size // row)
        if (stride == size or rows == 1) and size % max(row, word) == 0:
            words = (f["address"] % word + rows * size - 1) // word + 1
        else:
            key = f["address"] % word, stride % word, size
            if key not in self._words:
                period = word // gcd(stride % word, word)
                touched = [((key[0] + i * stride) % word + size - 1) // word + 1
                           for i in range(period)]
                self._words[key] = sum(touched) / period
            words = round(rows * self._words[key])
        written = rows * chunks
        if not to_scratchpad:
            words += written
        return max(words, written) + f["pad"] * chunks, f["pad"] * chunks
