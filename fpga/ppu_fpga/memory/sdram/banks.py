"""What is known of an SDRAM's banks: which rows are open, and what each bank may be told when."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .bus import BANKS, Command

__all__ = ["Banks", "hold_off"]


def hold_off(event, cycles):
    """Bits to or into a register that tells, for each cycle to come, that something may not be.

    From an `event` in this cycle on, it may be `cycles` cycles later. Such a register is shifted to
    the right in each cycle; the latest of several events counts, because their bits are or-ed.
    """
    return Mux(event, (1 << (cycles - 1)) - 1, 0)


class Banks(wiring.Component):
    """Follows the commands, and says which ones each bank may get.

    All outputs come from registers. `opened` and `rows` are right in the cycle after a command. The
    others tell what may be sent in the *next* cycle, as far as the commands before this cycle's
    allow it, so that the answer can be registered once more. That a refresh takes time is not known
    here.

    Parameters
    ----------
    timing : SdramTiming
        The memory's timing.
    burst : int
        Words of a burst.

    Members
    -------
    command, bank, address : In(Command), In(2), In(13)
        What is sent in this cycle.
    opened : Out(4)
        Banks with an open row.
    rows : Out(data.ArrayLayout(13, 4))
        Their rows.
    may_activate, may_precharge, may_access : Out(4)
        Banks that may be opened, closed, and read or written in the next cycle, as far as time is
        concerned.
    idle : Out(1)
        All banks may be closed in this cycle.
    """

    def __init__(self, timing, *, burst):
        self.timing, self.burst = timing, burst
        super().__init__({
            "command": In(Command), "bank": In(2), "address": In(13),
            "opened": Out(BANKS), "rows": Out(data.ArrayLayout(13, BANKS)),
            "may_activate": Out(BANKS), "may_precharge": Out(BANKS), "may_access": Out(BANKS),
            "idle": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        timing, burst = self.timing, self.burst
        activate  = Signal()
        precharge = Signal()
        m.d.comb += [
            activate.eq(self.command == Command.ACTIVATE),
            precharge.eq(self.command == Command.PRECHARGE),
        ]
        reading, writing = self.command == Command.READ, self.command == Command.WRITE
        until_write = burst - 1 + timing.wr
        busy = Signal(BANKS)
        m.d.comb += self.idle.eq(~busy.any())
        for bank in range(BANKS):
            here = Signal(name=f"here_{bank}")
            m.d.comb += here.eq(self.bank == bank)
            no_activate  = Signal(max(timing.rc, timing.rp, 2), name=f"no_activate_{bank}")
            no_precharge = Signal(max(timing.ras, burst, until_write, 2),
                                  name=f"no_precharge_{bank}")
            no_access    = Signal(max(timing.rcd, 2), name=f"no_access_{bank}")
            closing = precharge & (here | self.address[10])
            m.d.sync += [
                no_activate.eq(
                    no_activate >> 1
                    | hold_off(activate & here, timing.rc)
                    | hold_off(activate, timing.rrd)
                    | hold_off(closing, timing.rp)),
                no_precharge.eq(
                    no_precharge >> 1
                    | hold_off(activate & here, timing.ras)
                    | hold_off(reading & here, burst)
                    | hold_off(writing & here, until_write)),
                no_access.eq(no_access >> 1 | hold_off(activate & here, timing.rcd)),
            ]
            m.d.comb += [
                self.may_activate[bank].eq(~no_activate[1]),
                self.may_precharge[bank].eq(~no_precharge[1]),
                self.may_access[bank].eq(~no_access[1]), busy[bank].eq(no_precharge[0]),
            ]
            with m.If(activate & here):
                m.d.sync += [self.opened[bank].eq(1), self.rows[bank].eq(self.address)]
            with m.Elif(closing):
                m.d.sync += self.opened[bank].eq(0)
        return m
