"""What holds the words of an on-chip memory: block RAM, or the single-port RAM of iCE40UP."""

from amaranth import *
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

__all__ = ["BlockStorage", "SpramStorage"]

#: Words of one SB_SPRAM256KA.
_SPRAM_WORDS = 1 << 14


class BlockStorage(wiring.Component):
    """Words in block RAM: a write or a read in every cycle.

    Parameters
    ----------
    words, width : int
        Number of words and bits of each: powers of two.

    Members
    -------
    address : In(range(words))
        Which word.
    write : In(1)
        Writes it.
    data, strb : In(width), In(width // 8)
        The word to write, and which of its bytes.
    r_data : Out(width)
        In the cycle after one without `write`: the word at that cycle's address. Else nothing.

    Attributes
    ----------
    rows : memory.Memory
        The words, for simulations; only once this part is elaborated.
    """

    def __init__(self, *, words, width):
        if width < 16 or width & (width - 1):
            raise ValueError(f"Words must have a power of two of at least 16 bits, not {width!r}")
        if words < 2 or words & (words - 1):
            raise ValueError(f"Number of words must be a power of two of at least 2, not {words!r}")
        self.words, self.width = words, width
        super().__init__({
            "address": In(range(words)), "write": In(1), "data": In(width),
            "strb": In(width // 8), "r_data": Out(width),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        # Without the attribute, Yosys puts logic around the memory for what is read as it is
        # written.
        m.submodules.rows = rows = self.rows = memory.Memory(
            shape=self.width, depth=self.words, init=[], attrs={"no_rw_check": 1})
        write, read = rows.write_port(granularity=8), rows.read_port()
        m.d.comb += [
            write.addr.eq(self.address), write.data.eq(self.data),
            write.en.eq(Mux(self.write, self.strb, 0)),
            read.addr.eq(self.address), read.en.eq(1), self.r_data.eq(read.data),
        ]  # fmt: skip
        return m


class SpramStorage(BlockStorage):
    """Words in the single-port RAM of an iCE40UP: a write or a read in every cycle.

    For a device whose name begins with iCE40UP it is made of SB_SPRAM256KA (16 Ki x 16); elsewhere,
    and in simulation, of a generic memory.

    Parameters
    ----------
    words, width : int
        As for :class:`BlockStorage`. One SB_SPRAM256KA holds 32 KiB; an iCE40UP5K has four.

    Members
    -------
    address, write, data, strb, r_data
        As for :class:`BlockStorage`.
    rows
        As for :class:`BlockStorage`; not with SB_SPRAM256KA.
    """

    def elaborate(self, platform):
        if not str(getattr(platform, "device", "")).startswith("iCE40UP"):
            return super().elaborate(platform)
        m = Module()
        groups  = max(1, self.words // _SPRAM_WORDS)
        choice  = self.address[exact_log2(_SPRAM_WORDS):]
        group   = Signal(range(groups))  # of the word that is read
        words   = Array(Signal(self.width, name=f"word_{index}") for index in range(groups))
        m.d.comb += self.r_data.eq(words[group])
        m.d.sync += group.eq(choice)
        for index in range(groups):
            for part in range(self.width // 16):
                bits = slice(16 * part, 16 * part + 16)
                strb = self.strb[2 * part : 2 * part + 2]
                m.submodules[f"spram_{index}_{part}"] = Instance(
                    "SB_SPRAM256KA",
                    i_CLOCK=ClockSignal(), i_ADDRESS=self.address[:14],
                    i_DATAIN=self.data[bits], o_DATAOUT=words[index][bits],
                    i_MASKWREN=Cat(strb[0].replicate(2), strb[1].replicate(2)),
                    i_WREN=self.write, i_CHIPSELECT=choice == index,
                    i_STANDBY=C(0), i_SLEEP=C(0), i_POWEROFF=C(1),
                )
        return m
