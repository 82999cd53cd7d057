"""Memory banks made of ECP5's DP16KD, with the block RAM's output register as the bank's."""

from dataclasses import dataclass

from amaranth import *

from .pins import bits

__all__ = ["DEPTH", "bank_form"]

_ADDRESS_BITS = 14
#: Most rows of a bank that takes no multiplexers.
DEPTH = 1 << _ADDRESS_BITS
#: Bits of each half of a port.
_HALF = 18


@dataclass(frozen=True)
class _Shape:
    """A shape of block RAM: `width` bits in each of `depth` rows; rows are at address bit `low`."""

    width: int
    low: int

    @property
    def depth(self):
        return 1 << _ADDRESS_BITS - self.low


#: Wide ones first. 36 bits are the two ports' 18 bits side by side: one port writes, one reads.
_SHAPES = [_Shape(36, 5), _Shape(18, 4), _Shape(9, 3), _Shape(4, 2), _Shape(2, 1), _Shape(1, 0)]


def bank_form(bank):
    """A module that drives the outputs of `bank`, which has at most `DEPTH` rows.

    Each lane has blocks of its own, of the widest shape that is deep enough: no multiplexers.

    A block reads in every cycle, and its output register takes what was read where the bank was
    asked to: so the data stays, whatever the block reads since, and nothing but a flip-flop waits
    for `r_en`. It follows that a row that nobody asks for may be read while it is written, which
    does no harm.
    """
    m = Module()
    fresh = Signal()
    m.d.sync += fresh.eq(bank.r_en)
    shape = next(shape for shape in _SHAPES if shape.depth >= bank.depth)
    for lane in range(bank.lanes):
        data, result = bank.w_data[lane], bank.r_data[lane]
        for start in range(0, bank.lane_width, shape.width):
            part = slice(start, min(start + shape.width, bank.lane_width))
            m.submodules[f"block_{lane}_{start}"] = _block(
                shape, write=bank.w_mask[lane], w_row=bank.w_row, w_data=data[part],
                take=fresh, r_row=bank.r_row, r_data=result[part])  # fmt: skip
    return m


def _block(shape, *, write, w_row, w_data, take, r_row, r_data):
    """One DP16KD: port A writes, port B reads."""
    is_wide = shape.width > _HALF
    w_low = Const(0, shape.low)
    if shape.width >= _HALF:
        # The lowest address bits enable bytes.
        w_low = Cat(write.replicate(shape.width // 9), Const(0, shape.low - shape.width // 9))
    return Instance(
        "DP16KD",
        ("p", "DATA_WIDTH_A", shape.width), ("p", "DATA_WIDTH_B", shape.width),
        ("p", "REGMODE_A", "OUTREG" if is_wide else "NOREG"), ("p", "REGMODE_B", "OUTREG"),
        ("p", "RESETMODE", "SYNC"), ("p", "ASYNC_RESET_RELEASE", "SYNC"),
        ("p", "WRITEMODE_A", "NORMAL"), ("p", "WRITEMODE_B", "NORMAL"),
        ("p", "CSDECODE_A", "0b000"), ("p", "CSDECODE_B", "0b000"), ("p", "GSR", "DISABLED"),
        ("i", "CLKA", ClockSignal()), ("i", "CEA", 1), ("i", "RSTA", 0),
        ("i", "CLKB", ClockSignal()), ("i", "CEB", 1), ("i", "RSTB", 0),
        *bits("i", "CSA", Const(0, 3)), *bits("i", "CSB", Const(0, 3)),
        ("i", "OCEA", take if is_wide else 1), ("i", "OCEB", take),
        ("i", "WEA", 1 if is_wide else write), ("i", "WEB", 0),
        *bits("i", "ADA", _address(w_low, w_row)),
        *bits("i", "ADB", _address(Const(0, shape.low), r_row)),
        *bits("i", "DIA", w_data[:_HALF]), *bits("i", "DIB", w_data[_HALF:]),
        # A wide read has its lower half at port A.
        *bits("o", "DOA" if is_wide else "DOB", r_data[:_HALF]),
        *bits("o", "DOB", r_data[_HALF:]),
    )  # fmt: skip


def _address(low, row):
    return Cat(low, row, Const(0, _ADDRESS_BITS - len(low) - len(row)))
