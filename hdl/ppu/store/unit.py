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
from ..memory.parameters import ParameterWriteLayout
from .geometry import RowGeometry
from .results import ResultRows
from .rows import RowReader
from .unpacker import Unpacker

__all__ = ["StoreUnit"]

#: Beats of room where there is an epilogue.
_SCALED_BEATS = 32


class StoreUnit(wiring.Component):
    """Writes accumulator rows to memory.

    Two paths start with a job and meet at the W channel: addresses, which go ahead, and rows. ::

        job --+--> RowRanges ----------------------------> WriteEngine --> axi
              +--> RowReader --> acc_read, acc_data --> ResultRows --> Unpacker --^

    Latency: job to `acc_read.valid` two cycles, to `axi.aw.valid` three, to the first `axi.w.valid`
    eight, and where results are scaled, `Epilogue.latency` later; last `axi.b` to `completed` one.
    Throughput one beat per cycle, but for results of 32 bits from as many lanes as fill the bus:
    rows in the epilogue take the buffer's room, and some wait for it; no bubble between jobs
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
    parameters : In(stream.Signature(ParameterWriteLayout))
        With an epilogue: parameters to write.
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
            **({"parameters": In(stream.Signature(ParameterWriteLayout(
                config.parameter_rows, config.columns)))} if config.epilogue_lanes else {}),
            **dict(members),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        config = self.config
        has_epilogue = bool(config.epilogue_lanes)
        epilogue = {"period": config.columns // config.epilogue_lanes,
                    "scale_width": ceil_log2(config.scale_rows)} if has_epilogue else {}
        geometry = RowGeometry(
            columns=config.columns, row_width=ceil_log2(config.accumulator_rows),
            beat_bytes=config.beat_bytes, **epilogue)
        # Room for the row to be read, and for those on their way: the beats of about nine cycles
        # and, being a power of two, of two rows at least. Rows are in the epilogue for longer.
        buffer_beats = 1 << ceil_log2(geometry.slices + 10)
        if has_epilogue:
            buffer_beats = max(buffer_beats, _SCALED_BEATS)
        m.submodules.ranges = ranges = RowRanges(
            address_width=config.axi_address_width, bytes_width=18)
        m.submodules.rows = rows = RowReader(
            geometry, read_latency=Accumulator.READ_LATENCY, buffer_beats=buffer_beats)
        m.submodules.unpacker = unpacker = Unpacker(geometry, buffer_beats=buffer_beats)
        m.submodules.writer = writer = WriteEngine(
            address_width=config.axi_address_width, data_width=config.axi_data_width,
            max_outstanding=config.max_outstanding_writes,
            max_burst_beats=config.max_burst_beats)

        results = None
        if has_epilogue:
            m.submodules.results = results = self._results(m, geometry, rows)
            m.d.comb += results.unpacking.eq(unpacker.busy)
        self._start(m, ranges.i, rows.job, results)
        connect(m, ranges.o, writer.ranges)
        connect(m, rows.read, flipped(self.acc_read))
        connect(m, unpacker.beats, writer.beats)
        connect(m, writer.axi, flipped(self.axi))
        m.d.comb += [
            unpacker.arrived.eq(results.o_arrived if has_epilogue else rows.arrived),
            unpacker.place.eq(results.o_place if has_epilogue else rows.place),
            unpacker.row.eq(results.o_row if has_epilogue else self.acc_data),
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

    def _results(self, m, geometry, rows):
        """What makes results of sums."""
        results = ResultRows(geometry, job_layout=self.job.payload.shape(),
                             parameter_rows=self.config.parameter_rows)
        connect(m, flipped(self.parameters), results.load)
        m.d.comb += [
            results.job.eq(self.job.payload), results.start.eq(self.job.valid & self.job.ready),
            results.row.eq(self.acc_data),
            *(getattr(results, name).eq(getattr(rows, name)) for name in (
                "arrived", "residual_arrived", "place", "scaled")),
        ]
        return results

    def _start(self, m, ranges, rows, results):
        """Gives a job to both paths at once."""
        job = self.job.payload
        may_start, size = C(1, 1), 2
        if results is not None:
            may_start, size = results.may_start, job.size
            m.d.comb += [
                rows.p.scaled.eq(results.is_scaled), rows.p.settings.eq(results.settings),
                *(rows.p[name].eq(job[name]) for name in (
                    "size", "scales", "shared_scales", "residual", "add_residual")),
            ]
        m.d.comb += [
            self.job.ready.eq(ranges.ready & rows.ready & may_start),
            ranges.valid.eq(self.job.valid & rows.ready & may_start),
            rows.valid.eq(self.job.valid & ranges.ready & may_start),
            ranges.p.address.eq(job.address),
            ranges.p.stride.eq(job.stride),
            ranges.p.rows.eq(job.rows),
            ranges.p.bytes.eq(job.columns << size),
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
