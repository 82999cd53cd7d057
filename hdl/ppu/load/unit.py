"""The LOAD unit."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import exact_log2

from ..dma.ranges import RowRanges
from ..dma.reader import ReadEngine
from ..lib.axi import AxiReadSignature, FaultLayout
from ..lib.queue import ShallowQueue, Slice
from ..lib.states import LoadState, WaitingLayout, tell
from ..memory.parameters import ParameterWriteLayout
from .destinations import DestinationWalker
from .lines import LineWalker
from .packer import Packer
from .segments import Segmenter
from .writer import AccumulatorWriteLayout, RowWriter

__all__ = ["LoadUnit"]

#: ARID of operand reads.
LOAD_ID = 1


class LoadUnit(wiring.Component):
    """Brings matrices from memory to the scratchpad and the accumulator.

    ::

        job --+--> ranges ------> read engine <==> axi
              |                       |
              |                     beats                     blocks
              |                       v                         v
              +--> lines --> segments --> packer --------> row writer --> sp_*, acc_write
              |                                                 ^
              +--> destinations --------------------------------+

    Throughput is one word a cycle, in and out, where a word is the smaller of a beat and a
    scratchpad row: a matrix row takes as many cycles as it touches words, and contiguous rows that
    need no filling up count as one. A row for the accumulator takes a cycle more.

    Reads run ahead of the data by up to `load_slots` jobs. Jobs follow each other without a bubble;
    only the addresses take a cycle more for each job, which shows if every range is a single word.

    Latency: job to ``axi.ar`` `ADDRESS_LATENCY` cycles; ``axi.r`` to the write of a row that it
    completes `DATA_LATENCY`. Cuts all paths.

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
    job : In(stream)
        Jobs, in order.
    completed : Out(1)
        One pulse per job: a read in the next cycle sees all of its rows.
    fault : Out(FaultLayout)
        With `completed`: whether a read of the job failed, and if it was the first since reset to
        do so, the first byte that it wanted of the failing beat.
    waiting : In(WaitingLayout("load"))
        The oldest command that is not a job yet.
    bus_taken : In(1)
        The bus refuses an address, or brings data for others.
    state : Out(LoadState)
        What the unit did in the cycle before.
    buffered : Out(range(config.read_buffer_beats + 1))
        Beats that were read and wait to be taken in.
    sp_en, sp_row, sp_data : Out
        The scratchpad's write port.
    acc_write : Out(stream)
        Writes to the accumulator.
    parameters : Out(stream)
        With an epilogue: writes to its parameters.
    axi : Out(AxiReadSignature)
        The bus.
    """

    #: Cycles from a job to the first AR.
    ADDRESS_LATENCY = 3
    #: Cycles from a beat to the write of a row that needs no other.
    DATA_LATENCY = 3

    def __init__(self, config, *, job_layout, members=()):
        self.config = config
        address_width = config.axi_address_width
        super().__init__({
            "job": In(stream.Signature(job_layout)),
            "completed": Out(1), "fault": Out(FaultLayout(address_width)),
            "waiting": In(WaitingLayout("load")), "bus_taken": In(1),
            "state": Out(LoadState),
            "buffered": Out(range(config.read_buffer_beats + 1)),
            "sp_en": Out(1), "sp_row": Out(range(config.scratchpad_rows)),
            "sp_data": Out(8 * config.row_bytes),
            "acc_write": Out(stream.Signature(
                AccumulatorWriteLayout(config.accumulator_rows, config.columns))),
            "axi": Out(AxiReadSignature(
                address_width=address_width, data_width=config.axi_data_width)),
            **({"parameters": Out(stream.Signature(ParameterWriteLayout(
                config.parameter_rows, config.columns)))} if config.epilogue_lanes else {}),
            **dict(members),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        config = self.config
        widths = {"beat_bytes": config.beat_bytes,
                  "block_bytes": min(config.beat_bytes, config.row_bytes)}
        m.submodules.writer = writer = RowWriter(
            block_bytes=widths["block_bytes"], row_bytes=config.row_bytes,
            scratchpad_rows=config.scratchpad_rows, columns=config.columns,
            accumulator_rows=config.accumulator_rows, parameter_rows=config.parameter_rows)
        m.submodules.destinations = destinations = DestinationWalker(
            rows=max(config.scratchpad_rows, config.accumulator_rows, config.parameter_rows),
            parts=writer.parts, parameters=int(config.epilogue_lanes > 0))
        m.submodules.lines = lines = LineWalker(**widths)
        m.submodules.segmenter = segmenter = Segmenter(**widths)
        m.submodules.packer = packer = Packer(**widths)
        m.submodules.ranges = ranges = RowRanges(address_width=config.axi_address_width)
        m.submodules.engine = engine = ReadEngine(
            address_width=config.axi_address_width, data_width=config.axi_data_width,
            buffer_beats=config.read_buffer_beats, max_outstanding=config.max_outstanding_reads,
            max_burst_beats=config.max_burst_beats, id=LOAD_ID)
        # These keep the ready of the memories and of the beats out of the walkers.
        m.submodules.segments = segments = Slice(segmenter.o.payload.shape())
        m.submodules.rows = rows = Slice(destinations.o.payload.shape())

        # The walkers follow the read engine at their own pace.
        m.submodules.line_jobs = line_jobs = ShallowQueue(
            lines.i.payload.shape(), depth=config.load_slots)
        m.submodules.row_jobs = row_jobs = ShallowQueue(
            destinations.i.payload.shape(), depth=config.load_slots)
        self._accept(m, ranges.i, line_jobs.i, row_jobs.i)

        connect(m, ranges.o, engine.ranges)
        connect(m, engine.axi, flipped(self.axi))
        connect(m, line_jobs.o, lines.i)
        connect(m, lines.o, segmenter.i)
        connect(m, segmenter.o, segments.i)
        connect(m, segments.o, packer.segments)
        connect(m, engine.beats, packer.beats)
        connect(m, row_jobs.o, destinations.i)
        connect(m, destinations.o, rows.i)
        connect(m, rows.o, writer.destinations)
        connect(m, packer.o, writer.blocks)
        connect(m, writer.acc_write, flipped(self.acc_write))
        if config.epilogue_lanes:
            connect(m, writer.parameters, flipped(self.parameters))
        m.d.comb += [
            self.sp_en.eq(writer.sp_en), self.sp_row.eq(writer.sp_row),
            self.sp_data.eq(writer.sp_data),
            self.completed.eq(writer.completed), self.buffered.eq(engine.buffered),
            self.fault.address.eq(engine.fault.address),
            # By then the engine has a fault. That there is one is wanted early.
            self.fault.resp.as_value().eq(
                Cat(engine.fault.resp.as_value()[0] & writer.error, writer.error)),
        ]  # fmt: skip
        m.d.sync += Assert(
            ~writer.error | engine.fault.resp.as_value()[1], "an error that has no cause")
        inside = self._count(m, engine.beats.valid)
        self._tell(m, inside, engine.within, packer)
        return m

    def _accept(self, m, ranges, line_jobs, row_jobs):
        """Gives each job to those who want it, to all at once."""
        config, job = self.config, self.job.payload
        lane_bits = exact_log2(config.beat_bytes)
        # Bytes that are filled up with zeros: a row, or a block that holds several.
        filled = [config.row_bytes, max(
            config.accumulator_row_bytes, min(config.beat_bytes, config.row_bytes))]
        chunk = [config.row_bytes, config.accumulator_row_bytes]
        last_byte = Signal(16)
        joined, chunks = [], []
        for fill, size in zip(filled, chunk, strict=True):
            joined.append(job.contiguous & last_byte[:exact_log2(fill)].all())
            chunks.append(last_byte[exact_log2(size):])
        m.d.comb += [
            last_byte.eq(job.bytes - 1),
            line_jobs.payload.rows.eq(job.rows),
            line_jobs.payload.last_byte.eq(last_byte),
            line_jobs.payload.lane.eq(job.address[:lane_bits]),
            line_jobs.payload.step.eq(job.stride[:lane_bits]),
            line_jobs.payload.contiguous.eq(job.contiguous),
            line_jobs.payload.joined.eq(Mux(job.target, joined[1], joined[0])),
            row_jobs.payload.target.eq(job.target),
            row_jobs.payload.to_parameters.eq(job.to_parameters),
            row_jobs.payload.rows.eq(job.rows),
            row_jobs.payload.pad.eq(job.pad),
            row_jobs.payload.chunks.eq(Mux(job.target, chunks[1], chunks[0])),
            row_jobs.payload.destination.eq(job.destination),
            row_jobs.payload.panel_stride.eq(job.panel_stride),
        ]
        m.d.comb += [
            getattr(ranges.payload, name).eq(getattr(job, name))
            for name in ("address", "stride", "rows", "bytes", "extent", "contiguous")
        ]
        ports = [ranges, line_jobs, row_jobs]
        m.d.comb += self.job.ready.eq(Cat(port.ready for port in ports).all())
        for port in ports:
            others = Cat(other.ready for other in ports if other is not port)
            m.d.comb += port.valid.eq(self.job.valid & others.all())

    def _count(self, m, beat):
        """Counts the jobs, and checks that they leave nothing behind. Returns if one is inside."""
        # Besides those in the queue: one in the walker, two in the slice, two being written.
        jobs, inside = Signal(range(self.config.load_slots + 6)), Signal()
        m.d.comb += inside.eq(jobs != 0)
        m.d.sync += [
            jobs.eq(jobs + (self.job.valid & self.job.ready) - self.completed),
            Assert(inside | ~self.completed, "a job is completed that was never there"),
            Assert(inside | ~beat, "beats that no job wants"),
        ]
        return inside

    def _tell(self, m, inside, within, packer):
        """The state: the first of these that applies."""
        acc, waiting = self.acc_write, self.waiting
        taken = (packer.beats.valid & packer.beats.ready) | (packer.o.valid & packer.o.ready)
        written = self.sp_en | (acc.valid & acc.ready)
        tell(m, self.state, {
            LoadState.BUSY: self.axi.r.valid | taken | written | self.completed,
            LoadState.BANK: acc.valid,
            LoadState.BANDWIDTH: inside & (within | self.bus_taken),
            LoadState.LATENCY: inside | (waiting.command & ~(waiting.execute | waiting.store)),
            LoadState.WAITS_EXECUTE: waiting.execute,
            LoadState.WAITS_STORE: waiting.store,
        }, otherwise=LoadState.NO_COMMAND)
