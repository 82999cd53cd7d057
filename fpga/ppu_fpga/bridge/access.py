"""Accesses to the two buses, a word at a time."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ppu.lib.axi import AxiSignature, LiteSignature, Response

__all__ = ["Access"]


class Access(wiring.Component):
    """Single-beat accesses to memory over AXI4 and to registers over AXI4-Lite.

    There is one address and one word of data for both buses; bytes are shifted in and out at one
    end each. Registers use the uppermost 32 bits of the word. Addresses on the bus are those of
    whole words. One access at a time; AW and W are offered together and accepted in any order.

    After a response the address moves on to the next word, which takes a cycle for each of its
    bytes, and then `done` comes. From `start` to `done`, nothing may be shifted. Nobody needs to
    wait for an access: what has been offered stays on the bus until it is accepted and answered, as
    AXI wants it, and `busy` tells of it.

    Parameters
    ----------
    address_width : int
        Bits of a memory address, 13 to 64.
    data_width : int
        Bits of the memory bus, a power of two, 32 to 512.

    Members
    -------
    address, address_shift : In(8), In(1)
        A byte of the address, lowest first; as many as the address has.
    data, keep, shift : In(8), In(1), In(1)
        A byte of data that becomes the uppermost of the word, and whether to write it.
    o_data : Out(8)
        Lowest byte of the word.
    start : In(1)
        Begins an access.
    write, registers : In(1), In(1)
        What kind of access: good with `start`, and to be kept until `done`.
    clear : In(1)
        Takes back everything, for a reset of the buses.
    busy : Out(1)
        An access is under way.
    done : Out(1)
        Pulse: an access is over.
    response : Out(Response)
        How it ended; good with `done`.
    axi, axil : Out(AxiSignature), Out(LiteSignature(address_width=12))
        The buses.
    """

    def __init__(self, *, address_width, data_width):
        if not 13 <= address_width <= 64:
            raise ValueError(f"Address width must be 13 to 64, not {address_width!r}")
        if data_width not in (32, 64, 128, 256, 512):
            raise ValueError(f"Data width must be 32, 64, 128, 256 or 512, not {data_width!r}")
        self.address_bytes = -(-address_width // 8)
        self.word_bytes = data_width // 8
        super().__init__({
            "address": In(8), "address_shift": In(1),
            "data": In(8), "keep": In(1), "shift": In(1), "o_data": Out(8),
            "start": In(1), "write": In(1), "registers": In(1), "clear": In(1),
            "busy": Out(1), "done": Out(1), "response": Out(Response),
            "axi": Out(AxiSignature(address_width=address_width, data_width=data_width)),
            "axil": Out(LiteSignature(address_width=12)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        word   = Signal(8 * self.word_bytes, reset_less=True)
        strobe = Signal(self.word_bytes, reset_less=True)
        present  = Signal()     # an answer, which waits: so nothing but registers takes it in
        answered = Signal()
        moving   = Signal()
        axi, axil = self.axi, self.axil
        self._elaborate_address(m, moving)
        m.d.comb += [
            axi.w.payload.data.eq(word), axi.w.payload.strb.eq(strobe), axi.w.payload.last.eq(1),
            axil.w.payload.data.eq(word[-32:]), axil.w.payload.strb.eq(0xF),
            axi.r.ready.eq(present), axi.b.ready.eq(present),
            axil.r.ready.eq(present), axil.b.ready.eq(present),
            self.o_data.eq(word[:8]), answered.eq(present & self.busy),
        ]
        m.d.sync += present.eq(~present & self.busy & (
            axi.r.valid | axi.b.valid | axil.r.valid | axil.b.valid))
        with m.If(answered):
            m.d.sync += [moving.eq(1), self.response.eq(self._response())]
        with m.If(self.done):
            m.d.sync += [moving.eq(0), self.busy.eq(0)]
        with m.If(self.shift):
            m.d.sync += [
                word.eq(Cat(word[8:], self.data)), strobe.eq(Cat(strobe[1:], self.keep)),
            ]  # fmt: skip
        # After a write, the word is worth nothing.
        with m.If(present & ~self.registers):
            m.d.sync += word.eq(axi.r.payload.data)
        with m.If(present & self.registers):
            m.d.sync += word[-32:].eq(axil.r.payload.data)
        for bus, registers in ((axi, 0), (axil, 1)):
            self._offer(m, bus, self.start & (self.registers == registers))
        with m.If(self.start):
            m.d.sync += self.busy.eq(1)
        with m.If(self.clear):
            m.d.sync += [self.busy.eq(0), moving.eq(0), present.eq(0)]
        return m

    def _offer(self, m, bus, start):
        for channel, starts in ((bus.ar, ~self.write), (bus.aw, self.write), (bus.w, self.write)):
            with m.If(start & starts):
                m.d.sync += channel.valid.eq(1)
            with m.Elif(channel.ready | self.clear):
                m.d.sync += channel.valid.eq(0)

    def _response(self):
        """The response of the one channel that has one."""
        channels = [self.axi.r, self.axi.b, self.axil.r, self.axil.b]
        value = 0
        for channel in channels:
            value |= Value.cast(channel.payload.resp) & channel.valid.replicate(2)
        return value

    def _elaborate_address(self, m, moving):
        """The address turns round by bytes, past one adder, to become that of the next word."""
        address = Signal(8 * self.address_bytes, reset_less=True)
        carry   = Signal()
        turns   = Signal(range(self.address_bytes + 1))
        first   = Signal()
        low     = Signal(9)
        offset  = self.word_bytes.bit_length() - 1
        for bus in (self.axi, self.axil):
            for channel in (bus.ar, bus.aw):
                m.d.comb += channel.payload.addr.eq(address)
        for channel in (self.axi.ar, self.axi.aw):
            m.d.comb += channel.payload.addr[:offset].eq(0)
        m.d.comb += [
            first.eq(turns == 0),
            low.eq(address[:8] + Mux(first, self.word_bytes, carry)),
            self.done.eq(moving & (turns == self.address_bytes)),
        ]
        with m.If(moving):
            m.d.sync += [turns.eq(turns + 1), carry.eq(low[8])]
        with m.Else():
            m.d.sync += turns.eq(0)
        with m.If(moving & ~self.done | self.address_shift):
            m.d.sync += address.eq(Cat(address[8:], Mux(moving, low[:8], self.address)))
