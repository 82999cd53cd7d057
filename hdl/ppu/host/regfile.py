"""Decodes register accesses as the register map says."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from .axi_lite import RegisterBus
from .registers import WINDOW_BYTES

__all__ = ["RegisterFile"]

#: Words that share a multiplexer.
BLOCK = 32


class RegisterFile(wiring.Component):
    """Decodes accesses on the register bus: constants here, everything else to its owner.

    Constant registers read as the reset value of the map. The others read as their owner's
    `values`, and a write to a writable one pulses its bit of `writes`; the owner takes data and
    strobes from the bus. Words of the map in `paged` are read from a memory elsewhere instead.
    Writes to registers without a writable field are accepted and ignored; a word that is not in
    the map answers an error. No latency; `bus.r_done` follows `page_done` for paged words and is
    at once for all others.

    Parameters
    ----------
    registers : tuple of Register
        The register map.
    paged : range
        Byte offsets of registers that are words of one memory, in order.
    waits : bool
        Values are there a cycle after `bus.r_index`.

    Members
    -------
    bus : In(RegisterBus(address_width=12))
        Accesses.
    values : In(StructLayout)
        Every register that is neither constant nor paged, by its lower-case name, as wide as its
        fields.
    writes : Out(StructLayout)
        A bit for every writable register, by its lower-case name. Pulses with `bus.w_valid` if
        there is any strobe.
    page_valid, page_index : Out(1), Out(range(len(paged)))
        Asks for a paged word; stays until `page_done`.
    page_done, page_data : In(1), In(32)
        The word, in any cycle of `page_valid`.
    """

    def __init__(self, registers, *, paged, waits=False, members=()):
        self.registers, self.waits = tuple(registers), waits
        self.paged = paged
        super().__init__({
            "bus": In(RegisterBus(address_width=(WINDOW_BYTES - 1).bit_length())),
            "values": In(data.StructLayout({
                register.name.lower(): register.width for register in self.registers
                if not register.constant and register.offset not in paged})),
            "writes": Out(data.StructLayout({
                register.name.lower(): 1 for register in self.registers if register.writable})),
            "page_valid": Out(1), "page_index": Out(range(len(paged))),
            "page_done": In(1), "page_data": In(32), **dict(members),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        bus = self.bus
        m.d.comb += [bus.w_error.eq(1), bus.r_error.eq(1), bus.r_done.eq(1)]
        if self.waits:
            waited = Signal()
            m.d.sync += waited.eq(bus.r_valid & ~waited)
            m.d.comb += bus.r_done.eq(waited)
        with m.Switch(bus.w_index):
            for register in self.registers:
                with m.Case(register.offset // 4):
                    m.d.comb += bus.w_error.eq(0)
                    if register.writable:
                        m.d.comb += self.writes[register.name.lower()].eq(
                            bus.w_valid & bus.w_strb.any())
        with m.Switch(bus.r_index):
            for register in self.registers:
                with m.Case(register.offset // 4):
                    m.d.comb += bus.r_error.eq(0)
                    if register.offset in self.paged:
                        m.d.comb += [
                            self.page_valid.eq(bus.r_valid),
                            bus.r_done.eq(self.page_done),
                        ]
        self._elaborate_data(m)
        return m

    def _elaborate_data(self, m):
        """A mux for each block of words; far smaller than one case for each register."""
        bus = self.bus
        m.d.comb += self.page_index.eq(bus.r_index - self.paged.start // 4)
        blocks = {}
        for register in self.registers:
            if register.offset not in self.paged:
                value = (Const(register.reset, 32) if register.constant
                         else self.values[register.name.lower()])
                block, place = divmod(register.offset // 4, BLOCK)
                blocks.setdefault(block, [Const(0, 32)] * BLOCK)[place] = Cat(value, C(0, 32))[:32]
        m.d.comb += bus.r_data.eq(self.page_data)
        with m.Switch(bus.r_index[exact_log2(BLOCK):]):
            for block, words in blocks.items():
                with m.Case(block):
                    m.d.comb += bus.r_data.eq(
                        Cat(words).word_select(bus.r_index[: exact_log2(BLOCK)], 32))
