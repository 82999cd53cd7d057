"""The last row and the last byte that a command touches."""

from typing import NamedTuple

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..isa import Command
from .product import Product

__all__ = ["Extent"]

#: Bits of a sum of rows: a first row, two counts and a product of 16 by 16 bits.
_ROW_BITS = 33
#: Bits of a sum of bytes: those of a row, and a product of 16 by 32 bits.
_BYTE_BITS = 48


# Only LOAD, EXECUTE and STORE come here: two bits tell them apart.
def _is_execute(command):
    return ~command.opcode.as_value()[0]


def _is_store(command):
    return command.opcode.as_value()[:2].all()


def _less_one(value):
    return (value - 1)[:16]


class _Factors(NamedTuple):
    count: Value
    stride: Value


class Extent(wiring.Component):
    """Computes and checks the extents of a command.

    Two lanes add up products of a count less one and a stride, of 16 bits each. ::

        step   lane x: rows                    lane y: bytes, or rows of B
        1      LOAD, STORE: chunks             LOAD, STORE: rows, low half of the stride
               EXECUTE: panels of A            EXECUTE: column tiles of B
        2      EXECUTE: column tiles of C      LOAD, STORE: rows, high half of the stride
                                               EXECUTE: panels of B

    LOAD and STORE take the second step only if their stride is 64 KiB or more. The stages of a step
    are p, its operands; s, their products; f, the sums. The outputs are some logic behind f.

    Parameters
    ----------
    config : Config
        Configuration of the core.

    Members
    -------
    take : In(1)
        Chooses the operands of the first step of `command`.
    command : In(Command)
        The command, with `take`.
    start : In(1)
        Pulse, one cycle after `take`: the command is one that has an extent.
    taken : In(Command)
        The command, from the cycle of `start` up to that of the next `take`.
    done : Out(1)
        Pulse, one cycle after `start`, or two with a second step: the results are there from the
        next cycle on, up to the cycle of the next `take`.
    fails : Out
        What is not there: a row of the `scratchpad` or of the `accumulator`, memory. The address of
        the last byte has a `carry`; another reason for its not being there is `memory`. If several
        are set, the first one counts, in the order of the manual.
    row : Out(33)
        The first row that is not there.
    last_a, last_b, last_sums : Out(16)
        Last rows; a LOAD's on both `last_a` and `last_sums`.
    sums_base : Out(16)
        First row of the last chunk of a STORE, or of the last tile of an EXECUTE.
    memory_extent, last_byte : Out
        Bytes from the first to the last one touched, and the address of the last.
    """

    def __init__(self, config):
        self.config = config
        super().__init__({
            "take": In(1), "command": In(Command), "start": In(1), "taken": In(Command),
            "done": Out(1), "row": Out(_ROW_BITS), "fails": Out(data.StructLayout({
                "scratchpad": 1, "accumulator": 1, "memory": 1, "carry": 1})),
            "last_a": Out(16), "last_b": Out(16), "last_sums": Out(16), "sums_base": Out(16),
            "memory_extent": Out(_BYTE_BITS + 1), "last_byte": Out(config.axi_address_width),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.product_x = product_x = Product()
        m.submodules.product_y = product_y = Product()
        p = Signal(data.StructLayout({"x_before": signed(17), "y_base": 18}))
        rows, rows_less_one, two_steps = Signal(17), Signal(16), Signal()
        first = self._first_step(m, p, rows, rows_less_one, two_steps)
        second = self._second_step(m, p, first)
        for product, own, other in zip((product_x, product_y), first, second, strict=True):
            m.d.comb += [
                product.i_take.eq(self.take | self.start),
                product.i_a.eq(Mux(self.start, other.count, own.count)),
                product.i_b.eq(Mux(self.start, other.stride, own.stride)),
            ]

        s_1, s_2 = Signal(), Signal()       # the first, the second step is there
        s_x, s_x_base = product_x.o_product, Signal(18)
        s_y, s_y_base = product_y.o_product, Signal(18)
        m.d.sync += [
            s_1.eq(self.start), s_2.eq(s_1 & two_steps),
            s_x_base.eq(p.x_before + rows), s_y_base.eq(p.y_base),
        ]  # fmt: skip
        m.d.comb += self.done.eq(Mux(two_steps, s_2, s_1))

        f_x, f_y = Signal(_ROW_BITS), Signal(_BYTE_BITS)
        f_a, f_a_fails = Signal(16), Signal()
        execute = _is_execute(self.taken)
        with m.If(s_1):
            m.d.sync += [f_x.eq(s_x_base + s_x), f_y.eq(s_y_base + s_y), f_a_fails.eq(0)]
        with m.Elif(s_2):
            m.d.sync += f_y.eq(f_y + Mux(execute, s_y, s_y << 16))
            with m.If(execute):
                m.d.sync += [f_a.eq(f_x), f_a_fails.eq(self._not_in_scratchpad(f_x))]
            # A row of A that does not exist stays in f_x, for `address`.
            with m.If(execute & ~self._not_in_scratchpad(f_x)):
                m.d.sync += f_x.eq(s_x_base + s_x)
        m.d.comb += [
            self.last_a.eq(Mux(execute, f_a, f_x)), self.last_b.eq(f_y),
            # The base is wanted of an EXECUTE or a STORE, which have no `pad` rows.
            self.last_sums.eq(f_x), self.sums_base.eq(f_x - rows_less_one),
        ]  # fmt: skip
        self._check(m, f_x, f_y, f_a_fails)
        return m

    def _first_step(self, m, p, rows, less_one, two_steps):
        """Takes what is added to the products; returns the factors of both lanes."""
        config, command = self.config, self.command
        load, execute = command.load, command.execute
        is_execute, is_store = _is_execute(command), _is_store(command)
        to_sums = load.target.as_value()[0]
        # STORE has its fields in the same places as LOAD, and EXECUTE has m in that of rows, n in
        # that of bytes, and b_tile_stride in that of the low half of the stride.
        rows_less_one, bytes_less_one = _less_one(load.rows), _less_one(load.bytes)
        chunks = Mux(is_store, bytes_less_one >> exact_log2(config.columns),
                     Mux(to_sums, bytes_less_one >> exact_log2(config.accumulator_row_bytes),
                         bytes_less_one >> exact_log2(config.row_bytes)))
        with m.If(self.take):
            m.d.sync += [
                two_steps.eq(is_execute | load.stride[16:].any()),
                less_one.eq(rows_less_one),
                rows.eq(load.rows + (load.pad & (~is_execute & ~is_store).replicate(16))),
                p.x_before.eq(Mux(is_execute, execute.a, load.destination) - 1),
                p.y_base.eq(Mux(is_execute, execute.b + config.columns - 1,
                                Mux(is_store, Cat(C(3, 2), bytes_less_one), bytes_less_one))),
            ]
        return (
            _Factors(Mux(is_execute, _less_one(execute.k), chunks),
                     Mux(is_execute, execute.a_stride, load.panel_stride)),
            _Factors(Mux(is_execute, bytes_less_one, rows_less_one), load.stride[:16]),
        )

    def _second_step(self, m, p, first):
        """As :meth:`_first_step`, with the counts of that step."""
        load, execute = self.taken.load, self.taken.execute
        is_execute = _is_execute(self.taken)
        x_count, y_count = Signal(16), Signal(16)
        with m.If(self.take):
            m.d.sync += [x_count.eq(first[0].count), y_count.eq(first[1].count)]
        with m.If(self.start):
            m.d.sync += p.x_before.eq(execute.c - 1)
        return (
            _Factors(y_count, execute.c_stride),
            _Factors(Mux(is_execute, x_count, y_count),
                     Mux(is_execute, execute.b_stride, load.stride[16:])),
        )

    def _check(self, m, f_x, f_y, f_a_fails):
        config, load, fails = self.config, self.taken.load, self.fails
        width = config.axi_address_width
        is_execute, is_store = _is_execute(self.taken), _is_store(self.taken)
        in_scratchpad = ~is_execute & ~is_store & ~load.target.as_value()[0]
        x_fails = f_a_fails | in_scratchpad & self._not_in_scratchpad(f_x)
        y_fails = is_execute & self._not_in_scratchpad(f_y)
        last = Signal(width + 1)
        m.d.comb += [
            self.memory_extent.eq(f_y + 1),
            last.eq(load.address[:width] + f_y[:width]),
            self.last_byte.eq(last),
            self.row.eq(Mux(y_fails & ~x_fails, f_y, f_x)),
            fails.scratchpad.eq(x_fails | y_fails),
            fails.accumulator.eq(
                ~in_scratchpad & f_x[exact_log2(config.accumulator_rows):].any()),
            fails.memory.eq(~is_execute & Cat(load.address[width:], f_y[width:]).any()),
            fails.carry.eq(~is_execute & last[width]),
        ]

    def _not_in_scratchpad(self, row):
        return row[exact_log2(self.config.scratchpad_rows):].any()
