"""What the back ends simulate: the core as an Amaranth design and as exported Verilog."""

from amaranth.hdl import ClockDomain, Module

from ppu.lib.axi import AxiSignature
from ppu.lib.probe import ProbeLayout

from .. import cache, verilog
from ..system import CoreInstance, System
from ..system.record import RecordLayout

__all__ = ["CORE", "SYSTEM", "Design"]

#: Name of the exported core's module, and of the system around it.
CORE, SYSTEM = "ppu_core", "ppu_system"


class Design:
    """A core of a given configuration.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    probe : bool
        Whether the core has a probe and the system a record, for traces.
    """

    def __init__(self, config, *, probe=False):
        self.config, self.probe = config, probe

    @property
    def name(self):
        """A name for messages."""
        c = self.config
        return f"{c.row_bytes} x {c.columns} core, {c.axi_data_width}-bit bus,"

    def fingerprint(self):
        """Changes with everything that the hardware depends on."""
        return cache.fingerprint(self.config, self.probe, cache.sources())

    def core(self):
        """The core as an Amaranth component."""
        from ppu.core import Core

        return Core(self.config, probe=self.probe)

    def core_verilog(self):
        """The core as exported Verilog."""
        from ppu import generate

        return generate.verilog(self.config, probe=self.probe)

    def system(self):
        """The system around the core, all in Amaranth."""
        return System(self.core())

    @property
    def record_layout(self):
        """Layout of the system's record, if there is a probe."""
        c = self.config
        bus = AxiSignature(address_width=c.axi_address_width, data_width=c.axi_data_width)
        return RecordLayout(
            address_width=bus.address_width, id_width=bus.id_width,
            probe=ProbeLayout(buffer_beats=c.read_buffer_beats),
        )  # fmt: skip

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
            core = CoreInstance(self.config, module=CORE, probe=self.probe)
            m.submodules.top = top = wrap(System(core))
            ports = {"_".join(path): signal for path, _, signal in top.signature.flatten(top)}
            system = verilog.convert(m, name=SYSTEM, ports={"clk": domain.clk, **ports})
            (directory / "system.v").write_text(f"{self.core_verilog()}\n{system}")

        name = cache.fingerprint(self.fingerprint(), variant)
        return (cache.entry("verilog", name, build) / "system.v").read_text()
