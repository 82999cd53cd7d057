"""The LOAD unit for one job at a time on a bus of 32 bits."""

from amaranth import *
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import ceil_log2, exact_log2

from ..dma.bursts import BurstLayout
from ..dma.single_bursts import AnswerLayout
from ..dma.single_reader import SingleReader
from ..isa import LAST_WORD
from ..lib.axi import FaultLayout
from ..lib.states import LoadState, tell
from .unit import LOAD_ID, LoadUnit

__all__ = ["SingleLoadUnit"]

#: Bytes of a beat, of a word that is written, and of a sum.
_BYTES = 4
#: Bits of the number of a word in its matrix row.
_WORD_BITS = 14


class SingleLoadUnit(LoadUnit):
    """Takes the place of :class:`~.unit.LoadUnit` where commands start in order.

    Nothing is queued: the bus waits while rows are written. A job comes word by word, when the one
    before is complete. A matrix row is made of words that begin at some lane of a beat; so a beat
    is kept, and a word is cut from this one and the next::

        lane        0   1   2   3 | 0   1   2   3
                    .   .   a   a | a   a   b   b
                      kept        |     next

    A word is a row of the scratchpad, or a sum. A row of the accumulator is written sum by sum: the
    first one writes zeros to the others.

    Latency: the job's last word to ``axi.ar`` none in here, ``axi.r`` to the write of its word two.
    Throughput one word per cycle to the scratchpad, and one every other to the accumulator; a range
    of bytes without gaps takes a cycle more.

    Members
    -------
    Those of :class:`~.unit.LoadUnit`, and:

    bursts : In(stream.Signature(BurstLayout))
        What to read, see :class:`~..dma.single_bursts.SingleBursts`.
    answer : Out(AnswerLayout), failed : In(FaultLayout)
        Answers to them, and the first error among all.
    """

    def __init__(self, config, *, job_layout):
        #: Bits of the number of a row.
        self._row_bits = ceil_log2(max(config.scratchpad_rows, config.accumulator_rows))
        super().__init__(config, job_layout=job_layout, members={
            "bursts": In(stream.Signature(BurstLayout(config.axi_address_width))),
            "answer": Out(AnswerLayout), "failed": In(FaultLayout(config.axi_address_width)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        config, acc = self.config, self.acc_write
        m.submodules.reader = reader = SingleReader(
            address_width=config.axi_address_width, data_width=config.axi_data_width, id=LOAD_ID)
        connect(m, flipped(self.bursts), reader.bursts)
        connect(m, reader.axi, flipped(self.axi))
        inside, active, error = Signal(), Signal(), Signal()
        start, write, ends = Signal(), Signal(), Signal()
        to_sums = Signal()
        m.d.comb += [
            self.job.ready.eq(1), start.eq(self.job.valid & (self.job.p.index == LAST_WORD)),
            self.answer.eq(reader.answer), self.fault.address.eq(self.failed.address),
        ]
        m.d.sync += Assert(~(self.job.valid & inside), "a job before the end of another")
        with m.If(self.completed & error):
            m.d.comb += self.fault.resp.eq(self.failed.resp)
        with m.If(start):
            m.d.sync += [inside.eq(1), active.eq(1)]
        with m.Else():
            m.d.sync += [inside.eq(inside & ~self.completed), active.eq(active & ~ends)]
        m.d.sync += error.eq(~self.completed & (error | self.answer.resp.as_value()[1]))

        with m.If(self._comes(0)):
            m.d.sync += to_sums.eq(self.job.p.data[8])
        line = self._lines(m, write, ends)
        has_word = self._cut(m, reader.beats, line, write)
        m.d.comb += write.eq(active & ~acc.valid & (line.zero | has_word))
        self._place(m, to_sums, line, write, ends)
        self._tell(m, inside, reader)
        return m

    def _comes(self, index):
        """Whether this word of a job comes."""
        return self.job.valid & (self.job.p.index == index)

    def _lines(self, m, write, ends):
        """Counts words and matrix rows, then rows to fill with zeros. Returns what the word is."""
        job, bits = self.job.p, self._row_bits
        line = Signal(data.StructLayout({
            "word": _WORD_BITS, # in its matrix row
            "last": 1,          # of its matrix row
            "reach": 2,         # bytes less one that belong to the matrix row
            "zero": 1,          # it becomes zero
            "final": 1,         # the matrix row is the last one, or the last one to become zero
        }))  # fmt: skip
        size, zero, last = Signal(16), Signal(), Signal()       # size: bytes less one
        word, next_word = Signal(_WORD_BITS), Signal(_WORD_BITS)
        left, pad = Signal(bits + 1), Signal(bits + 1)
        m.d.comb += [
            line.word.eq(word), line.last.eq(last), line.zero.eq(zero),
            line.reach.eq(size[:2] | (~last).replicate(2)), line.final.eq(left == 1),
            ends.eq(write & line.last & line.final & (zero | (pad == 0))),
        ]  # fmt: skip
        with m.If(self._comes(0)):
            m.d.sync += [left.eq(job.data[16:]), zero.eq(0), word.eq(0)]
        with m.If(self._comes(1)):
            m.d.sync += [
                size.eq(job.less_one), last.eq(job.less_one[2:16] == 0), pad.eq(job.data[16:]),
            ]  # fmt: skip
        m.d.comb += next_word.eq(Mux(last, 0, word + 1))
        with m.If(write):
            m.d.sync += [word.eq(next_word), last.eq(next_word == size[2:])]
            with m.If(last):
                m.d.sync += left.eq(left - 1)
                with m.If(line.final):
                    m.d.sync += [left.eq(pad), zero.eq(1)]
        return line

    def _cut(self, m, beats, line, write):
        """Words from beats, into `sp_data`. Returns whether there is one."""
        job = self.job.p
        kept, here = Signal(8 * _BYTES), Signal()
        lane, step, contiguous = Signal(2), Signal(2), Signal()
        last_lane, moves = Signal(3), Signal()              # the next beat is kept
        stops = line.last & (line.final | ~contiguous)      # nothing more is wanted of the beats
        takes = write & ~line.zero
        needs = last_lane[2]
        m.d.comb += [
            last_lane.eq(lane + line.reach),
            moves.eq(~here | (takes & (last_lane >= _BYTES - 1) & ~stops)),
            beats.ready.eq(moves | (takes & needs)),
        ]
        with m.If(moves):
            m.d.sync += [kept.eq(beats.p.data), here.eq(beats.valid)]
        with m.Elif(takes & stops):
            m.d.sync += here.eq(0)
        with m.If(self._comes(2)):
            m.d.sync += lane.eq(job.data)
        with m.If(self._comes(4)):
            m.d.sync += [step.eq(job.data), contiguous.eq(job.contiguous)]
        with m.If(write & line.last):
            m.d.sync += lane.eq(lane + step)
        both = Cat(kept, beats.p.data)
        word = Array(both[8 * first : 8 * (first + _BYTES)] for first in range(_BYTES))[lane]
        with m.If(write):
            for index in range(_BYTES):
                m.d.sync += self.sp_data.word_select(index, 8).eq(Mux(
                    line.zero | (line.reach < index), 0, word.word_select(index, 8)))
        return here & (~needs | beats.valid)

    def _place(self, m, to_sums, line, write, ends):
        """Rows of the memories for words, and when the job is complete."""
        job, acc, columns = self.job.p, self.acc_write, self.config.columns
        row, first_row, next_line, panel_stride, written = (
            Signal(self._row_bits, name=name)
            for name in ("row", "first_row", "next_line", "panel_stride", "written"))
        place, last = Signal(range(columns)), Signal()
        within = line.word[:exact_log2(columns)]
        m.d.comb += next_line.eq(first_row + 1)
        with m.If(self._comes(LAST_WORD)):
            m.d.sync += [
                row.eq(job.data), first_row.eq(job.data), panel_stride.eq(job.data[16:]),
            ]  # fmt: skip
        with m.Elif(write):
            with m.If(line.last):
                m.d.sync += [row.eq(next_line), first_row.eq(next_line)]
            with m.Elif(~to_sums | within.all()):
                m.d.sync += row.eq(row + panel_stride)
        m.d.comb += [
            self.sp_row.eq(written), acc.p.row.eq(written),
            acc.p.mask.eq(Mux(place == 0, ~0, 1 << place)),
            acc.p.data.eq(Cat(self.sp_data, *[
                self.sp_data & (place != 0).replicate(8 * _BYTES) for _ in range(columns - 1)])),
        ]  # fmt: skip
        m.d.sync += [
            self.sp_en.eq(write & ~to_sums),
            self.completed.eq(Mux(to_sums, acc.valid & acc.ready & last, ends)),
        ]
        with m.If(acc.ready):
            m.d.sync += acc.valid.eq(0)
        with m.If(write):
            m.d.sync += [
                written.eq(row), place.eq(within), last.eq(ends), acc.valid.eq(to_sums),
            ]  # fmt: skip

    def _tell(self, m, inside, reader):
        """The state: the first of these that applies."""
        acc, waiting = self.acc_write, self.waiting
        tell(m, self.state, {
            LoadState.BUSY: (
                self.axi.r.valid | self.sp_en | (acc.valid & acc.ready) | self.completed),
            LoadState.BANK: acc.valid,
            LoadState.BANDWIDTH: inside & (reader.within | self.bus_taken),
            LoadState.LATENCY: inside | (waiting.command & ~(waiting.execute | waiting.store)),
            LoadState.WAITS_EXECUTE: waiting.execute,
            LoadState.WAITS_STORE: waiting.store,
        }, otherwise=LoadState.NO_COMMAND)
