"""The top of a board: clock, reset and pins around the system."""

from amaranth import *
from amaranth.lib import io
from amaranth.lib.wiring import connect

from ..memory.sdram.pins import SdramPins
from .clock.reset import ResetSource
from .clock.source import ClockSource
from .lamps import LAMPS
from .system import BoardSystem

__all__ = ["BoardTop"]

#: Seconds that a lamp is lit at least, and that a reset lasts at most.
_LAMP_SECONDS, _RESET_SECONDS = 1 / 16, 1e-3


class BoardTop(Elaboratable):
    """Everything on a board.

    It requests its pins from the platform, without buffers: a platform for simulation gives pins
    that are signals; see :class:`.simulation.platform.SimulationPlatform`.

    Parameters
    ----------
    design : BoardDesign
        What is built, see :class:`.design.BoardDesign`.
    lamp_cycles : int
        How long lamps stay lit at least, in place of what is good for people. No less than twice
        as long as a reset.
    """

    def __init__(self, design, *, lamp_cycles=None):
        self.design, clock_hz = design, design.clock_hz
        self._reset_cycles = 1 << int(clock_hz * _RESET_SECONDS).bit_length() - 1
        self._lamp_cycles = lamp_cycles or int(clock_hz * _LAMP_SECONDS)

    def elaborate(self, platform):
        m = Module()
        design, board = self.design, self.design.board
        system = BoardSystem(
            design.config, design.memory, clock_hz=design.clock_hz, baud=design.baud,
            receive_buffer=board.receive_buffer,
            lamp_ticks=max(2, -(-self._lamp_cycles // self._reset_cycles)))

        def pins(name, number=0):
            return platform.request(name, number, dir="-")

        m.domains.sync = domain = ClockDomain(reset_less=True)
        m.submodules.clock = clock = ClockSource(design.pll, pins(board.oscillator))
        m.submodules.button = button = io.Buffer("i", pins(*board.button))
        m.submodules.reset = reset = ResetSource(cycles=self._reset_cycles)
        m.submodules.system = system
        uart = pins("uart")
        m.submodules.rx = rx = io.Buffer("i", uart.rx)
        m.submodules.tx = tx = io.Buffer("o", uart.tx)
        m.d.comb += [
            domain.clk.eq(clock.clk), reset.ok.eq(clock.locked & ~button.i),
            system.rst.eq(reset.rst), system.tick.eq(reset.tick),
            system.rx.eq(rx.i), tx.o.eq(system.tx),
        ]
        for name in LAMPS:
            if name in board.leds:
                m.submodules[f"led_{name}"] = led = io.Buffer("o", pins("led", board.leds[name]))
                m.d.comb += led.o.eq(getattr(system, name))
        for name, number, part in board.held_high:
            pin = getattr(pins(name, number), part)
            m.submodules[f"{name}_{part}"] = high = io.Buffer("o", pin)
            m.d.comb += high.o.eq(1)
        if system.memory.pins:
            m.submodules.sdram = sdram = SdramPins(pins("sdram"))
            connect(m, system.pins, sdram.pins)
        return m
