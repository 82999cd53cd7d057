"""From commands to checked jobs."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..isa import Command, ErrorCode, FetchedCommand, Opcode
from .check import first_error
from .extent import Extent
from .footprint import BLOCK_BITS, Footprint
from .jobs import ExecuteJob, LoadJob, StoreJob

__all__ = ["DecodedLayout", "Decoder"]


def DecodedLayout(config):
    """A decoded command: its job, its footprint, or the error that it stands for."""
    return data.StructLayout({
        "opcode": Opcode, "code": ErrorCode, "address": 64, "tag": 32,
        "load": LoadJob(config), "execute": ExecuteJob(config), "store": StoreJob(config),
        "footprint": Footprint(config),
    })  # fmt: skip


class Decoder(wiring.Component):
    """Checks a command, and derives its footprint and its job.

    Latency from a command taken: two cycles for a FENCE, an END or an error that shows in the
    command itself, four for a LOAD or a STORE, five for one with a stride of 64 KiB or more and for
    an EXECUTE. The next one is taken in the cycle before this one is offered if the last one has
    left by then: one command per cycle less than the latency. Cuts all paths.

    Parameters
    ----------
    config : Config
        Configuration of the core.

    Members
    -------
    i : In(stream)
        Commands as fetched.
    o : Out(stream)
        Commands as decoded.
    busy : Out(1)
        A command is inside.
    """

    def __init__(self, config):
        self.config = config
        super().__init__({
            "i": In(stream.Signature(FetchedCommand)),
            "o": Out(stream.Signature(DecodedLayout(config))),
            "busy": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.extent = extent = Extent(self.config)
        incoming = self.i.payload
        unreadable = incoming.code != ErrorCode.NONE
        error = first_error(self.config, incoming.command)
        opcode = incoming.command.opcode
        plain = (opcode == Opcode.FENCE) | (opcode == Opcode.END)

        taken, code = Signal(Command), Signal(ErrorCode)
        full, done = Signal(), Signal()             # a command is taken; all is known of it
        fresh, has_extent = Signal(), Signal()      # it was taken just now
        take, move = Signal(), Signal()
        m.d.comb += [
            self.i.ready.eq(~full | done & ~self.o.valid),
            take.eq(self.i.valid & self.i.ready),
            move.eq(done & (~self.o.valid | self.o.ready)),
            self.busy.eq(full | self.o.valid),
            extent.take.eq(take), extent.command.eq(incoming.command),
            extent.start.eq(fresh & has_extent), extent.taken.eq(taken),
        ]  # fmt: skip
        m.d.sync += [fresh.eq(take), full.eq(take | full & ~move)]
        with m.If(take):
            short = plain | unreadable | (error != 0)
            m.d.sync += [
                done.eq(short), has_extent.eq(~short), taken.eq(incoming.command),
                code.eq(Mux(unreadable, incoming.code.as_value(), error)),
            ]
            with m.If(unreadable):      # there is room for the error's address in the command
                m.d.sync += taken.load.address.eq(incoming.address)
        with m.Else():
            m.d.sync += done.eq(done & ~move | extent.done)
        self._offer(m, move, taken, code, has_extent, extent)
        return m

    def _offer(self, m, move, taken, code, has_extent, extent):
        """The registers behind the output, and all that is made of them."""
        config, out = self.config, self.o.payload
        load, store = taken.load, taken.store
        kept = Signal(Command)
        found = Signal(data.StructLayout({
            "code": ErrorCode, "address": 64,
            "contiguous": 1, "extent": config.axi_address_width,
            "last_a": 16, "last_b": 16, "last_sums": 16, "sums_base": 16,
            "last_byte": config.axi_address_width,
        }))  # fmt: skip
        of_fetch = code.as_value() >= ErrorCode.RING.value
        dense = load.stride == Mux(taken.opcode == Opcode.LOAD, load.bytes, store.columns << 2)
        fits = extent.memory_extent[config.axi_address_width:] == 0
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(move):
            m.d.sync += [
                self.o.valid.eq(1), kept.eq(taken),
                found.code.eq(Mux(has_extent, extent.code, code)),
                found.address.eq(Mux(has_extent, extent.address,
                                     Mux(of_fetch, load.address, 0))),
                found.contiguous.eq(((load.rows == 1) | dense) & fits),
                found.extent.eq(extent.memory_extent),
                *(found[name].eq(getattr(extent, name))
                  for name in ("last_a", "last_b", "last_sums", "sums_base", "last_byte")),
            ]
        m.d.comb += [
            out.opcode.eq(kept.opcode), out.code.eq(found.code), out.address.eq(found.address),
            out.tag.eq(kept.end.tag), *self._jobs(kept, found),
        ]  # fmt: skip

    def _jobs(self, command, found):
        """Statements that fill the job and the footprint."""
        config, out = self.config, self.o.payload
        foot = out.footprint
        load, execute, store = command.load, command.execute, command.store
        is_load, is_execute, is_store = (
            command.opcode == opcode for opcode in (Opcode.LOAD, Opcode.EXECUTE, Opcode.STORE))
        to_sums = load.target.as_value()[0]
        yield from (job[name].eq(source[name])
                    for job, source in ((out.load, load), (out.execute, execute),
                                        (out.store, store))
                    for name in dict(job.shape())
                    if name not in ("extent", "contiguous", "target"))  # fmt: skip
        yield from (job[name].eq(found[name])
                    for job in (out.load, out.store) for name in ("extent", "contiguous"))
        yield out.load.target.eq(to_sums)
        block = slice(BLOCK_BITS, config.axi_address_width)
        # LOAD and STORE have their fields in the same places.
        yield from [
            foot.a.valid.eq(is_execute | (is_load & ~to_sums)),
            foot.a.first.eq(Mux(is_execute, execute.a, load.destination)),
            foot.a.last.eq(found.last_a),
            foot.b.valid.eq(is_execute),
            foot.b.first.eq(execute.b),
            foot.b.last.eq(found.last_b),
            foot.sums.valid.eq(is_execute | is_store | (is_load & to_sums)),
            foot.sums.first.eq(Mux(is_execute, execute.c, load.destination)),
            foot.sums.last.eq(found.last_sums),
            foot.sums_base.eq(found.sums_base),
            foot.memory.valid.eq(is_load | is_store),
            foot.memory.first.eq(load.address[block]),
            foot.memory.last.eq(found.last_byte[block]),
        ]
