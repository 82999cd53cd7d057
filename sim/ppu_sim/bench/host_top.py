"""The host interface with the standard AXI4-Lite pins, for the bench."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ppu.host.host import Host
from ppu.lib.axi import LiteSignature, Pins, connect_pins

__all__ = ["HostTop"]


class HostTop(wiring.Component):
    """A :class:`Host` whose registers have flat pins; everything else as it is."""

    def __init__(self, config):
        self._host = Host(config)
        self._others = {name: member for name, member in self._host.signature.members.items()
                        if name != "s_axil"}
        super().__init__({"s_axil": In(Pins(LiteSignature(address_width=12))), **self._others})

    def elaborate(self, platform):
        m = Module()
        m.submodules.host = host = self._host
        connect_pins(m, host.s_axil, self.s_axil)
        for name, member in self._others.items():
            if member.is_signature:
                connect(m, getattr(host, name), flipped(getattr(self, name)))
            elif member.flow == Out:
                m.d.comb += getattr(self, name).eq(getattr(host, name))
            else:
                m.d.comb += getattr(host, name).eq(getattr(self, name))
        return m
