"""The last row and the last byte that a command touches."""

from amaranth import *
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..isa import Command, ErrorCode, Opcode, Target

__all__ = ["Extent"]


class _Finish(enum.Enum, shape=3):
    """What the running sum is once a step has been added."""
    GOES_ON = 0
    A       = 1
    B       = 2
    SUMS    = 3
    MEMORY  = 4


class Extent(wiring.Component):
    """Computes and checks the extents of a command, product by product, with one multiplier.

    Each step adds one product of a count less one and a stride, of 16 bits each, to a running sum.
    LOAD and STORE take three steps, EXECUTE four; `done` comes four cycles after the last step's
    operands are chosen, five for LOAD and STORE. The first error in the order of the steps is kept.

    Parameters
    ----------
    config : Config
        Configuration of the core.

    Members
    -------
    command : In(Command)
        A command that passed the other checks; stable from `start` until it is handed on.
    start, done : pulses.
    code, address : Out
        Error, or NONE, and the address that goes with it; valid with `done`.
    last_a, last_b, last_sums : Out
        Last rows; stable from `done` to the next `start`.
    memory_extent, last_byte : Out
        Bytes from the first to the last one touched, and the address of the last.
    """

    def __init__(self, config):
        self.config = config
        super().__init__({
            "command": In(Command), "start": In(1), "done": Out(1),
            "code": Out(ErrorCode), "address": Out(64),
            "last_a": Out(16), "last_b": Out(16), "last_sums": Out(16),
            "memory_extent": Out(50), "last_byte": Out(config.axi_address_width),
        })  # fmt: skip

    def _steps(self):
        """Opcode -> list of (count less one, stride, shift, base or None to go on, finish)."""
        config = self.config
        load, execute, store = self.command.load, self.command.execute, self.command.store

        def less_one(value):
            return (value - 1)[:16]

        to_sums = load.target == Target.ACCUMULATOR
        chunk = {"row": exact_log2(config.row_bytes), "sums": exact_log2(4 * config.columns)}
        load_chunks = Mux(to_sums, less_one(load.bytes) >> chunk["sums"],
                          less_one(load.bytes) >> chunk["row"])
        store_chunks = less_one(store.columns) >> exact_log2(config.columns)
        memory = _Finish.MEMORY
        return {
            Opcode.LOAD: [
                (load_chunks, load.panel_stride, 0,
                 load.destination + load.rows + load.pad - 1,
                 Mux(to_sums, _Finish.SUMS, _Finish.A)),
                (less_one(load.rows), load.stride[:16], 0, load.bytes, _Finish.GOES_ON),
                (less_one(load.rows), load.stride[16:], 1, None, memory),
            ],
            Opcode.EXECUTE: [
                (less_one(execute.k), execute.a_stride, 0, execute.a + execute.m - 1, _Finish.A),
                (less_one(execute.n), execute.b_tile_stride, 0,
                 execute.b + config.columns - 1, _Finish.GOES_ON),
                (less_one(execute.k), execute.b_stride, 0, None, _Finish.B),
                (less_one(execute.n), execute.c_stride, 0,
                 execute.c + execute.m - 1, _Finish.SUMS),
            ],
            Opcode.STORE: [
                (store_chunks, store.panel_stride, 0, store.source + store.rows - 1, _Finish.SUMS),
                (less_one(store.rows), store.stride[:16], 0, store.columns << 2, _Finish.GOES_ON),
                (less_one(store.rows), store.stride[16:], 1, None, memory),
            ],
        }  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        control = data.StructLayout(
            {"valid": 1, "shift": 1, "fresh": 1, "finish": _Finish, "end": 1})

        # x: choose the operands of a step.
        x_step, x_running = Signal(range(4)), Signal()
        with m.If(self.start):
            m.d.sync += [x_running.eq(1), x_step.eq(0)]
        p_count, p_stride, p_base = Signal(16), Signal(16), Signal(18)
        p = Signal(control)
        m.d.sync += p.valid.eq(0)
        with m.If(x_running), m.Switch(self.command.opcode):
            for opcode, steps in self._steps().items():
                with m.Case(opcode), m.Switch(x_step):
                    for number, (count, stride, shift, base, finish) in enumerate(steps):
                        end = number == len(steps) - 1
                        with m.Case(number):
                            m.d.sync += [
                                p_count.eq(count), p_stride.eq(stride), p.valid.eq(1),
                                p_base.eq(0 if base is None else base), p.shift.eq(shift),
                                p.fresh.eq(base is not None), p.finish.eq(finish), p.end.eq(end),
                                x_step.eq(number + 1), x_running.eq(not end),
                            ]  # fmt: skip

        # p: multiply. s: add. f: check.
        s, s_product, s_base = Signal(control), Signal(32), Signal(18)
        f, f_sum = Signal(control), Signal(50)
        m.d.sync += [
            s.eq(p), s_product.eq(p_count * p_stride), s_base.eq(p_base),
            f.eq(s),
        ]  # fmt: skip
        with m.If(s.valid):
            m.d.sync += f_sum.eq(Mux(s.fresh, s_base, f_sum)
                                 + Mux(s.shift, s_product << 16, s_product))
        self._check(m, f, f_sum)
        return m

    def _check(self, m, f, f_sum):
        config = self.config
        with m.If(self.start):
            m.d.sync += self.code.eq(ErrorCode.NONE)
        failed = Signal()
        m.d.comb += failed.eq(self.code != ErrorCode.NONE)

        def fail(code, address):
            with m.If(~failed):
                m.d.sync += [self.code.eq(code), self.address.eq(address)]

        end = Signal()
        m.d.sync += [end.eq(0), self.done.eq(end)]
        with m.If(f.valid):
            with m.If((f.finish == _Finish.A) | (f.finish == _Finish.B)):
                with m.If(f_sum >= config.scratchpad_rows):
                    fail(ErrorCode.SCRATCHPAD, f_sum)
            with m.If(f.finish == _Finish.A):
                m.d.sync += self.last_a.eq(f_sum)
            with m.If(f.finish == _Finish.B):
                m.d.sync += self.last_b.eq(f_sum)
            with m.If(f.finish == _Finish.SUMS):
                m.d.sync += self.last_sums.eq(f_sum)
                with m.If(f_sum >= config.accumulator_rows):
                    fail(ErrorCode.ACCUMULATOR, f_sum)
            with m.If(f.finish == _Finish.MEMORY):
                m.d.sync += [self.memory_extent.eq(f_sum), end.eq(1)]
            with m.Elif(f.end):
                m.d.sync += self.done.eq(1)

        # e: the address of the last byte, one cycle after the extent.
        address = self.command.load.address
        with m.If(end):
            last = Signal(65)
            m.d.comb += last.eq(address + self.memory_extent - 1)
            m.d.sync += self.last_byte.eq(last)
            with m.If(last[config.axi_address_width:].any()):
                fail(ErrorCode.ADDRESS, address)
