"""Reads announced commands from the ring."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import exact_log2

from ..dma.reader import ReadEngine
from ..isa import COMMAND_BITS, COMMAND_BYTES, ErrorCode, FetchedCommand
from ..lib.axi import AxiReadSignature, Response
from .assembler import CommandAssembler
from .ring import SIZE_BITS, RingMisuse

__all__ = ["CommandFetch"]

#: Memory answers in order: operands wait for all commands that were asked for before them. So
#: commands come in rations of this many beats, with room for operands between them. A ration keeps
#: the bus busy until the reads of its first command get there: decoder, station and LOAD take about
#: as many cycles.
RATION_BEATS = 16
#: But at least as many commands: a smallest program is two LOADs, an EXECUTE and a STORE; and at
#: most half of the buffer. If that is less, there are no rations: they would starve the decoder.
RATION_COMMANDS = 4
#: Cycles from a ration to the next.
RATION_CYCLES = 48
#: There are no rations if no beat of the first one has come by then: memory is so slow that many
#: commands must be on their way at a time.
PATIENCE = 16


class CommandFetch(wiring.Component):
    """Reads the commands between head and tail of the ring, ahead of the decoder.

    The ring is read in blocks of `commands` entries, aligned to their size, or as many of a block
    as are announced. The buffer holds a block, and a burst is at most half of it. A range is asked
    for in the cycle after the tail moves, and at most every 3 cycles.

    An error takes the place of the command that it hits: a bus error with the first wanted byte of
    the failing beat, ring misuse, after all announced commands, with its value. It is the last in
    the stream until a reset.

    Parameters
    ----------
    address_width, data_width, id_width : int
        Of the AXI bus. `data_width` is at most two commands.
    id : int
        ARID of the reads.
    commands : int
        Commands that the buffer holds. Power of two, at least 4.

    Members
    -------
    base, mask : In(64), In(16)
        The ring, see :class:`Ring`.
    announced, offered, fresh, refused, misuse : In(17), In(17), In(1), In(1), In(RingMisuse)
        More of the ring.
    head : Out(32)
        Commands that have left on `o`, without the error at the end.
    drain : In(1)
        Asks for nothing more and drops what comes. Stays until reset.
    idle : Out(1)
        No read is on its way.
    o : Out(stream.Signature(FetchedCommand))
        Commands.
    axi : Out(AxiReadSignature)
        Reads.
    """

    def __init__(self, *, address_width, data_width, id_width=1, id, commands):
        if data_width > 2 * COMMAND_BITS:
            raise ValueError(f"data_width must be at most {2 * COMMAND_BITS}, not {data_width!r}")
        if commands < 4 or commands & (commands - 1):
            raise ValueError(f"commands must be a power of two, at least 4, not {commands!r}")
        self.address_width, self.data_width, self.id = address_width, data_width, id
        self.commands = commands
        self.ration = min(
            commands // 2, max(RATION_COMMANDS, RATION_BEATS * data_width // COMMAND_BITS))
        super().__init__({
            "base": In(64), "mask": In(SIZE_BITS),
            "announced": In(SIZE_BITS + 1), "offered": In(SIZE_BITS + 1), "fresh": In(1),
            "refused": In(1), "misuse": In(RingMisuse),
            "head": Out(32), "drain": In(1), "idle": Out(1),
            "o": Out(stream.Signature(FetchedCommand)),
            "axi": Out(AxiReadSignature(
                address_width=address_width, data_width=data_width, id_width=id_width)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.engine = engine = self._engine()
        m.submodules.assembler = assembler = CommandAssembler(data_width=self.data_width)
        connect(m, engine.axi, flipped(self.axi))
        connect(m, engine.beats, assembler.i)
        outstanding, none_left = self._elaborate_request(m, engine.ranges, assembler)
        m.d.comb += [
            assembler.outstanding.eq(Mux(outstanding > 1, 2, outstanding)),
            assembler.discard.eq(self.drain),
        ]
        self._elaborate_output(m, assembler, engine.fault, none_left)
        return m

    def _engine(self):
        buffer_beats = max(4, self.commands * COMMAND_BYTES * 8 // self.data_width)
        return ReadEngine(
            address_width=self.address_width, data_width=self.data_width,
            buffer_beats=buffer_beats, max_outstanding=4, max_burst_beats=buffer_beats // 2,
            id=self.id,
        )  # fmt: skip

    def _elaborate_request(self, m, ranges, assembler):
        """Asks for blocks. Returns the commands outstanding, and whether none is left."""
        bits = exact_log2(self.commands)
        next_index = Signal(SIZE_BITS + 1)      # first command not asked for
        address = Signal(self.address_width)    # its address, a cycle later
        outstanding = Signal(bits + 1)
        count = Signal(bits + 1)                # commands of the range
        count_next = Signal(bits + 1)
        begun, refused, cancel, wanted = Signal(), Signal(), Signal(), Signal()
        advance, settle = Signal(), Signal()
        stop = self.drain | assembler.failed
        if self.data_width > COMMAND_BITS:      # half a beat is read again only once it was taken
            stop = stop | next_index[0] & (outstanding != 0)

        known, some, left = self._elaborate_left(m, next_index, bits)
        none_left = ~known & self.idle
        may_ask = self._elaborate_rations(
            m, none_left, assembler.i.valid, left, count_next, Mux(advance, count, 0))
        start = some & may_ask & ~outstanding[-1] & ~(begun | settle | wanted) & ~stop
        offset = (next_index[:SIZE_BITS] & self.mask) << exact_log2(COMMAND_BYTES)
        m.d.sync += [
            address.eq(self.base + offset),
            begun.eq(start), refused.eq(self.refused),
            settle.eq(begun),
            # What the decoder takes is known late.
            outstanding.eq(Mux(
                assembler.taken,
                Mux(advance, outstanding + count - 1, outstanding - 1),
                Mux(advance, outstanding + count, outstanding))),
        ]
        with m.If(ranges.ready | cancel):
            m.d.sync += wanted.eq(0)
        with m.If(start):
            m.d.sync += [
                wanted.eq(1), ranges.payload.address.eq(address), count.eq(count_next),
            ]  # fmt: skip
        with m.If(advance):
            m.d.sync += next_index.eq(next_index + count)
        m.d.comb += [
            # Whether a new tail is refused is known late: then, what began with it is taken back.
            cancel.eq(begun & refused), advance.eq(begun & ~refused),
            ranges.valid.eq(wanted & ~cancel),
            ranges.payload.length.eq(count << exact_log2(COMMAND_BYTES)),
            ranges.payload.last.eq(1),
            self.idle.eq((outstanding == 0) & ~begun),
        ]
        return outstanding, none_left

    def _elaborate_left(self, m, next_index, bits):
        """Whether commands up to the tail are left to ask for; whether any are, and how many of
        this block.

        As of the cycle before: reads are so far apart that nothing has changed by the next one, but
        in the cycle after a range was asked for. Of a new tail, both are found beside the checks.
        """
        # A block ends at a multiple of its size, which is that of the ring if that is smaller.
        block = self.mask[:bits]
        outside = ~(block | Const(0, len(next_index)))
        rest = Signal(bits + 1)
        m.d.sync += rest.eq((~next_index[:bits] & block) + 1)
        some, near, same_block = [], [], []
        for name, tail in (("known", self.announced), ("new", self.offered)):
            some.append(Signal(name=f"some_{name}"))
            near.append(Signal(bits, name=f"near_{name}"))
            same_block.append(Signal(name=f"same_block_{name}"))
            m.d.sync += [
                some[-1].eq(tail != next_index),
                near[-1].eq(tail - next_index),
                same_block[-1].eq(((tail ^ next_index) & outside) == 0),
            ]
        known = some[0]
        some, near, same_block = (
            Mux(self.fresh, new, known) for known, new in (some, near, same_block))
        return known, some, Mux(same_block, near, rest)

    def _elaborate_rations(self, m, resting, beat, left, count, asked):
        """`count` is `left`, or what is left of a ration. Returns whether that is anything."""
        if self.ration < RATION_COMMANDS:
            m.d.comb += count.eq(left)
            return C(1, 1)
        allowed = Signal(range(self.ration + 1))
        wait = Signal(range(RATION_CYCLES))
        answered, slow = Signal(), Signal()
        with m.If(resting):
            m.d.sync += [
                allowed.eq(self.ration), wait.eq(RATION_CYCLES - 1), answered.eq(0), slow.eq(0),
            ]
        with m.Else():
            m.d.sync += [
                allowed.eq(Mux(wait == 0, self.ration, allowed - asked)),
                wait.eq(Mux(wait == 0, RATION_CYCLES - 1, wait - 1)),
                answered.eq(answered | beat),
            ]
            with m.If((wait == RATION_CYCLES - PATIENCE) & ~answered):
                m.d.sync += slow.eq(1)
        m.d.comb += count.eq(Mux(~slow & (left > allowed), allowed, left))
        return slow | (allowed != 0)

    def _elaborate_output(self, m, assembler, fault, none_left):
        misuse_valid, misuse_sent = Signal(), Signal()
        bad = assembler.o.payload.bad & assembler.o.valid
        fault_code = Mux(fault.resp == Response.DECERR,
                         ErrorCode.FETCH_DECERR.value, ErrorCode.FETCH_SLVERR.value)
        code = Mux(misuse_valid, ErrorCode.RING.value, Mux(bad, fault_code, ErrorCode.NONE.value))
        m.d.comb += [
            self.o.valid.eq(assembler.o.valid | misuse_valid),
            assembler.o.ready.eq(self.o.ready),
            self.o.payload.command.raw.eq(assembler.o.payload.command),
            self.o.payload.index.eq(self.head),
            self.o.payload.code.eq(code),
            self.o.payload.address.eq(
                Mux(bad, fault.address, 0) | Mux(misuse_valid, self.misuse.address, 0)),
        ]
        with m.If(self.o.valid & self.o.ready & (code == ErrorCode.NONE.value)):
            m.d.sync += self.head.eq(self.head + 1)

        with m.If(misuse_valid & self.o.ready):
            m.d.sync += misuse_valid.eq(0)
        with m.Elif(self.misuse.valid & none_left & ~assembler.o.valid & ~assembler.failed
                    & ~misuse_sent & ~self.drain):
            m.d.sync += [misuse_valid.eq(1), misuse_sent.eq(1)]
