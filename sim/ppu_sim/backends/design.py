"""What the back ends simulate: the core as an Amaranth design and as exported Verilog."""

from amaranth.hdl import ClockDomain, Module

from .. import cache, verilog
from ..system import CoreInstance, System

__all__ = ["CORE", "SYSTEM", "Design"]

#: Name of the exported core's module, and of the system around it.
CORE, SYSTEM = "ppu_core", "ppu_system"


class Design:
    """A core of a given configuration.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    """

    def __init__(self, config):
        self.config = config

    @property
    def name(self):
        """A name for messages."""
        c = self.config
        return f"{c.row_bytes} x {c.columns} core, {c.axi_data_width}-bit bus,"

    def fingerprint(self):
        """Changes with everything that the hardware depends on."""
        return cache.fingerprint(self.config, cache.sources())

    def core(self):
        """The core as an Amaranth component."""
        from ppu.core import Core

        return Core(self.config)

    def core_verilog(self):
        """The core as exported Verilog."""
        from ppu import generate

        return generate.verilog(self.config)

    def system(self):
        """The system around the core, all in Amaranth."""
        return System(self.core())

    def verilog(self, variant="", wrap=lambda system: system):
        """The exported core and the system around an instance of it, in Verilog; kept in the cache.

        Ports are ``clk`` and those of the system, by their path with one underscore:
        ``host_valid``. There is no reset: every register has its initial value, and a simulator
        need not look at a reset in every cycle.

        Parameters
        ----------
        variant : str
            Tells what `wrap` does.
        wrap : callable
            From the system to the component that is to be the top.
        """

        def build(directory):
            m = Module()
            m.domains.sync = domain = ClockDomain(reset_less=True)
            m.submodules.top = top = wrap(System(CoreInstance(self.config, module=CORE)))
            ports = {"_".join(path): signal for path, _, signal in top.signature.flatten(top)}
            system = verilog.convert(m, name=SYSTEM, ports={"clk": domain.clk, **ports})
            (directory / "system.v").write_text(f"{self.core_verilog()}\n{system}")

        name = cache.fingerprint(self.fingerprint(), variant)
        return (cache.entry("verilog", name, build) / "system.v").read_text()
