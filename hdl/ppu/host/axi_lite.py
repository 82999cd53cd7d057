"""AXI4-Lite to a plain register bus."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..lib.axi import LiteSignature, Response

__all__ = ["LiteBridge", "RegisterBus"]


class RegisterBus(wiring.Signature):
    """Register accesses, from the side that asks.

    Members
    -------
    w_valid : Out(1)
        Pulse: writes `w_data` to word `w_index`. Pulses are at least 3 cycles apart, and `w_index`,
        `w_data` and `w_strb` stay for at least 1 cycle after a pulse.
    w_index : Out(address_width - 2)
        Index of the 32-bit word.
    w_data, w_strb : Out(32), Out(4)
        Data, and which of its bytes to write.
    w_error : In(1)
        There is no such word. Valid in the cycle of `w_valid`.
    r_valid : Out(1)
        Asks for word `r_index`; stays until `r_done`.
    r_index : Out(address_width - 2)
        Index of the 32-bit word.
    r_done : In(1)
        `r_data` and `r_error` are valid. May come in any cycle of `r_valid`.
    r_data, r_error : In(32), In(1)
        The word, or that there is none.
    """

    def __init__(self, *, address_width):
        self.address_width = address_width
        super().__init__({
            "w_valid": Out(1), "w_index": Out(address_width - 2), "w_data": Out(32),
            "w_strb": Out(4), "w_error": In(1),
            "r_valid": Out(1), "r_index": Out(address_width - 2), "r_done": In(1),
            "r_data": In(32), "r_error": In(1),
        })  # fmt: skip


class LiteBridge(wiring.Component):
    """Carries AXI4-Lite accesses over to a register bus.

    One write and one read at a time, independent of each other. AW and W may come in any order. A
    register sees a write the cycle after the later of the two is accepted, and B is valid one cycle
    later; a write takes at least 3 cycles. R is valid at least 2 cycles after AR is accepted; a
    read takes at least 3 cycles. All paths between the two sides of the AXI pins are cut.

    The lowest two address bits are ignored: an access is a whole word, its bytes chosen by WSTRB.

    Members
    -------
    axi : In(LiteSignature(address_width=address_width))
        The port. Answers SLVERR where the bus tells that there is no register, else OKAY.
    bus : Out(RegisterBus(address_width=address_width))
        The registers.
    """

    def __init__(self, *, address_width):
        super().__init__({
            "axi": In(LiteSignature(address_width=address_width)),
            "bus": Out(RegisterBus(address_width=address_width)),
        })

    def elaborate(self, platform):
        m = Module()
        self._elaborate_write(m)
        self._elaborate_read(m)
        return m

    def _elaborate_write(self, m):
        aw, w, b, bus = self.axi.aw, self.axi.w, self.axi.b, self.bus
        has_address, has_data = Signal(), Signal()
        m.d.comb += [
            aw.ready.eq(~has_address),
            w.ready.eq(~has_data),
            bus.w_valid.eq(has_address & has_data & ~b.valid),
        ]
        with m.If(aw.valid & aw.ready):
            m.d.sync += [has_address.eq(1), bus.w_index.eq(aw.payload.addr[2:])]
        with m.If(w.valid & w.ready):
            m.d.sync += [
                has_data.eq(1), bus.w_data.eq(w.payload.data), bus.w_strb.eq(w.payload.strb),
            ]  # fmt: skip
        with m.If(bus.w_valid):
            m.d.sync += [b.valid.eq(1), b.payload.resp.eq(_response(bus.w_error))]
        with m.Elif(b.valid & b.ready):
            m.d.sync += [b.valid.eq(0), has_address.eq(0), has_data.eq(0)]

    def _elaborate_read(self, m):
        ar, r, bus = self.axi.ar, self.axi.r, self.bus
        m.d.comb += ar.ready.eq(~bus.r_valid & ~r.valid)
        with m.If(ar.valid & ar.ready):
            m.d.sync += [bus.r_valid.eq(1), bus.r_index.eq(ar.payload.addr[2:])]
        with m.If(bus.r_valid & bus.r_done):
            m.d.sync += [
                bus.r_valid.eq(0), r.valid.eq(1),
                r.payload.data.eq(bus.r_data), r.payload.resp.eq(_response(bus.r_error)),
            ]  # fmt: skip
        with m.If(r.valid & r.ready):
            m.d.sync += r.valid.eq(0)


def _response(error):
    return Mux(error, Response.SLVERR.value, Response.OKAY.value)
