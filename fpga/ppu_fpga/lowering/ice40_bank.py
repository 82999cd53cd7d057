"""Memory banks made of iCE40's SB_RAM40_4K."""

from amaranth import *

__all__ = ["DEPTH", "bank_form", "fits"]

#: Rows of a block -> which of its 16 data bits hold a row. Modes 0 to 3 of the block.
_MODES = {256: range(16), 512: range(0, 16, 2), 1024: range(1, 16, 4), 2048: range(3, 16, 8)}
_ADDRESS_BITS = 11
#: Most rows of a bank that takes no multiplexers.
DEPTH = max(_MODES)


def fits(bank):
    """Whether a bank has room in blocks side by side."""
    return bank.depth + bank.clears <= DEPTH


def bank_form(bank):
    """A module that drives the outputs of `bank`, which :func:`fits`.

    Each lane has blocks of its own, of the widest shape that is deep enough: no multiplexers. Yosys
    would infer the same blocks, but from a memory as platforms write it, it adds logic for a row
    that is read while it is written.

    The blocks have registers at their inputs and none at their outputs. So a read waits for a cycle
    before them: that takes a flip-flop for each bit of a row's number, and none for those of a row.
    A bank that clears reads a row that is never written, which is 0 from configuration on.
    """
    m = Module()
    mode, bits = next((mode, bits) for mode, (depth, bits) in enumerate(_MODES.items())
                      if depth >= bank.depth + bank.clears)  # fmt: skip
    reads, clears = Signal(), Signal()
    row = Signal.like(bank.r_row, reset_less=True)
    m.d.sync += [reads.eq(bank.r_en), row.eq(bank.r_row)]
    if bank.clears:
        m.d.sync += [reads.eq(bank.r_en | bank.r_clear), clears.eq(bank.r_clear)]
    for lane in range(bank.lanes):
        for start in range(0, bank.lane_width, len(bits)):
            part = slice(start, min(start + len(bits), bank.lane_width))
            w_data, r_data = Signal(16), Signal(16)
            places = bits[: part.stop - start]
            m.submodules[f"block_{lane}_{start}"] = Instance(
                "SB_RAM40_4K", p_READ_MODE=mode, p_WRITE_MODE=mode,
                i_WCLK=ClockSignal(), i_WCLKE=1, i_WE=bank.w_mask[lane], i_MASK=Const(0, 16),
                i_WADDR=_address(bank.w_row), i_WDATA=w_data,
                i_RCLK=ClockSignal(), i_RCLKE=1, i_RE=reads,
                i_RADDR=_address(Cat(row, clears)), o_RDATA=r_data,
            )  # fmt: skip
            for place, source, result in zip(
                    places, bank.w_data[lane][part], bank.r_data[lane][part],
                    strict=True):  # fmt: skip
                m.d.comb += [w_data[place].eq(source), result.eq(r_data[place])]
    return m


def _address(row):
    return Cat(row, Const(0, _ADDRESS_BITS))[:_ADDRESS_BITS]
