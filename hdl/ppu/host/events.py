"""What the core reports to the host: ENDs, the stop, and the interrupt."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Causes", "Events"]

#: Interrupt causes, in the bits of IRQ_CAUSE and IRQ_ENABLE.
Causes = data.StructLayout({"end": 1, "error": 1})


class Events(wiring.Component):
    """Counts ENDs, and keeps the interrupt's causes and enables.

    A cause that comes in the cycle of its clearing stays set. `irq` follows two cycles after `end`
    and after `stopped`, and one after an enable and a clearing, from a register.

    Members
    -------
    end, end_tag : In(1), In(32)
        Pulse: an END with this tag completed. The tag is taken in the cycle after.
    stopped : In(1)
        The core is stopped.
    write_cause, write_enable : In(1)
        Pulses of a write to the causes (1 clears) or the enables.
    w_data : In(8), w_strb : In(1)
        The lowest byte of what is written.
    end_count, last_tag : Out(32)
        ENDs since reset, and the tag of the last one, from the cycle in which `irq` rises.
    raised : Out(Causes)
        Pulses: causes that are set in this cycle.
    cause, enable : Out(Causes)
        The registers.
    irq : Out(1)
        Interrupt.
    """
    end: In(1)
    end_tag: In(32)
    stopped: In(1)
    write_cause: In(1)
    write_enable: In(1)
    w_data: In(8)
    w_strb: In(1)
    end_count: Out(32)
    last_tag: Out(32)
    raised: Out(Causes)
    cause: Out(Causes)
    enable: Out(Causes)
    irq: Out(1)

    def elaborate(self, platform):
        m = Module()
        stopped_before, ended = Signal(), Signal()
        cause, enable = self.cause.as_value(), self.enable.as_value()
        written = self.w_data[: len(cause)]
        m.d.comb += [
            self.raised.end.eq(ended),
            self.raised.error.eq(self.stopped & ~stopped_before),
        ]
        cleared = Mux(self.write_cause & self.w_strb, written, 0)
        m.d.sync += [
            stopped_before.eq(self.stopped), ended.eq(self.end),
            cause.eq(cause & ~cleared | self.raised.as_value()),
            # An END retires late in a cycle, so it is a cause a cycle after that.
            self.irq.eq(((self.cause.end | ended) & self.enable.end)
                        | (self.cause.error & self.enable.error)),
        ]
        with m.If(self.write_enable & self.w_strb):
            m.d.sync += enable.eq(written)
        with m.If(ended):
            m.d.sync += [self.end_count.eq(self.end_count + 1), self.last_tag.eq(self.end_tag)]
        return m
