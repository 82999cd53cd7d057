"""The baud rate from the clock: a phase that grows by a fraction of a bit in every cycle."""

from dataclasses import dataclass

from amaranth import *

__all__ = ["Baud"]

#: Widest phase, and the error at which a narrower one is good enough.
_MOST_BITS, _GOOD_ERROR = 24, 0.002


@dataclass(frozen=True, kw_only=True)
class Baud:
    """How a clock is divided into bits.

    A phase grows by `step` in every cycle, up to `modulus`; each overflow is one bit. Where whole
    cycles will do, the phase counts them; else `modulus` is a power of two, and single bits are up
    to one cycle too long or too short, but this does not add up.

    Parameters
    ----------
    clock_hz : int
        Frequency of the clock.
    baud : int
        Bits per second on the line, at most a quarter of the clock.

    Raises
    ------
    ValueError
        If the clock cannot make the rate to :attr:`TOLERANCE`.
    """

    clock_hz: int
    baud: int

    #: Largest relative error of the rate that is accepted, and fewest cycles of a bit.
    TOLERANCE = 0.02
    LEAST_CYCLES = 4

    def __post_init__(self):
        for name in ("clock_hz", "baud"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a positive integer, not {value!r}")
        if self.clock_hz < self.LEAST_CYCLES * self.baud:
            raise ValueError(
                f"A clock of {self.clock_hz} Hz gives {self.clock_hz / self.baud:.2f} cycles for "
                f"each bit at {self.baud} baud; there must be at least {self.LEAST_CYCLES}: "
                f"at most {self.clock_hz // self.LEAST_CYCLES} baud")
        if abs(self.error) >= self.TOLERANCE:
            raise ValueError(
                f"A clock of {self.clock_hz} Hz makes {self.actual:.0f} baud instead of "
                f"{self.baud}: {100 * self.error:+.2f} %, and only "
                f"{100 * self.TOLERANCE:.0f} % are allowed")

    @property
    def _divider(self):
        """(modulus, step), as small as do for an error of 0.2 %."""
        cycles = round(self.clock_hz / self.baud)
        if 0 < cycles < 1 << _MOST_BITS and self._is_good(cycles, 1):
            return cycles, 1
        for width in range(2, _MOST_BITS + 1):
            modulus = 1 << width
            step = round(self.baud * modulus / self.clock_hz)
            if self._is_good(modulus, step):
                break
        return modulus, step

    def _is_good(self, modulus, step):
        return abs(step * self.clock_hz / (self.baud * modulus) - 1) <= _GOOD_ERROR

    @property
    def modulus(self):
        """Where the phase begins anew."""
        return self._divider[0]

    @property
    def step(self):
        """What the phase grows by in every cycle."""
        return self._divider[1]

    @property
    def error(self):
        """Relative error of the rate."""
        return self.step * self.clock_hz / (self.baud * self.modulus) - 1

    @property
    def actual(self):
        """The rate that the clock makes, in bits per second."""
        return self.baud * (1 + self.error)

    def grown(self, phase):
        """The phase of the next cycle, and whether it has begun anew."""
        total = phase + self.step
        if self.modulus == 1 << len(phase):
            return total[: len(phase)], total[-1]
        over = phase == self.modulus - 1
        return Mux(over, 0, total[: len(phase)]), over
