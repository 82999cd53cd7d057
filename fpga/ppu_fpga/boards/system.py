"""What every board is made of, behind its clock and its pins."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ppu.core import Core

from ..bridge.bridge import Bridge
from .lamps import LAMPS, Lamps

__all__ = ["BoardSystem"]


class BoardSystem(wiring.Component):
    """Core, host bridge and the memory that they share.

    ::

        rx, tx --> bridge --+--> registers of the core
                            |
                            +--> memory --> pins
                    core ---+

    A reset by the host resets all but the bridge. No register has a reset but those of this part's
    `rst`, which must come from a register.

    Parameters
    ----------
    config : Config
        The core's.
    memory : BoardMemory
        What lies behind the bus.
    clock_hz, baud : int
        Frequency of the clock, and bits per second on the line.
    receive_buffer : int
        Of the bridge.
    lamp_ticks : int
        As :class:`.Lamps` takes it.

    Members
    -------
    rst : In(1)
        Resets everything.
    tick : In(1)
        The lamps' clock.
    rx, tx : In(1), Out(1)
        The serial line.
    busy, done, error, activity : Out(1)
        See :class:`.Lamps`.
    pins : Out(...)
        Those of the memory, if it has any.
    """

    def __init__(self, config, memory, *, clock_hz, baud, receive_buffer, lamp_ticks):
        self.config, self.memory, self._lamp_ticks = config, memory, lamp_ticks
        self._line = {"clock_hz": clock_hz, "baud": baud, "receive_buffer": receive_buffer}
        super().__init__({
            "rst": In(1), "tick": In(1), "rx": In(1), "tx": Out(1, init=1),
            **{name: Out(1) for name in LAMPS},
            **({"pins": Out(memory.pins)} if memory.pins else {}),
        })

    def elaborate(self, platform):
        m = Module()
        config, memory = self.config, self.memory
        core, lamps = Core(config), Lamps(ticks=self._lamp_ticks)
        bridge = Bridge(
            address_width=config.axi_address_width, data_width=config.axi_data_width,
            memory_base=memory.base, memory_size=memory.size, **self._line)
        controller = memory.controller(
            address_width=config.axi_address_width, data_width=config.axi_data_width)
        # One register for all that the host can reset.
        bus_rst = Signal(init=1)
        m.d.sync += bus_rst.eq(self.rst | bridge.reset_request)
        with_bus = ResetInserter(bus_rst)
        m.submodules.bridge = ResetInserter(self.rst)(bridge)
        m.submodules.lamps  = ResetInserter(self.rst)(lamps)
        m.submodules.core   = with_bus(core)
        m.submodules.memory = with_bus(controller)
        # The core goes first where both want the bus.
        connect(m, core.m_axi, controller.managers[0])
        connect(m, bridge.m_axi, controller.managers[1])
        connect(m, bridge.m_axil, core.s_axil)
        if memory.pins:
            connect(m, controller.pins, flipped(self.pins))
        m.d.comb += [
            bridge.rx.eq(self.rx), self.tx.eq(bridge.tx), bridge.irq.eq(core.irq),
            lamps.core_busy.eq(core.status.busy), lamps.core_stopped.eq(core.status.stopped),
            lamps.line_active.eq(bridge.active), lamps.tick.eq(self.tick),
            *(getattr(self, name).eq(getattr(lamps, name)) for name in LAMPS),
        ]  # fmt: skip
        return m
