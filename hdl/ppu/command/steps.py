"""The last row and the last byte that a command touches, one bit of a count at a time."""

from typing import NamedTuple

from amaranth import *
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..isa import ErrorCode, Opcode

__all__ = ["SerialExtent"]


class _Count(enum.Enum, shape=3):
    """How often a value is added."""
    ONCE   = 0
    BYTES  = 1      # once, or for each byte of a sum
    LOW    = 2      # LOAD, STORE: chunks of a row less one; EXECUTE: column tiles less one
    DENSE  = 3      # not at all: it is compared with the bytes of a row
    ROWS   = 4      # LOAD, STORE: rows less one
    PANELS = 5      # EXECUTE: panels less one


#: Counts in the upper half of a word have this bit.
_UPPER = 2


class _Sum(enum.Enum, shape=2):
    """What a sum is."""
    ROW         = 0     # of what a LOAD writes, or a STORE reads
    SCRATCHPAD  = 1
    ACCUMULATOR = 2
    MEMORY      = 3


class _Step(NamedTuple):
    """Adds 16-bit half `half` of the command, or the word of an address or a stride.

    `start`: first the sum before is checked as `ends` says, and the new one starts from this.
    `first`, `last`: the value is the first row, the sum before the last row of a footprint.
    """

    half: int
    count: _Count = _Count.ONCE
    start: int | None = None
    ends: _Sum | None = None
    first: str | None = None
    last: str | None = None


#: Half of a LOAD or a STORE with the lowest bits of its address, and of its stride.
_ADDRESS, _STRIDE = 4, 8
_END = 9
#: Sums begin one too low: they are last rows and last bytes. That of memory is computed again
#: without its address, for the number of bytes.
_TRANSFER = [
    _Step(10, start=-1, first="first_row"), _Step(1), _Step(3), _Step(11, _Count.LOW),
    _Step(2, _Count.BYTES, start=-1, ends=_Sum.ROW, last="last_row"),
    _Step(_ADDRESS), _Step(_STRIDE, _Count.ROWS),
    _Step(2, _Count.BYTES, start=-1, ends=_Sum.MEMORY), _Step(_STRIDE, _Count.ROWS),
    _Step(_STRIDE, _Count.DENSE),
]
#: Step of a LOAD or a STORE from which on its sum is one of bytes, at least 0.
_FROM = 6


def _execute(columns):
    return [
        _Step(4, start=-1, first="first_a"), _Step(1), _Step(5, _Count.PANELS),
        _Step(6, start=columns - 1, ends=_Sum.SCRATCHPAD, first="first_b", last="last_a"),
        _Step(8, _Count.LOW), _Step(7, _Count.PANELS),
        _Step(9, start=-1, ends=_Sum.SCRATCHPAD, last="last_b"),
        _Step(1), _Step(10, _Count.LOW),
        _Step(0, ends=_Sum.ACCUMULATOR),
    ]


