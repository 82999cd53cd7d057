"""From blocks and destinations to rows of the memories."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..memory.parameters import ParameterWriteLayout
from .destinations import DestinationLayout
from .packer import BlockLayout

__all__ = ["AccumulatorWriteLayout", "RowWriter"]


def AccumulatorWriteLayout(rows, columns):
    """A write to the accumulator: row, which sums of it, and the sums."""
    return data.StructLayout({
        "row": range(rows), "mask": columns, "data": data.ArrayLayout(32, columns),
    })  # fmt: skip


class RowWriter(wiring.Component):
    """Collects the blocks of a row in a register, and writes the row.

    A block that begins a row clears the others, so the row is filled up with zeros. An accumulator
    row smaller than a block takes a part of it, and the next ones take the others.

    Latency one cycle from the last block of a row to its write. Throughput one block per cycle;
    after a row for the accumulator one cycle more, which keeps `acc_write.ready` out of every path.
    Cuts all paths but those from blocks and destinations to their `ready`.

    Parameters
    ----------
    block_bytes : int
        Bytes of a block.
    row_bytes, scratchpad_rows : int
        Bytes of a scratchpad row, at least a block; and their number.
    columns, accumulator_rows : int
        Sums of an accumulator row, and the number of rows.
    parameter_rows : int
        Rows of the epilogue's parameters; 0 without one. They are as long as those of sums.

    Members
    -------
    blocks : In(stream.Signature(BlockLayout))
        Blocks of matrix rows.
    destinations : In(stream.Signature(DestinationLayout))
        Rows to write.
    sp_en, sp_row, sp_data : Out
        Write of a scratchpad row.
    acc_write : Out(stream.Signature(AccumulatorWriteLayout))
        Write of an accumulator row, always of all its sums.
    parameters : Out(stream.Signature(ParameterWriteLayout))
        Write of a row of parameters, where there are any.
    completed : Out(1)
        The last row of a job is being written to the scratchpad, or was written to another memory
        in the cycle before.
    error : Out(1)
        With `completed`: a block of the job had an error.
    """

    def __init__(self, *, block_bytes, row_bytes, scratchpad_rows, columns, accumulator_rows,
                 parameter_rows=0):  # fmt: skip
        self.block_bytes, self._parameters = block_bytes, int(parameter_rows > 0)
        #: Accumulator rows in a block; 1 if they are larger.
        self.parts = max(1, block_bytes // (4 * columns))
        self._scratchpad_blocks = row_bytes // block_bytes
        self._accumulator_blocks = max(1, 4 * columns // block_bytes)
        row_width = ceil_log2(max(scratchpad_rows, accumulator_rows, parameter_rows))
        super().__init__({
            "blocks": In(stream.Signature(BlockLayout(block_bytes))),
            "destinations": In(stream.Signature(
                DestinationLayout(row_width, self.parts, self._parameters))),
            "sp_en": Out(1), "sp_row": Out(range(scratchpad_rows)), "sp_data": Out(8 * row_bytes),
            "acc_write": Out(stream.Signature(AccumulatorWriteLayout(accumulator_rows, columns))),
            **({"parameters": Out(stream.Signature(ParameterWriteLayout(parameter_rows, columns)))}
               if parameter_rows else {}),
            "completed": Out(1), "error": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        block, chosen = self.blocks.payload, self.destinations.payload
        places = max(self._scratchpad_blocks, self._accumulator_blocks)
        rows = Signal(data.ArrayLayout(8 * self.block_bytes, places), reset_less=True)
        place = Signal(range(places))
        last_place = Mux(chosen.target, self._accumulator_blocks - 1, self._scratchpad_blocks - 1)
        go, again, full, take, write = (Signal(name=name) for name in (
            "go", "again", "full", "take", "write"))
        held, written = Signal(), Signal()      # a row for another memory than the scratchpad
        m.d.comb += [
            go.eq(self.destinations.valid & ~held),
            again.eq(chosen.zero | (chosen.part != 0)),
            full.eq(block.last | (place == last_place)),
            self.blocks.ready.eq(go & ~again),
            take.eq(self.blocks.ready & self.blocks.valid),
            write.eq(go & (again | (self.blocks.valid & full))),
            self.destinations.ready.eq(write),
        ]
        with m.If(take):
            m.d.sync += place.eq(Mux(full, 0, place + 1))
        for index in range(places):
            with m.If((go & chosen.zero) | (take & (place == 0) & (index != 0))):
                m.d.sync += rows[index].eq(0)
            with m.Elif(take & (place == index)):
                m.d.sync += rows[index].eq(block.data)
        m.d.sync += Assert(~(go & chosen.zero) | (place == 0), "zeros within another row")
        self._write(m, write, rows.as_value(), held, written)
        self._complete(m, write, take, held & written)
        return m

    def _write(self, m, write, rows, held, written):
        """Registers where `rows` goes to."""
        chosen, acc = self.destinations.payload, self.acc_write
        row, part = Signal.like(chosen.row), Signal.like(chosen.part)
        m.d.sync += self.sp_en.eq(write & ~chosen.target)
        with m.If(write):
            m.d.sync += [row.eq(chosen.row), part.eq(chosen.part)]
        with m.If(write & chosen.target):
            m.d.sync += held.eq(1)
        with m.Elif(written):
            m.d.sync += held.eq(0)
        words = rows.word_select(part, len(acc.payload.data.as_value()))
        m.d.comb += [
            self.sp_row.eq(row), self.sp_data.eq(rows),
            acc.payload.row.eq(row), acc.payload.mask.eq(~0),
            acc.payload.data.as_value().eq(words),
            acc.valid.eq(held), written.eq(acc.ready),
        ]
        if self._parameters:
            to_parameters, other = Signal(), self.parameters
            with m.If(write):
                m.d.sync += to_parameters.eq(chosen.to_parameters)
            m.d.comb += [
                acc.valid.eq(held & ~to_parameters), other.valid.eq(held & to_parameters),
                written.eq(Mux(to_parameters, other.ready, acc.ready)),
                other.payload.row.eq(row), other.payload.data.as_value().eq(words),
            ]

    def _complete(self, m, write, take, written):
        """Reports the end of each job, with the errors of its blocks."""
        chosen = self.destinations.payload
        acc_last, fresh = Signal(), Signal(init=1)
        m.d.sync += self.completed.eq(
            (write & chosen.last & ~chosen.target) | (written & acc_last))
        with m.If(write):
            m.d.sync += acc_last.eq(chosen.last)
        with m.If(take | write):
            m.d.sync += fresh.eq(write & chosen.last)
        with m.If(take):
            m.d.sync += self.error.eq(self.blocks.payload.error | (self.error & ~fresh))
