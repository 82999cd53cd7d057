"""Core, memory and host: what every simulator runs."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from .host import HostPort, HostSignature
from .memory import AxiMemory, MemorySettings
from .monitor import BREACHES, AxiMonitor
from .record import RecordLayout, channel_events
from .storage import StorageSignature

__all__ = ["COUNTER_BITS", "System"]

#: Bits of the cycle counters.
COUNTER_BITS = 48


class System(wiring.Component):
    """A core with its memory and its host, but for the bytes of the memory.

    Parameters
    ----------
    core : wiring.Component
        With the interface of :class:`ppu.core.Core`: the core itself, or an instance of its export.
    depth : int
        Bursts that the memory takes in each direction.

    Members
    -------
    host : In(HostSignature())
        Register accesses. A write with `start` begins a run: the memory's stalls and `elapsed`
        start anew at the clock edge at which the core has taken the write.
    storage : Out(StorageSignature(...))
        Bytes of the memory.
    settings : In(MemorySettings(...))
        Of the memory.
    irq : Out(1)
        The core's interrupt.
    elapsed : Out(COUNTER_BITS)
        Clock edges since the last start.
    cycles : Out(COUNTER_BITS)
        `elapsed` at the clock edge at which `irq` last rose.
    breaches : Out(len(BREACHES))
        Rules of AXI4 that the core broke.
    record : Out(RecordLayout(...))
        What a trace is made of, if the core has a member `probe`.
    """

    def __init__(self, core, *, depth=16):
        self.core, self.depth = core, depth
        bus = core.m_axi.signature
        self.bus = {
            "address_width": bus.address_width, "data_width": bus.data_width,
            "id_width": bus.id_width,
        }  # fmt: skip
        traced = {}
        if "probe" in core.signature.members:
            traced["record"] = Out(RecordLayout(
                address_width=bus.address_width, id_width=bus.id_width, probe=core.probe.shape()))
        super().__init__({
            **traced, "host": In(HostSignature()),
            "storage": Out(StorageSignature(
                address_width=bus.address_width, data_width=bus.data_width)),
            "settings": In(MemorySettings(bus.address_width)),
            "irq": Out(1), "elapsed": Out(COUNTER_BITS), "cycles": Out(COUNTER_BITS),
            "breaches": Out(len(BREACHES)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.core = core = self.core
        m.submodules.memory = memory = AxiMemory(**self.bus, depth=self.depth)
        m.submodules.host = host = HostPort()
        m.submodules.monitor = monitor = AxiMonitor(**self.bus, depth=self.depth)
        connect(m, core.m_axi, memory.axi)
        connect(m, host.axil, core.s_axil)
        connect(m, flipped(self.host), host.host)
        connect(m, memory.storage, flipped(self.storage))
        for name in ("ar", "aw", "w"):
            channel, watch = getattr(core.m_axi, name), getattr(monitor, name)
            m.d.comb += [
                watch.valid.eq(channel.valid), watch.ready.eq(channel.ready),
                watch.payload.eq(channel.payload),
            ]  # fmt: skip
        irq_before, rises, kept = Signal(), Signal(), Signal(COUNTER_BITS)
        m.d.comb += [
            memory.settings.eq(self.settings), memory.restart.eq(host.started),
            self.irq.eq(core.irq), self.breaches.eq(monitor.breaches),
            rises.eq(core.irq & ~irq_before), self.cycles.eq(Mux(rises, self.elapsed, kept)),
        ]  # fmt: skip
        m.d.sync += [
            irq_before.eq(core.irq), kept.eq(self.cycles),
            self.elapsed.eq(Mux(host.started, 0, self.elapsed + 1)),
        ]  # fmt: skip
        if "record" in self.signature.members:
            m.d.comb += [
                *channel_events(self.record, core.m_axi), self.record.probe.eq(core.probe),
                self.record.started.eq(host.started), self.record.irq.eq(core.irq),
            ]  # fmt: skip
        return m