class SerialExtent(wiring.Component):
    """Computes and checks the extents of a command, with one adder.

    A step adds a value as often as a count says: three cycles to read both, and one for each bit of
    the count up to its highest 1, at least one. There are nine steps and a check. A LOAD of 16
    contiguous rows takes some 55 cycles.

    Parameters
    ----------
    config : Config
        Configuration of the core.

    Members
    -------
    opcode : In(Opcode), to_sums : In(1), far : In(1)
        LOAD, EXECUTE or STORE, whether a LOAD is of the accumulator, and whether an address has
        more than 32 bits. They stay while `run`.
    index : Out(3), word : In(32)
        A word of the command, in the next cycle.
    less_one : Out(18)
        The lower half of `word` and two bits more, less one, if not `run`, or if `done`.
    run : In(1)
        Goes on; low for a cycle between two commands.
    done : Out(1)
        The results are there, until `run` falls.
    code : Out(ErrorCode)
        SCRATCHPAD, ACCUMULATOR or ADDRESS, the first that fails, or NONE.
    row : Out(33)
        The row that is not there.
    first_row, first_a, first_b, last_row, last_a, last_b : Out
        Scratchpad bank of the first and the last row of a LOAD, and of A and of B of an EXECUTE.
    extent, contiguous : Out
        The last byte of a LOAD or a STORE, counted from the first one; its rows have no gaps.
    """

    def __init__(self, config):
        self.config = config
        self._banks = slice(exact_log2(config.bank_rows), exact_log2(config.scratchpad_rows))
        bank = exact_log2(config.scratchpad_banks)
        super().__init__({
            "opcode": In(Opcode, init=Opcode.LOAD), "to_sums": In(1), "far": In(1),
            "index": Out(3), "word": In(32), "less_one": Out(18),
            "run": In(1), "done": Out(1), "code": Out(ErrorCode), "row": Out(33),
            **{f"{end}_{what}": Out(bank)
               for end in ("first", "last") for what in ("row", "a", "b")},
            "extent": Out(config.axi_address_width), "contiguous": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        width = self.config.axi_address_width
        # Rows need 33 bits. Of an address, what is beyond its width is only known not to be 0: the
        # highest bit of `value` stays 1 once it is, and so does `beyond`.
        widest = max(width + 1, 32)
        total, value, count = Signal(widest + 1), Signal(widest), Signal(16)
        beyond = Signal()
        skip = Signal(range(exact_log2(4 * self.config.columns) + 1))   # lowest bits of the count
        step, phase = Signal(range(_END + 1)), Signal(2)
        half, kind = Signal(4), Signal(_Count)
        m.d.comb += [self.row.eq(total), self.extent.eq(total)]
        m.d.sync += beyond.eq((step >= _FROM) & (beyond | total[width:].any()))
        check = self._check(m, total, beyond)
        with m.If(~self.run):
            m.d.sync += [
                step.eq(0), phase.eq(0), self.done.eq(0), self.code.eq(ErrorCode.NONE),
            ]  # fmt: skip
        with m.Elif(~self.done & (phase == 3)):
            m.d.sync += [count.eq(count >> 1), phase.eq(Mux((skip != 0) | (count[1:] != 0), 3, 0))]
            with m.If(skip != 0):
                m.d.sync += skip.eq(skip - 1)
            with m.Else():
                m.d.sync += value.eq(Cat(0, value[:-2], value[-2:].any()))
                with m.If(count[0]):
                    m.d.sync += total.eq(total + value)
        with m.Elif(~self.done):
            m.d.sync += phase.eq(phase + 1)
        self._load(m, phase, half, kind, value, count, skip)
        with m.Switch(Cat(self.opcode == Opcode.EXECUTE, step)):
            for index, steps in enumerate(zip(
                    _TRANSFER, _execute(self.config.columns), strict=True)):
                for execute, this in enumerate(steps):
                    with m.Case(index << 1 | execute):
                        m.d.comb += [half.eq(this.half), kind.eq(this.count)]
                        with m.If((phase == 2) & ~self.done & self.run):
                            m.d.sync += step.eq(step + 1)
                            self._begin(m, this, total, check)
                            if index == _END:
                                m.d.sync += self.done.eq(1)
        return m

    def _begin(self, m, step, total, check):
        """Ends the sum before, and starts the one of `step`."""
        if step.first:
            half = self.word.word_select(step.half % 2, 16)
            m.d.sync += getattr(self, step.first).eq(half[self._banks])
        if step.ends is not None:
            fails, code = check[step.ends]
            if step.last:
                m.d.sync += getattr(self, step.last).eq(total[self._banks])
            with m.If(fails):
                m.d.sync += [self.done.eq(1), self.code.eq(code)]
        if step.start is not None:
            keep = check[step.ends][0] if step.ends is not None else C(0, 1)
            with m.If(~keep):
                m.d.sync += total.eq(step.start)

    def _load(self, m, phase, half, kind, value, count, skip):
        """Takes the operands of a step from the command: first the count, then the value."""
        config, word = self.config, self.word
        transfers, stores = self.opcode != Opcode.EXECUTE, self.opcode == Opcode.STORE
        upper, chosen, dense = Signal(), Signal(16), Signal()
        is_count = phase == 1
        wide = transfers & ((half == _ADDRESS) | (half == _STRIDE))
        m.d.comb += [
            self.index.eq(Mux(phase == 0, kind.as_value() != _Count.ROWS.value, half[1:])),
            upper.eq(Mux(is_count, kind.as_value()[_UPPER], half[0]) & self.run & ~self.done),
            chosen.eq(Mux(upper, word[16:], word[:16])),
            self.less_one.eq(Cat(chosen, word[16:18]) - 1),
            dense.eq((Mux(stores, self.less_one[2:], self.less_one[:16]) == count)
                     & Mux(stores, self.less_one[:2] == 3, word[16:18] == 0) & (word[18:] == 0)),
        ]
        with m.If(is_count):
            m.d.sync += [count.eq(self.less_one), skip.eq(0)]
            with m.Switch(kind):
                with m.Case(_Count.ONCE):
                    m.d.sync += count.eq(1)
                with m.Case(_Count.BYTES):
                    m.d.sync += count.eq(Mux(stores, 4, 1))
                with m.Case(_Count.ROWS):
                    m.d.sync += self.contiguous.eq(self.less_one[:16] == 0)
            with m.If((kind == _Count.LOW) & transfers):
                m.d.sync += skip.eq(Mux(
                    stores, exact_log2(config.columns),
                    Mux(self.to_sums, exact_log2(config.accumulator_row_bytes),
                        exact_log2(config.row_bytes))))
        with m.If((phase == 2) & ~self.done):
            m.d.sync += value.eq(Cat(chosen, word[16:] & wide.replicate(16)))
            with m.If((kind == _Count.DENSE) & dense):
                m.d.sync += self.contiguous.eq(1)

    def _check(self, m, total, beyond):
        """What a sum may fail by: kind -> whether it does, and the error."""
        config = self.config
        in_sums = (self.opcode == Opcode.STORE) | self.to_sums
        scratchpad, accumulator, memory = Signal(), Signal(), Signal()
        m.d.comb += [
            scratchpad.eq(total[exact_log2(config.scratchpad_rows) : 33].any()),
            accumulator.eq(total[exact_log2(config.accumulator_rows) : 33].any()),
            memory.eq(Cat(beyond, total[config.axi_address_width:], self.far).any()),
        ]
        return {
            _Sum.SCRATCHPAD: (scratchpad, ErrorCode.SCRATCHPAD),
            _Sum.ACCUMULATOR: (accumulator, ErrorCode.ACCUMULATOR),
            _Sum.MEMORY: (memory, ErrorCode.ADDRESS),
            _Sum.ROW: (Mux(in_sums, accumulator, scratchpad), Mux(
                in_sums, ErrorCode.ACCUMULATOR.value, ErrorCode.SCRATCHPAD.value)),
        }
