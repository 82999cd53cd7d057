"""The system with its bytes in Verilog, for Icarus."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..system.host import HostSignature
from ..system.memory import MemorySettings
from ..system.monitor import BREACHES
from ..system.system import COUNTER_BITS

__all__ = ["IcarusTop"]


class IcarusTop(wiring.Component):
    """A system and the Verilog module ``ppu_storage``; the members are those of the system.

    Parameters
    ----------
    system : System
        Core, memory and host.
    memory_size : int
        Bytes of the storage.
    """

    def __init__(self, system, memory_size):
        self.system, self.memory_size = system, memory_size
        super().__init__({
            "host": In(HostSignature()),
            "settings": In(MemorySettings(system.bus["address_width"])),
            "irq": Out(1), "elapsed": Out(COUNTER_BITS), "cycles": Out(COUNTER_BITS),
            "breaches": Out(len(BREACHES)),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.system = system = self.system
        storage, beat_bytes = system.storage, self.system.bus["data_width"] // 8
        m.submodules.storage = Instance(
            "ppu_storage",
            p_WIDTH=8 * beat_bytes, p_DEPTH=self.memory_size // beat_bytes,
            p_ADDRESS_WIDTH=len(storage.read_word), i_clk=ClockSignal(),
            i_read_en=storage.read_en, i_read_word=storage.read_word, o_read_data=storage.read_data,
            i_write_strobe=storage.write_strobe, i_write_word=storage.write_word,
            i_write_data=storage.write_data,
        )  # fmt: skip
        connect(m, flipped(self.host), system.host)
        m.d.comb += [
            system.settings.eq(self.settings), self.irq.eq(system.irq),
            self.elapsed.eq(system.elapsed), self.cycles.eq(system.cycles),
            self.breaches.eq(system.breaches),
        ]  # fmt: skip
        return m
