"""What the PLLs of all families have in common."""

from dataclasses import dataclass

__all__ = ["Pll", "PllImpossible"]


class PllImpossible(ValueError):
    """A PLL cannot make the frequency that is asked for. The message names the nearest ones."""


@dataclass(frozen=True)
class Pll:
    """A PLL whose dividers are chosen; each family has a subclass that says how.

    Of the settings that are allowed, it takes that whose output is nearest to what is asked for,
    and of several such, that with the lowest dividers.

    Parameters
    ----------
    input_hz, wanted_hz : int
        Frequency of the oscillator, and that of the system.

    Attributes
    ----------
    setting : tuple
        What the family's :meth:`settings` gives, without the frequency.
    output_hz : int
        What comes out, to the nearest Hz.

    Raises
    ------
    PllImpossible
        If nothing within 1 % of what is asked for comes out.
    """

    input_hz: int
    wanted_hz: int

    #: Largest relative distance from what is asked for.
    TOLERANCE = 0.01

    def __post_init__(self):
        output, setting = min(
            self.settings(), key=lambda found: (abs(found[0] - self.wanted_hz), found[1]),
            default=(None, None))  # fmt: skip
        if output is None:
            raise PllImpossible(f"The PLL takes no oscillator of {self.input_hz / 1e6:g} MHz")
        if abs(output - self.wanted_hz) > self.TOLERANCE * self.wanted_hz:
            raise PllImpossible(
                f"The PLL makes {self._nearest()} of {self.input_hz / 1e6:g} MHz, but not "
                f"{self.wanted_hz / 1e6:g} MHz")
        object.__setattr__(self, "setting", setting)
        object.__setattr__(self, "output_hz", round(output))

    def _nearest(self):
        outputs = sorted({output for output, _ in self.settings()})
        below = [output for output in outputs if output < self.wanted_hz][-1:]
        above = [output for output in outputs if output > self.wanted_hz][:1]
        return " and ".join(f"{output / 1e6:.4g} MHz" for output in (*below, *above))

    def settings(self):
        """All that is allowed: pairs of output in Hz and the setting that makes it."""
        raise NotImplementedError

    def connect(self, m, port, clock, locked):
        """Adds the PLL to a module.

        Parameters
        ----------
        m : Module
            Gets the submodule `pll`.
        port : IOPort
            The oscillator's pin.
        clock, locked : Signal
            What comes out. `locked` belongs to no clock.
        """
        raise NotImplementedError
