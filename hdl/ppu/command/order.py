"""The program order of the commands in flight."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

__all__ = ["ProgramOrder", "is_older"]


def is_older(number, other):
    """Whether a command in flight is older than another: they are less than half a turn apart."""
    return (number - other)[len(number) - 1]


class ProgramOrder(wiring.Component):
    """Gives every command a number as it enters, and retires commands in that order.

    Units complete commands in an order of their own; a command retires once it and all older ones
    are complete, at most one a cycle and none in the cycle after an END, at the earliest the cycle
    after its completion. Numbers count modulo twice the depth.

    Parameters
    ----------
    depth : int
        Commands in flight. Power of two.
    completions : int
        Commands that may complete in one cycle.

    Members
    -------
    enter : In(1)
        A command enters; `ready` must be high.
    enter_complete, enter_end : In(1)
        Nothing is left to do for it (FENCE, END); it is an END. Matter with `enter` only.
    ready, empty : Out(1)
        There is room; nothing is in flight.
    tail : Out
        Number of the command that enters next.
    head : Out
        Number of the oldest command in flight.
    done, done_number : In
        Completions.
    retired : Out(32)
        Commands retired since reset.
    end : Out(1)
        An END retires.
    """

    def __init__(self, *, depth, completions):
        self.depth = depth
        super().__init__({
            "enter": In(1), "enter_complete": In(1), "enter_end": In(1),
            "ready": Out(1), "empty": Out(1, init=1),
            "tail": Out(range(2 * depth)), "head": Out(range(2 * depth)),
            "done": In(1).array(completions),
            "done_number": In(range(2 * depth)).array(completions),
            "retired": Out(32), "end": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        complete, is_end = Signal(self.depth), Signal(self.depth)
        level = Signal(range(self.depth + 1))
        retire, ended = Signal(), Signal()
        oldest = Signal(self.depth, init=1)     # the place of `head`, as one bit
        tail = self.tail[:exact_log2(self.depth)]
        m.d.comb += [
            self.ready.eq(~level[-1]),
            retire.eq(~self.empty & ~ended & (complete & oldest).any()),
            self.end.eq(retire & (is_end & oldest).any()),
        ]
        m.d.sync += ended.eq(self.end)
        with m.If(self.enter ^ retire):
            m.d.sync += [
                level.eq(level + Mux(retire, -1, 1)), self.empty.eq(retire & (level == 1)),
            ]
        with m.If(self.enter):
            m.d.sync += self.tail.eq(self.tail + 1)
        with m.If(self.ready):      # the next place is free: whether it is taken is known late
            m.d.sync += [
                complete.bit_select(tail, 1).eq(self.enter_complete),
                is_end.bit_select(tail, 1).eq(self.enter_end),
            ]
        for done, number in zip(self.done, self.done_number, strict=True):
            with m.If(done):
                m.d.sync += complete.bit_select(number[:len(tail)], 1).eq(1)
        with m.If(retire):
            m.d.sync += [
                self.head.eq(self.head + 1), oldest.eq(oldest.rotate_left(1)),
                self.retired.eq(self.retired + 1),
            ]  # fmt: skip
        return m
