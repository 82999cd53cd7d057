"""Which accumulator rows a STORE reads, and how their bytes lie on the bus."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

__all__ = ["PlaceLayout", "RowReader", "SourceLayout"]


def SourceLayout(row_width, lane_bits):
    """Rows of a job in the accumulator, and what of their addresses decides about lanes.

    `lane`, `stride`: lowest bits of address and stride, as many as number the lanes of the bus.
    """
    return data.StructLayout({
        "rows": 16, "columns": 16, "source": row_width, "panel_stride": row_width,
        "lane": lane_bits, "stride": lane_bits, "contiguous": 1,
    })  # fmt: skip


def PlaceLayout(columns, lane_bits):
    """Place of an accumulator row in the beats of its range.

    Its first `words` + 1 sums are wanted; they begin in lane `lane`. `first` and `last`: the range
    begins and ends with them.
    """
    return data.StructLayout(
        {"words": range(columns), "lane": lane_bits, "first": 1, "last": 1})


class RowReader(wiring.Component):
    """Reads accumulator rows, no faster than their bytes go out and only if there is room for them.

    Row i of a job takes ``ceil(columns / array columns)`` accumulator rows, `panel_stride` apart.
    Each is turned into slots, one a cycle: one for each slice of a beat (or the whole row, if that
    is less), and one more if the range ends with a beat that the last slice began but did not fill.

    One row may wait while another one is sliced, so a row is read early: from the first slot of the
    row before on. The accumulator may refuse it for as many cycles as that one has slots, less
    one, without a gap between the slots.

    ::

        job --> counters --> descriptor register --> read
                                    +---- read_latency ---> place

    `room` is the number of free beats in the buffer, less those reserved. A descriptor takes its
    beats from it when it enters its register, and is sent once `room` is not negative. A place
    counts as free the cycle after its beat has left.

    Latency: job to `read.valid` two cycles, never less. Throughput one row per cycle, or one per as
    many cycles as it has slots, never more than one row per cycle; a job is taken in the cycle
    after the last row of the one before has left the counters, which costs nothing if that row has
    two slots. Cuts all paths.

    Parameters
    ----------
    columns : int
        Sums of an accumulator row.
    row_width : int
        Bits of an accumulator row's index.
    beat_bytes : int
        Bytes of a bus word.
    read_latency : int
        Cycles from `read` to its data.
    buffer_beats : int
        Beats there is room for, at least ``slices of a row + 1``.

    Members
    -------
    job : In(stream.Signature(SourceLayout(row_width, lane_bits)))
        Jobs.
    read : Out(stream.Signature(row_width))
        Rows to read.
    arrived : Out(1)
        The data of a row is there, `place` is its place.
    place : Out(PlaceLayout(columns, lane_bits))
        See `arrived`.
    taken : In(1)
        A beat has left the buffer.
    released : Out(1)
        A pulse for each job, the cycle after its last row has been read.
    """

    def __init__(self, *, columns, row_width, beat_bytes, read_latency, buffer_beats):
        self.columns, self.row_width, self.beat_bytes = columns, row_width, beat_bytes
        self.read_latency, self.buffer_beats = read_latency, buffer_beats
        self.lane_bits = exact_log2(beat_bytes)
        self.slice_words = min(columns, beat_bytes // 4)
        self.slices = columns // self.slice_words
        if buffer_beats < self.slices + 1:
            raise ValueError(
                f"Buffer must hold at least {self.slices + 1} beats, not {buffer_beats!r}")
        super().__init__({
            "job": In(stream.Signature(SourceLayout(row_width, self.lane_bits))),
            "read": Out(stream.Signature(row_width)),
            "arrived": Out(1),
            "place": Out(PlaceLayout(columns, self.lane_bits)),
            "taken": In(1),
            "released": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        place  = PlaceLayout(self.columns, self.lane_bits)
        # Of a row's beats, `whole` and `more` up to two, which are known late.
        next_  = stream.Signature(data.StructLayout({
            "row": self.row_width, "place": place, "slots": range(self.slices + 1),
            "whole": range(self.slices), "more": 2, "end": 1,
        })).create()
        self._count(m, next_)
        self._issue(m, next_)
        return m

    def _count(self, m, o):
        """Jobs to descriptors: `o` is combinational from the counters."""
        job, column_bits = self.job.payload, exact_log2(self.columns)
        slice_bits = exact_log2(self.slice_words)
        base        = Signal(self.row_width)           # chunk 0 of this matrix row
        row         = Signal(self.row_width)
        panel       = Signal(self.row_width)
        rows_left   = Signal(16)
        chunks      = Signal(16 - column_bits)         # of a matrix row, minus one
        chunks_left = Signal.like(chunks)
        tail        = Signal(range(self.columns))      # words of the last chunk, minus one
        words       = Signal(range(self.columns))
        lane        = Signal(self.lane_bits)
        row_lane    = Signal(self.lane_bits)           # of this matrix row's first byte
        stride      = Signal(self.lane_bits)
        contiguous  = Signal()
        first       = Signal()
        last_row    = Signal()
        last_chunk  = Signal()

        # Words of the last slice, from its start in its first beat: how far into the next beat?
        reach = Signal(self.lane_bits - 1)
        m.d.comb += reach.eq(lane[2:] + words[:slice_bits] + 1)
        full  = reach[-1]
        after = Cat(lane[:2], reach[:-1])
        flush = Signal()
        whole = words[slice_bits:]                     # slices before the last one
        m.d.comb += [
            o.p.row.eq(row),
            o.p.place.words.eq(words),
            o.p.place.lane.eq(lane),
            o.p.place.first.eq(first),
            o.p.place.last.eq(last_chunk & (~contiguous | last_row)),
            o.p.end.eq(last_chunk & last_row),
            flush.eq(o.p.place.last & full & (after != 0)),
            o.p.slots.eq(Mux(flush, _sum(whole, self.slices, 1), whole)),
            o.p.whole.eq(whole),
            o.p.more.eq(Cat(flush ^ (full | o.p.place.last), flush & (full | o.p.place.last))),
        ]
        with m.If(o.valid & o.ready):
            with m.If(last_chunk):
                next_lane = Signal(self.lane_bits)
                m.d.comb += next_lane.eq(row_lane + stride)
                m.d.sync += [
                    base.eq(base + 1), row.eq(base + 1),
                    row_lane.eq(next_lane), lane.eq(Mux(contiguous, after, next_lane)),
                    first.eq(~contiguous),
                    rows_left.eq(rows_left - 1), last_row.eq(rows_left == 1),
                    chunks_left.eq(chunks), last_chunk.eq(chunks == 0),
                    words.eq(Mux(chunks == 0, tail, self.columns - 1)),
                ]
            with m.Else():
                m.d.sync += [
                    row.eq(row + panel), lane.eq(after), first.eq(0),
                    chunks_left.eq(chunks_left - 1), last_chunk.eq(chunks_left == 1),
                    words.eq(Mux(chunks_left == 1, tail, self.columns - 1)),
                ]
        # Each without waiting for the carry through the difference.
        few, short, many = Signal(column_bits), Signal(), Signal.like(chunks)
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
                chunks.eq(many), chunks_left.eq(many), last_chunk.eq(short), tail.eq(few),
                words.eq(Mux(short, few, self.columns - 1)),
            ]

    def _issue(self, m, i):
        """Descriptors to reads, in time; their places to when the data comes."""
        loaded = Signal()
        slots  = Signal.like(i.p.slots)   # of this row, minus one
        end    = Signal()
        place  = Signal.like(i.p.place)
        left   = Signal.like(i.p.slots)   # of the last row that was read, after the current one
        wait   = Signal.like(i.p.slots)   # cycles until this row may be read
        clear  = Signal(init=1)           # wait == 0
        may    = Signal(init=1)           # clear, and room >= 0
        room   = Signal(range(-self.slices - 1, self.buffer_beats + 1), init=self.buffer_beats)
        gone   = Signal()                 # a beat left the buffer
        rests  = Signal.like(room)        # unless a descriptor is loaded
        pays   = Signal.like(room)        # if one is
        clears = Signal()
        less   = [room - _sum(i.p.whole, self.slices, more) for more in range(-1, 3)]
        load   = Signal()
        issue  = Signal()
        m.d.comb += [
            self.read.valid.eq(loaded & may),
            issue.eq(self.read.valid & self.read.ready),
            i.ready.eq(~loaded | issue),
            load.eq(i.valid & i.ready),
            rests.eq(Mux(gone, room + 1, room)),
            pays.eq(Mux(gone, Array(less[:3])[i.p.more], Array(less[1:])[i.p.more])),
            clears.eq(clear | (wait == 1)),
        ]
        m.d.sync += [
            gone.eq(self.taken), room.eq(Mux(load, pays, rests)),
            clear.eq(Mux(issue, left == 0, clears)),
            # Whether this row is read is known last.
            may.eq(Mux(issue, (left == 0) & (Mux(i.valid, pays, rests) >= 0),
                       clears & (Mux(i.valid & ~loaded, pays, rests) >= 0))),
            self.released.eq(issue & end),
        ]
        with m.If(i.ready):
            m.d.sync += [
                loaded.eq(load), self.read.payload.eq(i.p.row), place.eq(i.p.place),
                slots.eq(i.p.slots), end.eq(i.p.end),
            ]
        with m.If(issue):
            m.d.sync += [wait.eq(left), left.eq(slots)]
        with m.Elif(~clear):
            m.d.sync += wait.eq(wait - 1)
        with m.Elif(left != 0):
            m.d.sync += left.eq(left - 1)

        valid = issue
        for stage in range(self.read_latency):
            later_valid = Signal(name=f"arrived_{stage}")
            later_place = Signal(place.shape(), name=f"place_{stage}")
            m.d.sync += [later_valid.eq(valid), later_place.eq(place)]
            valid, place = later_valid, later_place
        m.d.comb += [self.arrived.eq(valid), self.place.eq(place)]


def _sum(value, values, addend):
    """`value`, less than `values`, plus a constant; for so few values shorter than a carry."""
    return Array(Const(number + addend, signed(len(value) + 3)) for number in range(values))[value]
