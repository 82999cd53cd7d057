"""The STORE unit for one job at a time on a bus of 32 bits."""

from amaranth import *
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..dma.bursts import BurstLayout
from ..dma.single_bursts import AnswerLayout
from ..isa import LAST_WORD
from ..lib.axi import FaultLayout, Response
from ..lib.delay import delay
from ..lib.states import StoreState, tell
from ..memory.accumulator import Accumulator
from .unit import StoreUnit

__all__ = ["SingleStoreUnit"]

#: Bytes of a sum, and of a beat.
_BYTES = 4


class SingleStoreUnit(StoreUnit):
    """Takes the place of :class:`~.unit.StoreUnit` where commands start in order.

    One burst at a time: its address goes out, then its beats, then its answer is awaited. A row
    stays at the output of the accumulator while its sums go out, one a cycle, turned to their
    lanes; what does not fit into a beat is kept for the next one. So nothing else may read the
    accumulator while a STORE runs.

    Latency: job to `axi.aw.valid` two cycles, to the first `axi.w.valid` four. A row of the
    accumulator takes three cycles more than it has sums.

    Parameters
    ----------
    config : Config
        Configuration of the core; `axi_data_width` is 32.
    job_layout : Layout
        Layout of a job.

    Members
    -------
    Those of :class:`~.unit.StoreUnit`, of which `released` is constant 0, and:

    bursts : In(stream.Signature(BurstLayout))
        What to write, see :class:`~..dma.single_bursts.SingleBursts`.
    answer : Out(AnswerLayout), failed : In(FaultLayout)
        Answers to them, and the first error among all.
    """

    def __init__(self, config, *, job_layout):
        super().__init__(config, job_layout=job_layout, members={
            "bursts": In(stream.Signature(BurstLayout(config.axi_address_width))),
            "answer": Out(AnswerLayout), "failed": In(FaultLayout(config.axi_address_width)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.job.ready.eq(1)
        sends, awaits = self._bursts(m, self.bursts)
        reads = self._rows(m, sends)
        self._tell(m, reads | sends | self.bursts.valid & ~awaits, awaits)
        return m

    def _bursts(self, m, burst):
        """Address, beats and answer of each burst: whether its beats go out, or it is awaited."""
        aw, w, b = self.axi.aw, self.axi.w, self.axi.b
        # W does not wait for AW: memory may take a burst when it sees both.
        begun, asked, sends = Signal(), Signal(), Signal()
        awaits = begun & ~sends
        left = Signal(range(max(2, self.config.max_burst_beats)))
        m.d.comb += [
            aw.valid.eq(burst.valid & ~asked),
            aw.p.addr.eq(Cat(C(0, 2), burst.p.address[2:])), aw.p.len.eq(burst.p.len),
            w.p.last.eq(left == 0), b.ready.eq(1), burst.ready.eq(b.valid),
            self.fault.eq(self.failed),
        ]  # fmt: skip
        answer = Mux(b.valid, b.p.resp.as_value(), Response.OKAY.value)
        m.d.comb += self.answer.as_value().eq(answer)
        m.d.sync += self.completed.eq(b.valid & burst.p.last)
        with m.If(burst.valid & ~begun):
            m.d.sync += [begun.eq(1), sends.eq(1), left.eq(burst.p.len)]
        with m.If(aw.valid & aw.ready):
            m.d.sync += asked.eq(1)
        with m.If(w.valid & w.ready):
            m.d.sync += left.eq(left - 1)
            with m.If(w.p.last):
                m.d.sync += sends.eq(0)
        with m.If(b.valid):
            m.d.sync += [Assert(awaits & asked, "Answer to nothing"), begun.eq(0), asked.eq(0)]
        return sends, awaits

    def _rows(self, m, sends):
        """Rows of the accumulator to beats; returns whether there are any left."""
        config, job, w = self.config, self.job.p, self.axi.w
        base, row = Signal(ceil_log2(config.accumulator_rows)), self.acc_read.payload
        panel = Signal.like(base)
        rows_left = Signal(len(base) + 1)                   # from this one on
        sums, sums_left = Signal(16), Signal(16)            # of a matrix row, less one; to come
        index = Signal(range(config.columns))               # of the sum in its row
        lane, stride = Signal(2), Signal(2)                 # where a sum begins
        contiguous, first, flush = Signal(), Signal(), Signal()
        wanted = Signal()                                   # a row to read
        arrives, here = Signal(), Signal()                  # the row will be there, is there
        word, kept = Signal(32), Signal(24)      # kept: the last bytes of the sum before
        m.d.comb += [
            word.eq(self.acc_data.word_select(index, 32)),
            w.valid.eq(sends & (here | flush)),
            # Beats may not change while they wait.
            self.acc_read.valid.eq(wanted & ~flush),
        ]
        # With two banks, what is read is not kept while another row is asked for; beats are.
        both = Cat(kept, Mux(flush, 0, word) if config.accumulator_banks > 1 else word)
        m.d.comb += w.p.data.eq(Array(
            both[8 * first : 8 * (first + _BYTES)] for first in reversed(range(_BYTES)))[lane])
        for place in range(_BYTES):
            m.d.comb += w.p.strb[place].eq(Mux(flush, lane > place, ~first | (lane <= place)))
        read = self.acc_read.valid & self.acc_read.ready
        m.d.comb += arrives.eq(delay(m, read, Accumulator.READ_LATENCY - 1, name="arrives"))
        m.d.sync += here.eq(arrives | here)
        row_ends, range_ends = Signal(), Signal()
        m.d.comb += [
            row_ends.eq(sums_left == 0), range_ends.eq(~contiguous | (rows_left == 1)),
        ]
        with m.If(read):
            m.d.sync += wanted.eq(0)
        with m.If(w.valid & w.ready):
            m.d.sync += [first.eq(0), flush.eq(0)]
            with m.If(flush):
                m.d.sync += [first.eq(1), lane.eq(lane + stride)]
            with m.Else():
                m.d.sync += [kept.eq(word[8:]), index.eq(index + 1), sums_left.eq(sums_left - 1)]
                with m.If(row_ends):
                    m.d.sync += [
                        base.eq(base + 1), row.eq(base + 1), index.eq(0), sums_left.eq(sums),
                        rows_left.eq(rows_left - 1), here.eq(0),
                        wanted.eq(rows_left != 1),
                    ]  # fmt: skip
                    with m.If(range_ends & (lane != 0)):
                        m.d.sync += flush.eq(1)
                    with m.Elif(range_ends):
                        m.d.sync += [first.eq(1), lane.eq(lane + stride)]
                with m.Elif(index == config.columns - 1):
                    m.d.sync += [
                        row.eq(row + panel), here.eq(0), wanted.eq(1),
                    ]  # fmt: skip
        with m.If(self.job.valid):
            with m.Switch(job.index):
                with m.Case(0):
                    m.d.sync += rows_left.eq(job.data[16:])
                with m.Case(1):
                    m.d.sync += [sums.eq(job.less_one), sums_left.eq(job.less_one)]
                with m.Case(2):
                    m.d.sync += lane.eq(job.data)
                with m.Case(4):
                    m.d.sync += [stride.eq(job.data), contiguous.eq(job.contiguous)]
                with m.Case(LAST_WORD):
                    m.d.sync += [
                        base.eq(job.data), row.eq(job.data), panel.eq(job.data[16:]),
                        first.eq(1), index.eq(0), wanted.eq(1),
                    ]  # fmt: skip
        return wanted | arrives | here | flush

    def _tell(self, m, works, awaits):
        """The state: the first of these that applies."""
        aw, w, read, waiting = self.axi.aw, self.axi.w, self.acc_read, self.waiting
        tell(m, self.state, {
            StoreState.BUSY: w.valid & w.ready,
            StoreState.BANDWIDTH: w.valid | (aw.valid & ~aw.ready),
            StoreState.BANK: read.valid & ~read.ready,
            StoreState.RESPONSE: awaits,
            StoreState.PIPELINE: works | waiting.command & ~(waiting.load | waiting.execute),
            StoreState.WAITS_LOAD: waiting.load,
            StoreState.WAITS_EXECUTE: waiting.execute,
        }, otherwise=StoreState.NO_COMMAND)
