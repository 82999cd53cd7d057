"""Matrices in main memory, as programs use them."""

from dataclasses import dataclass

from ppu.isa import RESULT_BYTES, StoreFormat, Target

__all__ = ["Bias", "Matrix", "Results"]

_SUM_BYTES = 4


@dataclass(frozen=True)
class Matrix:
    """A row-major matrix in memory: byte address of its first row, bytes from a row to the next.

    Of results, it has the sums.
    """

    address: int
    stride: int
    signed: bool = True

    bias = None
    result_bytes = 4

    def epilogue(self, tile):
        """Fields of a STORE that begins with this column tile."""
        return {}


@dataclass(frozen=True)
class Bias:
    """INT32 numbers in memory, one for each column, as they fill sums.

    Reads of a few bytes are bound by the latency of the memory. So there may be copies: those of a
    column tile follow each other, and then come those of the next one.

    Parameters
    ----------
    address : int
        Of column 0.
    copies : int
        How many there are of each tile; 1: all columns follow each other.
    columns : int
        Of a tile.
    """

    address: int
    copies: int = 1
    columns: int = 0

    def loads(self, first, count, rows, destination):
        """The fields of LOADs that fill rows of the accumulator, from column `first` on, where a
        tile begins.
        """
        if self.copies == 1:
            yield self._load(self.address + _SUM_BYTES * first, count, rows, 0, destination, rows)
            return
        tile_bytes = _SUM_BYTES * self.columns
        for tile in range(-(-count // self.columns)):
            place = self.address + (first // self.columns + tile) * self.copies * tile_bytes
            for row in range(0, rows, self.copies):
                height = min(self.copies, rows - row)
                yield self._load(place, self.columns, height, tile_bytes,
                                 destination + tile * rows + row, height)  # fmt: skip

    def _load(self, address, columns, rows, stride, destination, panel_stride):
        return {
            "target": Target.ACCUMULATOR.value, "rows": rows, "bytes": _SUM_BYTES * columns,
            "pad": 0, "address": address, "stride": stride, "destination": destination,
            "panel_stride": panel_stride,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Results(Matrix):
    """Results that the epilogue makes of sums, or sums with a bias.

    Parameters
    ----------
    result_format : StoreFormat
        With INT32, all but the bias is left out.
    scales : int
        Row of parameters with the scales of the first columns; the others follow.
    zero_point, low, high : int
        Numbers of the result's type; limits of INT8 or UINT8 are needed.
    activate : bool
        Results are looked up in the activation table.
    bias : Bias, optional
        To which products are added.
    """

    result_format: StoreFormat
    scales: int = 0
    zero_point: int = 0
    low: int = 0
    high: int = 0
    activate: bool = False
    bias: Bias | None = None

    @property
    def result_bytes(self):
        """Bytes of a result."""
        return RESULT_BYTES[self.result_format]

    def epilogue(self, tile):
        """Fields of a STORE that begins with this column tile."""
        if self.result_format is StoreFormat.INT32:
            return {}
        return {
            "result_format": self.result_format.value, "scales": self.scales + tile,
            "zero_point": self.zero_point & 0xFF, "low": self.low & 0xFF, "high": self.high & 0xFF,
            "activate": int(self.activate),
        }  # fmt: skip
