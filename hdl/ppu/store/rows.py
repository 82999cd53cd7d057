"""Reads of the accumulator, in time."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..lib.delay import delay
from .walker import RowWalker, few_sum

__all__ = ["RowReader"]


class RowReader(wiring.Component):
    """Reads accumulator rows, no faster than their bytes go out and only if there is room for them.

    One row may wait while another one is sliced, so a row is read early: from the first slot of the
    row before on. The accumulator may refuse it for as many cycles as that one has slots, less
    one, without a gap between the slots. A row for the epilogue is read when the one before is
    done; if residual numbers are added to it, after these. So no more than one row waits in the
    unpacker, however long rows are in the epilogue. ::

        job --> walker --> descriptor register --> read
                                    +---- read_latency ---> place

    `room` is the number of free beats in the buffer, less those reserved. A descriptor takes its
    beats from it when it enters its register, and is sent once `room` is not negative. A place
    counts as free the cycle after its beat has left.

    Latency: job to `read.valid` two cycles, never less. Throughput one row per cycle, or one per as
    many cycles as it has slots, never more than one row per cycle; between jobs see
    :class:`~.walker.RowWalker`, which costs nothing if a row has two slots. Cuts all paths.

    Parameters
    ----------
    geometry : RowGeometry
        Sizes.
    read_latency : int
        Cycles from `read` to its data.
    buffer_beats : int
        Beats there is room for, at least ``slices of a row + 1``.

    Members
    -------
    job : In(stream.Signature(geometry.job))
        Jobs.
    read : Out(stream.Signature(row_width))
        Rows to read.
    arrived : Out(1)
        The data of a row is there, `place` is its place.
    place : Out(geometry.place)
        See `arrived`.
    scaled, residual_arrived : Out(geometry.scaled), Out(1)
        With an epilogue: what it needs to know, with `arrived`; and with `residual_arrived`, when
        residual numbers are there.
    taken : In(1)
        A beat has left the buffer.
    released : Out(1)
        A pulse for each job, the cycle after its last row has been read.
    """

    def __init__(self, geometry, *, read_latency, buffer_beats):
        self.geometry = geometry
        self.read_latency, self.buffer_beats = read_latency, buffer_beats
        if buffer_beats < geometry.slices + 1:
            raise ValueError(
                f"Buffer must hold at least {geometry.slices + 1} beats, not {buffer_beats!r}")
        epilogue = {"scaled": Out(geometry.scaled), "residual_arrived": Out(1)}
        super().__init__({
            "job": In(stream.Signature(geometry.job)),
            "read": Out(stream.Signature(geometry.row_width)),
            "arrived": Out(1), "place": Out(geometry.place),
            **(epilogue if geometry.has_epilogue else {}),
            "taken": In(1), "released": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        geometry = self.geometry
        m.submodules.walker = walker = RowWalker(geometry)
        connect(m, flipped(self.job), walker.job)
        i, slices = walker.o, geometry.slices
        loaded = Signal()
        slots  = Signal.like(i.p.slots)   # of this row, minus one
        end    = Signal()
        place  = Signal.like(i.p.place)
        left   = Signal.like(i.p.slots)   # of the last row that was read, after the current one
        # Cycles until this row may be read.
        wait   = Signal(len(i.p.slots) + geometry.has_epilogue)
        clear  = Signal(init=1)           # wait == 0
        may    = Signal(init=1)           # clear, and room >= 0
        room   = Signal(range(-slices - 1, self.buffer_beats + 1), init=self.buffer_beats)
        gone   = Signal()                 # a beat left the buffer
        rests  = Signal.like(room)        # unless a descriptor is loaded
        pays   = Signal.like(room)        # if one is
        clears = Signal()
        less   = [room - few_sum(i.p.whole, slices, more) for more in range(-1, 3)]
        load   = Signal()
        issue  = Signal()
        reads_sums, first = Const(1, 1), i.p.row
        held, early = left, slots         # until the next row may be read; when it is early, then
        if geometry.has_epilogue:
            reads_sums = Signal(init=1)
            kept, residual, first = self._residual(m, i, reads_sums)
            # A row that waits in the epilogue does so for a cycle.
            held = left + Mux(kept.scaled, slots - 1, 0)
            early = Mux(kept.scaled, 1, slots)
        m.d.comb += [
            # Residual numbers need no room.
            self.read.valid.eq(loaded & (may | ~reads_sums)),
            issue.eq(self.read.valid & self.read.ready & reads_sums),
            i.ready.eq(~loaded | issue),
            load.eq(i.valid & i.ready),
            rests.eq(Mux(gone, room + 1, room)),
            pays.eq(Mux(gone, Array(less[:3])[i.p.more], Array(less[1:])[i.p.more])),
            clears.eq(clear | (wait == 1)),
        ]
        m.d.sync += [
            gone.eq(self.taken), room.eq(Mux(load, pays, rests)),
            clear.eq(Mux(issue, held == 0, clears)),
            # Whether this row is read is known last.
            may.eq(Mux(issue, (held == 0) & (Mux(i.valid, pays, rests) >= 0),
                       clears & (Mux(i.valid & ~loaded, pays, rests) >= 0))),
            self.released.eq(issue & end),
        ]
        with m.If(i.ready):
            m.d.sync += [
                loaded.eq(load), self.read.payload.eq(first), place.eq(i.p.place),
                slots.eq(i.p.slots), end.eq(i.p.end),
            ]
        # What is left of the row before counts as well: it may be in the way when this one is done.
        with m.If(issue):
            m.d.sync += [wait.eq(held), left.eq(early)]
        with m.Elif(~clear):
            m.d.sync += wait.eq(wait - 1)
        with m.Elif(left != 0):
            m.d.sync += left.eq(left - 1)

        ways = {"arrived": issue, "place": place}
        if geometry.has_epilogue:
            ways |= {"scaled": kept, "residual_arrived": residual}
        for name, value in ways.items():
            m.d.comb += getattr(self, name).eq(delay(m, value, self.read_latency, name=name))
        return m

    def _residual(self, m, i, reads_sums):
        """Reads the residual numbers of a row before the row itself.

        Returns what the epilogue needs to know of the row, whether its residual numbers are read in
        this cycle, and what is read first of the next row.
        """
        row, kept, residual = Signal(self.geometry.row_width), Signal.like(i.p.scaled), Signal()
        m.d.comb += residual.eq(self.read.valid & self.read.ready & ~reads_sums)
        with m.If(residual):
            m.d.sync += [self.read.payload.eq(row), reads_sums.eq(1)]
        before = i.p.scaled.add_residual
        with m.If(i.ready):
            m.d.sync += [row.eq(i.p.row), kept.eq(i.p.scaled), reads_sums.eq(~before)]
        return kept, residual, Mux(before, i.p.residual, i.p.row)
