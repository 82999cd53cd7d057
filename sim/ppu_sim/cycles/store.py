"""When a STORE's rows are in memory."""

from ppu.isa import RESULT_BYTES, StoreFormat

from .bursts import bursts_of
from .channels import WriteChannel

__all__ = ["StoreTimeline"]

#: Cycles from a job to its first beat on W, if nothing is in the way.
FIRST_BEAT = 8
#: Cycles from a job to its first request.
REQUEST = 3
#: Cycles from the next job to the last beat of a job with rows of one beat; and how much earlier
#: the job comes for each beat more, as rows are read ahead.
NEXT_JOB = 6
READ_AHEAD = 2
#: Beats that wait for W at most.
BUFFER = 10
#: Cycles of the epilogue's pipeline, beside those in which a row goes in.
EPILOGUE = 24


class StoreTimeline:
    """STOREs, one after the other.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    memory : MemoryTiming
        The memory.
    """

    def __init__(self, config, memory):
        self.config, self.latency = config, memory.latency
        self.channel = WriteChannel(
            min(config.max_outstanding_writes, memory.outstanding), memory.latency)
        self._sliced = 0        # the last slice of all jobs, as if it went to W at once
        lanes = config.epilogue_lanes
        self._period = config.columns // lanes if lanes else 1

    def run(self, start, f, refused):
        """A job handed over in cycle `start`; `refused`: EXECUTE has its first row's bank.

        Returns
        -------
        tuple of int
            First cycle for the next job, first and last beat, rows read, completion.
        """
        form = StoreFormat(f.get("result_format", 0))
        size = RESULT_BYTES[form] * f["columns"]
        scaled = form is not StoreFormat.INT32
        inside = EPILOGUE + self._period if scaled else 0
        bursts = bursts_of(self.config, f["address"], f["stride"], f["rows"], size)
        slots = self._slots(f, size)
        if scaled:
            rows = f["rows"] * -(-f["columns"] // self.config.columns)
            slots = max(slots, rows * self._period)
        pace = max(1.0, slots / bursts.total_beats)
        data = max(start + FIRST_BEAT + refused + inside, self._sliced + 1)
        begin, last = self.channel.run(start + REQUEST, data, bursts, pace)
        self._sliced = max(data + slots - 1, last - BUFFER)
        slices = slots / f["rows"] / -(-f["columns"] // self.config.columns)
        ahead = inside or round(READ_AHEAD * (slices - 1))
        read = max(start + 1, last - NEXT_JOB - ahead)
        return read, begin, last, read, last + self.latency + 1

    def _slots(self, f, size):
        """Cycles of the unpacker: slices of accumulator rows, and what is left in the end."""
        config, beat = self.config, self.config.beat_bytes
        result = size // f["columns"]
        results = min(config.columns, beat // result)       # in a slice
        full, tail = divmod(f["columns"], config.columns)
        row = full * (config.columns // results) + -(-tail // results)
        if f["stride"] == size or f["rows"] == 1:
            return f["rows"] * row
        last = result * ((f["columns"] - 1) % results + 1)  # bytes of the last slice of a row
        lanes = [(f["address"] + i * f["stride"]) % beat for i in range(min(f["rows"], beat))]
        return f["rows"] * (row + sum(lane + last > beat for lane in lanes) / len(lanes))
