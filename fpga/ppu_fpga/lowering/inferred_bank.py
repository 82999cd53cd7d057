"""A memory bank that Yosys makes into block RAM without further logic."""

from amaranth import *
from amaranth.lib import memory

__all__ = ["bank_form"]


def bank_form(bank):
    """A module that drives the outputs of `bank`.

    Its rows are read at once and registered then. Yosys takes that register into the block RAM, and
    only there it asks for `no_rw_check`; given a memory with a registered read port, as platforms
    write it, it would add logic for a row that is read while it is written.
    """
    m = Module()
    m.submodules.rows = rows = memory.Memory(
        shape=bank.row_shape, depth=bank.depth, init=[], attrs={"no_rw_check": 1})
    write = rows.write_port(granularity=1)
    read = rows.read_port(domain="comb")
    row = Signal.like(bank.r_data, reset_less=True)
    fresh = Signal()
    m.d.comb += [
        write.addr.eq(bank.w_row), write.data.eq(bank.w_data), write.en.eq(bank.w_mask),
        read.addr.eq(bank.r_row),
    ]  # fmt: skip
    m.d.sync += fresh.eq(bank.r_en)
    with m.If(bank.r_en):
        m.d.sync += row.eq(read.data)
    with m.If(fresh):
        m.d.sync += bank.r_data.eq(row)
    return m
