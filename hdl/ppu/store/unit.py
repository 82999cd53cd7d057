"""The STORE unit."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import bits_for, ceil_log2

from ..dma.ranges import RowRanges
from ..dma.writer import WriteEngine
from ..lib.axi import AxiWriteSignature, FaultLayout
from ..lib.states import StoreState, WaitingLayout, tell
from ..memory.accumulator import Accumulator
from .rows import RowReader
from .unpacker import Unpacker

__all__ = ["StoreUnit"]


class StoreUnit(wiring.Component):
    """Writes accumulator rows to memory.

    Two paths start with a job and meet at the W channel: addresses, which go ahead, and rows. ::

        job --+--> RowRanges ----------------------------> WriteEngine --> axi
              +--> RowReader --> acc_read, acc_data --> Unpacker --^

    Latency: job to `acc_read.valid` two cycles, to `axi.aw.valid` three, to the first `axi.w.valid`
    eight; last `axi.b` to `completed` one. Throughput one beat per cycle; no bubble between jobs
    where an accumulator row is at least two beats, else one cycle. Rows of two beats or more are
    read so early that the beats go on while every other row has to wait a cycle for its bank. Cuts
    all paths.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    job_layout : Layout
        Layout of a job.
    members : dict
        Further members, of a subclass.

    Members
    -------
    job : In(stream.Signature(job_layout))
        Jobs, checked, in order.
    released : Out(1)
        A pulse for each job, the cycle after the read of its last accumulator row is accepted.
    completed : Out(1)
        A pulse for each job: its last write is answered.
    fault : Out(FaultLayout(axi_address_width))
        First bus error since reset; valid with the `completed` of its job.
    waiting : In(WaitingLayout("store"))
        The oldest command that is not a job yet.
    state : Out(StoreState)
        What the unit did in the cycle before.
    acc_read : Out(stream.Signature(range(accumulator_rows)))
        Row to read.
    acc_data : In(32 * columns)
        Its sums, ``Accumulator.READ_LATENCY`` cycles after the transfer.
    axi : Out(AxiWriteSignature(...))
        Memory.
    """

    def __init__(self, config, *, job_layout, members=()):
        self.config = config
        super().__init__({
            "job": In(stream.Signature(job_layout)),
            "released": Out(1), "completed": Out(1),
            "fault": Out(FaultLayout(config.axi_address_width)),
            "waiting": In(WaitingLayout("store")),
            "state": Out(StoreState),
            "acc_read": Out(stream.Signature(range(config.accumulator_rows))),
            "acc_data": In(32 * config.columns),
            "axi": Out(AxiWriteSignature(
                address_width=config.axi_address_width, data_width=config.axi_data_width)),
            **dict(members),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        config = self.config
        # Room for the row to be read, and for those on their way: the beats of about nine cycles
        # and, being a power of two, of two rows at least.
        slices = max(1, config.accumulator_row_bytes // config.beat_bytes)
        buffer_beats = 1 << ceil_log2(slices + 10)
        m.submodules.ranges = ranges = RowRanges(
            address_width=config.axi_address_width, bytes_width=18)
        m.submodules.rows = rows = RowReader(
            columns=config.columns, row_width=ceil_log2(config.accumulator_rows),
            beat_bytes=config.beat_bytes, read_latency=Accumulator.READ_LATENCY,
            buffer_beats=buffer_beats)
        m.submodules.unpacker = unpacker = Unpacker(
            columns=config.columns, beat_bytes=config.beat_bytes, buffer_beats=buffer_beats)
        m.submodules.writer = writer = WriteEngine(
            address_width=config.axi_address_width, data_width=config.axi_data_width,
            max_outstanding=config.max_outstanding_writes,
            max_burst_beats=config.max_burst_beats)

        self._start(m, ranges.i, rows.job)
        connect(m, ranges.o, writer.ranges)
        connect(m, rows.read, flipped(self.acc_read))
        connect(m, unpacker.beats, writer.beats)
        connect(m, writer.axi, flipped(self.axi))
        m.d.comb += [
            unpacker.arrived.eq(rows.arrived),
            unpacker.place.eq(rows.place),
            unpacker.row.eq(self.acc_data),
            rows.taken.eq(unpacker.beats.valid & unpacker.beats.ready),
            self.released.eq(rows.released),
            self.completed.eq(writer.completed),
            self.fault.eq(writer.fault),
        ]

        # Each job inside has a burst in flight, or is in one of the stages before.
        jobs    = Signal(bits_for(config.max_outstanding_writes + 4))
        started = Signal()
        m.d.sync += [
            started.eq(self.job.valid & self.job.ready),
            jobs.eq(jobs + started - self.completed),
        ]
        self._tell(m, jobs != 0, started | ranges.o.valid | writer.unsent, writer.full)
        return m

    def _tell(self, m, inside, unsent, full):
        """The state: the first of these that applies."""
        aw, w, read, waiting = self.axi.aw, self.axi.w, self.acc_read, self.waiting
        tell(m, self.state, {
            StoreState.BUSY: w.valid & w.ready,
            StoreState.BANDWIDTH: w.valid | (aw.valid & ~aw.ready),
            StoreState.BANK: read.valid & ~read.ready,
            StoreState.PIPELINE: Mux(
                unsent, ~full, waiting.command & ~(waiting.load | waiting.execute)),
            StoreState.WAITS_LOAD: ~unsent & waiting.load,
            StoreState.WAITS_EXECUTE: ~unsent & waiting.execute,
            StoreState.RESPONSE: inside,
        }, otherwise=StoreState.NO_COMMAND)

    def _start(self, m, ranges, rows):
        """Gives a job to both paths at once."""
        job = self.job.payload
        m.d.comb += [
            self.job.ready.eq(ranges.ready & rows.ready),
            ranges.valid.eq(self.job.valid & rows.ready),
            rows.valid.eq(self.job.valid & ranges.ready),
            ranges.p.address.eq(job.address),
            ranges.p.stride.eq(job.stride),
            ranges.p.rows.eq(job.rows),
            ranges.p.bytes.eq(job.columns << 2),
            ranges.p.extent.eq(job.extent),
            ranges.p.contiguous.eq(job.contiguous),
            rows.p.rows.eq(job.rows),
            rows.p.columns.eq(job.columns),
            rows.p.source.eq(job.source),
            rows.p.panel_stride.eq(job.panel_stride),
            rows.p.lane.eq(job.address),
            rows.p.stride.eq(job.stride),
            rows.p.contiguous.eq(job.contiguous),
        ]
