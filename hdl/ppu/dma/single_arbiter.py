"""Two readers on one bus that take turns."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..lib.axi import AxiReadSignature

__all__ = ["SingleArbiter"]


class SingleArbiter(wiring.Component):
    """Takes the place of :class:`~.read_arbiter.ReadArbiter` where clients ask for single bursts.

    A client has the bus from its request to the last beat of the answer: so beats are always of the
    client that waits for them, and it may let them wait. Client 0 goes first.

    Latency: AR one cycle; R none. Cuts no other paths.

    Parameters
    ----------
    address_width, data_width, id_width : int
        Of the bus.

    Members
    -------
    Those of :class:`~.read_arbiter.ReadArbiter` for two clients.
    """

    def __init__(self, *, address_width, data_width, id_width=1):
        signature = AxiReadSignature(
            address_width=address_width, data_width=data_width, id_width=id_width)
        super().__init__({
            "clients": In(signature).array(2), "axi": Out(signature), "taken": Out(1).array(2),
        })

    def elaborate(self, platform):
        m = Module()
        ar, r = self.axi.ar, self.axi.r
        given, owner = Signal(), Signal()
        first, second = self.clients
        m.d.comb += ar.payload.eq(
            Mux(owner, second.ar.payload.as_value(), first.ar.payload.as_value()))
        with m.If(~given):
            m.d.sync += [given.eq(first.ar.valid | second.ar.valid), owner.eq(~first.ar.valid)]
        with m.Elif(r.valid & r.ready & r.p.last):
            m.d.sync += given.eq(0)
        with m.If(r.valid):
            m.d.sync += Assert(given & (r.p.id == owner), "an answer to who has not the bus")
        for index, client in enumerate(self.clients):
            mine = given & (owner == index)
            m.d.comb += [
                client.r.payload.eq(r.payload), client.r.valid.eq(r.valid & mine),
                client.ar.ready.eq(ar.ready & mine),
                self.taken[index].eq(ar.valid & ~ar.ready | given & ~mine),
            ]
            with m.If(mine):
                m.d.comb += [ar.valid.eq(client.ar.valid), r.ready.eq(client.r.ready)]
        return m
