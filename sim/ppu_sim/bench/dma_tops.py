"""The DMA engines with the standard AXI pins, for the benches."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ppu.dma.ranges import RangeLayout
from ppu.dma.read_arbiter import ReadArbiter
from ppu.dma.reader import BeatLayout, ReadEngine
from ppu.dma.writer import StrobedLayout, WriteEngine
from ppu.lib.axi import AxiSignature, FaultLayout, Pins, connect_pins

__all__ = ["ReadTop", "WriteTop"]


class ReadTop(wiring.Component):
    """A :class:`ReadEngine` behind an arbiter; the write channels rest."""

    def __init__(self, *, address_width, data_width, **engine):
        self.bus = AxiSignature(address_width=address_width, data_width=data_width)
        self.address_width, self.data_width, self.engine = address_width, data_width, engine
        super().__init__({
            "ranges": In(stream.Signature(RangeLayout(address_width))),
            "beats": Out(stream.Signature(BeatLayout(data_width))),
            "fault": Out(FaultLayout(address_width)),
            "busy": Out(1),
            "m_axi": Out(Pins(self.bus)),
        })

    def elaborate(self, platform):
        m = Module()
        widths = {"address_width": self.address_width, "data_width": self.data_width}
        m.submodules.engine = engine = ReadEngine(**widths, **self.engine)
        m.submodules.arbiter = arbiter = ReadArbiter(**widths, clients=2)
        bus = self.bus.create()
        connect(m, flipped(self.ranges), engine.ranges)
        connect(m, engine.beats, flipped(self.beats))
        connect(m, engine.axi, arbiter.clients[engine.id])
        for channel in ("ar", "r"):
            source, sink = (arbiter.axi, bus) if channel == "ar" else (bus, arbiter.axi)
            _forward(m, getattr(source, channel), getattr(sink, channel))
        m.d.comb += [self.fault.eq(engine.fault), self.busy.eq(engine.busy)]
        connect_pins(m, bus, self.m_axi)
        return m


class WriteTop(wiring.Component):
    """A :class:`WriteEngine`; the read channels rest. `beats` have data and strobes apart."""

    def __init__(self, *, address_width, data_width, **engine):
        self.bus = AxiSignature(address_width=address_width, data_width=data_width)
        self.address_width, self.data_width, self.engine = address_width, data_width, engine
        super().__init__({
            "ranges": In(stream.Signature(RangeLayout(address_width))),
            "beats": In(stream.Signature(StrobedLayout(data_width))),
            "completed": Out(1),
            "fault": Out(FaultLayout(address_width)),
            "busy": Out(1),
            "m_axi": Out(Pins(self.bus)),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.engine = engine = WriteEngine(
            address_width=self.address_width, data_width=self.data_width, **self.engine)
        bus = self.bus.create()
        connect(m, flipped(self.ranges), engine.ranges)
        connect(m, flipped(self.beats), engine.beats)
        for channel in ("aw", "w", "b"):
            source, sink = (bus, engine.axi) if channel == "b" else (engine.axi, bus)
            _forward(m, getattr(source, channel), getattr(sink, channel))
        m.d.comb += [
            self.completed.eq(engine.completed), self.fault.eq(engine.fault),
            self.busy.eq(engine.busy),
        ]
        connect_pins(m, bus, self.m_axi)
        return m


def _forward(m, source, sink):
    """One channel; `connect` wants opposite interfaces, the bus in between is one object."""
    m.d.comb += [
        sink.valid.eq(source.valid), Value.cast(sink.payload).eq(source.payload),
        source.ready.eq(sink.ready),
    ]
