"""From commands to checked jobs, with little logic."""

from amaranth import *
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import Signs
from ..isa import COMMAND_BYTES, LAST_WORD, CommandWord, ErrorCode, FetchedError, Opcode
from .footprint import Footprint
from .jobs import JobWordLayout
from .steps import SerialExtent

__all__ = ["SerialDecoder", "SerialLayout"]


def SerialLayout(config):
    """As :func:`~.decode.DecodedLayout`, but of the job there is a word at a time."""
    return data.StructLayout({
        "opcode": Opcode, "bad": 1, "code": ErrorCode, "address": 64, "tag": 32,
        "word_valid": 1, "word": JobWordLayout(config), "footprint": Footprint(config),
    })  # fmt: skip


class SerialDecoder(wiring.Component):
    """Does what :class:`~.decode.Decoder` does, with the command in a memory.

    Words are checked as they come, for all that needs no arithmetic. After they are all there,
    latency two cycles for a FENCE, an END or a command with an error that has shown by then; for
    others that of :class:`~.steps.SerialExtent` and two more. When the job is taken, its words go
    to the unit, one a cycle, and then the command is done with. There are no cut paths but that
    from `i.valid` to `o.valid`.

    Parameters
    ----------
    config : Config
        Configuration of the core; commands start in order.

    Members
    -------
    words : In(stream.Signature(CommandWord))
        Words of the next command, in order. Not while `i.valid`.
    i : In(stream)
        The command is there, or an error that takes its place; taken when it is done with.
    half : In(1)
        Which half of the address is wanted of a command with an ADDRESS error: a cycle later it is
        in both halves of `o.payload.address`.
    o : Out(stream)
        Commands as decoded.
    """

    def __init__(self, config):
        self.config = config
        super().__init__({
            "words": In(stream.Signature(CommandWord)),
            "i": In(stream.Signature(FetchedError)), "half": In(1),
            "o": Out(stream.Signature(SerialLayout(config))),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.words = words = memory.Memory(
            shape=32, depth=COMMAND_BYTES // 4, init=[], attrs={"no_rw_check": 1})
        write, read = words.write_port(), words.read_port()
        m.submodules.extent = extent = SerialExtent(self.config)
        opcode, code = Signal(Opcode, init=Opcode.LOAD), Signal(ErrorCode)
        to_sums, far = Signal(), Signal()
        m.d.comb += [
            write.en.eq(self.words.valid), write.addr.eq(self.words.p.index),
            write.data.eq(self.words.p.data), self.words.ready.eq(1),
        ]
        found = self._check(m, opcode, to_sums, far)
        with m.If(self.i.payload.code != ErrorCode.NONE):
            m.d.comb += code.eq(self.i.payload.code)
        with m.Else():
            m.d.comb += code.eq(found)
        out = self.o.payload
        checked, good, sends, there = Signal(), Signal(), Signal(), Signal()
        index, place = Signal(3), Signal(3)
        has_rows = Cat(opcode == o for o in (Opcode.LOAD, Opcode.EXECUTE, Opcode.STORE)).any()
        m.d.sync += checked.eq(self.i.valid & ~self.i.ready)
        m.d.comb += [
            good.eq(code == ErrorCode.NONE),
            extent.opcode.eq(opcode), extent.to_sums.eq(to_sums), extent.far.eq(far),
            extent.word.eq(read.data), extent.run.eq(checked & good & has_rows),
            self.o.valid.eq(checked & ~sends & (~(good & has_rows) | extent.done)),
            self.i.ready.eq(Mux(has_rows, there & (place == LAST_WORD),
                                self.o.valid & self.o.ready)),
            out.opcode.eq(opcode), out.tag.eq(read.data),
            out.bad.eq(~good | (extent.code != ErrorCode.NONE)),
            *self._footprint(to_sums, extent),
        ]  # fmt: skip
        # Of words 0 to 5, one after the other, each a cycle after its index.
        with m.If(self.o.valid & self.o.ready & has_rows):
            m.d.sync += [sends.eq(1), index.eq(0)]
        with m.If(sends):
            m.d.sync += [place.eq(index), index.eq(index + 1), there.eq(1)]
        with m.If(self.i.ready):
            m.d.sync += [sends.eq(0), there.eq(0)]
        with m.If(extent.run & ~extent.done):
            m.d.comb += read.addr.eq(extent.index)
        with m.Elif(sends):
            m.d.comb += read.addr.eq(index)
        with m.Elif(opcode == Opcode.END):
            m.d.comb += read.addr.eq(1)
        with m.Else():
            m.d.comb += read.addr.eq(Cat(self.half, 1))
        m.d.comb += [
            out.word_valid.eq(there), out.word.index.eq(place), out.word.data.eq(read.data),
            out.word.less_one.eq(extent.less_one), out.word.contiguous.eq(extent.contiguous),
            out.word.last.eq(extent.extent),
        ]
        with m.If(~good):
            m.d.comb += out.code.eq(code)
            with m.If(code.as_value() >= ErrorCode.RING.value):
                m.d.comb += out.address.eq(self.i.payload.address)
        with m.Else():
            m.d.comb += [
                out.code.eq(extent.code),
                out.address.eq(Mux(extent.code == ErrorCode.ADDRESS, Cat(read.data, read.data),
                                   extent.row)),
            ]
        return m

    def _check(self, m, opcode, to_sums, far):
        """Checks each word as it comes; returns the first error in the order of the manual."""
        word = self.words.p.data
        first = self.words.p.index == 0
        is_load, is_execute, is_store, is_fence, is_end = kinds = [
            Signal(name=f"is_{kind.name.lower()}") for kind in Opcode]
        known = Signal(8)
        errors = {name: Signal(name=f"{name}_error") for name in (
            "opcode", "reserved", "format", "count")}
        now = {name: Signal(name=f"{name}_now") for name in errors}
        low, high = word[:16].any(), word[16:].any()
        m.d.comb += [
            known.eq(Mux(first, word[:8], opcode.as_value())),
            *(kind.eq(known == each.value) for kind, each in zip(kinds, Opcode, strict=True)),
        ]
        plain, transfer = is_fence | is_end, is_load | is_store
        unsigned_ = (~(word[8] & word[9])) if self.config.signs is Signs.SIGNED else C(0, 1)
        with m.Switch(self.words.p.index):
            with m.Case(0):
                m.d.comb += [
                    now["opcode"].eq(~Cat(kinds).any()),
                    now["reserved"].eq(Mux(plain, word[8:].any(), is_execute & word[11:16].any())),
                    now["format"].eq((is_load & word[9:16].any()) | (is_store & word[8:16].any())
                                     | (is_execute & unsigned_)),
                    now["count"].eq(~plain & ~high),
                ]  # fmt: skip
            with m.Case(1):
                m.d.comb += [
                    now["reserved"].eq((is_fence & (low | high)) | (is_store & high)),
                    now["count"].eq(~plain & (~low | (is_execute & ~high))),
                ]
            with m.Case(2, 3, 4):
                m.d.comb += now["reserved"].eq(plain & (low | high))
            with m.Case(5):
                m.d.comb += now["reserved"].eq((plain & (low | high)) | (is_execute & high))
            with m.Default():
                m.d.comb += now["reserved"].eq(low | high)
        with m.If(self.words.valid):
            m.d.sync += [error.eq(now[name] | (error & ~first)) for name, error in errors.items()]
            with m.If(first):
                m.d.sync += [opcode.as_value().eq(known), to_sums.eq(is_load & word[8])]
            with m.If(self.words.p.index == 3):
                m.d.sync += far.eq(transfer & (low | high))
        return Mux(errors["opcode"], ErrorCode.OPCODE.value,
               Mux(errors["reserved"], ErrorCode.RESERVED.value,
               Mux(errors["format"], ErrorCode.FORMAT.value,
               Mux(errors["count"], ErrorCode.COUNT.value, ErrorCode.NONE.value))))  # fmt: skip

    def _footprint(self, to_sums, extent):
        """Statements that fill the footprint."""
        foot = self.o.payload.footprint
        yield foot.to_sums.eq(to_sums)
        for name, what in (("target", "row"), ("a", "a"), ("b", "b")):
            for end in ("first", "last"):
                yield foot[name][end].eq(getattr(extent, f"{end}_{what}"))
