"""Stage 2: commands in, jobs out."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import Out, connect, flipped

from .decode import Decoder
from .scoreboard import Scoreboard
from .serial import SerialDecoder
from .station import Station

__all__ = ["CommandStage"]


class CommandStage(wiring.Component):
    """Decoder and reservation station, or their smaller forms for commands that start in order.

    From a command to its job, if nothing is in the way: two cycles beside the decoder's own.

    Parameters
    ----------
    config : Config
        Configuration of the core.

    Members
    -------
    commands : In(stream)
        Commands as fetched.
    words, half
        If commands start in order: as of :class:`~.serial.SerialDecoder`.

    The others are those of :class:`~.station.Station`; `pending` covers the decoder too.
    """

    def __init__(self, config):
        self._in_order = config.in_order
        self._station = (Scoreboard if self._in_order else Station)(config)
        self._decoder = (SerialDecoder if self._in_order else Decoder)(config)
        members = {name: member for name, member in self._station.signature.members.items()
                   if name != "i"}
        if self._in_order:
            members |= {name: self._decoder.signature.members[name] for name in ("words", "half")}
        super().__init__({"commands": self._decoder.signature.members["i"], **members})

    def elaborate(self, platform):
        m = Module()
        m.submodules.decoder = decoder = self._decoder
        m.submodules.station = station = self._station
        connect(m, flipped(self.commands), decoder.i)
        connect(m, decoder.o, station.i)
        for name, member in self.signature.members.items():
            if name in ("commands", "pending"):
                continue
            owner = decoder if name in ("words", "half") else station
            inner, outer = getattr(owner, name), getattr(self, name)
            if member.is_signature:
                connect(m, inner, flipped(outer))
            elif member.flow == Out:
                m.d.comb += outer.eq(inner)
            else:
                m.d.comb += inner.eq(outer)
        # A command stays with the fetch until it starts, if commands start in order.
        m.d.comb += self.pending.eq(
            station.pending if self._in_order else station.pending | decoder.busy)
        return m
