"""From commands to checked jobs."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..isa import ErrorCode, FetchedCommand, Opcode
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

    Latency: two cycles for a FENCE, an END or an error that shows in the command itself, ten for
    the others, whose extents need up to four products of one shared multiplier. One command at a
    time. Cuts all paths.

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
    """

    def __init__(self, config):
        self.config = config
        super().__init__({
            "i": In(stream.Signature(FetchedCommand)),
            "o": Out(stream.Signature(DecodedLayout(config))),
        })

    def elaborate(self, platform):
        m = Module()
        config = self.config
        taken = Signal(FetchedCommand)
        command, out = taken.command, self.o.payload
        code, address = Signal(ErrorCode), Signal(64)
        unreadable = taken.code != ErrorCode.NONE
        m.submodules.extent = extent = Extent(config)
        m.d.comb += extent.command.eq(command.as_value())

        with m.FSM():
            with m.State("TAKE"):
                m.d.comb += self.i.ready.eq(1)
                with m.If(self.i.valid):
                    m.d.sync += taken.eq(self.i.payload)
                    m.next = "CHECK"
            with m.State("CHECK"):
                m.d.sync += [
                    code.eq(Mux(unreadable, taken.code.as_value(), first_error(config, command))),
                    address.eq(taken.address),
                ]
                plain = (command.opcode == Opcode.FENCE) | (command.opcode == Opcode.END)
                with m.If(plain | unreadable | (first_error(config, command) != 0)):
                    m.next = "OFFER"
                with m.Else():
                    m.d.comb += extent.start.eq(1)
                    m.next = "EXTENT"
            with m.State("EXTENT"):
                with m.If(extent.done):
                    m.d.sync += [code.eq(extent.code), address.eq(extent.address)]
                    m.next = "OFFER"
            with m.State("OFFER"):
                m.d.comb += self.o.valid.eq(1)
                with m.If(self.o.ready):
                    m.next = "TAKE"

        m.d.comb += [
            out.opcode.eq(command.opcode), out.code.eq(code), out.address.eq(address),
            out.tag.eq(command.end.tag), *self._jobs(command, extent),
        ]  # fmt: skip
        return m

    def _jobs(self, command, extent):
        """Statements that fill the job and the footprint from the command and its extents."""
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
        memory_extent = extent.memory_extent
        fits = memory_extent[config.axi_address_width:] == 0
        one_row = {"load": load.rows == 1, "store": store.rows == 1}
        dense = {"load": load.stride == load.bytes, "store": store.stride == store.columns << 2}
        for name, job in (("load", out.load), ("store", out.store)):
            yield job.extent.eq(memory_extent)
            yield job.contiguous.eq((one_row[name] | dense[name]) & fits)
        yield out.load.target.eq(to_sums)
        block = slice(BLOCK_BITS, config.axi_address_width)
        # LOAD and STORE have their address in the same place.
        yield from [
            foot.a.valid.eq(is_execute | (is_load & ~to_sums)),
            foot.a.first.eq(Mux(is_execute, execute.a, load.destination)),
            foot.a.last.eq(extent.last_a),
            foot.b.valid.eq(is_execute),
            foot.b.first.eq(execute.b),
            foot.b.last.eq(extent.last_b),
            foot.sums.valid.eq(is_execute | is_store | (is_load & to_sums)),
            foot.sums.first.eq(Mux(is_execute, execute.c,
                                   Mux(is_load, load.destination, store.source))),
            foot.sums.last.eq(extent.last_sums),
            foot.memory.valid.eq(is_load | is_store),
            foot.memory.first.eq(load.address[block]),
            foot.memory.last.eq(extent.last_byte[block]),
        ]


