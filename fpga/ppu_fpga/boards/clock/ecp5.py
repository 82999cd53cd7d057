"""The PLL of ECP5."""

from amaranth import *
from amaranth.lib import io

from .pll import Pll

__all__ = ["Ecp5Pll"]

#: Ranges in Hz: what comes to the phase detector, the oscillator inside, the output.
_DETECTOR, _OSCILLATOR, _OUTPUT = (3_125_000, 400e6), (400e6, 800e6), (3_125_000, 400e6)
_DIVIDERS = range(1, 129)
_FEEDBACK_DIVIDERS = range(1, 81)
#: The data sheet's middle of the range of its oscillator.
_BEST = 600e6
#: Analog settings that Lattice's tools give to every PLL.
_ANALOG = {"ICP_CURRENT": 12, "LPF_RESISTOR": 8, "MFG_ENABLE_FILTEROPAMP": 1,
           "MFG_GMCREF_SEL": 2}  # fmt: skip


class Ecp5Pll(Pll):
    """EHXPLLL with its output CLKOP fed back; see :class:`.Pll`.

    The output is ``input * feedback / divider``. A setting is (input divider, feedback divider,
    output divider); the last one only brings the oscillator inside near the middle of its range.
    """

    def settings(self):
        for divider in _DIVIDERS:
            if not _DETECTOR[0] <= self.input_hz / divider <= _DETECTOR[1]:
                continue
            for feedback in _FEEDBACK_DIVIDERS:
                output = self.input_hz * feedback / divider
                if not _OUTPUT[0] <= output <= _OUTPUT[1]:
                    continue
                behind = min(_DIVIDERS, key=lambda number: abs(output * number - _BEST))
                if _OSCILLATOR[0] <= output * behind <= _OSCILLATOR[1]:
                    yield output, (divider, feedback, behind)

    def connect(self, m, port, clock, locked):
        divider, feedback, behind = self.setting
        m.submodules.oscillator = oscillator = io.Buffer("i", port)
        m.submodules.pll = Instance(
            "EHXPLLL",
            *(("a", name, str(value)) for name, value in _ANALOG.items()),
            a_FREQUENCY_PIN_CLKI=f"{self.input_hz / 1e6:g}",
            a_FREQUENCY_PIN_CLKOP=f"{self.output_hz / 1e6:g}",
            p_CLKI_DIV=divider, p_CLKFB_DIV=feedback, p_FEEDBK_PATH="CLKOP",
            p_CLKOP_ENABLE="ENABLED", p_CLKOP_DIV=behind, p_CLKOP_CPHASE=behind // 2,
            p_CLKOP_FPHASE=0, p_OUTDIVIDER_MUXA="DIVA",
            p_PLLRST_ENA="DISABLED", p_INTFB_WAKE="DISABLED", p_STDBY_ENABLE="DISABLED",
            p_DPHASE_SOURCE="DISABLED",
            i_CLKI=oscillator.i, i_CLKFB=clock, o_CLKOP=clock, o_LOCK=locked,
            i_RST=0, i_STDBY=0, i_PLLWAKESYNC=0, i_ENCLKOP=0,
            i_PHASESEL0=0, i_PHASESEL1=0, i_PHASEDIR=0, i_PHASESTEP=0, i_PHASELOADREG=0,
        )  # fmt: skip
