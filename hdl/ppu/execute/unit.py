"""The EXECUTE unit."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import Signs
from ..lib.delay import delay
from ..lib.states import ExecuteState, WaitingLayout, tell
from ..memory.accumulator import Accumulator
from ..memory.scratchpad import Scratchpad
from .array import SystolicArray
from .columns import ColumnArray
from .element import Int8Element
from .feeder import Feeder
from .sequencer import Sequencer
from .tiles import TileWalker

__all__ = ["ExecuteUnit"]


class ExecuteUnit(wiring.Component):
    """Streams scratchpad rows through the array into the accumulator.

    Jobs follow each other without a bubble. A tile of m rows takes max(m, columns) cycles. From the
    read of an operand row to the update of its sums it takes `latency` cycles; from a job to the
    read of its first weight row three, from `go` to that of its first operand row one.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    job_layout : Layout
        Layout of a job.

    Members
    -------
    job : In(stream)
        Jobs, in order. Their weights may be read at once.
    go : In(1)
        A pulse for each job, in order, when the unit has taken it: it may go on.
    released, completed : Out(1)
        One pulse per job: its last scratchpad row is being read; its last sums are being written.
    streaming : Out(1)
        One pulse per job: row x of its last tile can be read from the accumulator
        `STREAMING_LEAD` + x cycles later, and all rows of the other tiles before.
    waiting : In(WaitingLayout("execute"))
        The oldest command without its `go`.
    state : Out(ExecuteState)
        What the unit did in the cycle before.
    a_en, a_row, a_data, b_en, b_row, b_data
        The scratchpad's read ports.
    u_en, u_row, u_overwrite, u_sums
        The accumulator's update port.
    """

    #: Cycles from `streaming` to the first read: as many as a STORE that waits for it needs, one
    #: in the station and two in its unit.
    STREAMING_LEAD = 3

    def __init__(self, config, *, job_layout):
        self.config = config
        self._mixed = config.signs is Signs.MIXED
        numbers = {"mixed_signs": self._mixed, "product_registers": config.product_registers}
        if config.in_order:
            self._array = ColumnArray(lanes=config.row_bytes, columns=config.columns, **numbers)
        else:
            self._array = SystolicArray(
                rows=config.array_rows, columns=config.columns,
                element=lambda: Int8Element(dot=config.dot, lanes=config.row_bytes, **numbers))
        #: Cycles from the read of an operand row to `u_sums`.
        self.latency = Scratchpad.READ_LATENCY + self._array.latency
        row = 8 * config.row_bytes
        super().__init__({
            "job": In(stream.Signature(job_layout)), "go": In(1),
            "released": Out(1), "streaming": Out(1), "completed": Out(1),
            "waiting": In(WaitingLayout("execute")),
            "state": Out(ExecuteState),
            "a_en": Out(1), "a_row": Out(range(config.scratchpad_rows)), "a_data": In(row),
            "b_en": Out(1), "b_row": Out(range(config.scratchpad_rows)), "b_data": In(row),
            "u_en": Out(1), "u_row": Out(range(config.accumulator_rows)), "u_overwrite": Out(1),
            "u_sums": Out(self._array.signature.members["o_sums"].shape),
        })  # fmt: skip

    @property
    def sum_shape(self):
        """Shape of one sum of `u_sums`."""
        return self.u_sums.shape().elem_shape

    def elaborate(self, platform):
        m = Module()
        feeder, inside = self._sequence(m)
        m.submodules.array = array = self._array
        m.d.comb += [
            self.a_en.eq(feeder.a_en), self.a_row.eq(feeder.a_row),
            self.b_en.eq(feeder.b_en), self.b_row.eq(feeder.b_row),
            self.released.eq(feeder.a.last),
        ]  # fmt: skip

        # d_: beside the data that the scratchpad delivers.
        d_swap = delay(m, feeder.a_en & feeder.a.swap, Scratchpad.READ_LATENCY, name="d_swap")
        d_a_signed = delay(m, feeder.a.signed, Scratchpad.READ_LATENCY, name="d_a_signed")
        d_load = delay(m, feeder.b_en, Scratchpad.READ_LATENCY, name="d_load")
        d_column = delay(m, feeder.b.column, Scratchpad.READ_LATENCY, name="d_column")
        d_b_signed = delay(m, feeder.b.signed, Scratchpad.READ_LATENCY, name="d_b_signed")
        m.d.comb += [
            array.i_swap.eq(d_swap), array.i_load.eq(d_load), array.i_column.eq(d_column),
            array.i_a.eq(self._operands(self.a_data, d_a_signed)),
            array.i_b.eq(self._operands(self.b_data, d_b_signed)),
            self.u_sums.eq(array.o_sums),
        ]  # fmt: skip

        # u_: beside the sums; the accumulator wants the row early, to read it.
        u_delay = self.latency - Accumulator.READ_LATENCY
        u_last = delay(m, self.released, u_delay, name="u_last")
        u_final = delay(m, feeder.a_en & feeder.a.swap & feeder.a.final, u_delay, name="u_final")
        m.d.comb += [
            self.u_en.eq(delay(m, feeder.a_en, u_delay, name="u_en")),
            self.u_row.eq(delay(m, feeder.a.c, u_delay, name="u_row")),
            self.u_overwrite.eq(delay(m, feeder.a.overwrite, u_delay, name="u_overwrite")),
            self.streaming.eq(delay(m, u_final, Accumulator.UPDATE_DISTANCE - self.STREAMING_LEAD,
                                    name="streaming")),
            self.completed.eq(delay(m, u_last, Accumulator.UPDATE_LATENCY, name="completed")),
        ]
        self._tell(m, inside, feeder)
        return m

    def _sequence(self, m):
        """What asks for rows, and whether it has any to ask for."""
        config = self.config
        sizes = {"scratchpad_rows": config.scratchpad_rows,
                 "accumulator_rows": config.accumulator_rows}
        distance, layout = Accumulator.UPDATE_DISTANCE, self.job.payload.shape()
        if config.in_order:
            m.submodules.sequencer = sequencer = Sequencer(
                **sizes, columns=config.columns, update_distance=distance, job_layout=layout)
            connect(m, flipped(self.job), sequencer.i)
            return sequencer, sequencer.busy
        m.submodules.walker = walker = TileWalker(
            **sizes, job_layout=layout, update_distance=distance)
        m.submodules.feeder = feeder = Feeder(
            **sizes, scratchpad_banks=config.scratchpad_banks, columns=config.columns,
            update_distance=distance, jobs=config.execute_slots)
        connect(m, flipped(self.job), walker.i)
        connect(m, walker.o, feeder.i)
        m.d.comb += feeder.go.eq(self.go)
        return feeder, walker.o.valid | feeder.filled

    def _tell(self, m, inside, feeder):
        """The state: the first of these that applies."""
        waiting = self.waiting
        tell(m, self.state, {
            ExecuteState.BUSY: feeder.goes,
            ExecuteState.BANK: feeder.held_up,
            ExecuteState.WEIGHTS: inside | (waiting.command & ~(waiting.load | waiting.store)),
            ExecuteState.WAITS_LOAD: waiting.load,
            ExecuteState.WAITS_STORE: waiting.store,
        }, otherwise=ExecuteState.NO_COMMAND)

    def _operands(self, row, is_signed):
        """Bytes of a row as operands of the array: sign- or zero-extended."""
        shape = Int8Element.operand_shape(self._mixed)
        lanes = []
        for lane in range(self.config.row_bytes):
            byte = row.word_select(lane, 8)
            lanes.append(Cat(byte, byte[7] & is_signed) if self._mixed else byte)
        assert all(len(lane) == shape.width for lane in lanes)
        return Cat(lanes)
