"""The exported core, as a part of a design."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, flipped

from ppu.lib.axi import AxiSignature, LiteSignature, Pins, connect_pins
from ppu.lib.probe import ProbeLayout

__all__ = ["CoreInstance"]


class CoreInstance(wiring.Component):
    """An instance of the core's exported Verilog, with the interface of :class:`ppu.core.Core`.

    Parameters
    ----------
    config : Config
        That of the exported core.
    module : str
        Name of the Verilog module.
    probe : bool
        Whether it was exported with the port ``probe``.
    """

    def __init__(self, config, *, module="ppu_core", probe=False):
        self.module = module
        super().__init__({
            "m_axi": Out(AxiSignature(
                address_width=config.axi_address_width, data_width=config.axi_data_width)),
            "s_axil": In(LiteSignature(address_width=12)),
            "irq": Out(1),
            **({"probe": Out(ProbeLayout(buffer_beats=config.read_buffer_beats))} if probe else {}),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        reset = ResetSignal(allow_reset_less=True)
        ports = {"i_clk": ClockSignal(), "i_rst": reset, "o_irq": self.irq}
        if "probe" in self.signature.members:
            ports["o_probe"] = self.probe
        for prefix, manager in (("m_axi", True), ("s_axil", False)):
            bus = flipped(getattr(self, prefix))
            signature = Pins(bus.signature.flip() if manager else bus.signature)
            pins = signature.create(path=(prefix,))
            for name, member in signature.members.items():
                direction = "o" if (member.flow == Out) == manager else "i"
                ports[f"{direction}_{prefix}_{name}"] = getattr(pins, name)
            connect_pins(m, bus, pins)
        m.submodules.core = Instance(self.module, **ports)
        return m
