"""Words on an SDRAM's data pins, and beats on the other side."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ppu.lib.delay import delay

from .banks import hold_off

__all__ = ["DataPath", "TagLayout"]


def TagLayout(id_width):
    """What a beat that is read comes back with."""
    return data.StructLayout({"id": id_width, "outside": 1, "last": 1})


class DataPath(wiring.Component):
    """Cuts beats into words and puts words together to beats.

    Everything here goes by the cycle in which the scheduler sends a beat's command, called 0. A
    written beat's words are at `o` in cycles 1 to `burst`, the first one with its command. A word
    that is read comes to `i` in ``cas + 3 + input_delay`` at the earliest: one cycle for the
    register of the command, one for that at its pin, `cas` for the memory, one for the register at
    the data's pin. The beat is given out with its last word, in cycle :attr:`latency`.

    Parameters
    ----------
    burst : int
        Words of a beat.
    cas : int
        CAS latency.
    input_delay : int
        Further cycles between the memory's data and `i`: to be set where the clock at the memory is
        so late that its data comes a cycle later; -1 where it comes a cycle earlier.
    id_width : int
        Bits of an ID.

    Members
    -------
    write, beat, strb, outside : In
        Words are to be written in the next cycles; the beat, its byte strobes, and that it is to be
        dropped.
    read, tag : In(1), In(TagLayout(id_width))
        A beat is read, and what it comes back with.
    arrived, words, arrived_tag : Out(1), Out(16 * burst), Out(TagLayout(id_width))
        A beat that was read.
    o, drive, mask, i : Out(16), Out(1), Out(2), In(16)
        The data pins, as in :class:`.SdramSignature`.
    """

    def __init__(self, *, burst, cas, input_delay, id_width):
        if input_delay < -1:
            raise ValueError(f"Delay must be -1 cycles or more, not {input_delay!r}")
        self.burst, self.cas, self.input_delay = burst, cas, input_delay
        super().__init__({
            "write": In(1), "beat": In(16 * burst), "strb": In(2 * burst), "outside": In(1),
            "read": In(1), "tag": In(TagLayout(id_width)),
            "arrived": Out(1), "words": Out(16 * burst), "arrived_tag": Out(TagLayout(id_width)),
            "o": Out(16), "drive": Out(1), "mask": Out(2), "i": In(16),
        })

    @property
    def latency(self):
        """Cycles from `read` to `arrived`."""
        return self.cas + self.burst + 2 + self.input_delay

    def elaborate(self, platform):
        m = Module()
        # A reset does not stop a burst in the memory, so the words of a write go on, too.
        words   = Signal(16 * self.burst, reset_less=True)
        masks   = Signal(2 * self.burst, reset_less=True)
        driving = Signal(self.burst, reset_less=True)
        m.d.sync += driving.eq(driving >> 1 | hold_off(self.write & ~self.outside, self.burst + 1))
        with m.If(self.write):
            m.d.sync += [words.eq(self.beat), masks.eq(Mux(self.outside, 0, ~self.strb))]
        with m.Else():
            # Masks go out as zeros when they are not needed: DQM stops reads, too.
            m.d.sync += [words.eq(words >> 16), masks.eq(masks >> 2)]
        m.d.comb += [
            self.o.eq(words[:16]), self.mask.eq(masks[:2]), self.drive.eq(driving[0])]

        earlier = Signal(16 * (self.burst - 1))
        m.d.sync += earlier.eq(Cat(earlier, self.i)[16:])
        coming = Cat(self.read, self.tag)
        arriving = delay(m, coming, self.latency, name="coming")
        m.d.comb += [
            self.words.eq(Cat(earlier, self.i)),
            self.arrived.eq(arriving[0]),
            self.arrived_tag.eq(arriving[1:]),
        ]
        return m
