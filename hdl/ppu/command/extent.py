"""The last row and the last byte that a command touches."""

from typing import NamedTuple

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..isa import RESULT_BYTES, Command, StoreFormat
from ..lib.product import Product

__all__ = ["Extent", "is_execute", "is_scaled", "is_store", "result_size"]

#: Bits of a sum of rows: a first row, two counts and a product of 16 by 16 bits.
_ROW_BITS = 33
#: Bits of a sum of bytes: those of a row, and a product of 16 by 32 bits.
_BYTE_BITS = 48


def is_execute(command):
    """Whether a LOAD, an EXECUTE or a STORE, which two bits tell apart, is an EXECUTE."""
    return ~command.opcode.as_value()[0]


def is_store(command):
    """Whether a LOAD, an EXECUTE or a STORE is a STORE."""
    return command.opcode.as_value()[:2].all()


def is_scaled(store):
    """Whether a STORE goes through the epilogue."""
    return store.result_format != StoreFormat.INT32


def result_size(store):
    """Bytes of a STORE's result, as the exponent of a power of two."""
    sizes = {form: exact_log2(size) for form, size in RESULT_BYTES.items()}
    return Cat(Cat(store.result_format == form for form, size in sizes.items()
                   if size >> bit & 1).any() for bit in range(2))


