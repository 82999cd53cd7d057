"""The epilogue: rows of sums to rows of results."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..lib.delay import delay
from ..lib.queue import ShallowQueue
from ..memory.parameters import ParameterWriteLayout
from .lane import Lane
from .settings import Settings

__all__ = ["Epilogue"]


class Epilogue(wiring.Component):
    """Scales and converts rows of sums, some columns at a time. ::

        row --> sums --------+                                 +-> results --> o_row
                shifts       +--> lanes, one for each of a ----+   put together
        row --> residual ----+    group of columns

        place ------------------> queue ----------------------------------> o_place

    Latency from a row to its results `latency` cycles, throughput one row per `period` cycles: who
    sends rows keeps that pace (asserted), but a row may come a cycle early, and waits then.
    Residual numbers come before their row, and after the row before.

    Parameters
    ----------
    geometry : RowGeometry
        Sizes; `period` is the number of groups of columns.
    parameter_rows : int
        Rows of parameters.

    Members
    -------
    arrived, residual_arrived : In(1)
        `row` has sums to scale, or residual numbers.
    row : In(32 * columns)
        See `arrived`.
    place, scaled : In(geometry.place), In(geometry.scaled)
        What belongs to it.
    settings : In(Settings).array(2)
        Settings; they stay while rows that want them are inside.
    o_arrived, o_row, o_place : Out
        A row of results, from bit 0 on, and its place.
    o_end, o_settings : Out(1)
        With `o_arrived`: it is the last one of its job, whose settings these are.
    load : In(stream.Signature(ParameterWriteLayout))
        Parameters to write. A row takes `period` cycles.
    """

    def __init__(self, geometry, *, parameter_rows):
        self.geometry = geometry
        self.groups = geometry.period
        self.lanes = geometry.columns // self.groups
        self.words = parameter_rows * self.groups
        self.latency = Lane.LATENCY + self.groups + 1
        super().__init__({
            "arrived": In(1), "residual_arrived": In(1), "row": In(32 * geometry.columns),
            "place": In(geometry.place), "scaled": In(geometry.scaled),
            "settings": In(Settings).array(2),
            "o_arrived": Out(1), "o_row": Out(32 * geometry.columns),
            "o_place": Out(geometry.place), "o_end": Out(1), "o_settings": Out(1),
            "load": In(stream.Signature(
                ParameterWriteLayout(parameter_rows, geometry.columns))),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        lanes = [Lane(words=self.words) for _ in range(self.lanes)]
        for index, lane in enumerate(lanes):
            m.submodules[f"lane_{index}"] = lane
        active, chosen = self._feed(m, lanes)
        # Whether there is a group, and the index of its settings, in each cycle of a lane.
        valid, chosen = [active], [chosen]
        for stage in range(1, Lane.LATENCY + 1):
            valid.append(delay(m, valid[-1], 1, name=f"valid_{stage}"))
            chosen.append(delay(m, chosen[-1], 1, name=f"settings_{stage}"))
        late = self._set(m, lanes, valid, chosen)
        last = self._collect(m, lanes, valid[-1], late)
        self._follow(m, last)
        self._load(m, lanes)
        return m

    def _feed(self, m, lanes):
        """A row to groups of columns. Returns whether there is one, and the index of its settings.
        """
        geometry, scaled = self.geometry, self.scaled
        columns, count = geometry.columns, self.lanes
        waiting = Signal(8 * columns)             # residual numbers of the row to come
        group, active, settings = Signal(range(self.groups)), Signal(), Signal()
        scales, kept = Signal(geometry.scale_width), Signal.like(scaled)
        early, follows = Signal(), Signal()       # a row comes, or came, before the last group
        with m.If(self.residual_arrived):
            m.d.sync += waiting.eq(self.row.word_select(scaled.quarter, 8 * columns))
        m.d.comb += early.eq(self.arrived & active & (group != self.groups - 1))
        m.d.sync += [
            Assert(~early | (group == self.groups - 2) & ~follows, "A row comes too early"),
            Assert(~(self.arrived & follows), "A row comes while one waits"),
            group.eq(group + 1), follows.eq(early),
        ]
        with m.If(self.arrived):
            m.d.sync += kept.eq(scaled)
        with m.If(follows):
            m.d.sync += [scales.eq(kept.scales), settings.eq(kept.settings)]
        with m.Elif(self.arrived & ~early):
            m.d.sync += [
                scales.eq(scaled.scales), settings.eq(scaled.settings), group.eq(0), active.eq(1),
            ]
        with m.Elif(group == self.groups - 1):
            m.d.sync += active.eq(0)
        sums = self._shifted(m, self.row, 32 * count, early, name="sums")
        residual = self._shifted(m, waiting, 8 * count, early, name="residual")
        scale = delay(m, Cat(group, scales), Lane.PLACE, name="scale_place", reset_less=True)
        entries = delay(m, residual, Lane.PLACE, name="entries", reset_less=True)
        for index, lane in enumerate(lanes):
            m.d.comb += [
                lane.sum.eq(sums.word_select(index, 32)), lane.scale.eq(scale),
                lane.entry.eq(entries.word_select(index, 8)),
            ]
        return active, settings

    def _shifted(self, m, row, width, early, *, name):
        """The groups of a row one by one: at once, or if it is early, behind the group before."""
        groups = Signal(len(row) + width, name=name, reset_less=True)
        rest = groups >> width
        m.d.sync += groups.eq(rest)
        with m.If(self.arrived):
            m.d.sync += groups.eq(Mux(early, Cat(rest[:width], row), row))
        return groups[:width]

    def _set(self, m, lanes, valid, chosen):
        """Settings for the cycles in which lanes want them; returns those of their results."""
        early, middle, late = (Signal(Settings, name=name) for name in ("early", "middle", "late"))
        for settings, cycle in ((early, Lane.ADD), (middle, Lane.SETTINGS), (late, Lane.LATENCY)):
            m.d.comb += settings.eq(Mux(chosen[cycle], self.settings[1].as_value(),
                                        self.settings[0].as_value()))  # fmt: skip
        m.d.comb += self.o_settings.eq(delay(m, chosen[Lane.LATENCY], 1, name="settings_o"))
        for lane in lanes:
            m.d.comb += [
                lane.reads.eq(valid[Lane.PLACE]), lane.add_residual.eq(early.residual),
                lane.settings.eq(middle), lane.looks_up.eq(valid[Lane.LOOK_UP]),
                lane.byte.eq(late.byte), lane.activate.eq(late.activate),
            ]  # fmt: skip
        return late

    def _collect(self, m, lanes, valid, settings):
        """Groups of results to a row. Returns whether the last one of a row is there."""
        group, last = Signal(range(self.groups)), Signal()
        m.d.comb += last.eq(valid & (group == self.groups - 1))
        m.d.sync += group.eq(group + valid)
        # The same bytes come round again, so that each byte of the row has one place to come from.
        words = [lane.o for lane in lanes]
        group_bits = Mux(settings.byte, Cat(word[:8] for word in words).replicate(4),
                         Mux(settings.half, Cat(word[:16] for word in words).replicate(2),
                             Cat(words)))  # fmt: skip
        width = 8 * self.lanes                  # what a group of bytes fills
        row = Signal(32 * self.geometry.columns, reset_less=True)
        for part in range(4 * self.groups):
            here = Mux(settings.byte, group == part if part < self.groups else 0,
                       Mux(settings.half, group == part // 2 if part < 2 * self.groups else 0,
                           group == part // 4))  # fmt: skip
            with m.If(here):
                m.d.sync += row.word_select(part, width).eq(
                    group_bits.word_select(part % 4, width))
        m.d.sync += self.o_arrived.eq(last)
        m.d.comb += self.o_row.eq(row)
        return last

    def _follow(self, m, last):
        """Places of the rows inside."""
        depth = 1 << ceil_log2(self.latency // self.groups + 2)
        m.submodules.places = places = ShallowQueue(
            data.StructLayout({"place": self.geometry.place, "end": 1}), depth=depth)
        m.d.comb += [
            places.i.valid.eq(self.arrived), places.i.p.place.eq(self.place),
            places.i.p.end.eq(self.scaled.end), places.o.ready.eq(self.o_arrived),
            self.o_place.eq(places.o.p.place), self.o_end.eq(places.o.p.end),
        ]  # fmt: skip
        m.d.sync += Assert(~self.arrived | places.i.ready, "More rows than there can be")

    def _load(self, m, lanes):
        """Rows of parameters to the lanes, group by group."""
        load, group = self.load, Signal(range(self.groups))
        m.d.comb += load.ready.eq(group == self.groups - 1)
        m.d.sync += group.eq(group + load.valid)
        words = load.payload.data.as_value().word_select(group, 32 * self.lanes)
        for index, lane in enumerate(lanes):
            m.d.comb += [
                lane.w_en.eq(load.valid), lane.w_place.eq(Cat(group, load.payload.row)),
                lane.w_data.eq(words.word_select(index, 32)),
            ]
