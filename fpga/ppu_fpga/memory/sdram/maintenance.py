"""What an SDRAM needs besides accesses: initialisation, and refresh at regular times."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .bus import Command, mode_word

__all__ = ["Maintenance"]

#: Refreshes between power-up and the mode register.
_FIRST_REFRESHES = 8
#: By so many cycles a refresh is asked for before it is due: more than it takes to close all banks.
_MARGIN = 32
#: From a reset to the first command, if the memory had been in use: its last burst has ended.
_SETTLE = 32


class Maintenance(wiring.Component):
    """Initialises the memory and has it refreshed.

    After power-up: wait, close all banks, refresh eight times, set the mode. After a later reset
    the long wait is left out, so the memory keeps what it holds. Then one refresh each
    ``refresh - 32`` cycles: so late a command may come after `request` that no two are further
    apart than `refresh`. From the command that closes the banks, it takes ``rp + rfc`` cycles.

    Parameters
    ----------
    timing : SdramTiming
        The memory's timing.
    burst : int
        Words of a burst.

    Members
    -------
    request : Out(1)
        No other command than this part's may be sent, from this very cycle on. A register.
    idle : In(1)
        All banks may be closed.
    command, address : Out(Command), Out(13)
        Command to send; NOP while there is no request.
    """

    def __init__(self, timing, *, burst):
        if timing.refresh < 4 * _MARGIN:
            raise ValueError(f"Clock is too slow: refresh must be at least {4 * _MARGIN} cycles, "
                             f"not {timing.refresh!r}")
        self.timing, self.burst = timing, burst
        super().__init__({
            "request": Out(1, init=1), "idle": In(1),
            "command": Out(Command, init=Command.NOP), "address": Out(13),
        })

    def elaborate(self, platform):
        m = Module()
        timing = self.timing
        started = Signal()
        powered = Signal(reset_less=True)  # the long wait has been, in full
        wait    = Signal(range(max(timing.power_up, _SETTLE) + 1), init=_SETTLE)
        left    = Signal(range(_FIRST_REFRESHES), init=_FIRST_REFRESHES - 1)
        ready   = Signal()
        timer   = Signal(range(timing.refresh), init=timing.refresh - _MARGIN - 1)
        due     = Signal()
        waited  = Signal()
        m.d.comb += waited.eq(wait == 0)
        with m.If(~waited):
            m.d.sync += wait.eq(wait - 1)
        m.d.sync += timer.eq(timer - 1)
        with m.If(timer == 0):
            m.d.sync += [timer.eq(timer.init), due.eq(1)]

        with m.FSM():
            with m.State("POWER-UP"):
                with m.If(~powered & ~started):
                    m.d.sync += [started.eq(1), wait.eq(timing.power_up)]
                with m.Elif(waited):
                    m.d.sync += powered.eq(1)
                    m.next = "CLOSE"
            with m.State("CLOSE"):
                with m.If(self.idle):
                    m.d.comb += [
                        self.command.eq(Command.PRECHARGE), self.address.eq(1 << 10)]
                    m.d.sync += wait.eq(timing.rp - 1)
                    m.next = "REFRESH"
            with m.State("REFRESH"):
                with m.If(waited):
                    m.d.comb += self.command.eq(Command.REFRESH)
                    m.d.sync += [wait.eq(timing.rfc - 1), left.eq(left - 1), due.eq(0)]
                    with m.If(ready):
                        m.next = "WAIT"
                    with m.Elif(left == 0):
                        m.next = "MODE"
            with m.State("MODE"):
                with m.If(waited):
                    m.d.comb += [
                        self.command.eq(Command.LOAD_MODE),
                        self.address.eq(mode_word(burst=self.burst, cas=timing.cas)),
                    ]
                    m.d.sync += [wait.eq(timing.mrd - 1), ready.eq(1)]
                    m.next = "WAIT"
            with m.State("WAIT"):
                with m.If(waited):
                    m.d.sync += self.request.eq(0)
                    m.next = "RUN"
            with m.State("RUN"):
                with m.If(due):
                    m.d.sync += self.request.eq(1)
                    m.next = "CLOSE"
        return m
