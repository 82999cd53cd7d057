"""The few address bits that a small memory needs of a wide bus."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ppu.lib.axi import AxiSignature

from .place import check_place

__all__ = ["AxiWindow"]


class AxiWindow(wiring.Component):
    """Shortens a manager's addresses to those of one memory and a bit that says "outside".

    Every part between the manager and the memory gets smaller by it. Combinational: the bit is a
    comparison of the address with a constant, everything else is wire.

    Parameters
    ----------
    address_width, data_width, id_width : int
        Of the manager's bus.
    size : int
        Bytes of the memory: a power of two.
    base : int
        Its first address: a multiple of `size`.

    Members
    -------
    manager : In(AxiSignature)
        The manager.
    axi : Out(AxiSignature)
        The memory, at address 0, with addresses of ``log2(size) + 1`` bits. The top bit is set for
        an address outside the memory, which for a subordinate of `size` bytes is outside too.
    """

    def __init__(self, *, address_width, data_width, size, base=0, id_width=1):
        check_place(size=size, base=base, address_width=address_width, least=2)
        self.size, self.base = size, base
        widths = {"data_width": data_width, "id_width": id_width}
        super().__init__({
            "manager": In(AxiSignature(address_width=address_width, **widths)),
            "axi": Out(AxiSignature(address_width=exact_log2(size) + 1, **widths)),
        })

    def elaborate(self, platform):
        m = Module()
        top = exact_log2(self.size)
        for name in ("ar", "aw"):
            wide, narrow = getattr(self.manager, name), getattr(self.axi, name)
            m.d.comb += [
                narrow.p.id.eq(wide.p.id), narrow.p.len.eq(wide.p.len),
                narrow.p.addr.eq(Cat(wide.p.addr[:top], wide.p.addr[top:] != self.base >> top)),
                narrow.valid.eq(wide.valid), wide.ready.eq(narrow.ready),
            ]
        wiring.connect(m, wiring.flipped(self.manager.w), wiring.flipped(self.axi.w))
        for name in ("r", "b"):
            wiring.connect(m, wiring.flipped(getattr(self.axi, name)),
                           wiring.flipped(getattr(self.manager, name)))
        return m
