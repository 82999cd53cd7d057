"""Bursts of the one job that reads or writes memory."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2, exact_log2

from ..isa import LAST_WORD
from ..lib.axi import FaultLayout, Response
from .bursts import BurstLayout

__all__ = ["AnswerLayout", "SingleBursts"]

#: What came of a burst, or of a beat that is `offset` bytes behind the first one of its burst.
AnswerLayout = data.StructLayout({"resp": Response, "offset": 12})


class SingleBursts(wiring.Component):
    """Cuts jobs of several units into bursts, one job at a time.

    Bursts are those that :class:`~.ranges.RowRanges` and :class:`~.bursts.BurstSplitter` make. A
    job comes word by word, when all bursts of the one before have been taken. Latency one cycle
    from its last word, throughput one burst per cycle.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    word_layout : Layout
        Layout of a word of a job.

    Members
    -------
    word : In(stream.Signature(word_layout))
        Words of LOADs and STOREs.
    is_store : In(1)
        With a word: it is of a STORE.
    bursts : Out(stream.Signature(BurstLayout(...))), array of two
        Bursts of LOADs, and of STOREs.
    answers : In(AnswerLayout), array of two
        Answers to them; OKAY if there is none.
    failed : Out(FaultLayout(...))
        First error since reset: its response and the first wanted byte of its beat or burst. Valid
        one cycle after the answer.
    """

    def __init__(self, config, *, word_layout):
        self.address_width, self.data_width = config.axi_address_width, config.axi_data_width
        self.max_burst_beats = config.max_burst_beats
        self._row_bits = ceil_log2(2 * max(config.scratchpad_rows, config.accumulator_rows))
        super().__init__({
            "word": In(stream.Signature(word_layout)), "is_store": In(1),
            "bursts": Out(stream.Signature(BurstLayout(self.address_width))).array(2),
            "answers": In(AnswerLayout).array(2), "failed": Out(FaultLayout(self.address_width)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        owner, busy = Signal(), Signal()
        burst, taken = Signal(BurstLayout(self.address_width)), Signal()
        m.d.comb += self.word.ready.eq(1)
        m.d.sync += Assert(~(self.word.valid & busy), "a job before the end of another")
        with m.If(self.word.valid):
            m.d.sync += owner.eq(self.is_store)
        self._cut(m, busy, burst, taken)
        for index, bursts in enumerate(self.bursts):
            mine = owner == index
            m.d.comb += [bursts.payload.eq(burst), bursts.valid.eq(busy & mine)]
            with m.If(mine):
                m.d.comb += taken.eq(bursts.valid & bursts.ready)
        self._fail(m, owner, burst.address)
        return m

    def _cut(self, m, busy, burst, taken):
        """Rows to blocks of the longest burst, and blocks to bursts."""
        row, stride = Signal(self.address_width), Signal(self.address_width)
        rows = Signal(self._row_bits)               # from this one on
        length = Signal(self.address_width)         # of a range, less one
        lane = exact_log2(self.data_width // 8)
        block = lane + exact_log2(self.max_burst_beats)
        end = Signal(len(length) + 1)       # last byte, from the start of its first block
        number = Signal(len(end) - block)   # blocks before this one
        first_byte, stop, final = Signal(block), Signal(block - lane), Signal()
        m.d.comb += [
            end.eq(length + row[:block]), final.eq(number == end[block:]),
            first_byte.eq(Mux(number == 0, row[:block], 0)),
            stop.eq(Mux(final, end[lane:block], ~0)),
            burst.address.eq(Cat(first_byte, row[block:] + number)),
            burst.len.eq(stop - first_byte[lane:]), burst.last.eq(final & (rows == 1)),
        ]  # fmt: skip
        word = self.word.payload
        with m.If(self.word.valid):
            with m.Switch(word.index):
                with m.Case(0):
                    m.d.sync += rows.eq(Mux(word.contiguous, 1, word.data[16:]))
                with m.Case(1):
                    m.d.sync += length.eq(Mux(word.contiguous, word.last, Mux(
                        self.is_store, Cat(C(3, 2), word.less_one[:16]), word.less_one[:16])))
                with m.Case(2):
                    m.d.sync += row.eq(word.data)
                with m.Case(4):
                    m.d.sync += stride.eq(word.data)
                with m.Case(LAST_WORD):
                    m.d.sync += busy.eq(1)
        with m.Elif(taken):
            m.d.sync += number.eq(number + 1)
            with m.If(final):
                m.d.sync += [
                    number.eq(0), row.eq(row + stride), rows.eq(rows - 1), busy.eq(rows != 1),
                ]  # fmt: skip

    def _fail(self, m, owner, address):
        answer, wanted = Signal(AnswerLayout), Signal(self.address_width)
        lanes = exact_log2(self.data_width // 8)
        m.d.comb += [
            answer.eq(Mux(owner, self.answers[1].as_value(), self.answers[0].as_value())),
            wanted.eq(address),
        ]
        with m.If(answer.offset != 0):
            m.d.comb += wanted[:12].eq(
                Cat(C(0, lanes), address[lanes:12] + answer.offset[lanes:]))
        with m.If(answer.resp.as_value()[1] & ~self.failed.resp.as_value()[1]):
            m.d.sync += [self.failed.resp.eq(answer.resp), self.failed.address.eq(wanted)]
