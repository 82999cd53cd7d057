"""What a back end is."""

from abc import ABC, abstractmethod

from ..arguments import integer
from ..system.monitor import BREACHES
from .settings import Settings

__all__ = ["Backend", "BusBreach", "Hang", "RegisterError"]

#: Bytes of the largest bus word; the size of a memory is a multiple of it.
MEMORY_STEP = 64


class Hang(TimeoutError):
    """The core did not finish within the cycles it was given. The message shows its status."""


class RegisterError(RuntimeError):
    """The core refused a register access."""


class BusBreach(AssertionError):
    """The core broke a rule of AXI4. The message names the rules."""


class Backend(ABC):
    """A core with a memory and a host, in some simulator or on a board.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    memory_size : int
        Bytes of main memory: a multiple of 64.
    waves : str or Path, optional
        File for the signals of all cycles, in the format FST. It is complete when the back end is
        closed. Beside it comes a list of signals, see :mod:`ppu_sim.waves`.

    Attributes
    ----------
    memory : numpy.ndarray
        The bytes of main memory, to read and write between calls. Simulators only: the memory of a
        board is at the other end of a line, and only :meth:`read_memory` and
        :meth:`write_memory` reach it.
    """

    #: Name of the back end.
    name = None
    #: Bytes of main memory, unless told otherwise.
    default_memory_size = 64 << 20
    #: What to do where it is too small.
    memory_advice = "open it with a larger memory_size (ppu gemm: --memory)"
    #: Address of the first byte of main memory.
    memory_base = 0
    #: Cycles of the clock in a second; None in a simulator, whose clock is no matter of seconds.
    clock_hz = None
    #: Whether it ended by itself, as a board does that is unplugged. It cannot be used any more.
    gone = False

    def __init__(self, config, memory_size=None):
        self.config = config
        self.memory_size = self.checked_memory_size(config, memory_size)
        self.settings = Settings()

    @classmethod
    def checked_memory_size(cls, config, memory_size=None):
        """Bytes of main memory. TypeError, ValueError if a core cannot have that many."""
        if memory_size is None:
            return cls.default_memory_size
        size = integer("memory_size", memory_size)
        top = 1 << config.axi_address_width
        if not MEMORY_STEP <= size < top or size % MEMORY_STEP:
            raise ValueError(
                f"memory_size must be a multiple of {MEMORY_STEP} from {MEMORY_STEP} "
                f"to {top - MEMORY_STEP}, not {size}"
            )
        return size

    @abstractmethod
    def configure(self, settings):
        """Sets the memory up. Only while the core is idle."""

    @abstractmethod
    def write_register(self, offset, value, *, start=False):
        """Writes a register. With `start`, a run begins: `elapsed` and the stalls start anew."""

    @abstractmethod
    def read_register(self, offset):
        """The value of a register."""

    def read_registers(self, offsets):
        """The values of registers, in order; where a round trip is long, all in one."""
        return [self.read_register(offset) for offset in offsets]

    def read_memory(self, address, count):
        """A copy of bytes of main memory, as an array of uint8. The span must be within it."""
        return self.memory[address : address + count].copy()

    def write_memory(self, address, data):
        """Writes an array of uint8 to main memory. The span must be within it."""
        self.memory[address : address + data.size] = data

    @abstractmethod
    def wait(self, limit):
        """Runs until the interrupt is high, `limit` cycles at most. Returns whether it is."""

    @abstractmethod
    def advance(self, cycles):
        """Runs for so many cycles."""

    @property
    @abstractmethod
    def cycles(self):
        """Clock edges from the start of the run to the last rise of the interrupt, if known."""

    @property
    @abstractmethod
    def total_cycles(self):
        """Cycles simulated since the back end was opened; on a board, those that it counted."""

    def begin_record(self):  # noqa: B027 (most cannot)
        """Begins to record what traces are made of, if the back end was opened for that."""

    def take_record(self):
        """What was recorded, a :class:`ppu_sim.trace.record.Record`; None if nothing was."""
        return None

    def close(self):  # noqa: B027 (most have nothing to close)
        """Frees what the simulator holds. The back end cannot be used any more."""

    def _check_breaches(self, breaches):
        if breaches:
            rules = [text for bit, text in enumerate(BREACHES) if breaches >> bit & 1]
            raise BusBreach("; ".join(rules))
