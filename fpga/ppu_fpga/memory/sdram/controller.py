"""An SDRAM behind AXI4."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out, connect
from amaranth.utils import exact_log2

from ppu.lib.axi import AxiSignature, Response
from ppu.lib.queue import Queue, ShallowQueue

from .banks import Banks
from .bus import Command, SdramSignature
from .data_path import DataPath
from .maintenance import Maintenance
from .scheduler import Scheduler
from .walker import BurstLayout, Walker

__all__ = ["SdramController"]


class SdramController(wiring.Component):
    """A 16-bit SDRAM as an AXI4 subordinate.

    The memory is run in bursts of one bus word, so one command in `burst` cycles keeps its data
    pins busy, and the cycles between are for closing and opening rows ahead of time. Addresses go
    through the columns of a row, then through the banks, then through the rows, so that a long
    burst finds each next row in another bank.

    ::

        ar --> queue --> walker --+             +--> banks
                                  +--> scheduler --> command register --> pins
        aw --> queue --> walker --+             +--> data path <--------> pins
        w  --> queue ----------------------------------^  |
        b  <-- queue <-- last beat written                |
        r  <-- queue <------------------------------------+

    Full-width INCR bursts, byte strobes, on each side `bursts` + 2 in flight and more; answers come
    in order and with the ID of their address. B comes when the last beat is on its way to the
    memory: reads whose address comes after it see what was written. A burst that begins outside the
    memory gets DECERR and writes nothing. Nothing is lost if a manager keeps R or B waiting, or
    write data back. There is no combinational path from an input to an output.

    Parameters
    ----------
    part : SdramPart
        The memory's geometry.
    timing : SdramTiming
        Its timing in cycles of this clock.
    address_width, data_width, id_width : int
        Of the bus; `data_width` is 32, 64 or 128.
    base : int
        First address, a multiple of the memory's size.
    input_delay : int
        Cycles by which read data comes later than the registers tell; see :class:`.DataPath`.
    bursts : int
        Bursts that wait on each side.
    buffer_beats : int
        Beats that wait on each side: those to be written, and those read that R does not take.
    group : int
        Beats in one direction while the other one waits.

    Members
    -------
    axi : In(AxiSignature)
        The bus.
    pins : Out(SdramSignature)
        The memory, through registers at the pins: :class:`.SdramPins`.
    """

    def __init__(self, part, timing, *, address_width=32, data_width=64, id_width=1, base=0,
                 input_delay=0, bursts=4, buffer_beats=32, group=32):
        if data_width not in (32, 64, 128):
            raise ValueError(f"Bus must be 32, 64 or 128 bits wide, not {data_width!r}")
        if base < 0 or base % part.size:
            raise ValueError(f"Base must be a multiple of the size {part.size:#x}, not {base:#x}")
        if base + part.size > 1 << address_width:
            raise ValueError(f"Memory must end at {1 << address_width:#x} or before, "
                             f"not at {base + part.size:#x}")
        if buffer_beats < 8:
            raise ValueError(f"Buffers must hold at least 8 beats, not {buffer_beats!r}")
        self.part, self.timing, self.base, self.group = part, timing, base, group
        self.bursts, self.buffer_beats, self.input_delay = bursts, buffer_beats, input_delay
        self.burst, self.id_width = data_width // 16, id_width
        super().__init__({
            "axi": In(AxiSignature(
                address_width=address_width, data_width=data_width, id_width=id_width)),
            "pins": Out(SdramSignature()),
        })

    def elaborate(self, platform):
        m = Module()
        widths = {"burst": self.burst, "id_width": self.id_width}
        m.submodules.banks = banks = Banks(self.timing, burst=self.burst)
        m.submodules.maintenance = maintenance = Maintenance(self.timing, burst=self.burst)
        m.submodules.scheduler = scheduler = Scheduler(
            self.part, self.timing, group=self.group, **widths)
        m.submodules.path = path = DataPath(
            cas=self.timing.cas, input_delay=self.input_delay, **widths)
        m.submodules.reads = reads = Walker(self.part, **widths)
        m.submodules.writes = writes = Walker(self.part, **widths)
        for walker, active in ((reads, ~scheduler.writing), (writes, scheduler.writing)):
            m.d.comb += [
                walker.opened.eq(banks.opened), walker.rows.eq(banks.rows),
                walker.may_activate.eq(banks.may_activate),
                walker.may_precharge.eq(banks.may_precharge),
                walker.may_access.eq(banks.may_access),
                walker.disturbed.eq(scheduler.disturbs | maintenance.request),
                walker.active.eq(active & ~maintenance.request),
            ]
        m.d.comb += [
            reads.occupied.eq(writes.walk.step), writes.occupied.eq(reads.walk.step)]
        connect(m, reads.walk, scheduler.reads)
        connect(m, writes.walk, scheduler.writes)
        self._bursts(m, "ar", reads)
        self._bursts(m, "aw", writes)
        self._command(m, banks, maintenance, scheduler)
        self._read(m, path, scheduler, reads.walk)
        self._write(m, path, scheduler, writes.walk)
        return m

    def _bursts(self, m, name, walker):
        """AR or AW, as positions in the memory."""
        channel = getattr(self.axi, name)
        layout  = BurstLayout(self.part, burst=self.burst, id_width=self.id_width)
        m.submodules[f"{name}_queue"] = queue = ShallowQueue(layout, depth=self.bursts)
        lanes  = exact_log2(self.burst) + 1
        row    = exact_log2(2 * self.part.columns)
        top    = exact_log2(self.part.size)
        m.d.comb += [
            queue.i.p.id.eq(channel.p.id), queue.i.p.len.eq(channel.p.len),
            queue.i.p.beat.eq(channel.p.addr[lanes:row]),
            queue.i.p.position.eq(channel.p.addr[row:top]),
            queue.i.p.outside.eq(channel.p.addr[top:] != self.base >> top),
            queue.i.valid.eq(channel.valid), channel.ready.eq(queue.i.ready),
        ]
        connect(m, queue.o, walker.i)

    def _command(self, m, banks, maintenance, scheduler):
        """The command of this cycle, to the banks and to the pins' register."""
        pins   = self.pins
        enable = Signal(reset_less=True)  # with CKE low, the memory would lose its refreshes
        m.d.comb += [
            banks.command.eq(Mux(maintenance.request, maintenance.command, scheduler.command)),
            banks.bank.eq(scheduler.bank),
            banks.address.eq(Mux(maintenance.request, maintenance.address, scheduler.address)),
            scheduler.hold.eq(maintenance.request),
            maintenance.idle.eq(banks.idle), pins.enable.eq(enable),
        ]
        m.d.sync += [
            pins.command.eq(banks.command), pins.address.eq(banks.address),
            # The mode register is chosen by bank 0.
            pins.bank.eq(Mux(banks.command == Command.LOAD_MODE, 0, banks.bank)),
            enable.eq(1),
        ]

    def _read(self, m, path, scheduler, walk):
        r = self.axi.r
        layout = data.StructLayout({
            "data": 16 * self.burst, "id": self.id_width, "outside": 1, "last": 1})
        m.submodules.r_queue = queue = Queue(layout, depth=self.buffer_beats)
        room = Signal(range(self.buffer_beats + 1), init=self.buffer_beats)
        m.d.sync += room.eq(room + (r.valid & r.ready) - walk.step)
        m.d.comb += [
            scheduler.may_read.eq(room != 0),
            path.read.eq(walk.step), path.tag.id.eq(walk.id), path.tag.last.eq(walk.last),
            path.tag.outside.eq(walk.outside), path.i.eq(self.pins.i),

            queue.i.valid.eq(path.arrived), queue.i.p.data.eq(path.words),
            queue.i.p.id.eq(path.arrived_tag.id), queue.i.p.last.eq(path.arrived_tag.last),
            queue.i.p.outside.eq(path.arrived_tag.outside),
            r.valid.eq(queue.o.valid), queue.o.ready.eq(r.ready),
            r.p.data.eq(queue.o.p.data), r.p.id.eq(queue.o.p.id), r.p.last.eq(queue.o.p.last),
            r.p.resp.eq(Mux(queue.o.p.outside, Response.DECERR, Response.OKAY)),
        ]
        with m.If(path.arrived):
            m.d.sync += Assert(queue.i.ready, "Read data has no place")

    def _write(self, m, path, scheduler, walk):
        w, b, pins = self.axi.w, self.axi.b, self.pins
        m.submodules.w_queue = beats = Queue(
            data.StructLayout({"data": 16 * self.burst, "strb": 2 * self.burst}),
            depth=self.buffer_beats)
        m.submodules.b_queue = answers = ShallowQueue(
            data.StructLayout({"id": self.id_width, "outside": 1}), depth=self.bursts)
        much = Signal()
        # A quarter of the buffer, or all that the burst still needs.
        m.d.sync += much.eq((beats.level >= self.buffer_beats // 4) | (beats.level > walk.left))
        m.d.comb += [
            beats.i.valid.eq(w.valid), w.ready.eq(beats.i.ready),
            beats.i.p.data.eq(w.p.data), beats.i.p.strb.eq(w.p.strb),
            scheduler.may_write.eq(beats.o.valid & answers.i.ready),
            scheduler.want_write.eq(walk.valid & much & answers.i.ready),
            beats.o.ready.eq(walk.step),
            path.write.eq(walk.step), path.beat.eq(beats.o.p.data), path.strb.eq(beats.o.p.strb),
            path.outside.eq(walk.outside),
            pins.o.eq(path.o), pins.drive.eq(path.drive), pins.mask.eq(path.mask),

            answers.i.valid.eq(walk.step & walk.last),
            answers.i.p.id.eq(walk.id), answers.i.p.outside.eq(walk.outside),
            b.valid.eq(answers.o.valid), answers.o.ready.eq(b.ready),
            b.p.id.eq(answers.o.p.id),
            b.p.resp.eq(Mux(answers.o.p.outside, Response.DECERR, Response.OKAY)),
        ]
