"""Main memory as the core sees it: bytes, and regions that answer with an error."""

from dataclasses import dataclass

from ppu.lib.axi import Response

__all__ = ["Bus", "BusError", "Fault"]


@dataclass(frozen=True)
class Fault:
    """Addresses `start` to `end` - 1 answer with `response`; `kind` is "read" or "write".

    Reads are judged beat by beat, writes burst by burst. For regions that begin and end at 4 KiB
    boundaries, which no burst crosses, that comes to the same for every way to cut bursts.
    """

    start: int
    end: int
    response: Response
    kind: str

    def __post_init__(self):
        object.__setattr__(self, "response", Response(self.response))
        if self.response not in (Response.SLVERR, Response.DECERR):
            raise ValueError(f"response must be SLVERR or DECERR, not {self.response!r}")
        if self.kind not in ("read", "write"):
            raise ValueError(f"kind must be 'read' or 'write', not {self.kind!r}")
        if not 0 <= self.start < self.end:
            raise ValueError(f"start must be below end, not {self.start!r}, {self.end!r}")


@dataclass(eq=False)
class BusError(Exception):
    """An access met an error: its response, and the byte that is reported."""

    response: Response
    address: int


class Bus:
    """Byte-addressed memory from address 0; beyond its end everything answers DECERR.

    Parameters
    ----------
    memory : numpy.ndarray
        One-dimensional, contiguous, of uint8. Used in place.
    faults : list of Fault
        Regions that answer with errors; the first one in the list that fits decides.
    beat_bytes : int
        Bytes of a bus word.
    """

    def __init__(self, memory, faults, beat_bytes):
        self.memory, self.faults, self.beat_bytes = memory, faults, beat_bytes

    def _regions(self, kind):
        beyond = Fault(len(self.memory), 1 << 65, Response.DECERR, kind)
        return [fault for fault in self.faults if fault.kind == kind] + [beyond]

    def _widened(self, start, end):
        size = self.beat_bytes
        return start - start % size, end + -end % size

    def may_fail(self, kind, start, end):
        """Whether a region with errors touches the bus words of bytes `start` to `end` - 1."""
        low, high = self._widened(start, end)
        return any(region.start < high and low < region.end for region in self._regions(kind))

    def first_error(self, kind, start, end):
        """The first error, in the order of the addresses, that bytes `start` to `end` - 1 meet.

        Returns None if they meet none.
        """
        low, high = self._widened(start, end)
        found = None
        for region in self._regions(kind):
            if region.start < high and low < region.end:
                beat = self._widened(max(low, region.start), high)[0]
                if found is None or beat < found[0]:
                    found = beat, BusError(region.response, max(beat, start))
        return found and found[1]

    def read(self, start, end):
        """A copy of bytes `start` to `end` - 1. Raises `BusError` if some of them fail."""
        error = self.first_error("read", start, end)
        if error:
            raise error
        return self.memory[start:end].copy()

    def write_good_part(self, start, data):
        """Writes all bytes of `data` but those in regions with errors. Returns the first error."""
        end = start + len(data)
        keep = self.memory[start:end].copy()
        self.memory[start:end] = data[: len(keep)]
        for region in self._regions("write"):
            low, high = max(region.start, start), min(region.end, end, len(self.memory))
            if low < high:
                self.memory[low:high] = keep[low - start : high - start]
        return self.first_error("write", start, end)
