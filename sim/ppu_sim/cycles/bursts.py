"""The bursts in which the rows of a LOAD or a STORE travel."""

from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Bursts", "bursts_of"]

#: Bursts that are looked at one by one; the rest goes on at the same pace.
_LIMIT = 24


@dataclass(frozen=True)
class Bursts:
    """Beats of the first bursts, one by one, and beats and number of all of them."""

    beats: tuple
    total_beats: int
    count: int


def _of_range(address, size, beat, longest):
    """Beats of the bursts of one byte range: they end at multiples of the longest burst."""
    start, end = address // beat, (address + size - 1) // beat + 1
    while start < end:
        stop = min(end, (start // longest + 1) * longest)
        yield stop - start
        start = stop


@lru_cache(maxsize=4096)
def _pattern(offset, stride, rows, size, beat, longest):
    beats, total, count = [], 0, 0
    done = 0
    for done in range(1, rows + 1):
        for length in _of_range(offset + (done - 1) * stride, size, beat, longest):
            count += 1
            total += length
            if len(beats) < _LIMIT:
                beats.append(length)
        if done > 1 and count > 4 * _LIMIT:
            break
    scale = rows / max(done, 1)
    return Bursts(tuple(beats), round(total * scale), round(count * scale))


def bursts_of(config, address, stride, rows, size):
    """The bursts of `rows` rows of `size` bytes, `stride` bytes apart."""
    beat, longest = config.beat_bytes, config.max_burst_beats
    if stride == size or rows == 1:
        rows, size, stride = 1, rows * size if rows > 1 else size, 0
    block = beat * longest
    return _pattern(address % block, stride, rows, size, beat, longest)
