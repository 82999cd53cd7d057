"""Bus words to commands."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import ceil_log2

from ..isa import COMMAND_BITS
from ..lib.axi import Response

__all__ = ["CommandAssembler"]


class CommandAssembler(wiring.Component):
    """Puts commands together from the beats of a bus that is narrower or wider than a command.

    A command is valid the cycle after its last beat is taken. Takes one beat per cycle, but at most
    one command per cycle out of a wider bus. After a command with a bad beat nothing more comes
    out; beats are still taken, so that reads on their way come to their end. Cuts the valid and
    payload paths, not ready.

    Parameters
    ----------
    data_width : int
        Bits of the bus.

    Members
    -------
    i : In(stream of {data, resp})
        Beats. On a bus wider than a command, the first and the last beat of a range hold commands
        that are not wanted: see `outstanding`.
    o : Out(stream of {command, bad})
        Commands; `bad`: a beat of this one answered an error.
    outstanding : In(range(3))
        Commands requested that have not been taken, saturated at 2. A wider bus needs it: if it is
        1, the rest of the beat is not wanted.
    taken : Out(1)
        Pulse: a wanted command was taken from the beats, also if it is dropped.
    discard : In(1)
        Drops all commands taken from now on. Stays until reset.
    failed : Out(1)
        A command with a bad beat was taken.
    """

    def __init__(self, *, data_width):
        self.data_width = data_width
        super().__init__({
            "i": In(stream.Signature(data.StructLayout({"data": data_width, "resp": Response}))),
            "o": Out(stream.Signature(data.StructLayout({"command": COMMAND_BITS, "bad": 1}))),
            "outstanding": In(range(3)), "taken": Out(1), "discard": In(1), "failed": Out(1),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        drop = self.discard | self.failed
        free = ~self.o.valid | self.o.ready
        step = Signal()     # a beat, or a command of a beat with several
        bad = Signal()      # a beat of this command, this one included
        m.d.comb += step.eq(self.i.valid & (free | drop))
        if self.data_width > COMMAND_BITS:
            command = self._elaborate_wide(m, step, bad)
        else:
            command = self._elaborate_narrow(m, step, bad)
        with m.If(free):
            m.d.sync += self.o.valid.eq(self.taken & ~drop)
            with m.If(step):
                m.d.sync += [self.o.payload.command.eq(command), self.o.payload.bad.eq(bad)]
        with m.If(self.taken & bad):
            m.d.sync += self.failed.eq(1)
        return m

    def _elaborate_narrow(self, m, step, bad):
        beats = COMMAND_BITS // self.data_width
        beat = Signal(range(beats))
        bad_before = Signal()
        last = beat == beats - 1
        m.d.comb += [
            self.i.ready.eq(step),
            self.taken.eq(step & last),
            bad.eq(bad_before | _is_error(self.i.payload.resp)),
        ]
        with m.If(step):
            m.d.sync += [beat.eq(beat + 1), bad_before.eq(bad & ~last)]
        return Cat(self.o.payload.command, self.i.payload.data)[self.data_width :]

    def _elaborate_wide(self, m, step, bad):
        place = Signal(ceil_log2(self.data_width // COMMAND_BITS))
        m.d.comb += [
            self.i.ready.eq(step & ((~place == 0) | (self.outstanding == 1))),
            self.taken.eq(step),
            bad.eq(_is_error(self.i.payload.resp)),
        ]
        with m.If(step):
            m.d.sync += place.eq(place + 1)
        return self.i.payload.data.word_select(place, COMMAND_BITS)


def _is_error(resp):
    return resp.as_value()[1]
