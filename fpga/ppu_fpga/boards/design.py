"""What is built for a board: the preset, the clock and the line."""

from dataclasses import dataclass

from ppu.config import Config

from ..bridge.baud import Baud
from ..flow.configure import configured, title_of
from .catalog import Board
from .clock.pll import Pll
from .clock.source import PLLS
from .memories import BoardMemory, Sdram

__all__ = ["BoardDesign", "design"]


@dataclass(frozen=True)
class BoardDesign:
    """A board with all choices made; :func:`design` makes it.

    Parameters
    ----------
    board : Board
        The board.
    title : str
        The preset, and what is changed of it.
    config : Config
        The core's.
    pll : Pll
        How the clock is made.
    memory : BoardMemory
        The memory.
    baud : int
        Bits per second on the line.
    """

    board: Board
    title: str
    config: Config
    pll: Pll
    memory: BoardMemory
    baud: int

    @property
    def name(self):
        """A name for messages."""
        return f"{self.board.name} with {self.title}"

    @property
    def clock_hz(self):
        """Frequency of the system's clock."""
        return self.pll.output_hz


def design(board, *, preset=None, changes=(), frequency=None, baud=None):
    """A design for a board.

    Parameters
    ----------
    board : Board
        The board.
    preset : str
        Preset; None: the board's.
    changes : iterable of str
        ``field=value`` texts, on top of what the board changes of the preset.
    frequency : float
        MHz of the clock; None: what the board's description says of the preset.
    baud : int
        Bits per second on the line; None: the board's.

    Raises
    ------
    ValueError
        If a value cannot be: a field of the configuration, a frequency that the PLL does not make
        or that the memory cannot do, a baud rate that the clock does not make.
    """
    preset = preset or board.preset
    config = configured(preset, changes, base=board.fitted(preset))
    wanted = round(1e6 * (frequency or board.frequency(preset)))
    pll = PLLS[board.device.family](board.oscillator_hz, wanted)
    memory = board.memory
    if not isinstance(memory, BoardMemory):
        memory = Sdram(part=memory, clock_hz=pll.output_hz)
    baud = Baud(clock_hz=pll.output_hz, baud=baud or board.baud).baud
    return BoardDesign(board, title_of(preset, changes), config, pll, memory, baud)
