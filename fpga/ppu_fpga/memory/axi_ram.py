"""On-chip memory behind AXI4."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from amaranth.utils import exact_log2

from ppu.lib.axi import AxiSignature, Response

from .place import check_place
from .storage import BlockStorage

__all__ = ["AxiRam"]


class AxiRam(wiring.Component):
    """Memory on the chip, as an AXI4 subordinate of one manager or of two.

    Full-width INCR bursts of any length, byte strobes. One burst is at work at a time. One of reads
    is taken from AR at its begin, one of writes stays on AW until its last beat: it begins when
    its address and its first beat are offered, and a manager must not let the others wait for a
    read.
    Managers take turns, and so do reads and writes of one manager. Answers have the ID of their
    address. A burst that begins outside the memory gets DECERR, with no meaning in what is read and
    nothing written; as bursts stay within 4 KiB, none leaves the memory on its way.

    Latency: AR to the first R 2 cycles, W to storage 1, last W to B 1. Besides its beats a burst of
    reads takes two cycles and one of writes one. Data, `last` and `ready` pass without a register,
    and so does R's `ready` to the storage's address; there is no combinational path from a `ready`
    to a `valid` or a payload.

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
    managers : int
        Number of managers, 1 or 2.
    storage : type
        Called with `words` and `width`, gives the storage: :class:`.BlockStorage` or
        :class:`.SpramStorage`.

    Members
    -------
    managers : In(AxiSignature).array(managers)
        The managers; of two, the first one goes first after a reset.

    Raises
    ------
    ValueError
        If `size` or `base` are not as said, or the memory does not fit in the addresses.
    """

    def __init__(self, *, address_width, data_width, size, base=0, id_width=1, managers=1,
                 storage=BlockStorage):
        check_place(size=size, base=base, address_width=address_width, least=4096)
        if managers not in (1, 2):
            raise ValueError(f"There must be 1 or 2 managers, not {managers!r}")
        self.size, self.base = size, base
        self.storage = storage(words=size // (data_width // 8), width=data_width)
        super().__init__({
            "managers": In(AxiSignature(
                address_width=address_width, data_width=data_width, id_width=id_width,
            )).array(managers),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.storage = storage = self.storage
        busy    = Signal()
        owner   = Signal(init=len(self.managers) - 1)    # whose burst it is, or was
        writing = Signal(init=1)                         # it is or was one of writes
        answer  = Signal()                               # R or B is valid
        first, second = self.managers[0], self.managers[-1]
        taken   = Signal()                               # a burst of reads, from AR
        held    = Signal.like(first.ar.payload)
        burst   = Signal.like(first.ar.payload)
        beat    = Signal(8)
        outside = Signal()
        step    = Signal()    # a beat of R or W moves
        last    = Signal()
        w       = Signal.like(first.w.payload)
        w_valid = Signal()
        r_ready, b_ready = Signal(), Signal()
        r_moves, w_moves = Signal(), Signal()
        asked = Mux(owner, second.ar.payload, first.ar.payload)
        with m.If(busy & ~writing & ~taken):
            m.d.sync += [taken.eq(1), held.eq(asked)]
        m.d.comb += [
            burst.eq(Mux(writing, Mux(owner, second.aw.payload, first.aw.payload),
                         Mux(taken, held, asked))),
            outside.eq(burst.addr[exact_log2(self.size):] != self.base >> exact_log2(self.size)),
            w.eq(Mux(owner, second.w.payload, first.w.payload)),
            w_valid.eq(Mux(owner, second.w.valid, first.w.valid)),
            r_ready.eq(Mux(owner, second.r.ready, first.r.ready)),
            b_ready.eq(Mux(owner, second.b.ready, first.b.ready)),
            r_moves.eq(~writing & answer & r_ready),
            w_moves.eq(writing & busy & w_valid),
            step.eq(r_moves | w_moves),
            last.eq(Mux(writing, w.last, beat == burst.len)),
            storage.write.eq(w_moves & ~outside),
            storage.data.eq(w.data), storage.strb.eq(w.strb),
        ]  # fmt: skip
        self._address(m, burst.addr, beat, r_moves)
        # After the last beat, only B can still be there.
        with m.If(~busy & ~(answer & ~b_ready)):
            self._choose(m, busy, owner, writing)
        with m.If(~busy):
            m.d.sync += beat.eq(0)
        with m.Elif(step):
            m.d.sync += beat.eq(beat + 1)
        with m.If(step & last):
            m.d.sync += [busy.eq(0), taken.eq(0)]
        with m.If(writing):
            m.d.sync += answer.eq(w_moves & last | answer & ~b_ready)
        with m.Else():
            m.d.sync += answer.eq(busy & ~(step & last))
        b = Signal.like(first.b.payload)
        response = Mux(outside, Response.DECERR, Response.OKAY)
        with m.If(w_moves):
            m.d.sync += [b.id.eq(burst.id), b.resp.eq(response)]
        for index, port in enumerate(self.managers):
            mine = owner == index
            m.d.comb += [
                port.ar.ready.eq(mine & busy & ~writing & ~taken),
                port.aw.ready.eq(mine & w_moves & last),
                port.w.ready.eq(mine & writing & busy),
                port.r.valid.eq(mine & ~writing & answer),
                port.r.p.data.eq(storage.r_data), port.r.p.id.eq(held.id),
                port.r.p.resp.eq(response), port.r.p.last.eq(beat == burst.len),
                port.b.valid.eq(mine & writing & answer), port.b.payload.eq(b),
            ]  # fmt: skip
        return m

    def _choose(self, m, busy, owner, writing):
        """Whose turn it is, while there is no burst: not his whose the last one was."""
        reads  = Cat(port.ar.valid for port in self.managers)
        writes = Cat(port.aw.valid & port.w.valid for port in self.managers)
        wants  = reads | writes
        pick = Signal()
        if len(self.managers) == 2:
            m.d.comb += pick.eq(wants[1] & ~(wants[0] & owner))
        for index in range(len(self.managers)):
            # What its last burst was.
            wrote = Signal(name=f"wrote_{index}")
            with m.If(pick == index):
                write = writes[index] & ~(reads[index] & wrote)
                m.d.sync += [writing.eq(write), wrote.eq(write)]
        m.d.sync += [owner.eq(pick), busy.eq(wants.any())]

    def _address(self, m, address, beat, moves):
        """The word at work; of reads, the next one as soon as one has been taken."""
        lanes = exact_log2(self.storage.width // 8)
        word  = address[lanes : exact_log2(self.size)]
        inner = 12 - lanes
        # One adder, with the step as its carry.
        total = (Cat(1, word[:inner]) + Cat(moves, beat))[1 : inner + 1]
        m.d.comb += self.storage.address.eq(Cat(total, word[inner:]))
