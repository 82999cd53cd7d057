"""When an EXECUTE's tiles go through the array."""

from typing import NamedTuple

__all__ = ["ExecuteTimeline", "ExecuteTimes"]


class ExecuteTimes(NamedTuple):
    """Cycles: next job possible, first row of A, scratchpad rows free, last tile's first sums on
    their way to the accumulator, complete."""

    next_job: int
    begin: int
    end: int
    streaming: int
    completed: int


#: Cycles from a job to the read of its first weight row.
WEIGHTS = 3
#: Cycles from the `go` of a job to its first row of A.
GO = 1


class ExecuteTimeline:
    """EXECUTEs, one after the other.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    """

    def __init__(self, config):
        self.columns = config.columns
        self.bank_rows = config.bank_rows
        #: Cycles from a row of A to the update of its sums, and to the end of the update.
        self.update = 2 + 2 + config.product_registers + config.array_rows + config.columns - 2
        self.reads_until = 0        # last read of an accumulator row to add to
        self._tile = 0              # the last tile's first row of A
        self._rows = 0              # rows of that tile
        self._weights = 0           # first cycle after the last weight row

    def run(self, start, go, f):
        """A job handed over in cycle `start` whose rows of A may be read from cycle `go` on."""
        columns, m, tiles = self.columns, f["m"], f["n"] * f["k"]
        weights = max(start + WEIGHTS, self._tile, self._weights) + columns
        begin = max(weights, go + GO, self._tile + self._rows)
        period = max(m, columns)
        if self._shares_a_bank(f):
            period = m + columns
        last = begin + (tiles - 1) * period
        self._tile, self._rows = last, m
        self._weights = weights if tiles == 1 else last - period + columns
        end = last + m
        self.reads_until = end + self.update - 3
        # The walker takes a job when the one before it has only weights of its last tile to read.
        last_weights = weights - columns if tiles == 1 else last - period
        return ExecuteTimes(
            next_job=max(start + 1, last_weights - 2), begin=begin, end=end,
            streaming=last + self.update - 1, completed=end + self.update)

    def _shares_a_bank(self, f):
        """Whether operands and weights lie in one bank, so that weights wait."""
        a = f["a"] + (f["k"] - 1) * f["a_stride"] // 2
        b = f["b"] + ((f["k"] - 1) * f["b_stride"] + (f["n"] - 1) * f["b_tile_stride"]) // 2
        return a // self.bank_rows == b // self.bank_rows
