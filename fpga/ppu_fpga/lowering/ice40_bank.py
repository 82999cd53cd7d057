"""Memory banks made of iCE40's SB_RAM40_4K, with the bank's output register behind them."""

from amaranth import *

__all__ = ["DEPTH", "bank_form"]

#: Rows of a block -> which of its 16 data bits hold a row. Modes 0 to 3 of the block.
_MODES = {256: range(16), 512: range(0, 16, 2), 1024: range(1, 16, 4), 2048: range(3, 16, 8)}
_ADDRESS_BITS = 11
#: Most rows of a bank that takes no multiplexers.
DEPTH = max(_MODES)


def bank_form(bank):
    """A module that drives the outputs of `bank`, which has at most `DEPTH` rows.

    Each lane has blocks of its own, of the widest shape that is deep enough: no multiplexers. Yosys
    would infer the same blocks, but from a memory as platforms write it, it adds logic for a row
    that is read while it is written.
    """
    m = Module()
    rows = Signal.like(bank.r_data)
    fresh = Signal()
    m.d.sync += fresh.eq(bank.r_en)
    with m.If(fresh):
        m.d.sync += bank.r_data.eq(rows)
    mode, bits = next((mode, bits) for mode, (depth, bits) in enumerate(_MODES.items())
                      if depth >= bank.depth)  # fmt: skip
    for lane in range(bank.lanes):
        for start in range(0, bank.lane_width, len(bits)):
            part = slice(start, min(start + len(bits), bank.lane_width))
            w_data, r_data = Signal(16), Signal(16)
            places = bits[: part.stop - start]
            m.submodules[f"block_{lane}_{start}"] = Instance(
                "SB_RAM40_4K", p_READ_MODE=mode, p_WRITE_MODE=mode,
                i_WCLK=ClockSignal(), i_WCLKE=1, i_WE=bank.w_mask[lane], i_MASK=Const(0, 16),
                i_WADDR=_address(bank.w_row), i_WDATA=w_data,
                i_RCLK=ClockSignal(), i_RCLKE=1, i_RE=bank.r_en,
                i_RADDR=_address(bank.r_row), o_RDATA=r_data,
            )  # fmt: skip
            for place, source, result in zip(
                    places, bank.w_data[lane][part], rows[lane][part], strict=True):  # fmt: skip
                m.d.comb += [w_data[place].eq(source), result.eq(r_data[place])]
    return m


def _address(row):
    return Cat(row, Const(0, _ADDRESS_BITS - len(row)))
