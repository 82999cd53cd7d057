"""What holds the words of an on-chip memory: block RAM, or the single-port RAM of iCE40UP."""

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

__all__ = ["BlockStorage", "SpramStorage", "WriteLayout"]


def WriteLayout(words, width):
    """A word to write, where, and which of its bytes."""
    return data.StructLayout({"address": range(words), "data": width, "strb": width // 8})


class _Storage(wiring.Component):
    def __init__(self, *, words, width):
        if width < 16 or width & (width - 1):
            raise ValueError(f"Words must have a power of two of at least 16 bits, not {width!r}")
        if words < 2 or words & (words - 1):
            raise ValueError(f"Number of words must be a power of two of at least 2, not {words!r}")
        self.words, self.width = words, width
        super().__init__({
            "write": In(stream.Signature(WriteLayout(words, width))),
            "read": In(stream.Signature(range(words))),
            "r_data": Out(width),
        })

    def _rows(self, m):
        """A memory with one read and one write port; the write port's enables are per byte."""
        # Without the attribute, Yosys puts logic around the memory for a read and a write of the
        # same word in one cycle. On AXI neither is before the other then.
        m.submodules.rows = rows = self.rows = memory.Memory(
            shape=self.width, depth=self.words, init=[], attrs={"no_rw_check": 1})
        write, read = rows.write_port(granularity=8), rows.read_port()
        m.d.comb += [
            write.addr.eq(self.write.p.address), write.data.eq(self.write.p.data),
            read.addr.eq(self.read.payload), self.r_data.eq(read.data),
        ]
        return write, read


class BlockStorage(_Storage):
    """Words in block RAM: a write and a read in every cycle.

    Always ready. A read of a word in the cycle in which it is written gives the old or the new one.

    Parameters
    ----------
    words, width : int
        Number of words and bits of each: powers of two.

    Members
    -------
    write : In(stream.Signature(WriteLayout(words, width)))
        What to write.
    read : In(stream.Signature(range(words)))
        Which word to read.
    r_data : Out(width)
        The word, in the cycle after the transfer on `read`, and in no other.

    Attributes
    ----------
    rows : memory.Memory
        The words, for simulations; only once this part is elaborated.
    """

    def elaborate(self, platform):
        m = Module()
        write, read = self._rows(m)
        m.d.comb += [
            self.write.ready.eq(1), self.read.ready.eq(1),
            write.en.eq(Mux(self.write.valid, self.write.p.strb, 0)),
            read.en.eq(self.read.valid),
        ]
        return m


class SpramStorage(_Storage):
    """Words in the single-port RAM of an iCE40UP: a write or a read in every cycle.

    Those that want the port in the same cycle take turns, so neither is ever held up for more than
    one cycle at a time. For a device whose name begins with iCE40UP it is made of SB_SPRAM256KA
    (16 Ki x 16); elsewhere, and in simulation, of a generic memory.

    Parameters
    ----------
    words, width : int
        Number of words and bits of each, as for :class:`BlockStorage`. One SB_SPRAM256KA holds
        32 KiB, and an iCE40UP5K has four.

    Members
    -------
    write, read, r_data
        As for :class:`BlockStorage`. Each of `write.ready` and `read.ready` depends on the other's
        `valid`.
    rows
        As for :class:`BlockStorage`; not with SB_SPRAM256KA.
    """

    def elaborate(self, platform):
        m = Module()
        turn    = Signal()  # of the write
        writing = Signal()
        reading = Signal()
        m.d.comb += [
            self.write.ready.eq(turn | ~self.read.valid),
            self.read.ready.eq(~turn | ~self.write.valid),
            writing.eq(self.write.valid & self.write.ready),
            reading.eq(self.read.valid & self.read.ready),
        ]
        with m.If(self.write.valid & self.read.valid):
            m.d.sync += turn.eq(~turn)
        if str(getattr(platform, "device", "")).startswith("iCE40UP"):
            self._primitives(m, writing, reading)
        else:
            write, read = self._rows(m)
            m.d.comb += [
                write.en.eq(Mux(writing, self.write.p.strb, 0)),
                read.en.eq(reading),
            ]
        return m

    def _primitives(self, m, writing, reading):
        depth  = 1 << 14
        groups = max(1, self.words // depth)
        group  = Signal(range(groups))  # of the word that is read
        words  = Array(Signal(self.width, name=f"word_{index}") for index in range(groups))
        address = Signal(range(self.words))
        m.d.comb += [
            address.eq(Mux(writing, self.write.p.address, self.read.payload)),
            self.r_data.eq(words[group]),
        ]
        m.d.sync += group.eq(address[exact_log2(depth):])
        for index in range(groups):
            here = address[exact_log2(depth):] == index
            for part in range(self.width // 16):
                bits = slice(16 * part, 16 * part + 16)
                strb = self.write.p.strb[2 * part : 2 * part + 2]
                m.submodules[f"spram_{index}_{part}"] = Instance(
                    "SB_SPRAM256KA",
                    i_CLOCK=ClockSignal(), i_ADDRESS=address[:14],
                    i_DATAIN=self.write.p.data[bits], o_DATAOUT=words[index][bits],
                    i_MASKWREN=Cat(strb[0].replicate(2), strb[1].replicate(2)),
                    i_WREN=writing, i_CHIPSELECT=(writing | reading) & here,
                    i_STANDBY=C(0), i_SLEEP=C(0), i_POWEROFF=C(1),
                )
        return m
