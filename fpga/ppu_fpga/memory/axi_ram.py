"""On-chip memory behind AXI4."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In
from amaranth.utils import exact_log2

from ppu.lib.axi import AxiSignature, Response

from .place import check_place
from .storage import BlockStorage

__all__ = ["AxiRam"]


class AxiRam(wiring.Component):
    """Memory on the chip, as an AXI4 subordinate.

    Full-width INCR bursts of any length, byte strobes. Reads and writes do not hold each other up
    unless the storage has one port. On each side one burst is at work and another one waits;
    answers come in order and with the ID of their address. A burst that begins outside the memory
    gets DECERR, with no meaning in what is read and nothing written; as bursts stay within 4 KiB,
    none leaves the memory on its way. A burst whose address comes after B reads what was written.

    ::

        ar --> next --> current --> storage --> r register and spare --> r
        aw --> next --> current --+
        w  -----------------------+--> storage,  b register --> b

    Latency, with the storage to itself: AR to the first R 4 cycles, W to storage 0, last W to B 1.
    Throughput one beat per cycle on both sides, without a gap between bursts of two beats or more
    (one burst in two cycles for those of one). There is no combinational path from an input to a
    `valid` or a payload.

    Parameters
    ----------
    address_width, data_width : int
        Bits of an address and of the bus.
    size : int
        Bytes: a power of two, at least 4096.
    base : int
        First address, a multiple of `size`.
    id_width : int
        Bits of ARID and AWID.
    storage : type
        Called with `words` and `width`, gives the storage: :class:`.BlockStorage` or
        :class:`.SpramStorage`.

    Members
    -------
    axi : In(AxiSignature)
        The bus.

    Raises
    ------
    ValueError
        If `size` or `base` are not as said, or the memory does not fit in the addresses.
    """

    def __init__(self, *, address_width, data_width, size, base=0, id_width=1,
                 storage=BlockStorage):
        check_place(size=size, base=base, address_width=address_width, least=4096)
        self.size, self.base = size, base
        self.storage = storage(words=size // (data_width // 8), width=data_width)
        super().__init__({
            "axi": In(AxiSignature(
                address_width=address_width, data_width=data_width, id_width=id_width)),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.storage = self.storage
        self._write(m)
        self._read(m)
        return m

    def _bursts(self, m, channel, done, name):
        """The burst at work, which gives way to the next one when `done`, and whether it is one."""
        lanes = exact_log2(self.axi.signature.data_width // 8)
        top   = exact_log2(self.size)
        layout = data.StructLayout({
            "id": len(channel.p.id), "word": top - lanes, "len": 8, "outside": 1})
        next_valid = Signal(name=f"{name}_next_valid")
        next_burst = Signal(layout, name=f"{name}_next")
        valid      = Signal(name=f"{name}_valid")
        burst      = Signal(layout, name=f"{name}_burst")
        m.d.comb += channel.ready.eq(~next_valid)
        with m.If(~next_valid):
            m.d.sync += [
                next_valid.eq(channel.valid),
                next_burst.id.eq(channel.p.id),
                next_burst.word.eq(channel.p.addr[lanes:top]),
                next_burst.len.eq(channel.p.len),
                next_burst.outside.eq(channel.p.addr[top:] != self.base >> top),
            ]
        with m.If(~valid | done):
            m.d.sync += [valid.eq(next_valid), burst.eq(next_burst), next_valid.eq(0)]
            with m.If(~next_valid):
                m.d.sync += next_valid.eq(channel.valid)
        return valid, burst

    def _advance(self, m, burst):
        """To the next beat, which is in the same 4 KiB."""
        within = burst.word[: 12 - exact_log2(self.axi.signature.data_width // 8)]
        m.d.sync += [within.eq(within + 1), burst.len.eq(burst.len - 1)]

    def _write(self, m):
        w, b, storage = self.axi.w, self.axi.b, self.storage.write
        done = Signal(name="w_done")
        valid, burst = self._bursts(m, self.axi.aw, done, "w")
        # The place for the answer is looked at for every beat: it is empty but for a cycle.
        able = Signal()
        m.d.comb += [
            able.eq(valid & (~b.valid | b.ready)),
            storage.valid.eq(able & w.valid & ~burst.outside),
            storage.p.address.eq(burst.word),
            storage.p.data.eq(w.p.data),
            storage.p.strb.eq(w.p.strb),
            w.ready.eq(able & (storage.ready | burst.outside)),
            done.eq(w.valid & w.ready & w.p.last),
        ]
        with m.If(w.valid & w.ready & ~w.p.last):
            self._advance(m, burst)
        with m.If(~b.valid | b.ready):
            m.d.sync += [
                b.valid.eq(done),
                b.p.id.eq(burst.id),
                b.p.resp.eq(Mux(burst.outside, Response.DECERR, Response.OKAY)),
            ]

    def _read(self, m):
        r, storage = self.axi.r, self.storage.read
        done = Signal(name="r_done")
        valid, burst = self._bursts(m, self.axi.ar, done, "r")
        tag = data.StructLayout({"id": len(r.p.id), "resp": Response, "last": 1})

        # q is the word that comes from the storage. It always has a place to go to: the register of
        # R, or the spare one, which is empty whenever a word is on its way.
        move    = Signal()
        issue   = Signal()
        q_valid = Signal()
        q_tag   = Signal(tag)
        full    = Signal()
        spare   = Signal(len(r.p.data))
        m.d.comb += [
            move.eq(~r.valid | r.ready),
            storage.valid.eq(valid & ~burst.outside & (move | (~full & ~q_valid))),
            storage.payload.eq(burst.word),
            issue.eq(valid & (move | (~full & ~q_valid)) & (storage.ready | burst.outside)),
            done.eq(issue & (burst.len == 0)),
        ]
        with m.If(issue):
            m.d.sync += [
                q_tag.id.eq(burst.id),
                q_tag.resp.eq(Mux(burst.outside, Response.DECERR, Response.OKAY)),
                q_tag.last.eq(burst.len == 0),
            ]
            with m.If(burst.len != 0):
                self._advance(m, burst)
        m.d.sync += q_valid.eq(issue)
        with m.If(~full):
            m.d.sync += spare.eq(self.storage.r_data)
        with m.If(move):
            m.d.sync += [
                r.valid.eq(q_valid | full),
                r.p.data.eq(Mux(full, spare, self.storage.r_data)),
                r.p.id.eq(q_tag.id), r.p.resp.eq(q_tag.resp), r.p.last.eq(q_tag.last),
                full.eq(0),
            ]
        with m.Elif(q_valid):
            m.d.sync += full.eq(1)
