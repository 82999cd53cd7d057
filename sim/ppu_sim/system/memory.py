"""The timing of the main memory: latency, bandwidth, stalls and errors, without its bytes."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ppu.lib.axi import AxiReadSignature, AxiSignature, AxiWriteSignature

from .faults import FaultRegion
from .reads import TIME_BITS, ReadSide
from .stalls import StallSource
from .storage import StorageSignature
from .writes import WriteSide

__all__ = ["CHANNELS", "AxiMemory", "MemorySettings"]

#: AXI channels, each with the salt of its stalls: the first digits of pi.
CHANNELS = {
    "ar": 0x243F6A88, "r": 0x85A308D3, "aw": 0x13198A2E, "w": 0x03707344, "b": 0xA4093822,
}  # fmt: skip


def MemorySettings(address_width):
    """What may change between runs of a memory.

    `latency`, 1 to 1023: cycles from an AR handshake to the first R beat, and from the handshake of
    the last W beat to B. `stalls`: for each channel, the chance in 256ths that the memory stalls it
    in a cycle. `seed`: of the stalls. `size`: bytes, a multiple of the bus word; beyond, the answer
    is DECERR. `read_fault`, `write_fault`: regions with error responses.
    """
    return data.StructLayout({
        "latency": 10, "stalls": data.StructLayout(dict.fromkeys(CHANNELS, 8)), "seed": 32,
        "size": address_width,
        "read_fault": FaultRegion(address_width), "write_fault": FaultRegion(address_width),
    })  # fmt: skip


class AxiMemory(wiring.Component):
    """AXI4 subordinate with settable latency, stalls and errors, in front of a storage.

    One beat per cycle on R and on W, each in order; ids are echoed. Bursts are INCR and of full bus
    width. Latency as set, exact when nothing stalls. No path from an input to an output of the bus.

    Parameters
    ----------
    address_width, data_width, id_width : int
        Of the bus.
    depth : int
        Bursts in flight in each direction. Power of two.

    Members
    -------
    axi : In(AxiSignature(...))
        The manager's channels.
    storage : Out(StorageSignature(...))
        Where the bytes are.
    settings : In(MemorySettings(address_width))
        May change while no burst is in flight.
    restart : In(1)
        The streams of stalls start anew, from the seed.
    """

    def __init__(self, *, address_width, data_width, id_width=1, depth=16):
        self.bus = {
            "address_width": address_width, "data_width": data_width, "id_width": id_width,
        }  # fmt: skip
        self.depth = depth
        super().__init__({
            "axi": In(AxiSignature(**self.bus)),
            "storage": Out(StorageSignature(address_width=address_width, data_width=data_width)),
            "settings": In(MemorySettings(address_width)),
            "restart": In(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.reads = reads = ReadSide(**self.bus, depth=self.depth)
        m.submodules.writes = writes = WriteSide(**self.bus, depth=self.depth)
        now = Signal(TIME_BITS)
        m.d.sync += now.eq(now + 1)
        stalls = {}
        for channel, salt in CHANNELS.items():
            m.submodules[f"stall_{channel}"] = source = StallSource(salt)
            stalls[channel] = source.stall
            m.d.comb += [
                source.seed.eq(self.settings.seed), source.restart.eq(self.restart),
                source.threshold.eq(self.settings.stalls[channel]),
            ]  # fmt: skip
        for signature, side in ((AxiReadSignature, reads), (AxiWriteSignature, writes)):
            for name in signature(**self.bus).members:
                connect(m, flipped(getattr(self.axi, name)), getattr(side.axi, name))
            m.d.comb += [
                side.now.eq(now), side.latency.eq(self.settings.latency),
                side.size.eq(self.settings.size),
            ]  # fmt: skip
        m.d.comb += [
            reads.stall_ar.eq(stalls["ar"]), reads.stall_r.eq(stalls["r"]),
            writes.stall_aw.eq(stalls["aw"]), writes.stall_w.eq(stalls["w"]),
            writes.stall_b.eq(stalls["b"]),
            reads.region.eq(self.settings.read_fault), writes.region.eq(self.settings.write_fault),
            self.storage.read_en.eq(reads.storage_en),
            self.storage.read_word.eq(reads.storage_word),
            reads.storage_data.eq(self.storage.read_data),
            self.storage.write_strobe.eq(writes.storage_strobe),
            self.storage.write_word.eq(writes.storage_word),
            self.storage.write_data.eq(writes.storage_data),
        ]  # fmt: skip
        return m
