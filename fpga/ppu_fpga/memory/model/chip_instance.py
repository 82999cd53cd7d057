"""The SDRAM chip in Verilog, for simulators of Verilog."""

from importlib import resources

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from .chip import RULES

__all__ = ["ChipInstance", "broken_rules", "chip_verilog", "connect_chip"]

_TIMES = ("cas", "rcd", "rp", "ras", "rc", "rfc", "rrd", "wr", "mrd", "refresh", "power_up")


def chip_verilog():
    """Source of the module ``sdram_chip``."""
    return resources.files(__package__).joinpath("sdram_chip.v").read_text()


def broken_rules(errors):
    """Names of the rules whose bits are set in `errors`."""
    return [rule for index, rule in enumerate(RULES) if errors >> index & 1]


class ChipInstance(wiring.Component):
    """The module ``sdram_chip``, which the simulator must be given with the design.

    Parameters
    ----------
    part : SdramPart
        Geometry.
    timing : SdramTiming
        The chip's rules.
    burst : int
        Words of a burst.
    refresh_slack : int
        As for :class:`.SdramChip`.

    Members
    -------
    clk, cke, cs_n, ras_n, cas_n, we_n, ba, a, dqm : In
        Pins, as they are.
    dq_i, dq_driven : In(16), In(1)
        What the controller drives the data pins with, and whether it does.
    dq_o, dq_drive : Out(16), Out(1)
        The same for the chip.
    errors : Out(18)
        Rules that were broken; see :func:`broken_rules`.
    """

    def __init__(self, part, timing, *, burst, refresh_slack=0):
        self._parameters = {
            "p_ROW_BITS": exact_log2(part.rows), "p_COLUMN_BITS": exact_log2(part.columns),
            "p_BURST": burst, "p_REFRESH_SLACK": refresh_slack,
            **{f"p_{name.upper()}": getattr(timing, name) for name in _TIMES},
        }
        super().__init__({
            "clk": In(1), "cke": In(1), "cs_n": In(1), "ras_n": In(1), "cas_n": In(1),
            "we_n": In(1), "ba": In(2), "a": In(13), "dqm": In(2), "dq_i": In(16),
            "dq_driven": In(1), "dq_o": Out(16), "dq_drive": Out(1), "errors": Out(len(RULES)),
        })

    def elaborate(self, platform):
        m = Module()
        pins = {f"{'i' if member.flow == In else 'o'}_{name}": getattr(self, name)
                for name, member in self.signature.members.items()}
        m.submodules.chip = Instance("sdram_chip", **self._parameters, **pins)
        return m


def connect_chip(m, chip, ports, clock):
    """Connects a chip to its controller's pins.

    Parameters
    ----------
    m : Module
        Gets the statements.
    chip : ChipInstance
        The chip.
    ports : object
        The pins as :class:`~amaranth.lib.io.SimulationPort`, as :class:`.SdramPins` takes them.
    clock : Value
        The chip's. The clock's pin is not in phase with anything that a simulator knows, see
        :class:`.SdramPins`; so it is the system's clock, inverted.
    """
    m.d.comb += [
        chip.clk.eq(clock),
        chip.cke.eq(ports.clk_en.o), chip.ba.eq(ports.ba.o), chip.a.eq(ports.a.o),
        chip.dqm.eq(ports.dqm.o), chip.dq_i.eq(ports.dq.o), chip.dq_driven.eq(ports.dq.oe[0]),
        ports.dq.i.eq(Mux(chip.dq_drive, chip.dq_o, 0xDEAD)),
        chip.cs_n.eq(ports.cs.o), chip.ras_n.eq(ports.ras.o), chip.cas_n.eq(ports.cas.o),
        chip.we_n.eq(ports.we.o),
    ]
