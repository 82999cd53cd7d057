"""The host: register accesses at the request of a simulator."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ppu.lib.axi import LiteSignature, Response

__all__ = ["HostPort", "HostSignature"]

ADDRESS_WIDTH = 12


class HostSignature(wiring.Signature):
    """One register access at a time, seen by who asks for it.

    `valid` goes up together with the request, which stays until `done` is high; then `data` and
    `response` are valid, and stay so until `valid` has gone down, which takes `done` down.
    """

    def __init__(self):
        super().__init__({
            "valid": Out(1), "write": Out(1), "start": Out(1),
            "address": Out(ADDRESS_WIDTH), "write_data": Out(32),
            "done": In(1), "data": In(32), "response": In(Response),
        })  # fmt: skip


class HostPort(wiring.Component):
    """AXI4-Lite manager that does the accesses it is asked for.

    In hardware, so that the cycles of an access are the same in every simulator.

    Members
    -------
    host : In(HostSignature())
        What to do.
    axil : Out(LiteSignature)
        The bus.
    written : Out(1)
        In the cycle in which the subordinate has accepted both address and data of a write.
    started : Out(1)
        The same, of a write with `start`.
    """

    def __init__(self):
        super().__init__({
            "host": In(HostSignature()), "axil": Out(LiteSignature(address_width=ADDRESS_WIDTH)),
            "written": Out(1), "started": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        host, axil = self.host, self.axil
        aw_sent, w_sent, ar_sent = Signal(), Signal(), Signal()
        active = Signal()
        m.d.comb += [
            active.eq(host.valid & ~host.done),
            axil.aw.payload.addr.eq(host.address), axil.ar.payload.addr.eq(host.address),
            axil.w.payload.data.eq(host.write_data), axil.w.payload.strb.eq(0b1111),
            axil.aw.valid.eq(active & host.write & ~aw_sent),
            axil.w.valid.eq(active & host.write & ~w_sent),
            axil.ar.valid.eq(active & ~host.write & ~ar_sent),
            axil.b.ready.eq(active), axil.r.ready.eq(active),
            self.started.eq(self.written & host.start),
        ]  # fmt: skip
        sent = [(aw_sent, axil.aw), (w_sent, axil.w), (ar_sent, axil.ar)]
        for done, channel in sent:
            with m.If(channel.valid & channel.ready):
                m.d.sync += done.eq(1)
        m.d.comb += self.written.eq(
            active & host.write & ~(aw_sent & w_sent)
            & (aw_sent | axil.aw.ready) & (w_sent | axil.w.ready)
        )  # fmt: skip
        for channel in (axil.b, axil.r):
            with m.If(channel.valid & channel.ready):
                m.d.sync += [host.done.eq(1), host.response.eq(channel.payload.resp)]
        with m.If(axil.r.valid & axil.r.ready):
            m.d.sync += host.data.eq(axil.r.payload.data)
        with m.If(~host.valid):
            m.d.sync += [host.done.eq(0), *(done.eq(0) for done, _ in sent)]
        return m
