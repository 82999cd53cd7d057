"""Stage 1: the host's side of the core."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..isa import CommandWord, ErrorCode, FetchedCommand, FetchedError, Stop
from ..lib.axi import AxiReadSignature, LiteSignature
from .axi_lite import LiteBridge
from .counters import CounterEvents, Counters
from .cycle_counter import CycleCounter
from .events import Events
from .fetch import CommandFetch
from .regfile import RegisterFile
from .registers import WINDOW_BYTES, register_map
from .ring import Ring
from .single_fetch import SingleFetch
from .single_regfile import SingleRegisterFile
from .single_ring import SingleRing

__all__ = ["Host", "Status"]

#: State of the core, in the bits of STATUS.
Status = data.StructLayout({"busy": 1, "stopped": 1})
#: ARID of the command fetch.
FETCH_ID = 0


class Host(wiring.Component):
    """Registers, doorbell, command fetch, interrupt, counters and soft reset.

    ::

        s_axil --> bridge --> registers --> ring --> fetch --> commands
                                |             axi <--'
                 counters, events (irq), soft reset

    From the doorbell's W handshake on an idle core to `axi.ar.valid`: 5 cycles. From the last R
    beat of a command to `commands.valid`: 2 cycles, on a bus not wider than a command.

    A soft reset raises `drain`, waits until the command stage is `drained` and no command read is
    on its way, and pulses `soft_reset`. It resets everything in here but the AXI4-Lite bridge; the
    core resets the rest by it. What is written between the request and the pulse is lost.

    Parameters
    ----------
    config : Config
        The core's configuration.

    Members
    -------
    s_axil : In(LiteSignature(address_width=12))
        The registers.
    axi : Out(AxiReadSignature)
        Reads of commands, with ARID 0.
    irq : Out(1)
        Interrupt, from a register.
    status : Out(Status)
        What the register STATUS has.
    commands : Out(stream.Signature(FetchedCommand))
        Commands in order. Nothing follows one with an error code.
    words, half
        If commands start in order: their words, see :class:`~.single_fetch.SingleFetch`, and which
        half of the address in `stop` is read a cycle later; it is then wanted in both halves.
    completed : In(32)
        Commands completed, in order; at a stop, the index of the failing one.
    end, end_tag : In(1), In(32)
        Pulse: an END with this tag completed. The tag stays for another cycle.
    stop : In(Stop)
        Why the core stopped; stays until reset.
    pending : In(1)
        The command stage has a command, from the cycle after it took it.
    drain : Out(1)
        Start no more commands. Stays until reset.
    drained : In(1)
        With `drain`: all units are idle, and stay so.
    soft_reset : Out(1)
        Pulse: resets the core.
    events : In(CounterEvents)
        What the performance counters count, see :class:`Counters`; the states a cycle late.
    """

    def __init__(self, config):
        self.config = config
        super().__init__({
            "s_axil": In(LiteSignature(address_width=(WINDOW_BYTES - 1).bit_length())),
            "axi": Out(AxiReadSignature(
                address_width=config.axi_address_width, data_width=config.axi_data_width)),
            "irq": Out(1), "status": Out(Status),
            **({"commands": Out(stream.Signature(FetchedError)),
                "words": Out(stream.Signature(CommandWord)), "half": Out(1)}
               if config.in_order else {"commands": Out(stream.Signature(FetchedCommand))}),
            "completed": In(32), "end": In(1), "end_tag": In(32), "stop": In(Stop),
            "pending": In(1),
            "drain": Out(1), "drained": In(1), "soft_reset": Out(1),
            "events": In(CounterEvents),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        config, reset = self.config, ResetInserter(self.soft_reset)
        registers = register_map(config)
        paged = [r.offset for r in registers if r.name.startswith("COUNT_")]
        bridge = LiteBridge(address_width=(WINDOW_BYTES - 1).bit_length())
        paged = range(paged[0], paged[-1] + 4, 4)
        regfile = (SingleRegisterFile if config.in_order else RegisterFile)(registers, paged=paged)
        ring = (SingleRing if config.in_order else Ring)(address_width=config.axi_address_width)
        bus = {"address_width": config.axi_address_width, "data_width": config.axi_data_width}
        fetch = (SingleFetch(**bus, id=FETCH_ID) if config.in_order else
                 CommandFetch(**bus, id=FETCH_ID, commands=config.command_buffer))
        events = Events()
        counters = Counters() if config.performance_counters else CycleCounter()
        m.submodules.bridge = bridge
        m.submodules.regfile = regfile
        m.submodules.ring = reset(ring)
        m.submodules.fetch = reset(fetch)
        m.submodules.events = reset(events)
        m.submodules.counters = reset(counters)

        connect(m, flipped(self.s_axil), bridge.axi)
        connect(m, bridge.bus, regfile.bus)
        connect(m, fetch.axi, flipped(self.axi))
        connect(m, fetch.o, flipped(self.commands))
        if config.in_order:
            connect(m, fetch.words, flipped(self.words))
            m.d.comb += [
                # The low word of an address is at an even place, the high one at the next.
                self.half.eq(bridge.bus.r_index[0]),
                regfile.keep.eq(ring.keep), regfile.tell.eq(ring.tell),
                regfile.end.eq(self.end), regfile.tag.eq(self.end_tag),
                regfile.stopped.eq(self.stop.valid), regfile.culprit.eq(ring.culprit),
                regfile.ring_error.eq(self.stop.valid & (self.stop.code == ErrorCode.RING)),
                regfile.clear.eq(self.soft_reset), fetch.tail.eq(ring.tail),
            ]
        self._elaborate_ring(m, bridge.bus, regfile.writes, ring, fetch)
        self._elaborate_events(m, bridge.bus, regfile.writes, events)
        self._elaborate_counters(m, bridge.bus, regfile, ring, events, counters)
        self._elaborate_reset(m, bridge.bus, regfile.writes.control, fetch.idle)
        self._elaborate_values(m, regfile.values, ring, fetch, events, counters)
        return m

    def _elaborate_ring(self, m, bus, writes, ring, fetch):
        m.d.comb += [
            ring.write_base_low.eq(writes.ring_base_low),
            ring.write_base_high.eq(writes.ring_base_high),
            ring.write_size.eq(writes.ring_size),
            ring.write_tail.eq(writes.ring_tail),
            ring.w_data.eq(bus.w_data), ring.w_strb.eq(bus.w_strb),
            ring.head.eq(fetch.head), ring.stopped.eq(self.stop.valid),
            fetch.base.eq(ring.base), fetch.mask.eq(ring.mask),
            fetch.announced.eq(ring.announced), fetch.offered.eq(ring.offered),
            fetch.fresh.eq(ring.fresh), fetch.refused.eq(ring.refused),
            fetch.misuse.eq(ring.misuse), fetch.drain.eq(self.drain),
        ]  # fmt: skip

    def _elaborate_events(self, m, bus, writes, events):
        m.d.comb += [
            events.end.eq(self.end), events.end_tag.eq(self.end_tag),
            events.stopped.eq(self.stop.valid),
            events.write_cause.eq(writes.irq_cause), events.write_enable.eq(writes.irq_enable),
            events.w_data.eq(bus.w_data), events.w_strb.eq(bus.w_strb),
            self.irq.eq(events.irq),
        ]  # fmt: skip

    def _elaborate_counters(self, m, bus, regfile, ring, events, counters):
        edge, edge_before = Signal(), Signal()
        m.d.comb += [
            self.status.busy.eq(
                (ring.behind | ring.misuse.valid | self.pending) & ~self.stop.valid),
            self.status.stopped.eq(self.stop.valid),
            # Within 2 cycles after it, the ring is behind or the interrupt rises; an END is
            # pending in the cycle in which it retires.
            edge.eq((regfile.writes.ring_tail & ~self.stop.valid & ~self.soft_reset)
                    | events.raised.error),
            counters.active.eq(self.status.busy | edge | edge_before | events.raised.end),
            counters.events.eq(self.events), counters.completed.eq(self.completed),
            counters.snapshot.eq(regfile.writes.control & bus.w_strb[0] & bus.w_data[1]),
            counters.read_valid.eq(regfile.page_valid),
            counters.read_index.eq(regfile.page_index),
            regfile.page_done.eq(counters.read_done),
            regfile.page_data.eq(counters.read_data),
        ]
        m.d.sync += edge_before.eq(edge)

    def _elaborate_reset(self, m, bus, write_control, idle):
        with m.If(self.soft_reset):
            m.d.sync += [self.soft_reset.eq(0), self.drain.eq(0)]
        with m.Elif(self.drain):
            m.d.sync += self.soft_reset.eq(self.drained & idle)
        with m.Elif(write_control & bus.w_strb[0] & bus.w_data[0]):
            m.d.sync += self.drain.eq(1)

    def _elaborate_values(self, m, values, ring, fetch, events, counters):
        stop = self.stop
        m.d.comb += [
            values.control.eq(Cat(self.drain, counters.pending)),
            values.status.eq(self.status),
            values.irq_cause.eq(events.cause), values.irq_enable.eq(events.enable),
            values.ring_base_low.eq(ring.base[:32]), values.ring_base_high.eq(ring.base[32:]),
            values.ring_size.eq(ring.size),
            values.ring_head.eq(fetch.head), values.ring_tail.eq(ring.tail),
            values.completed.eq(self.completed),
            values.end_count.eq(events.end_count), values.end_tag.eq(events.last_tag),
            values.error_code.eq(Mux(stop.valid, stop.code.as_value(), ErrorCode.NONE.value)),
            values.error_index.eq(stop.index),
            values.error_address_low.eq(stop.address[:32]),
            values.error_address_high.eq(stop.address[32:]),
        ]  # fmt: skip
