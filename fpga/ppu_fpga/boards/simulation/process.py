"""A simulated board as a process with a pseudo-terminal."""

import json
import subprocess
from dataclasses import dataclass

from ...memory.model.chip_instance import broken_rules
from ..lamps import LAMPS
from .build import program

__all__ = ["Counts", "SimulatedBoard"]

#: Seconds for the process to end.
_END_LIMIT = 10


@dataclass(frozen=True)
class Counts:
    """What a simulated board counted.

    Parameters
    ----------
    cycles : int
        Of its clock.
    seconds : float
        Time in which the clock ran.
    broken_rules : tuple of str
        Rules of the SDRAM, see :data:`~ppu_fpga.memory.model.chip.RULES`.
    framing_errors : int
        Bytes from the board without a stop bit.
    lit : tuple of str
        Lamps that were lit at the end.
    """

    cycles: int
    seconds: float
    broken_rules: tuple
    framing_errors: int
    lit: tuple

    @property
    def hz(self):
        """Simulated cycles in a second."""
        return self.cycles / self.seconds if self.seconds else 0.0


class SimulatedBoard:
    """A board's top in Verilator, at a pseudo-terminal; ends with the block it is used in.

    Parameters
    ----------
    design : BoardDesign
        The board. Its clock must be a multiple of its baud rate.

    Attributes
    ----------
    terminal : str
        Name of the terminal.
    counts : Counts
        Once it has ended.

    Raises
    ------
    BuildFailed, ToolMissing
        If it cannot be built.
    ValueError
        If a bit on the line is no whole number of cycles.
    """

    def __init__(self, design):
        divisor, rest = divmod(design.clock_hz, design.baud)
        if rest:
            raise ValueError(
                f"In simulation, the clock of {design.clock_hz} Hz must be a multiple of the baud "
                f"rate, not {design.clock_hz / design.baud:.3f} times {design.baud}")
        self.counts = None
        self._process = subprocess.Popen(
            [str(program(design)), str(divisor)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, start_new_session=True)  # fmt: skip
        self.terminal = self._process.stdout.readline().strip()
        if not self.terminal:
            self._process.communicate()
            raise RuntimeError("the simulated board found no pseudo-terminal")

    def press_button(self):
        """Presses the reset button for a moment."""
        self._process.stdin.write("b")
        self._process.stdin.flush()

    def wait(self):
        """Waits until it ends by itself, which it does not, or an exception comes."""
        self._process.wait()

    def close(self):
        """Unplugs it; gives its :class:`Counts`."""
        if self.counts is None:
            output, _ = self._process.communicate(timeout=_END_LIMIT)
            told = json.loads(output.splitlines()[-1])
            lit = tuple(name for bit, name in enumerate(LAMPS) if told["lamps"] >> bit & 1)
            self.counts = Counts(
                told["cycles"], told["seconds"], tuple(broken_rules(told["errors"])),
                told["framing_errors"], lit)  # fmt: skip
        return self.counts

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
