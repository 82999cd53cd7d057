"""An SDRAM controller, its pins and the chip in Verilog as one top with a flat AXI4 port."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ppu.lib.axi import AxiSignature, Pins, connect_pins

from .chip import RULES
from .chip_instance import ChipInstance, connect_chip
from .sdram_top import SdramTop

__all__ = ["SdramVerilogTop"]


class SdramVerilogTop(wiring.Component):
    """For simulators of Verilog: the whole way from the bus to the memory's cells.

    Parameters
    ----------
    controller : SdramController
        The controller.
    timing : SdramTiming
        The chip's rules, if they are not those that the controller keeps.
    refresh_slack : int
        As for :class:`.SdramChip`.

    Members
    -------
    s_axi : In(Pins)
        The controller's bus.
    errors : Out(18)
        Rules that were broken; see :func:`.broken_rules`.
    """

    def __init__(self, controller, *, timing=None, refresh_slack=0):
        self.top = SdramTop(controller)
        self.chip = ChipInstance(controller.part, timing or controller.timing,
                                 burst=controller.burst, refresh_slack=refresh_slack)
        signature = self.top.axi.signature.flip()
        self._bus = AxiSignature(address_width=signature.address_width,
                                 data_width=signature.data_width, id_width=signature.id_width)
        super().__init__({"s_axi": In(Pins(self._bus)), "errors": Out(len(RULES))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.top, m.submodules.chip = self.top, self.chip
        connect_pins(m, self.top.axi, self.s_axi)
        connect_chip(m, self.chip, self.top.ports, ~ClockSignal())
        m.d.comb += self.errors.eq(self.chip.errors)
        return m
