"""Stage 2: commands in, jobs out."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..isa import FetchedCommand
from .decode import Decoder
from .station import Station

__all__ = ["CommandStage"]


class CommandStage(wiring.Component):
    """Decoder and reservation station.

    From a command to its job, if nothing is in the way: two cycles beside the decoder's own.

    Parameters
    ----------
    config : Config
        Configuration of the core.

    Members
    -------
    commands : In(stream)
        Commands as fetched.

    The others are those of :class:`~.station.Station`; `pending` covers the decoder too.
    """

    def __init__(self, config):
        self._station = Station(config)
        self._decoder = Decoder(config)
        members = {name: member for name, member in self._station.signature.members.items()
                   if name != "i"}
        super().__init__({"commands": In(stream.Signature(FetchedCommand)), **members})

    def elaborate(self, platform):
        m = Module()
        m.submodules.decoder = decoder = self._decoder
        m.submodules.station = station = self._station
        connect(m, flipped(self.commands), decoder.i)
        connect(m, decoder.o, station.i)
        for name, member in self.signature.members.items():
            if name in ("commands", "pending"):
                continue
            inner, outer = getattr(station, name), getattr(self, name)
            if member.is_signature:
                connect(m, inner, flipped(outer))
            elif member.flow == Out:
                m.d.comb += outer.eq(inner)
            else:
                m.d.comb += inner.eq(outer)
        m.d.comb += self.pending.eq(station.pending | decoder.busy)
        return m