def last_byte(config, store):
    """Bytes of a STORE's matrix row, less one."""
    column = _less_one(store.columns)
    if not config.epilogue_lanes:
        return Cat(C(3, 2), column)
    return Array([column, Cat(C(1, 1), column), Cat(C(3, 2), column)])[result_size(store)]


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
        What is not there: the scratchpad's row on `row_x` (`scratchpad_x`) or `row_y`
        (`scratchpad_y`), the accumulator's on `row_x` (`accumulator`) or `residual_row`
        (`residual`), that of parameters on `row_x` (`parameters`) or `scales_row` (`scales`),
        memory. The address of the
        last byte has a `carry`; another reason for its not being there is `memory`. If several are
        set, the first one counts, in the order of the manual.
    row_x, row_y : Out(33)
        Last row of C, or of a LOAD or a STORE, and of B. A row of A that is not there is on
        `row_x`.
    last_a : Out(16)
        Last row of A, or of a LOAD.
    sums_base : Out(16)
        First row of the last chunk of a STORE, or of the last tile of an EXECUTE.
    residual_row, scales_row : Out(17)
        Last row of a STORE's residual numbers, and of its scales.
    memory_extent, last_byte : Out
        Bytes from the first to the last one touched, and the address of the last.
    fits : Out(1)
        `memory_extent` has no more bits than an address.
    """

    def __init__(self, config):
        self.config = config
        super().__init__({
            "take": In(1), "command": In(Command), "start": In(1), "taken": In(Command),
            "done": Out(1), "fails": Out(data.StructLayout({
                "scratchpad_x": 1, "scratchpad_y": 1, "accumulator": 1, "residual": 1,
                "parameters": 1, "scales": 1, "memory": 1, "carry": 1})),
            "row_x": Out(_ROW_BITS), "row_y": Out(_ROW_BITS),
            "last_a": Out(16), "sums_base": Out(16), "memory_extent": Out(_BYTE_BITS + 1),
            "fits": Out(1), "last_byte": Out(config.axi_address_width),
            "residual_row": Out(17), "scales_row": Out(17),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.product_x = product_x = Product(16)
        m.submodules.product_y = product_y = Product(16)
        p = Signal(data.StructLayout({"x_before": signed(17), "y_base": 18}))
        rows, rows_less_one, two_steps = Signal(17), Signal(16), Signal()
        first = self._first_step(m, p, rows, rows_less_one, two_steps)
        second, x_count = self._second_step(m, p, first)
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
        execute = is_execute(self.taken)
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
            self.last_a.eq(Mux(execute, f_a, f_x)), self.row_x.eq(f_x), self.row_y.eq(f_y),
            # The base is wanted of an EXECUTE or a STORE, which have no `pad` rows.
            self.sums_base.eq(f_x - rows_less_one),
        ]  # fmt: skip
        if self.config.epilogue_lanes:
            store = self.taken.store
            with m.If(s_1):
                m.d.sync += [
                    self.residual_row.eq(store.residual + rows_less_one),
                    self.scales_row.eq(store.scales + Mux(store.shared_scales, 0, x_count)),
                ]
        self._check(m, f_x, f_y, f_a_fails)
        return m

    def _first_step(self, m, p, rows, less_one, two_steps):
        """Takes what is added to the products; returns the factors of both lanes."""
        config, command = self.config, self.command
        load, execute = command.load, command.execute
        executes, stores = is_execute(command), is_store(command)
        to_sums = load.target.as_value()[0]
        # STORE has its fields in the same places as LOAD, and EXECUTE has m in that of rows, n in
        # that of bytes, and b_tile_stride in that of the low half of the stride.
        rows_less_one, bytes_less_one = _less_one(load.rows), _less_one(load.bytes)
        if config.epilogue_lanes:           # rows of parameters are as long as those of sums
            to_sums |= load.target.as_value()[1]
        chunks = Mux(stores, bytes_less_one >> exact_log2(config.columns),
                     Mux(to_sums, bytes_less_one >> exact_log2(config.accumulator_row_bytes),
                         bytes_less_one >> exact_log2(config.row_bytes)))
        with m.If(self.take):
            m.d.sync += [
                two_steps.eq(executes | load.stride[16:].any()),
                less_one.eq(rows_less_one),
                rows.eq(load.rows + (load.pad & (~executes & ~stores).replicate(16))),
                p.x_before.eq(Mux(executes, execute.a, load.destination) - 1),
                p.y_base.eq(Mux(executes, execute.b + config.columns - 1,
                                Mux(stores, last_byte(config, command.store), bytes_less_one))),
            ]
        return (
            _Factors(Mux(executes, _less_one(execute.k), chunks),
                     Mux(executes, execute.a_stride, load.panel_stride)),
            _Factors(Mux(executes, bytes_less_one, rows_less_one), load.stride[:16]),
        )

    def _second_step(self, m, p, first):
        """As :meth:`_first_step`, with the counts of that step."""
        load, execute = self.taken.load, self.taken.execute
        executes = is_execute(self.taken)
        x_count, y_count = Signal(16), Signal(16)
        with m.If(self.take):
            m.d.sync += [x_count.eq(first[0].count), y_count.eq(first[1].count)]
        with m.If(self.start):
            m.d.sync += p.x_before.eq(execute.c - 1)
        return (
            _Factors(y_count, execute.c_stride),
            _Factors(Mux(executes, x_count, y_count),
                     Mux(executes, execute.b_stride, load.stride[16:])),
        ), x_count

    def _check(self, m, f_x, f_y, f_a_fails):
        config, load, fails = self.config, self.taken.load, self.fails
        width = config.axi_address_width
        executes, stores = is_execute(self.taken), is_store(self.taken)
        loads, target = ~executes & ~stores, load.target.as_value()
        in_scratchpad, in_parameters = loads & ~target[0], C(0, 1)
        if config.epilogue_lanes:
            in_scratchpad &= ~target[1]
            in_parameters = loads & target[1]
            store, scaled = self.taken.store, stores & is_scaled(self.taken.store)
            m.d.comb += [
                fails.residual.eq(scaled & store.add_residual & self.residual_row[
                    exact_log2(config.accumulator_rows):].any()),
                fails.parameters.eq(in_parameters & f_x[exact_log2(config.parameter_rows):].any()),
                fails.scales.eq(
                    scaled & self.scales_row[exact_log2(config.scale_rows):].any()),
            ]
        last = Signal(width + 1)
        m.d.comb += [
            self.memory_extent.eq(f_y + 1),
            last.eq(load.address[:width] + f_y[:width]),
            self.last_byte.eq(last),
            # Without waiting for the carry through the extent.
            self.fits.eq(~f_y[width:].any() & ~f_y[:width].all() if width <= _BYTE_BITS else 1),
            fails.scratchpad_x.eq(f_a_fails | in_scratchpad & self._not_in_scratchpad(f_x)),
            fails.scratchpad_y.eq(executes & self._not_in_scratchpad(f_y)),
            fails.accumulator.eq(
                ~in_scratchpad & ~in_parameters
                & f_x[exact_log2(config.accumulator_rows):].any()),
            fails.memory.eq(~executes & Cat(load.address[width:], f_y[width:]).any()),
            fails.carry.eq(~executes & last[width]),
        ]

    def _not_in_scratchpad(self, row):
        return row[exact_log2(self.config.scratchpad_rows):].any()
