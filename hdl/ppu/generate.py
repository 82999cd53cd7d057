"""The core as Verilog, with the pin names of the AXI specification."""

from amaranth import *
from amaranth.hdl._ir import PortDirection
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from . import __version__
from .config import PRESETS
from .core import Core
from .export.convert import convert
from .lib.axi import AxiSignature, LiteSignature, Pins, connect_pins

__all__ = ["Top", "verilog"]

#: Warnings of ``verilator -Wall`` that the text draws, and why each of them is in order.
LINT = {
    "DECLFILENAME": "one file holds all modules",
    "PINCONNECTEMPTY": "an instance need not use every output",
    "UNUSEDSIGNAL": "a carry or a field of a structure need not be used",
    "WIDTHEXPAND": "the shorter operand of a sum is extended",
    "WIDTHTRUNC": "the lowest bits of a shifted value are taken",
    "CASEINCOMPLETE": "assignments before a case cover what it leaves out",
    "PROCASSINIT": "registers start at their reset value, also on an FPGA without a reset",
    "CMPCONST": "a comparison may be constant in a small configuration",
    "UNSIGNED": "a comparison may be constant in a small configuration",
}


class Top(wiring.Component):
    """The core with flat pins and its own clock and reset.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    probe : bool
        Whether there is a pin `probe`; see :class:`~.core.Core`.

    Members
    -------
    m_axi : Out(Pins)
        AXI4 manager.
    s_axil : In(Pins)
        AXI4-Lite subordinate.
    irq : Out(1)
        Interrupt, high while a cause is pending and enabled.
    """

    def __init__(self, config, *, probe=False):
        self.config = config
        self._core = Core(config, probe=probe)
        self._domain = ClockDomain("sync")
        super().__init__({
            "m_axi": Out(Pins(AxiSignature(
                address_width=config.axi_address_width, data_width=config.axi_data_width))),
            "s_axil": In(Pins(LiteSignature(address_width=12))),
            "irq": Out(1),
            **({"probe": Out(self._core.probe.shape())} if probe else {}),
        })  # fmt: skip

    @property
    def ports(self):
        """Name of each pin -> (signal, direction)."""
        ports = {
            "clk": (self._domain.clk, PortDirection.Input),
            "rst": (self._domain.rst, PortDirection.Input),
        }
        for path, member, value in self.signature.flatten(self):
            direction = PortDirection.Input if member.flow == In else PortDirection.Output
            ports["_".join(map(str, path))] = (Value.cast(value), direction)
        return ports

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = self._domain
        m.submodules.core = core = self._core
        connect_pins(m, core.m_axi, self.m_axi)
        connect_pins(m, core.s_axil, self.s_axil)
        m.d.comb += self.irq.eq(core.irq)
        if "probe" in self.signature.members:
            m.d.comb += self.probe.eq(core.probe)
        return m


def verilog(config, *, name="ppu_core", deduplicate=True, probe=False):
    """The core as one file of Verilog-2005, the same bytes on every machine.

    Ports are ``clk``, ``rst`` (synchronous, active high), ``m_axi_*``, ``s_axil_*`` and ``irq``.
    Every module's name begins with `name`, so that different cores fit in one design.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    name : str
        Name of the top module.
    deduplicate : bool
        Whether each distinct module is written once; see :func:`ppu.export.convert.convert`.
    probe : bool
        Whether there is one port more, ``probe``, for simulation; see :class:`~.core.Core`.
    """
    top = Top(config, probe=probe)
    body = convert(top, ports=top.ports, name=name, deduplicate=deduplicate)
    waivers = "".join(
        f"/* verilator lint_off {warning} */  // {reason}\n" for warning, reason in LINT.items())
    return (
        f"{_header(config, name)}\n/* verilator lint_save */\n{waivers}\n{body}\n"
        "/* verilator lint_restore */\n"
    )


def _header(config, name):
    fields = config.as_dict()
    preset = next((key for key, value in PRESETS.items() if value == config), None)
    if preset is not None and name == "ppu_core":
        command = f"ppu verilog --preset {preset} -o {name}.v"
    else:
        command = f"ppu.generate.verilog(config, name={name!r})"
    lines = [
        f"PPU tensor core {__version__}",
        "SPDX-License-Identifier: Apache-2.0",
        "",
        "Generated; do not edit. To make it again, with the configuration below:",
        f"  {command}",
        "",
        f"Configuration{f' (preset {preset})' if preset else ''}:",
        *(f"  {field} = {value}" for field, value in fields.items()),
    ]
    return "".join(f"// {line}".rstrip() + "\n" for line in lines)
