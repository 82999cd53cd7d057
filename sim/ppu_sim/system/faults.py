"""Which accesses the memory refuses."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ppu.lib.axi import Response

__all__ = ["FaultCheck", "FaultRegion"]


def FaultRegion(address_width):
    """Bytes `start` to `end - 1` answer `response`; none do while it is OKAY."""
    return data.StructLayout({"start": address_width, "end": address_width, "response": Response})


class FaultCheck(wiring.Component):
    """The response to a beat: that of the fault region if its bus word touches the region,
    DECERR if it lies beyond the size of the memory, OKAY otherwise.

    Parameters
    ----------
    address_width, data_width : int
        Bits of a byte address and of a bus word.

    Members
    -------
    address : In(address_width)
        Address of the bus word: a multiple of its size.
    size : In(address_width)
        Bytes of the memory: a multiple of the size of a bus word.
    region : In(FaultRegion(address_width))
        Fault region.
    response : Out(Response)
        Response, in the same cycle.
    """

    def __init__(self, *, address_width, data_width):
        self.beat_bytes = data_width // 8
        super().__init__({
            "address": In(address_width), "size": In(address_width),
            "region": In(FaultRegion(address_width)), "response": Out(Response),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        last = self.address + (self.beat_bytes - 1)
        with m.If((self.region.response != Response.OKAY)
                  & (self.address < self.region.end) & (last >= self.region.start)):  # fmt: skip
            m.d.comb += self.response.eq(self.region.response)
        with m.Elif(self.address >= self.size):
            m.d.comb += self.response.eq(Response.DECERR)
        return m
