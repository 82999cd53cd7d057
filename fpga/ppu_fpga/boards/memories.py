"""The memories that boards have."""

from dataclasses import dataclass

from ..memory.axi_ram import AxiRam
from ..memory.sdram.bus import SdramSignature
from ..memory.sdram.parts import SdramPart, SdramTiming
from ..memory.sdram.shared import SharedSdram
from ..memory.storage import BlockStorage

__all__ = ["BASE", "BoardMemory", "OnChip", "Sdram"]

#: Where the memory of every board begins, seen from core and host.
BASE = 0x8000_0000
#: MHz between which an SDRAM's answer comes at neither of two edges for sure; see :class:`Sdram`.
_EARLY, _LATE = 45e6, 66e6


@dataclass(frozen=True, kw_only=True)
class BoardMemory:
    """Memory behind AXI4; a subclass says what it is.

    Parameters
    ----------
    base : int
        First address, a multiple of the size.
    """

    base: int = BASE

    @property
    def size(self):
        """Bytes: a power of two."""
        raise NotImplementedError

    @property
    def pins(self):
        """Signature of what it has outside of the chip; None: nothing."""
        return None

    def controller(self, *, address_width, data_width):
        """A component with two AXI4 ports `managers`, and with `pins` if there are any."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class OnChip(BoardMemory):
    """RAM in the FPGA.

    Parameters
    ----------
    bytes : int
        Its size.
    storage : type
        :class:`.BlockStorage` or :class:`.SpramStorage`.
    """

    bytes: int
    storage: type = BlockStorage

    @property
    def size(self):
        return self.bytes

    def controller(self, *, address_width, data_width):
        return AxiRam(address_width=address_width, data_width=data_width, size=self.size,
                      base=self.base, managers=2, storage=self.storage)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Sdram(BoardMemory):
    """An SDRAM chip beside the FPGA.

    It takes about 10.4 ns from an edge of the clock at the memory until its answer can be taken in,
    and the answer is there until 7.7 ns after the next one; see :class:`.SdramPins`. The memory's
    clock being half a cycle late, that is in time for the second edge of the system's clock above
    66 MHz, and for the first one below 45 MHz.

    Parameters
    ----------
    part : SdramPart
        Which.
    clock_hz : int
        The system's frequency.

    Raises
    ------
    ValueError
        If the frequency is one of those between, or too high for the part.
    """

    part: SdramPart
    clock_hz: int

    def __post_init__(self):
        if _EARLY < self.clock_hz < _LATE:
            raise ValueError(
                f"With SDRAM, the clock must be up to {_EARLY / 1e6:g} MHz or from "
                f"{_LATE / 1e6:g} MHz on, not {self.clock_hz / 1e6:g} MHz: between, its answers "
                "come as the clock's edge does")
        SdramTiming.of(self.part, frequency=self.clock_hz)

    @property
    def size(self):
        return self.part.size

    @property
    def timing(self):
        """The part's timing at this clock."""
        return SdramTiming.of(self.part, frequency=self.clock_hz)

    @property
    def input_delay(self):
        """As :class:`.SdramController` takes it."""
        return -1 if self.clock_hz <= _EARLY else 0

    @property
    def pins(self):
        return SdramSignature()

    def controller(self, *, address_width, data_width):
        return SharedSdram(
            self.part, self.timing, address_width=address_width, data_width=data_width,
            base=self.base, input_delay=self.input_delay)  # fmt: skip
