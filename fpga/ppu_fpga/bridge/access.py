"""Accesses to the two buses, a word at a time."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from ppu.lib.axi import AxiSignature, LiteSignature, Response

__all__ = ["Access"]


class Access(wiring.Component):
    """Single-beat accesses to memory over AXI4 and to registers over AXI4-Lite.

    There is one address, of a byte, for both buses; on the bus it is that of the byte's word. Bytes
    to be written are gathered in a word of block RAM, which a response empties. A word that was
    read stays on the bus while its bytes are picked. One access at a time; AW and W are offered
    together and accepted in any order.

    Nobody needs to wait for an access: what has been offered stays on the bus until it is accepted
    and answered, as AXI wants it.

    Parameters
    ----------
    address_width : int
        Bits of a memory address, 13 to 64.
    data_width : int
        Bits of the memory bus, a power of two, 32 to 512.

    Members
    -------
    load, index, data : In(1), In(3), In(8)
        Makes `data` the byte `index` of the address. Empties the word, too.
    next : In(1)
        Goes on to the next address.
    gather : In(1)
        Puts `data` into the word to be written. At least a cycle before `start`.
    picked : Out(8)
        The byte at the address, of the word that was read: from the cycle after `present` and after
        `next` on.
    address : Out(address_width)
        The address.
    edge : Out(1)
        It is that of a word's last byte.
    start : In(1)
        Begins an access. At least two cycles after `take`.
    write, registers : In(1), In(1)
        What kind of access: to be kept until it is over.
    present, response : Out(1), Out(Response)
        The answer is there.
    take : In(1)
        Ends the access; only with `present`. May be 1 for as long as the access is to be ended
        whenever its answer comes.
    taken : Out(1)
        Pulse: the access is over.
    clear : In(1)
        Takes back everything, for a reset of the buses.
    axi, axil : Out(AxiSignature), Out(LiteSignature(address_width=12))
        The buses.
    """

    def __init__(self, *, address_width, data_width):
        if not 13 <= address_width <= 64:
            raise ValueError(f"Address width must be 13 to 64, not {address_width!r}")
        if data_width not in (32, 64, 128, 256, 512):
            raise ValueError(f"Data width must be 32, 64, 128, 256 or 512, not {data_width!r}")
        self.word_bytes = data_width // 8
        super().__init__({
            "load": In(1), "index": In(3), "data": In(8), "next": In(1), "gather": In(1),
            "picked": Out(8), "address": Out(address_width), "edge": Out(1),
            "start": In(1), "write": In(1), "registers": In(1),
            "present": Out(1), "response": Out(Response), "take": In(1), "taken": Out(1),
            "clear": In(1),
            "axi": Out(AxiSignature(address_width=address_width, data_width=data_width)),
            "axil": Out(LiteSignature(address_width=12)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        axi, axil = self.axi, self.axil
        address = Signal.like(self.address, reset_less=True)
        picked  = Signal(8, reset_less=True)
        lanes = self.word_bytes.bit_length() - 1
        lane  = address[:lanes]
        with m.If(self.next):
            m.d.sync += address.eq(address + 1)
        for index, low in enumerate(range(0, len(address), 8)):
            with m.If(self.load & (self.index == index)):
                m.d.sync += address[low : low + 8].eq(self.data)
        for bus, zeros in ((axi, lanes), (axil, 2)):
            for channel in (bus.ar, bus.aw):
                m.d.comb += channel.p.addr.eq(Cat(Const(0, zeros), address[zeros:]))

        answers = [axi.r, axi.b, axil.r, axil.b]
        m.d.comb += [
            self.address.eq(address), self.picked.eq(picked), self.edge.eq(lane.all()),
            self.taken.eq(Cat(channel.valid for channel in answers).any() & self.take),
            *(channel.ready.eq(self.take) for channel in answers),
        ]
        # Registers, since they decide about everything.
        m.d.sync += [
            self.present.eq(Cat(channel.valid for channel in answers).any()),
            Value.cast(self.response).eq(_any(
                Value.cast(channel.p.resp) & channel.valid.replicate(2) for channel in answers)),
            picked.eq(Mux(self.registers, _pick(_bytes(axil.r.p.data), address),
                          _pick(_bytes(axi.r.p.data), address))),
        ]
        self._gather(m, address, lane)
        for bus, registers in ((axi, 0), (axil, 1)):
            self._offer(m, bus, self.start & (self.registers == registers))
        return m

    def _gather(self, m, address, lane):
        """The word to be written. That of a register is in all 32 bits of it."""
        axi, axil = self.axi, self.axil
        strobe = Signal(self.word_bytes, reset_less=True)
        # Block RAM takes the place of as many registers. One row alone would become registers.
        m.submodules.word = word = memory.Memory(
            shape=8 * self.word_bytes, depth=2, init=[],
            attrs={"no_rw_check": 1, "ram_style": "block"})
        write, read = word.write_port(granularity=8), word.read_port()
        here = Cat((lane == index) | self.registers & (lane[:2] == index % 4)
                   for index in range(self.word_bytes))
        with m.If(self.load | self.taken):
            m.d.sync += strobe.eq(0)
        with m.Elif(self.gather):
            m.d.sync += strobe.eq(strobe | here)
        row = address[len(lane)]
        m.d.comb += [
            write.addr.eq(row), read.addr.eq(row),
            write.data.eq(self.data.replicate(self.word_bytes)),
            write.en.eq(Mux(self.gather, here, 0)), read.en.eq(1),
            axi.w.p.data.eq(read.data), axi.w.p.strb.eq(strobe), axi.w.p.last.eq(1),
            axil.w.p.data.eq(read.data), axil.w.p.strb.eq(0xF),
        ]  # fmt: skip

    def _offer(self, m, bus, start):
        for channel, starts in ((bus.ar, ~self.write), (bus.aw, self.write), (bus.w, self.write)):
            with m.If(start & starts):
                m.d.sync += channel.valid.eq(1)
            with m.Elif(channel.ready | self.clear):
                m.d.sync += channel.valid.eq(0)


def _bytes(word):
    return [word[low : low + 8] for low in range(0, len(word), 8)]


def _pick(values, number):
    """That of a power of two of values whose number is in the lowest bits of `number`."""
    level = 0
    while len(values) > 1:
        values = [Mux(number[level], odd, even)
                  for even, odd in zip(values[::2], values[1::2], strict=True)]
        level += 1
    return values[0]


def _any(values):
    """Those of which at most one is not 0."""
    result = 0
    for value in values:
        result |= value
    return result
