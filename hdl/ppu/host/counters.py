"""64-bit performance counters, kept in one small memory."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..lib.bank import Bank
from ..lib.states import STATES
from .registers import COUNTERS

__all__ = ["CounterEvents", "Counters"]

#: Words between two cycles for the reader.
STRETCH = 8

#: What the counters count: the state of each unit, and a beat transferred on R and on W.
CounterEvents = data.StructLayout({**STATES, "read_beats": 1, "write_beats": 1})


class Counters(wiring.Component):
    """Counts events, and copies all counters at one moment for reading.

    A counter is few bits in registers and 64 in a memory, which is far smaller than registers
    alone. A sweep, a cycle for each 32-bit word and one in `STRETCH` more for the reader, adds what
    the registers counted up to its start to the memory; so after a sweep the memory is exact for
    the moment at which it started. ::

        cycle of a word    0       1      2       3              4
        read port          word
        registers                         word    word, count    sum
        write port                                               sum

    The memory has two pages. A sweep writes to the page from which it reads, so the other one keeps
    what it has. After a snapshot, one sweep ends as always, and the next one goes from this page to
    the other: what it leaves behind is the snapshot. That takes 1 to 2 sweeps, and so does the
    clearing after a reset; reads wait for both and take up to ``STRETCH + 4`` cycles otherwise. The
    memory's output goes straight into registers.

    Members
    -------
    active : In(1)
        CYCLES counts, and so does the state of each unit.
    events : In(CounterEvents)
        The states in the cycle before, and other events, which count in each cycle in which they
        are 1.
    completed : In(32)
        COMMANDS counts when it advances, by one.
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
    SWEEP = WORDS + (WORDS - 1) // STRETCH

    def __init__(self):
        #: Words of the two pages, the second one from half of the depth on.
        self.words = Bank(
            depth=2 << (self.WORDS - 1).bit_length(), lanes=1, lane_width=32)
        super().__init__({
            "active": In(1), "events": In(CounterEvents), "completed": In(32),
            "snapshot": In(1), "pending": Out(1),
            "read_valid": In(1), "read_index": In(range(self.WORDS)),
            "read_done": Out(1), "read_data": Out(32),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.words = words = self.words

        gap = Signal()                              # a cycle for the reader
        rest = Signal()                             # the next cycle is one, if this one is not
        index = Signal(range(self.WORDS))           # word that is read
        page = Signal()                             # where it is
        cross = Signal()                            # its sum goes to the other page
        turn = Signal()                             # last word of a sweep
        asked, due = Signal(), Signal(init=1)       # for after this sweep and for its end
        clear = Signal(init=1)                      # the words are taken for 0
        m.d.comb += [
            rest.eq(index[: exact_log2(STRETCH)].all()),
            words.r_en.eq(~gap | self.read_valid),
            words.r_row.eq(Mux(gap, Cat(self.read_index, ~(page ^ cross)), Cat(index, page))),
            self.pending.eq(asked | due & ~clear),
        ]
        m.d.sync += [
            gap.eq(~gap & ~turn & rest),
            turn.eq(Mux(gap, index == self.WORDS - 1, (index == self.WORDS - 2) & ~rest)),
            asked.eq(self.snapshot | asked & ~turn),
        ]
        with m.If(~gap):
            m.d.sync += index.eq(Mux(turn, 0, index + 1))
        with m.If(turn):
            m.d.sync += [page.eq(page ^ cross), cross.eq(due), due.eq(asked), clear.eq(0)]

        held = self._elaborate_counts(m, turn, index[1:])
        self._elaborate_sums(m, words, held, Cat(index, page ^ cross), gap, clear)
        self._elaborate_reads(m, words, gap, asked | due)
        return m

    def _elaborate_sums(self, m, words, held, address, gap, clear):
        """Adds counts to the words that are read, and carries from low to high words."""
        # d_: the memory has it; r_: its data is there; s_: it is added to; w_: it is written.
        d_valid, d_clear, d_address = Signal(), Signal(), Signal(len(address))
        r_valid, r_clear, r_address = Signal(), Signal(), Signal(len(address))
        s_valid, s_address = Signal(), Signal(len(address))
        s_word, s_addend, s_sum = Signal(32), Signal(len(held)), Signal(33)
        w_valid, w_address, w_sum = Signal(), Signal(len(address)), Signal(32)
        m.d.sync += [
            d_valid.eq(~gap), d_clear.eq(clear), d_address.eq(address),
            r_valid.eq(d_valid), r_clear.eq(d_clear), r_address.eq(d_address),
            s_valid.eq(r_valid), s_address.eq(r_address),
            s_word.eq(Mux(r_clear, 0, words.r_data.as_value())),
            s_addend.eq(Mux(r_address[0], s_sum[32], held)),
            w_valid.eq(s_valid), w_address.eq(s_address), w_sum.eq(s_sum),
        ]  # fmt: skip
        m.d.comb += [
            s_sum.eq(s_word + s_addend),
            words.w_mask.eq(w_valid), words.w_row.eq(w_address), words.w_data.eq(w_sum),
        ]  # fmt: skip

    def _elaborate_reads(self, m, words, gap, busy):
        found, ready = Signal(), Signal()
        m.d.comb += [
            self.read_done.eq(self.read_valid & ready), self.read_data.eq(words.r_data.as_value()),
        ]
        m.d.sync += [found.eq(gap & self.read_valid & ~busy), ready.eq(found)]

    def _elaborate_counts(self, m, turn, select):
        """Counts between the starts of sweeps, all events a cycle late. Returns the last sweep's
        count of one counter, two cycles after `select`.
        """
        active, odd = Signal(), Signal()
        m.d.sync += [active.eq(self.active), odd.eq(self.completed[0])]
        events = {"CYCLES": active, "COMMANDS": self.completed[0] ^ odd,
                  "READ_BEATS": self.events.read_beats, "WRITE_BEATS": self.events.write_beats}
        for unit, states in STATES.items():
            for state in states:
                events[f"{unit}_{state.name}".upper()] = (
                    active & (self.events[unit].as_value() == state.value))
        held = []
        for name, _ in COUNTERS:
            count = Signal(range(self.SWEEP + 1), name=f"{name.lower()}_count")
            counted = Signal.like(count, name=f"{name.lower()}_counted")
            total = Signal.like(count, name=f"{name.lower()}_held")
            event = Signal(name=f"{name.lower()}_event")
            m.d.comb += counted.eq(count + event)
            m.d.sync += event.eq(events[name])
            m.d.sync += count.eq(counted)
            with m.If(turn):
                m.d.sync += [total.eq(counted), count.eq(0)]
            held.append(total)
        # By the low bits of `select` now, by the others a cycle later, into a register.
        low = 2
        chosen, later = [], Signal(len(select) - low)
        m.d.sync += later.eq(select[low:])
        for first in range(0, len(held), 1 << low):
            chosen.append(Signal.like(held[0], name=f"chosen_{first}"))
            m.d.sync += chosen[-1].eq(Array(held[first : first + (1 << low)])[select[:low]])
        held_count = Signal.like(held[0])
        m.d.sync += held_count.eq(Array(chosen)[later])
        return held_count
