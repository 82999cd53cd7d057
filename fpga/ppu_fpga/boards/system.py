"""What every board is made of, behind its clock and its pins."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ppu.core import Core

from ..bridge.bridge import Bridge
from ..memory.axi_share import AxiShare
from ..memory.axi_window import AxiWindow
from .lamps import LAMPS, Lamps

__all__ = ["BoardSystem"]


class BoardSystem(wiring.Component):
    """Core, host bridge and the memory that they share.

    ::

        rx, tx --> bridge --+--> registers of the core
                            |
                            +--> window --+
                                          +--> share --> memory --> pins
                   core ------> window --+

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
    lamp_cycles : int
        How long lamps stay lit at least.

    Members
    -------
    rst : In(1)
        Resets everything.
    rx, tx : In(1), Out(1)
        The serial line.
    busy, done, error, activity : Out(1)
        See :class:`.Lamps`.
    pins : Out(...)
        Those of the memory, if it has any.
    """

    def __init__(self, config, memory, *, clock_hz, baud, receive_buffer, lamp_cycles):
        self.config, self.memory, self._lamp_cycles = config, memory, lamp_cycles
        self._line = {"clock_hz": clock_hz, "baud": baud, "receive_buffer": receive_buffer}
        super().__init__({
            "rst": In(1), "rx": In(1), "tx": Out(1, init=1),
            **{name: Out(1) for name in LAMPS},
            **({"pins": Out(memory.pins)} if memory.pins else {}),
        })

    def elaborate(self, platform):
        m = Module()
        config, memory = self.config, self.memory
        core, lamps = Core(config), Lamps(cycles=self._lamp_cycles)
        bridge = Bridge(
            address_width=config.axi_address_width, data_width=config.axi_data_width,
            memory_base=memory.base, memory_size=memory.size, **self._line)
        controller = memory.controller(data_width=config.axi_data_width, id_width=2)
        share = AxiShare(address_width=memory.address_width, data_width=config.axi_data_width)
        # One register for all that the host can reset.
        bus_rst = Signal(init=1)
        m.d.sync += bus_rst.eq(self.rst | bridge.reset_request)
        with_bus = ResetInserter(bus_rst)
        m.submodules.bridge = ResetInserter(self.rst)(bridge)
        m.submodules.lamps  = ResetInserter(self.rst)(lamps)
        m.submodules.core   = with_bus(core)
        m.submodules.share  = with_bus(share)
        m.submodules.memory = with_bus(controller)
        # The core goes first where both want the bus.
        for index, (name, bus) in enumerate((("core", core.m_axi), ("bridge", bridge.m_axi))):
            window = AxiWindow(
                address_width=config.axi_address_width, data_width=config.axi_data_width,
                size=memory.size, base=memory.base)
            m.submodules[f"{name}_window"] = window
            connect(m, bus, window.manager)
            connect(m, window.axi, share.managers[index])
        connect(m, share.axi, controller.axi)
        connect(m, bridge.m_axil, core.s_axil)
        if memory.pins:
            connect(m, controller.pins, flipped(self.pins))
        m.d.comb += [
            bridge.rx.eq(self.rx), self.tx.eq(bridge.tx), bridge.irq.eq(core.irq),
            lamps.core_busy.eq(core.status.busy), lamps.core_stopped.eq(core.status.stopped),
            lamps.line_active.eq(bridge.active),
            *(getattr(self, name).eq(getattr(lamps, name)) for name in LAMPS),
        ]  # fmt: skip
        return m
