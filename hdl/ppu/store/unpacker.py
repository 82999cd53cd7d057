"""Accumulator rows as aligned, strobed bus words."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..dma.writer import StrobedLayout
from ..lib.queue import ShallowQueue

__all__ = ["Unpacker"]


class Unpacker(wiring.Component):
    """Turns rows of results into the beats of their ranges.

    Nothing stalls: who sends rows keeps the distance that :class:`~.rows.RowReader` keeps, and asks
    for no more beats than there is room for. Stages::

        s   the row; it waits here while slices of the one before are left
        p   its slices but the first, which is taken from s; each cycle, one slice (a beat's worth
            of words) is rotated to its lanes
        r   the rotated slice; lanes before the slice's first come from what was kept
        .   queue of beats

        lane     0 ........ lane ........ beat_bytes-1
        beat     [  kept   ][    slice, first part   ]
        kept     [ slice, rest ]                            for the next beat

    Latency: row to beat three cycles. Throughput one slice (or one row, if that is less) and one
    beat per cycle.

    Parameters
    ----------
    geometry : RowGeometry
        Sizes.
    buffer_beats : int
        Beats that the queue holds.

    Members
    -------
    arrived : In(1)
        `row` and `place` are valid.
    row : In(32 * columns)
        A row of results, from bit 0 on.
    place : In(geometry.place)
        Where its units go.
    busy : Out(1)
        There is a row inside, or there was one until this cycle.
    beats : Out(stream.Signature(StrobedLayout(8 * beat_bytes)))
        Bus words, in order.
    """

    def __init__(self, geometry, *, buffer_beats):
        self.geometry, self.buffer_beats = geometry, buffer_beats
        self.beat_bytes, self.lane_bits = geometry.beat_bytes, geometry.lane_bits
        super().__init__({
            "arrived": In(1),
            "row": In(32 * geometry.columns),
            "place": In(geometry.place), "busy": Out(1),
            "beats": Out(stream.Signature(StrobedLayout(8 * self.beat_bytes))),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.queue = queue = ShallowQueue(
            StrobedLayout(8 * self.beat_bytes), depth=self.buffer_beats)
        wiring.connect(m, queue.o, wiring.flipped(self.beats))
        slot = Signal(data.StructLayout({
            "valid": 1,                # there is a slice, or something kept to flush
            "emit":  1,                # it fills or ends a beat
            "lane":  self.lane_bits,   # of its first byte: lanes before it are kept ones
            "start": self.lane_bits,   # first lane of the beat to write
            "stop":  self.lane_bits,   # lane after the last one to write; 0: all
        }))
        rotated = Signal(8 * self.beat_bytes)
        self._slice(m, slot, rotated)
        self._merge(m, slot, rotated, queue.i)
        return m

    def _slice(self, m, r_slot, r_data):
        """A row to slices, and each of them to its lanes."""
        geometry = self.geometry
        slice_bits, slice_width = exact_log2(geometry.slice_units), 8 * geometry.slice_bytes
        unit_bits = exact_log2(geometry.unit)
        s_row   = Signal.like(self.row)
        s_place = Signal.like(self.place)
        s_waits = Signal()                         # none of its slices is done or in this cycle
        p_rest  = Signal(len(self.row) - slice_width)
        p_valid = Signal()
        p_flush = Signal()                         # only what is kept remains
        p_head  = Signal()                         # the slice is the first one of its row
        p_left  = Signal(range(geometry.slices))      # slices after this one
        p_final = Signal(init=1)                   # p_left == 0
        p_fills = Signal()                         # the last slice fills its beat
        p_after = Signal(self.lane_bits)           # lane after it
        p_spills = Signal()                        # it ends the range, in the next beat
        p_lane  = Signal(self.lane_bits)
        p_last  = Signal()
        p_start = Signal(self.lane_bits)           # first lane of the range, until it is written

        # Whole slices but the last one always fill.
        ends  = p_final & p_last
        more  = p_final & p_spills & ~p_flush
        emit  = ~p_final | p_fills | p_last

        part   = Signal(8 * self.beat_bytes)
        m.d.comb += part.eq(Mux(p_head, s_row[:slice_width], p_rest)[:slice_width])
        m.d.sync += [
            r_data.eq(_rotate(part, p_lane)),
            r_slot.valid.eq(p_valid),
            r_slot.emit.eq(p_valid & emit),
            r_slot.lane.eq(p_lane),
            r_slot.start.eq(p_start),
            r_slot.stop.eq(Mux(ends & ~more, p_after, 0)),
        ]
        m.d.sync += p_rest.eq(Mux(p_head, s_row, p_rest)[slice_width:])
        with m.If(p_valid & emit):
            m.d.sync += p_start.eq(0)
        with m.If(p_final):
            m.d.sync += [p_valid.eq(p_valid & more), p_flush.eq(more)]
        with m.Else():
            m.d.sync += [
                p_left.eq(p_left - 1), p_head.eq(0), p_final.eq(p_left == 1),
            ]

        free  = Signal()                           # the next cycle is for another row
        comes = Signal()                           # there is one
        place = Signal.like(self.place)
        reach = Signal(self.lane_bits - unit_bits + 1)  # units of its last slice, see RowWalker
        m.d.comb += [
            reach.eq(place.lane[unit_bits:] + place.units[:slice_bits] + 1),
            free.eq(~p_valid | (p_final & ~more)),
            comes.eq(self.arrived | s_waits),
            place.eq(Mux(s_waits, s_place, self.place)),
        ]
        m.d.comb += self.busy.eq(p_valid | s_waits)
        after = Cat(place.lane[:unit_bits], reach[:-1])
        m.d.sync += s_waits.eq(comes & ~free)
        with m.If(self.arrived):
            m.d.sync += [
                Assert(~s_waits, "A row comes while another one waits"),
                s_row.eq(self.row), s_place.eq(self.place),
            ]
        with m.If(free & comes):
            m.d.sync += [
                p_valid.eq(1), p_flush.eq(0), p_head.eq(1),
                p_left.eq(place.units[slice_bits:]),
                p_final.eq(place.units[slice_bits:] == 0),
                p_fills.eq(reach[-1]), p_after.eq(after),
                p_spills.eq(place.last & reach[-1] & (after != 0)),
                p_lane.eq(place.lane),
                p_last.eq(place.last),
            ]
            with m.If(place.first):
                m.d.sync += p_start.eq(place.lane)

    def _merge(self, m, slot, rotated, queue):
        """Rotated slices to beats."""
        kept  = Signal(8 * self.beat_bytes)
        lanes = range(self.beat_bytes)
        for lane in lanes:
            new  = rotated.word_select(lane, 8)
            mine = lane >= slot.lane
            m.d.comb += [
                queue.p.data.word_select(lane, 8).eq(Mux(mine, new, kept.word_select(lane, 8))),
                queue.p.strb[lane].eq(
                    (lane >= slot.start) & ((slot.stop == 0) | (lane < slot.stop))),
            ]
            with m.If(slot.valid & (slot.emit | mine)):
                m.d.sync += kept.word_select(lane, 8).eq(new)
        m.d.comb += queue.valid.eq(slot.emit)
        with m.If(slot.emit):
            m.d.sync += Assert(queue.ready, "Beats overflow")


def _rotate(value, lanes):
    """`value`, a bus word, with byte 0 in lane `lanes`."""
    for bit in range(len(lanes)):
        value = Mux(lanes[bit], value.rotate_left(8 << bit), value)
    return value
