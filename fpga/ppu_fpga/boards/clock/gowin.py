"""The PLL of Gowin GW1N."""

from amaranth import *
from amaranth.lib import io

from .pll import Pll

__all__ = ["GowinPll"]

#: Ranges in Hz for speed grade C6: the phase detector, the oscillator inside, the output.
_DETECTOR, _OSCILLATOR, _OUTPUT = (3e6, 400e6), (400e6, 1200e6), (3_125_000, 600e6)
_OUTPUT_DIVIDERS = (2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128)
_SELECTS = range(64)


class GowinPll(Pll):
    """rPLL; see :class:`.Pll`.

    The output is ``input * (fbdiv + 1) / (idiv + 1)``; a setting is (idiv, fbdiv, odiv), of which
    the last one only brings the oscillator inside into its range.
    """

    def settings(self):
        for idiv in _SELECTS:
            if not _DETECTOR[0] <= self.input_hz / (idiv + 1) <= _DETECTOR[1]:
                continue
            for fbdiv in _SELECTS:
                output = self.input_hz * (fbdiv + 1) / (idiv + 1)
                if not _OUTPUT[0] <= output <= _OUTPUT[1]:
                    continue
                for odiv in _OUTPUT_DIVIDERS:
                    if _OSCILLATOR[0] <= output * odiv <= _OSCILLATOR[1]:
                        yield output, (idiv, fbdiv, odiv)

    def connect(self, m, port, clock, locked):
        idiv, fbdiv, odiv = self.setting
        m.submodules.oscillator = oscillator = io.Buffer("i", port)
        m.submodules.pll = Instance(
            "rPLL",
            p_FCLKIN=f"{self.input_hz / 1e6:g}", p_DEVICE="GW1NR-9C",
            p_IDIV_SEL=idiv, p_FBDIV_SEL=fbdiv, p_ODIV_SEL=odiv,
            p_DYN_IDIV_SEL="false", p_DYN_FBDIV_SEL="false", p_DYN_ODIV_SEL="false",
            p_DYN_SDIV_SEL=2, p_DYN_DA_EN="true", p_PSDA_SEL="0000", p_DUTYDA_SEL="1000",
            p_CLKFB_SEL="internal", p_CLKOUT_BYPASS="false", p_CLKOUTP_BYPASS="false",
            p_CLKOUTD_BYPASS="false", p_CLKOUTD_SRC="CLKOUT", p_CLKOUTD3_SRC="CLKOUT",
            p_CLKOUT_FT_DIR=Const(1, 1), p_CLKOUTP_FT_DIR=Const(1, 1),
            p_CLKOUT_DLY_STEP=0, p_CLKOUTP_DLY_STEP=0,
            i_CLKIN=oscillator.i, i_CLKFB=0, i_RESET=0, i_RESET_P=0,
            i_FBDSEL=Const(0, 6), i_IDSEL=Const(0, 6), i_ODSEL=Const(0, 6),
            i_PSDA=Const(0, 4), i_DUTYDA=Const(0, 4), i_FDLY=Const(0, 4),
            o_CLKOUT=clock, o_LOCK=locked,
        )  # fmt: skip
