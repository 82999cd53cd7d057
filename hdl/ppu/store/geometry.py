"""How rows of results lie on the bus, and what parts of STORE tell each other about them."""

from dataclasses import dataclass

from amaranth.lib import data
from amaranth.utils import exact_log2

__all__ = ["RowGeometry"]


@dataclass(frozen=True, kw_only=True)
class RowGeometry:
    """Sizes that the parts between accumulator and bus share.

    A row of results is cut into slices of a beat's size, or is one slice if it is smaller. Bytes
    are counted in units: of 4, the size of a sum; or of 1 where an epilogue makes others.

    Parameters
    ----------
    columns : int
        Sums of an accumulator row.
    row_width : int
        Bits of an accumulator row's index.
    beat_bytes : int
        Bytes of a bus word.
    period : int
        Cycles that the epilogue takes for a row; 0: there is none.
    scale_width : int
        Bits of the index of a row of scales.
    """

    columns: int
    row_width: int
    beat_bytes: int
    period: int = 0
    scale_width: int = 0

    @property
    def has_epilogue(self):
        return self.period > 0

    @property
    def unit(self):
        """Bytes of a unit."""
        return 1 if self.has_epilogue else 4

    @property
    def lane_bits(self):
        """Bits that number the bytes of a beat."""
        return exact_log2(self.beat_bytes)

    @property
    def slice_bytes(self):
        return min(4 * self.columns, self.beat_bytes)

    @property
    def slice_units(self):
        return self.slice_bytes // self.unit

    @property
    def slices(self):
        """Slices of the longest row of results."""
        return 4 * self.columns // self.slice_bytes

    @property
    def job(self):
        """Layout of a job: its rows in the accumulator, and what of their addresses decides about
        lanes.

        `lane`, `stride`: lowest bits of address and stride, as many as number the lanes of the bus.
        `size`: bytes of a result, as the exponent of a power of two; `settings`: where the epilogue
        finds the others of the job.
        """
        epilogue = {
            "scaled": 1, "size": 2, "settings": 1, "scales": self.scale_width, "shared_scales": 1,
            "residual": self.row_width, "add_residual": 1,
        }  # fmt: skip
        return data.StructLayout({
            "rows": 16, "columns": 16, "source": self.row_width, "panel_stride": self.row_width,
            "lane": self.lane_bits, "stride": self.lane_bits, "contiguous": 1,
            **(epilogue if self.has_epilogue else {}),
        })  # fmt: skip

    @property
    def place(self):
        """Layout of a row's place in the beats of its range.

        Its first `units` + 1 units are wanted; they begin in lane `lane`. `first` and `last`: the
        range begins and ends with them.
        """
        return data.StructLayout({
            "units": range(4 * self.columns // self.unit), "lane": self.lane_bits,
            "first": 1, "last": 1,
        })  # fmt: skip

    @property
    def scaled(self):
        """Layout of what the epilogue needs to know of an accumulator row, if it is `scaled`.

        `settings`: those of its job; `scales`: row of its scales; `quarter`: which part of a row of
        residual numbers belongs to it; `add_residual`: one does; `end`: the last row of its job.
        """
        return data.StructLayout({
            "scaled": 1, "settings": 1, "scales": self.scale_width, "quarter": 2,
            "add_residual": 1, "end": 1,
        })  # fmt: skip

    @property
    def descriptor(self):
        """Layout of a row to read.

        `slots`: cycles that it takes, minus one. `whole` and `more`, which is 0 to 2 and known
        late: its beats. `end`: the last row of its job. `residual`: the row with its residual
        numbers.
        """
        epilogue = {"residual": self.row_width, "scaled": self.scaled} if self.has_epilogue else {}
        return data.StructLayout({
            "row": self.row_width, "place": self.place,
            "slots": range(max(self.slices + 1, self.period)),
            "whole": range(self.slices), "more": 2, "end": 1, **epilogue,
        })  # fmt: skip
