"""64-bit performance counters, kept in one small memory."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from .registers import COUNTERS

__all__ = ["CounterEvents", "Counters"]

#: Bits of what the completed commands may advance by in one sweep.
COMMAND_BITS = 8

#: What the counters count: a bit for each of them but COMMANDS, by its lower-case name.
CounterEvents = data.StructLayout({
    name.lower(): 1 for name, _ in COUNTERS if name != "COMMANDS"})  # fmt: skip


class Counters(wiring.Component):
    """Counts events, and copies all counters at one moment for reading.

    A counter is 6 bits in registers and 64 in a memory, which is far smaller than registers alone.
    A sweep, 2 cycles for each 32-bit word, adds what the registers counted up to its start to the
    memory; so after a sweep the memory is exact for the moment at which it started. A snapshot is a
    sweep that also writes to a second page, from which the words are read. ::

        cycle of a word    0              1            2 (0 of the next)  3
        read port          main page      for reader
        registers                         word         word
        write port                                     main page          snapshot page

    A snapshot takes 1 to 2 sweeps, and so does the clearing after a reset; reads wait for both and
    take 2 or 3 cycles otherwise. The memory's output goes straight into registers.

    Members
    -------
    events : In(CounterEvents)
        A counter counts in each cycle in which its bit is 1.
    completed : In(32)
        COMMANDS counts by how much it advances.
    snapshot : In(1)
        Pulse: copies the counters as they are now or up to one sweep later, all at the same moment.
    pending : Out(1)
        A snapshot has not been copied entirely.
    read_valid, read_index : In(1), In(range(2 * len(COUNTERS)))
        Asks for a word of the last snapshot: two for each counter, the low one first.
    read_done, read_data : Out(1), Out(32)
        The word.
    """
    #: Words of all counters.
    WORDS = 2 * len(COUNTERS)
    #: Cycles of a sweep.
    SWEEP = 2 * WORDS

    def __init__(self):
        #: Words of the counters, then those of the last snapshot, from half of the depth on.
        self.words = memory.MemoryData(
            shape=32, depth=2 << (self.WORDS - 1).bit_length(), init=[])
        super().__init__({
            "events": In(CounterEvents),
            "completed": In(32),
            "snapshot": In(1), "pending": Out(1),
            "read_valid": In(1), "read_index": In(range(self.WORDS)),
            "read_done": Out(1), "read_data": Out(32),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = words = memory.Memory(self.words)
        reader, writer = words.read_port(), words.write_port()

        phase = Signal()
        r_index = Signal(range(self.WORDS))         # word that is read
        r_copy, r_clear = Signal(init=1), Signal(init=1)
        s_index = Signal(range(self.WORDS))         # word that is added to
        s_copy = Signal()
        s_word, s_addend = Signal(32), Signal(COMMAND_BITS)
        s_sum = Signal(33)
        asked, found, ready = Signal(), Signal(), Signal()
        turn = Signal()                             # end of a sweep
        m.d.comb += [
            turn.eq(phase & (r_index == self.WORDS - 1)),
            s_sum.eq(s_word + s_addend),
            reader.addr.eq(Mux(phase, Cat(self.read_index, C(1, 1)), r_index)),
            writer.addr.eq(Cat(s_index, phase)),
            writer.data.eq(s_sum),
            writer.en.eq(~phase | s_copy),
            self.pending.eq(asked | r_copy & ~r_clear),
            self.read_done.eq(self.read_valid & ready),
        ]
        held = self._elaborate_counts(m, turn, r_index[1:])
        m.d.sync += [
            phase.eq(~phase),
            asked.eq(self.snapshot | asked & ~turn),
            found.eq(phase & self.read_valid & ~self.read_done & ~asked & ~r_copy & ~s_copy),
            ready.eq(found),
            self.read_data.eq(reader.data),
        ]
        with m.If(phase):
            m.d.sync += [
                r_index.eq(Mux(turn, 0, r_index + 1)),
                s_index.eq(r_index),
                s_copy.eq(r_copy),
                s_word.eq(Mux(r_clear, 0, reader.data)),
                s_addend.eq(Mux(r_index[0], s_sum[32], held)),
            ]
        with m.If(turn):
            m.d.sync += [r_copy.eq(asked), r_clear.eq(0)]
        return m

    def _elaborate_counts(self, m, turn, select):
        """Counts between the starts of sweeps. Returns the last sweep's count of one counter."""
        held = Signal(COMMAND_BITS)
        for number, (name, _) in enumerate(COUNTERS):
            total = Signal(COMMAND_BITS, name=f"{name.lower()}_held")
            if name == "COMMANDS":
                before = Signal(COMMAND_BITS)
                with m.If(turn):
                    m.d.sync += [total.eq(self.completed - before), before.eq(self.completed)]
            else:
                count = Signal(range(self.SWEEP + 1), name=f"{name.lower()}_count")
                counted = Signal.like(count, name=f"{name.lower()}_counted")
                m.d.comb += counted.eq(count + self.events[name.lower()])
                m.d.sync += count.eq(counted)
                with m.If(turn):
                    m.d.sync += [total.eq(counted), count.eq(0)]
            with m.If(select == number):
                m.d.comb += held.eq(total)
        return held
