"""Several readers on one bus."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..lib.axi import AxiReadSignature

__all__ = ["ReadArbiter"]


class ReadArbiter(wiring.Component):
    """Joins AXI4 read managers on one bus.

    Client 0 goes first, then client 1, and so on: the first ones must be modest. Answers go to the
    client whose index is their id; those of different ids may come in any order. Clients must be
    always ready for answers.

    Latency: AR one cycle, from registers; R none. Throughput one burst and one beat per cycle.
    Cuts AR's `valid` and payload; AR's `ready` and R pass through a gate.

    Parameters
    ----------
    address_width, data_width, id_width : int
        Of the bus.
    clients : int
        Managers to join, at most ``2 ** id_width``. Client n must use id n.

    Members
    -------
    clients : In(AxiReadSignature(...)).array(clients)
        The managers.
    axi : Out(AxiReadSignature(...))
        The bus.
    taken : Out(1).array(clients)
        The bus refuses an address, or brings an answer for another client.
    """

    def __init__(self, *, address_width, data_width, clients, id_width=1):
        if not 1 <= clients <= 2 ** id_width:
            raise ValueError(f"Clients must be from 1 to {2 ** id_width} for ids of {id_width} "
                             f"bits, not {clients!r}")
        signature = AxiReadSignature(
            address_width=address_width, data_width=data_width, id_width=id_width)
        super().__init__({
            "clients": In(signature).array(clients), "axi": Out(signature),
            "taken": Out(1).array(clients),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        ar, r = self.axi.ar, self.axi.r
        with m.If(~ar.valid | ar.ready):
            m.d.sync += ar.valid.eq(0)
            earlier = C(0, 1)
            for client in self.clients:
                m.d.comb += client.ar.ready.eq(~earlier)
                with m.If(client.ar.valid & ~earlier):
                    m.d.sync += [ar.valid.eq(1), ar.payload.eq(client.ar.payload)]
                earlier = earlier | client.ar.valid
        m.d.comb += r.ready.eq(1)
        for index, client in enumerate(self.clients):
            m.d.comb += [
                client.r.payload.eq(r.payload),
                client.r.valid.eq(r.valid & (r.p.id == index)),
                self.taken[index].eq(ar.valid & ~ar.ready | r.valid & (r.p.id != index)),
            ]
            with m.If(client.r.valid):
                m.d.sync += Assert(client.r.ready, "Clients must always take answers")
        return m
