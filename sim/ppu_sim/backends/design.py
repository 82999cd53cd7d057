"""What the back ends simulate: the core as an Amaranth design and as exported Verilog."""

from .. import cache, verilog
from ..system import CoreInstance, System

__all__ = ["Design"]

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
        """A name for messages and directories."""
        c = self.config
        return f"{c.row_bytes}x{c.columns}-{c.axi_data_width}"

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

    def system_around_export(self):
        """The system around an instance of the exported core."""
        return System(CoreInstance(self.config, module=CORE))

    def verilog(self, top=None):
        """Verilog of the exported core and of the system around it.

        Ports of the system are called by their path, with one underscore: ``host_valid``.

        Parameters
        ----------
        top : wiring.Component, optional
            Becomes the top module, in place of :meth:`system_around_export`.
        """
        top = self.system_around_export() if top is None else top
        ports = {"_".join(path): signal for path, _, signal in top.signature.flatten(top)}
        return self.core_verilog() + "\n" + verilog.convert(top, name=SYSTEM, ports=ports)
