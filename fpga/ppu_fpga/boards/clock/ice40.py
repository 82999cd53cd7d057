"""The PLL of iCE40."""

from amaranth import *

from .pll import Pll

__all__ = ["Ice40Pll"]

#: Ranges in Hz: what comes to the phase detector, the oscillator inside, the output.
_DETECTOR, _OSCILLATOR, _OUTPUT = (10e6, 133e6), (533e6, 1066e6), (16e6, 275e6)
#: Below so many Hz at the phase detector, the loop filter takes the setting of this index.
_FILTERS = (0, 17e6, 26e6, 44e6, 66e6, 101e6)


class Ice40Pll(Pll):
    """SB_PLL40_PAD, whose input is a pin; see :class:`.Pll`.

    The output is ``input / (divr + 1) * (divf + 1) / 2**divq``; a setting is (divr, divf, divq).
    """

    def settings(self):
        for divr in range(16):
            detector = self.input_hz / (divr + 1)
            if not _DETECTOR[0] <= detector <= _DETECTOR[1]:
                continue
            for divf in range(128):
                oscillator = detector * (divf + 1)
                if not _OSCILLATOR[0] <= oscillator <= _OSCILLATOR[1]:
                    continue
                for divq in range(1, 7):
                    output = oscillator / (1 << divq)
                    if _OUTPUT[0] <= output <= _OUTPUT[1]:
                        yield output, (divr, divf, divq)

    def connect(self, m, port, clock, locked):
        divr, divf, divq = self.setting
        detector = self.input_hz / (divr + 1)
        filter_range = next((index for index, limit in enumerate(_FILTERS) if detector < limit),
                            len(_FILTERS))  # fmt: skip
        m.submodules.pll = Instance(
            "SB_PLL40_PAD",
            p_FEEDBACK_PATH="SIMPLE", p_PLLOUT_SELECT="GENCLK",
            p_DIVR=Const(divr, 4), p_DIVF=Const(divf, 7), p_DIVQ=Const(divq, 3),
            p_FILTER_RANGE=Const(filter_range, 3),
            i_PACKAGEPIN=port.io, o_PLLOUTGLOBAL=clock, o_LOCK=locked,
            i_RESETB=1, i_BYPASS=0,
        )  # fmt: skip
