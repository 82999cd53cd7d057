"""An SDRAM behind AXI4 for two managers."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped
from amaranth.utils import exact_log2

from ppu.lib.axi import AxiSignature

from ..axi_share import AxiShare
from ..axi_window import AxiWindow
from .bus import SdramSignature
from .controller import SdramController

__all__ = ["SharedSdram"]


class SharedSdram(wiring.Component):
    """Two managers on one SDRAM; latency and throughput are the sums of the parts'.

    ::

        managers --> window, window --> AxiShare --> SdramController --> pins

    Parameters
    ----------
    part, timing : SdramPart, SdramTiming
        The memory.
    address_width, data_width : int
        Of the managers' buses.
    base : int
        First address, a multiple of the memory's size.
    input_delay : int
        As for :class:`.SdramController`.

    Members
    -------
    managers : In(AxiSignature).array(2)
        The managers; the first one goes first after a reset.
    pins : Out(SdramSignature)
        The memory.
    """

    def __init__(self, part, timing, *, address_width, data_width, base, input_delay):
        self._windows = [
            AxiWindow(address_width=address_width, data_width=data_width, size=part.size, base=base)
            for _ in range(2)]
        inner = exact_log2(part.size) + 1
        self._share = AxiShare(address_width=inner, data_width=data_width)
        self._controller = SdramController(
            part, timing, address_width=inner, data_width=data_width, id_width=2,
            input_delay=input_delay)
        super().__init__({
            "managers": In(AxiSignature(
                address_width=address_width, data_width=data_width)).array(2),
            "pins": Out(SdramSignature()),
        })  # fmt: skip

    def elaborate(self, platform):
        m = Module()
        m.submodules.share      = self._share
        m.submodules.controller = self._controller
        for index, window in enumerate(self._windows):
            m.submodules[f"window_{index}"] = window
            connect(m, flipped(self.managers[index]), window.manager)
            connect(m, window.axi, self._share.managers[index])
        connect(m, self._share.axi, self._controller.axi)
        connect(m, self._controller.pins, flipped(self.pins))
        return m
