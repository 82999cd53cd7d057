"""An SDRAM controller with its pins, and the chip in Python that is connected to them."""

from types import SimpleNamespace

from amaranth import *
from amaranth.lib import io, wiring
from amaranth.lib.wiring import In, connect, flipped

from ppu.lib.axi import AxiSignature

from ..sdram.bus import Command
from ..sdram.pins import SdramPins

__all__ = ["SdramTop", "run_chip"]

#: Pin -> width, direction, whether it is low when active.
_PINS = {
    "clk": (1, "o", False), "clk_en": (1, "o", False), "cs": (1, "o", True),
    "ras": (1, "o", True), "cas": (1, "o", True), "we": (1, "o", True), "ba": (2, "o", False),
    "a": (13, "o", False), "dqm": (2, "o", False), "dq": (16, "io", False),
}  # fmt: skip


class SdramTop(wiring.Component):
    """A controller and its pins, for simulation.

    Parameters
    ----------
    controller : SdramController
        The controller.

    Members
    -------
    axi : In(AxiSignature)
        Its bus.

    Attributes
    ----------
    ports : object
        The pins, for :func:`run_chip`.
    """

    def __init__(self, controller):
        self.controller = controller
        self.ports = SimpleNamespace(**{
            name: io.SimulationPort(direction, width, name=name, invert=invert)
            for name, (width, direction, invert) in _PINS.items()})
        signature = controller.axi.signature.flip()
        super().__init__({"axi": In(AxiSignature(
            address_width=signature.address_width, data_width=signature.data_width,
            id_width=signature.id_width))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.controller = self.controller
        m.submodules.pins = pins = SdramPins(self.ports)
        connect(m, self.controller.pins, pins.pins)
        connect(m, flipped(self.axi), self.controller.axi)
        return m


async def run_chip(ctx, chip, ports):
    """Connects a :class:`.SdramChip` to the pins, for ever. To be added as a test bench.

    The chip sees the pins at the edges of `sync`, which stands for the edge half a cycle before
    that and the time the pins take; so it asks for the data half a cycle later, too.
    """
    while True:
        _, _, enable, cs, ras, cas, we, bank, address, mask, word, drive = await ctx.tick().sample(
            ports.clk_en.o, ports.cs.o, ports.ras.o, ports.cas.o, ports.we.o, ports.ba.o,
            ports.a.o, ports.dqm.o, ports.dq.o, ports.dq.oe)
        command = Command.NOP if cs else Command(ras << 2 | cas << 1 | we)
        ctx.set(ports.dq.i, chip.edge(
            command, bank, address, mask=mask, word=word if drive else None, enable=bool(enable)))
