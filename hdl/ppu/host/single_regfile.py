"""The registers' decoder where most registers are in one memory."""

from amaranth import *
from amaranth.lib import memory
from amaranth.lib.wiring import In

from .regfile import RegisterFile
from .ring import Culprit

__all__ = ["SingleRegisterFile"]

#: Words of the memory: the lower half by their index in the map, the upper half are all zero.
_WORDS = 256
#: Registers that are written there, and read as 0 until they are.
_WRITTEN = ("RING_BASE_LOW", "RING_BASE_HIGH", "RING_SIZE", "END_TAG")


class SingleRegisterFile(RegisterFile):
    """Takes the place of :class:`~.regfile.RegisterFile` where commands start in order.

    Constants, the setup of the ring, the tag of the last END and what was written in misuse of the
    ring are words of a memory with one read port. What the core itself works with, it keeps too. A
    read takes two cycles.

    What is read of ERROR_ADDRESS is the sum of a word of the memory and of its value, one of which
    is 0; ERROR_INDEX is COMPLETED, or 0.

    Parameters
    ----------
    registers, paged
        As for :class:`~.regfile.RegisterFile`.

    Members
    -------
    Those of :class:`~.regfile.RegisterFile`, where values of registers in the memory, and that of
    ERROR_INDEX, have no effect, and:

    keep, tell : In(1)
        In the cycle after a write: it is to the setup of the ring, and is kept; it may be misuse.
    end, tag : In(1), In(32)
        Pulse: an END with this tag completes. The tag stays for 2 cycles.
    stopped, ring_error, culprit : In(1), In(1), In(Culprit)
        The core is stopped; for misuse of the ring; and what tells it.
    clear : In(1)
        Pulse: all that was written is forgotten.
    """

    def __init__(self, registers, *, paged):
        super().__init__(registers, paged=paged, waits=True, members={
            "keep": In(1), "tell": In(1), "end": In(1), "tag": In(32),
            "stopped": In(1), "ring_error": In(1), "culprit": In(Culprit), "clear": In(1),
        })  # fmt: skip
        self._index = {register.name: register.offset // 4 for register in self.registers}
        init = [0] * _WORDS
        for register in self.registers:
            if register.constant:
                init[register.offset // 4] = register.reset
        self._rows = memory.MemoryData(shape=32, depth=_WORDS, init=init)

    def _elaborate_data(self, m):
        bus, index = self.bus, self._index
        m.submodules.memory = rows = memory.Memory(self._rows, attrs={"no_rw_check": 1})
        there = Signal(len(_WRITTEN))
        self._write(m, rows.write_port(granularity=8), there)
        read, place, hidden = rows.read_port(), Signal(7), Signal()
        m.d.comb += [place.eq(bus.r_index), read.addr.eq(Cat(place, hidden))]
        with m.If(bus.r_index[1:] == index["ERROR_ADDRESS_LOW"] >> 1):
            high = bus.r_index[0]
            with m.If(~self.ring_error):
                m.d.comb += hidden.eq(1)
            with m.Elif(self.culprit == Culprit.BASE):
                m.d.comb += place.eq(index["RING_BASE_LOW"] | high)
            with m.Else():
                m.d.comb += hidden.eq(high)
                with m.If(self.culprit == Culprit.SIZE):
                    m.d.comb += place.eq(index["RING_SIZE"])
        for name, known in zip(_WRITTEN, there, strict=True):
            with m.If((place == index[name]) & ~known):
                m.d.comb += hidden.eq(1)

        values = {r.offset // 4: self.values[r.name.lower()] for r in self.registers
                  if not r.constant and r.offset not in self.paged
                  and r.name not in (*_WRITTEN, "ERROR_INDEX")}
        value = Signal(32)
        select = Signal.like(bus.r_index)
        m.d.comb += select.eq(bus.r_index)
        with m.If((bus.r_index == index["ERROR_INDEX"]) & self.stopped):
            m.d.comb += select.eq(index["COMPLETED"])
        words = [values.get(word, C(0, 32)) for word in range(32)]
        with m.If(self.page_valid):
            m.d.comb += value.eq(self.page_data)
        with m.Elif(select[5:] == 0):
            m.d.comb += value.eq(Array(words)[select[:5]])
        m.d.comb += [
            self.page_index.eq(bus.r_index - self.paged.start // 4),
            bus.r_data.eq(value | read.data),
        ]

    def _write(self, m, write, there):
        """Writes to the memory: of the host in the cycle after its own, a tag when there is none.
        """
        bus, index = self.bus, self._index
        ends, first = Signal(), Signal(4)       # a tag waits; all bytes are to be written
        takes = self.keep | self.tell
        with m.If(self.keep):
            m.d.comb += write.addr.eq(bus.w_index)
            for bit, name in enumerate(_WRITTEN[:-1]):
                with m.If(bus.w_index == index[name]):
                    m.d.comb += first.eq((~there[bit]).replicate(4))
                    m.d.sync += there[bit].eq(1)
        with m.Elif(self.tell):
            m.d.comb += [write.addr.eq(index["ERROR_ADDRESS_LOW"]), first.eq(~0)]
        with m.Else():
            m.d.comb += [write.addr.eq(index["END_TAG"]), first.eq(ends.replicate(4))]
        m.d.sync += ends.eq(self.end | (ends & takes))
        with m.If(ends & ~takes):
            m.d.sync += there[-1].eq(1)
        m.d.comb += write.en.eq(first | (bus.w_strb & self.keep.replicate(4)))
        for byte in range(4):
            written = bus.w_data.word_select(byte, 8)
            shown = (bus.w_strb[byte] | self.tell).replicate(8)
            m.d.comb += write.data.word_select(byte, 8).eq(
                Mux(takes, written & shown, self.tag.word_select(byte, 8)))
        with m.If(self.clear):
            m.d.sync += [there.eq(0), ends.eq(0)]
