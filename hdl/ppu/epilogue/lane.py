"""One lane of the epilogue: from a sum to a result."""

from amaranth import *
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..lib.bank import Bank
from ..lib.delay import delay
from .convert import FromInt32, ToBFloat16, ToFloat16, ToInt8
from .multiply_add import MultiplyAdd
from .settings import Settings

__all__ = ["Lane"]

#: Entries of a table.
_ENTRIES = 256
#: -0: a product plus this is the product, whatever its sign.
_NOTHING = 1 << 31


class Lane(wiring.Component):
    """Scales sums, and keeps the scales and tables for that.

    The last argument of each stage that has one comes in its cycle::

        cycle    0  sum                         FromInt32
                 2  scale, entry                scales, residual table
                 4  add_residual                MultiplyAdd
                17                              ToInt8, ToBFloat16, ToFloat16
                20  settings
                21                              activation table
                23  byte, activate              o

    Throughput one result per cycle. Reads of a parameter that is written in that cycle or in the
    one before are undefined.

    Parameters
    ----------
    words : int
        Parameters that it holds: half of them scales, and a quarter for each table. Power of two,
        at least 1024.

    Members
    -------
    sum : In(signed(32))
        Sum.
    reads, scale, entry : In(1), In(range(words // 2)), In(8)
        There is a sum; the place of its scale, and its entry of the residual table.
    add_residual : In(1)
        The entry is added.
    settings : In(Settings)
        How the result is made.
    looks_up : In(1)
        There is a result, in cycle 21.
    byte, activate : In(1)
        Those of the settings.
    o : Out(32)
        Bits of the result, from bit 0 on; for a byte, the others are zero.
    w_en, w_place, w_data : In
        Writes a parameter: scales, then the residual table, then the activation table, whose
        entries are the lowest bytes.
    """

    #: Cycles in which arguments come.
    PLACE = FromInt32.LATENCY - Bank.READ_LATENCY
    ADD = FromInt32.LATENCY
    SETTINGS = ADD + MultiplyAdd.LATENCY + ToInt8.LATENCY - 1
    LOOK_UP = SETTINGS + 1
    LATENCY = LOOK_UP + Bank.READ_LATENCY

    def __init__(self, *, words):
        self.words = words
        super().__init__({
            "sum": In(signed(32)), "reads": In(1), "scale": In(range(words // 2)), "entry": In(8),
            "add_residual": In(1), "settings": In(Settings), "looks_up": In(1),
            "byte": In(1), "activate": In(1), "o": Out(32),
            "w_en": In(1), "w_place": In(range(words)), "w_data": In(32),
        })

    def elaborate(self, platform):
        m = Module()
        parts = {
            "from_int32": FromInt32(), "multiply_add": MultiplyAdd(), "to_int8": ToInt8(),
            "to_bfloat16": ToBFloat16(), "to_float16": ToFloat16(),
        }  # fmt: skip
        for name, part in parts.items():
            m.submodules[name] = part
        from_int32, multiply_add, to_int8, to_bfloat16, to_float16 = parts.values()
        half = exact_log2(self.words) - 1
        scales = self._bank(m, "scales", self.words // 2, 32, ~self.w_place[half])
        upper = self.w_place[half] & self.w_place[half - 1]
        residual = self._bank(m, "residual", _ENTRIES, 32, self.w_place[half] & ~upper)
        activation = self._bank(m, "activation", _ENTRIES, 8, upper)

        scaled = multiply_add.o
        settings = self.settings
        floating = Mux(
            settings.half, Mux(settings.bfloat, _until(m, to_bfloat16, "bfloat16"), to_float16.o),
            delay(m, scaled.as_value(), to_float16.LATENCY, name="float32", reset_less=True))
        m.d.comb += [
            from_int32.i.eq(self.sum),
            scales.r_en.eq(self.reads), scales.r_row.eq(self.scale),
            residual.r_en.eq(self.reads), residual.r_row.eq(self.entry),
            multiply_add.x.eq(from_int32.o),
            multiply_add.y.as_value().eq(scales.r_data.as_value()),
            multiply_add.z.as_value().eq(
                Mux(self.add_residual, residual.r_data.as_value(), _NOTHING)),
            *(part.i.eq(scaled) for part in (to_int8, to_bfloat16, to_float16)),
            *(getattr(to_int8, name).eq(settings[name]) for name in ("zero_point", "low", "high")),
            activation.r_en.eq(self.looks_up), activation.r_row.eq(to_int8.o),
        ]  # fmt: skip
        kept = delay(m, floating, self.LATENCY - self.SETTINGS, name="floating", reset_less=True)
        plain = delay(m, to_int8.o, Bank.READ_LATENCY, name="plain", reset_less=True)
        m.d.comb += self.o.eq(Mux(
            self.byte, Mux(self.activate, activation.r_data.as_value(), plain), kept))
        return m

    def _bank(self, m, name, depth, width, chosen):
        m.submodules[name] = bank = Bank(depth=depth, lanes=1, lane_width=width)
        m.d.comb += [
            bank.w_mask.eq(self.w_en & chosen), bank.w_row.eq(self.w_place),
            bank.w_data.as_value().eq(self.w_data),
        ]
        return bank


def _until(m, part, name):
    """The output of a part when that of FP16 is there."""
    return delay(m, part.o, ToFloat16.LATENCY - part.LATENCY, name=name, reset_less=True)
