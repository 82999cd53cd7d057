"""From a STORE to the accumulator rows that it reads."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

__all__ = ["RowWalker", "few_sum"]


class RowWalker(wiring.Component):
    """Walks the accumulator rows of a STORE, in order.

    Row i of a job takes ``ceil(columns / array columns)`` accumulator rows, `panel_stride` apart.
    Each is turned into slots, one a cycle: one for each slice of a beat (or the whole row, if that
    is less), and one more if the range ends with a beat that the last slice began but did not fill.
    A row that goes through the epilogue has at least `period` slots.

    Latency one cycle, throughput one row per cycle; a job is taken in the cycle after the last row
    of the one before has left.

    Parameters
    ----------
    geometry : RowGeometry
        Sizes.

    Members
    -------
    job : In(stream.Signature(geometry.job))
        Jobs.
    o : Out(stream.Signature(geometry.descriptor))
        Their rows; combinational from the counters.
    """

    def __init__(self, geometry):
        self.geometry = geometry
        super().__init__({
            "job": In(stream.Signature(geometry.job)),
            "o": Out(stream.Signature(geometry.descriptor)),
        })

    def elaborate(self, platform):
        m = Module()
        geometry, o, job = self.geometry, self.o, self.job.payload
        column_bits, unit_bits = exact_log2(geometry.columns), exact_log2(geometry.unit)
        slice_bits = exact_log2(geometry.slice_units)
        base        = Signal(geometry.row_width)           # chunk 0 of this matrix row
        row         = Signal(geometry.row_width)
        panel       = Signal(geometry.row_width)
        rows_left   = Signal(16)
        chunks      = Signal(16 - column_bits)         # of a matrix row, minus one
        chunks_left = Signal.like(chunks)
        full_chunk  = Signal.like(o.p.place.units)     # units of a chunk but the last, minus one
        tail        = Signal.like(o.p.place.units)     # units of the last chunk, minus one
        units       = Signal.like(o.p.place.units)
        lane        = Signal(geometry.lane_bits)
        row_lane    = Signal(geometry.lane_bits)           # of this matrix row's first byte
        stride      = Signal(geometry.lane_bits)
        contiguous  = Signal()
        first       = Signal()
        last_row    = Signal()
        last_chunk  = Signal()

        # Units of the last slice, from its start in its first beat: how far into the next beat?
        reach = Signal(geometry.lane_bits - unit_bits + 1)
        m.d.comb += reach.eq(lane[unit_bits:] + units[:slice_bits] + 1)
        full  = reach[-1]
        after = Cat(lane[:unit_bits], reach[:-1])
        flush, slots = Signal(), Signal.like(o.p.slots)
        whole = units[slice_bits:]                     # slices before the last one
        m.d.comb += [
            o.p.row.eq(row),
            o.p.place.units.eq(units),
            o.p.place.lane.eq(lane),
            o.p.place.first.eq(first),
            o.p.place.last.eq(last_chunk & (~contiguous | last_row)),
            o.p.end.eq(last_chunk & last_row),
            flush.eq(o.p.place.last & full & (after != 0)),
            slots.eq(Mux(flush, few_sum(whole, geometry.slices, 1), whole)), o.p.slots.eq(slots),
            o.p.whole.eq(whole),
            o.p.more.eq(Cat(flush ^ (full | o.p.place.last), flush & (full | o.p.place.last))),
        ]
        with m.If(o.valid & o.ready):
            with m.If(last_chunk):
                next_lane = Signal(geometry.lane_bits)
                m.d.comb += next_lane.eq(row_lane + stride)
                m.d.sync += [
                    base.eq(base + 1), row.eq(base + 1),
                    row_lane.eq(next_lane), lane.eq(Mux(contiguous, after, next_lane)),
                    first.eq(~contiguous),
                    rows_left.eq(rows_left - 1), last_row.eq(rows_left == 1),
                    chunks_left.eq(chunks), last_chunk.eq(chunks == 0),
                    units.eq(Mux(chunks == 0, tail, full_chunk)),
                ]
            with m.Else():
                m.d.sync += [
                    row.eq(row + panel), lane.eq(after), first.eq(0),
                    chunks_left.eq(chunks_left - 1), last_chunk.eq(chunks_left == 1),
                    units.eq(Mux(chunks_left == 1, tail, full_chunk)),
                ]
        # Each without waiting for the carry through the difference.
        few, short, many = Signal(column_bits), Signal(), Signal.like(chunks)
        most = Const(geometry.columns - 1, column_bits)
        m.d.comb += [
            self.job.ready.eq(~o.valid),
            few.eq(job.columns[:column_bits] - 1), many.eq((job.columns - 1)[column_bits:]),
            short.eq((job.columns[column_bits + 1:] == 0)
                     & (~job.columns[column_bits] | (job.columns[:column_bits] == 0))),
        ]
        with m.If(o.valid & o.ready & o.p.end):
            m.d.sync += o.valid.eq(0)
        with m.If(~o.valid):
            m.d.sync += [
                o.valid.eq(self.job.valid),
                base.eq(job.source), row.eq(job.source), panel.eq(job.panel_stride),
                lane.eq(job.lane), row_lane.eq(job.lane), stride.eq(job.stride),
                contiguous.eq(job.contiguous), first.eq(1),
                rows_left.eq(job.rows - 1), last_row.eq(job.rows == 1),
                chunks.eq(many), chunks_left.eq(many), last_chunk.eq(short),
                tail.eq(self._units(job, few)), full_chunk.eq(self._units(job, most)),
                units.eq(self._units(job, Mux(short, few, most))),
            ]
        if geometry.has_epilogue:
            self._count_scaled(m, slots, last_chunk)
        return m

    def _units(self, job, last):
        """Units of results up to the one numbered `last`, minus one."""
        if not self.geometry.has_epilogue:
            return last
        return Array([last, Cat(C(1, 1), last), Cat(C(3, 2), last)])[job.size]

    def _count_scaled(self, m, slots, last_chunk):
        """The part of the counters that only the epilogue asks for."""
        o, job, period = self.o, self.job.payload, self.geometry.period
        kept, scaled = Signal.like(job), o.p.scaled
        scales, quarter = Signal.like(scaled.scales), Signal.like(scaled.quarter)
        residual = Signal.like(o.p.residual)
        m.d.comb += [
            scaled.scaled.eq(kept.scaled), scaled.settings.eq(kept.settings),
            scaled.scales.eq(scales), scaled.quarter.eq(quarter),
            scaled.add_residual.eq(kept.add_residual), scaled.end.eq(o.p.end),
            o.p.residual.eq(residual),
        ]  # fmt: skip
        with m.If(kept.scaled & (slots < period - 1)):
            m.d.comb += o.p.slots.eq(period - 1)
        with m.If(~o.valid):
            m.d.sync += [
                kept.eq(job), scales.eq(job.scales), quarter.eq(0), residual.eq(job.residual),
            ]
        with m.Elif(o.ready):
            m.d.sync += [
                quarter.eq(Mux(last_chunk, 0, quarter + 1)),
                scales.eq(Mux(last_chunk, kept.scales, scales + ~kept.shared_scales)),
                residual.eq(residual + last_chunk),
            ]


def few_sum(value, values, addend):
    """`value`, less than `values`, plus a constant; for so few values shorter than a carry."""
    return Array(Const(number + addend, signed(len(value) + 3)) for number in range(values))[value]
