"""From commands to checked jobs."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..isa import Command, ErrorCode, FetchedCommand, Opcode
from .check import Failures, failures, first_error
from .extent import Extent, is_execute, is_scaled, is_store, result_size
from .footprint import BLOCK_BITS, Footprint
from .jobs import ExecuteJob, LoadJob, StoreJob

__all__ = ["DecodedLayout", "Decoder"]


def DecodedLayout(config):
    """A decoded command: its job, its footprint, or the error that it stands for, if `bad`."""
    return data.StructLayout({
        "opcode": Opcode, "bad": 1, "code": ErrorCode, "address": 64, "tag": 32,
        "load": LoadJob(config), "execute": ExecuteJob(config), "store": StoreJob(config),
        "footprint": Footprint(config),
    })  # fmt: skip


class Decoder(wiring.Component):
    """Checks a command, and derives its footprint and its job.

    Latency from a command taken: three cycles for a FENCE, an END or a command that cannot be read,
    four for a LOAD or a STORE, five for one with a stride of 64 KiB or more and for an EXECUTE. The
    next one is taken in the cycle before this one is offered if the last one has left before that:
    one command per cycle less than the latency. Cuts all paths.

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
        opcode = incoming.command.opcode
        has_rows = Cat(opcode == o for o in (Opcode.LOAD, Opcode.EXECUTE, Opcode.STORE)).any()

        taken, fetched = Signal(Command), Signal(ErrorCode)
        failing = Signal(Failures)                  # from the second cycle after that on
        full, done = Signal(), Signal()             # a command is taken; all is known of it
        fresh, has_extent = Signal(), Signal()      # it was taken just now
        done_next, offered_next = Signal(), Signal()
        take, move = Signal(), Signal()
        m.d.comb += [
            take.eq(self.i.valid & self.i.ready),
            move.eq(done & ~self.o.valid),
            done_next.eq(~take & (done & ~move | extent.done | fresh & ~has_extent)),
            offered_next.eq(move | self.o.valid & ~self.o.ready),
            self.busy.eq(full | self.o.valid),
            extent.take.eq(take), extent.command.eq(incoming.command),
            extent.start.eq(fresh & has_extent), extent.taken.eq(taken),
        ]  # fmt: skip
        m.d.sync += [
            fresh.eq(take), full.eq(take | full & ~move), done.eq(done_next),
            failing.eq(failures(self.config, taken)),
            self.o.valid.eq(offered_next),
            # There is room, or there will be: the one inside moves in the next cycle.
            self.i.ready.eq(~take & (~full | move | done_next & ~offered_next)),
        ]
        with m.If(take):
            m.d.sync += [
                has_extent.eq(has_rows & ~unreadable),
                taken.eq(incoming.command), fetched.eq(incoming.code),
            ]
            with m.If(unreadable):      # there is room for the error's address in the command
                m.d.sync += taken.load.address.eq(incoming.address)
        self._offer(m, move, taken, fetched, failing, has_extent, extent)
        return m

    def _offer(self, m, move, taken, fetched, failing, has_extent, extent):
        """The registers behind the output, and all that is made of them."""
        code = Mux(fetched == ErrorCode.NONE, first_error(failing), fetched)
        config, out = self.config, self.o.payload
        load, store, execute = taken.load, taken.store, taken.execute
        kept, kept_code, failed = Signal(Command), Signal(ErrorCode), Signal()
        found = Signal(data.StructLayout({
            "fails": extent.fails.shape(), "row_x": extent.row_x.shape(),
            "row_y": extent.row_y.shape(),
            "contiguous": 1, "extent": config.axi_address_width,
            "residual_row": extent.residual_row.shape(), "scales_row": extent.scales_row.shape(),
            "first_a": 16, "last_a": 16, "first_sums": 16, "sums_base": 16,
            "last_byte": config.axi_address_width,
        }))  # fmt: skip
        # Of a LOAD or a STORE, which move later than in the cycle after they are taken.
        dense = Signal()
        m.d.sync += dense.eq((load.rows == 1) | Mux(
            is_store(taken), load.stride == self._row_bytes(store), load.stride == load.bytes))
        with m.If(move):
            m.d.sync += [
                kept.eq(taken), kept_code.eq(code),
                failed.eq(code != ErrorCode.NONE.value),
                found.contiguous.eq(dense & extent.fits),
                found.extent.eq(extent.memory_extent),
                # LOAD and STORE have their fields in the same places.
                found.first_a.eq(Mux(is_execute(taken), execute.a, load.destination)),
                found.first_sums.eq(Mux(is_execute(taken), execute.c, load.destination)),
                *(found[name].eq(getattr(extent, name)) for name in (
                    "row_x", "row_y", "last_a", "sums_base", "last_byte",
                    *(("residual_row", "scales_row") if config.epilogue_lanes else ()))),
                found.fails.eq(Mux(has_extent, extent.fails, 0)),
            ]
        m.d.comb += [
            out.opcode.eq(kept.opcode), out.tag.eq(kept.end.tag),
            out.bad.eq(failed | found.fails.as_value().any()),
            *self._jobs(kept, found),
        ]
        self._error(m, kept_code, kept, found)

    def _row_bytes(self, store):
        """Bytes of a STORE's matrix row."""
        size = result_size(store) if self.config.epilogue_lanes else 2
        return store.columns << size

    def _error(self, m, code, command, found):
        """The first error in the order of the manual, and the address that goes with it."""
        out, fails = self.o.payload, found.fails
        with m.If(code != ErrorCode.NONE):
            m.d.comb += out.code.eq(code)
            with m.If(code.as_value() >= ErrorCode.RING.value):
                m.d.comb += out.address.eq(command.load.address)
        with m.Elif(fails.scratchpad_x):
            m.d.comb += [out.code.eq(ErrorCode.SCRATCHPAD), out.address.eq(found.row_x)]
        with m.Elif(fails.scratchpad_y):
            m.d.comb += [out.code.eq(ErrorCode.SCRATCHPAD), out.address.eq(found.row_y)]
        with m.Elif(fails.accumulator):
            m.d.comb += [out.code.eq(ErrorCode.ACCUMULATOR), out.address.eq(found.row_x)]
        if self.config.epilogue_lanes:
            for fault, error, row in (
                    ("residual", ErrorCode.ACCUMULATOR, found.residual_row),
                    ("parameters", ErrorCode.PARAMETERS, found.row_x),
                    ("scales", ErrorCode.PARAMETERS, found.scales_row)):
                with m.Elif(fails[fault]):
                    m.d.comb += [out.code.eq(error), out.address.eq(row)]
        with m.Elif(fails.memory | fails.carry):
            m.d.comb += [out.code.eq(ErrorCode.ADDRESS), out.address.eq(command.load.address)]

    def _jobs(self, command, found):
        """Statements that fill the job and the footprint."""
        config, out = self.config, self.o.payload
        foot = out.footprint
        load, execute, store = command.load, command.execute, command.store
        to_sums = load.target.as_value()[0]
        yield from (job[name].eq(source[name])
                    for job, source in ((out.load, load), (out.execute, execute),
                                        (out.store, store))
                    for name in dict(job.shape())
                    if name not in ("extent", "contiguous", "target", "to_parameters", "size"))
        yield from (job[name].eq(found[name])
                    for job in (out.load, out.store) for name in ("extent", "contiguous"))
        yield out.load.target.eq(to_sums)
        block = slice(BLOCK_BITS, config.axi_address_width)
        yield from [
            foot.to_sums.eq(to_sums),
            foot.target.first.eq(found.first_a), foot.target.last.eq(found.last_a),
            foot.a.first.eq(found.first_a), foot.a.last.eq(found.last_a),
            foot.b.first.eq(execute.b), foot.b.last.eq(found.row_y),
            foot.sums.first.eq(found.first_sums), foot.sums.last.eq(found.row_x),
            foot.sums_base.eq(found.sums_base),
            foot.memory.first.eq(load.address[block]), foot.memory.last.eq(found.last_byte[block]),
        ]  # fmt: skip
        if config.epilogue_lanes:
            yield from self._epilogue(load, store, found)

    def _epilogue(self, load, store, found):
        """The same for what only a core with an epilogue has."""
        out, foot = self.o.payload, self.o.payload.footprint
        loads = self.o.payload.opcode == Opcode.LOAD
        to_parameters = load.target.as_value()[1]
        residual = ~loads & (out.opcode == Opcode.STORE) & store.add_residual
        yield from [
            out.load.target.eq(load.target.as_value().any()),
            out.load.to_parameters.eq(to_parameters), out.store.size.eq(result_size(store)),
            foot.parameters.eq(Mux(loads, to_parameters, is_scaled(store))),
            foot.late.eq(residual),
        ]
        # From the first to the last row of both.
        before, beyond = store.residual < found.first_sums, found.residual_row > found.row_x
        yield from [
            foot.sums.first.eq(Mux(residual & before, store.residual, found.first_sums)),
            foot.sums.last.eq(Mux(residual & beyond, found.residual_row, found.row_x)),
        ]
