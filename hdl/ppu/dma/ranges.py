"""Rows of a matrix in memory as byte ranges."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["RangeLayout", "RowRanges", "RowsLayout"]


def RangeLayout(address_width):
    """`length` bytes from `address` on, at least 1. `last`: the last range of its job."""
    return data.StructLayout({"address": address_width, "length": address_width, "last": 1})


def RowsLayout(address_width, bytes_width=16):
    """Where the rows of a job lie in memory.

    `rows` rows of `bytes` bytes, `stride` bytes apart. `extent` and `contiguous` are derived by the
    sender: bytes from the first to the last one, and whether the rows follow without gaps.
    """
    return data.StructLayout({
        "address": address_width, "stride": 32, "rows": 16, "bytes": bytes_width,
        "extent": address_width, "contiguous": 1,
    })  # fmt: skip


class RowRanges(wiring.Component):
    """Cuts a job into byte ranges: one for all rows if they are contiguous, else one per row.

    Latency one cycle. Throughput one range per cycle; a job is taken in the cycle after the last
    range of the one before. Cuts all paths.

    Parameters
    ----------
    address_width : int
        Bits of an address.
    bytes_width : int
        Bits of a row's byte count.

    Members
    -------
    i : In(stream.Signature(RowsLayout(address_width, bytes_width)))
        Jobs. `rows`, `bytes` and `extent` are at least 1.
    o : Out(stream.Signature(RangeLayout(address_width)))
        Their ranges, in order.
    """

    def __init__(self, *, address_width, bytes_width=16):
        if not 12 < address_width <= 64:
            raise ValueError(f"Address must be 13 to 64 bits wide, not {address_width!r}")
        if not 0 < bytes_width <= address_width:
            raise ValueError(f"Byte count must be 1 to {address_width} bits wide, "
                             f"not {bytes_width!r}")
        self.address_width, self.bytes_width = address_width, bytes_width
        super().__init__({
            "i": In(stream.Signature(RowsLayout(address_width, bytes_width))),
            "o": Out(stream.Signature(RangeLayout(address_width))),
        })

    def elaborate(self, platform):
        m = Module()
        job    = self.i.payload
        stride = Signal(32)
        left   = Signal(16)  # ranges after this one
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [
                self.o.p.address.eq(self.o.p.address + stride),
                self.o.p.last.eq(left == 1),
                left.eq(left - 1),
            ]
            with m.If(self.o.p.last):
                m.d.sync += self.o.valid.eq(0)
        m.d.comb += self.i.ready.eq(~self.o.valid)
        with m.If(~self.o.valid):
            m.d.sync += [
                self.o.valid.eq(self.i.valid),
                self.o.p.address.eq(job.address),
                self.o.p.length.eq(Mux(job.contiguous, job.extent, job.bytes)),
                self.o.p.last.eq(job.contiguous | (job.rows == 1)),
                stride.eq(job.stride),
                left.eq(job.rows - 1),
            ]
        return m
