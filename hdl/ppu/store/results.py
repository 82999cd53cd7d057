"""Rows of results: sums as they are, or what the epilogue makes of them."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..epilogue.settings import Settings, settings_of
from ..epilogue.unit import Epilogue
from ..isa import StoreFormat
from ..memory.parameters import ParameterWriteLayout

__all__ = ["ResultRows"]


class ResultRows(wiring.Component):
    """Puts the epilogue between accumulator and bus, with settings for two jobs.

    Rows come out in order: a job that is scaled may start once the last but one of these is done,
    and one that is not once all are, since its rows pass in no time. It also waits for the
    unpacker, whose last row came when the reader knew nothing of it any more.

    Parameters
    ----------
    geometry : RowGeometry
        Sizes.
    job_layout : Layout
        Layout of a job.
    parameter_rows : int
        Rows of parameters.

    Members
    -------
    job : In(job_layout)
        The next job.
    may_start, start : Out(1), In(1)
        It may start, and does.
    is_scaled, settings : Out(1)
        It goes through the epilogue; with these settings.
    arrived, residual_arrived, row, place, scaled : In
        As :class:`~..epilogue.unit.Epilogue` has them, but `arrived` for any row.
    o_arrived, o_row, o_place : Out
        Rows of results.
    unpacking : In(1)
        The unpacker has a row.
    load : In(stream.Signature(ParameterWriteLayout))
        Parameters to write.
    """

    def __init__(self, geometry, *, job_layout, parameter_rows):
        self.geometry, self.parameter_rows = geometry, parameter_rows
        row = 32 * geometry.columns
        super().__init__({
            "job": In(job_layout), "may_start": Out(1), "start": In(1),
            "is_scaled": Out(1), "settings": Out(1),
            "arrived": In(1), "residual_arrived": In(1), "row": In(row),
            "place": In(geometry.place), "scaled": In(geometry.scaled),
            "o_arrived": Out(1), "o_row": Out(row), "o_place": Out(geometry.place),
            "unpacking": In(1),
            "load": In(stream.Signature(ParameterWriteLayout(parameter_rows, geometry.columns))),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.epilogue = epilogue = Epilogue(
            self.geometry, parameter_rows=self.parameter_rows)
        connect(m, flipped(self.load), epilogue.load)
        busy, ended = Signal(2), Signal(2)          # jobs whose settings are in use
        drains = Signal()                           # the last job was scaled, and is not done
        m.d.comb += [
            self.is_scaled.eq(self.job.result_format != StoreFormat.INT32.value),
            self.may_start.eq(Mux(self.is_scaled, ~busy.bit_select(self.settings, 1), ~drains)),
            ended.bit_select(epilogue.o_settings, 1).eq(epilogue.o_arrived & epilogue.o_end),
        ]
        begun = Signal(2)
        m.d.sync += [
            busy.eq(busy & ~ended | begun),
            drains.eq(begun.any() | drains & (busy.any() | self.unpacking)),
        ]
        with m.If(self.start & self.is_scaled):
            m.d.comb += begun.bit_select(self.settings, 1).eq(1)
            m.d.sync += self.settings.eq(~self.settings)
        for index in range(2):
            kept = Signal(Settings, name=f"settings_{index}")
            m.d.comb += epilogue.settings[index].eq(kept)
            with m.If(begun[index]):
                m.d.sync += [kept[name].eq(value) for name, value in settings_of(self.job).items()]
        m.d.comb += [
            epilogue.arrived.eq(self.arrived & self.scaled.scaled),
            epilogue.residual_arrived.eq(self.residual_arrived),
            epilogue.row.eq(self.row), epilogue.place.eq(self.place),
            epilogue.scaled.eq(self.scaled),
            self.o_arrived.eq(self.arrived & ~self.scaled.scaled | epilogue.o_arrived),
            self.o_row.eq(Mux(epilogue.o_arrived, epilogue.o_row, self.row)),
            self.o_place.eq(Mux(epilogue.o_arrived, epilogue.o_place, self.place)),
        ]
        return m
