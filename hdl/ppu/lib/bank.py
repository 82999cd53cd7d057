"""One bank of on-chip memory."""

from amaranth import *
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from .lowering import lowered

__all__ = ["Bank"]


class Bank(wiring.Component):
    """Rows of lanes with one read and one write port; maps to simple dual-port block RAM.

    Read data appears `READ_LATENCY` cycles after `r_en` and stays until the next read: one cycle
    for the memory, one for the output register that block RAMs need to be fast. A read of a row in
    the cycle in which any lane of it is written, or in the one before, gives an undefined row:
    block RAMs differ there, also in the side on which they have a register, and logic for it would
    cost each bank a comparator and a multiplexer of the row's width. After a reset, `r_data` is
    undefined until the first read.

    A form for the block RAM of one FPGA family may take its place, see :mod:`ppu.lib.lowering`.

    Parameters
    ----------
    depth : int
        Rows.
    lanes, lane_width : int
        Lanes of a row, each with its own write enable, and bits of a lane.
    clears : bool
        There is the member `r_clear`: zeros take the place of what is read, and of no read too.
    """

    READ_LATENCY = 2

    def __init__(self, *, depth, lanes, lane_width, clears=False):
        self.depth, self.lanes, self.lane_width = depth, lanes, lane_width
        self.clears = clears
        self.row_shape = data.ArrayLayout(lane_width, lanes)
        #: What it holds, for simulation.
        self.rows = memory.MemoryData(shape=self.row_shape, depth=depth, init=[])
        super().__init__({
            "w_row": In(range(depth)), "w_mask": In(lanes), "w_data": In(self.row_shape),
            "r_row": In(range(depth)), "r_en": In(1), "r_data": Out(self.row_shape),
            **({"r_clear": In(1)} if clears else {}),
        })  # fmt: skip

    def elaborate(self, platform):
        special = lowered(self, platform)
        if special is not None:
            return special
        m = Module()
        # For Yosys: leave out the logic that gives the old row when a row is read and written.
        m.submodules.rows = rows = memory.Memory(self.rows, attrs={"no_rw_check": 1})
        write = rows.write_port(granularity=1)
        read = rows.read_port()
        fresh = Signal()
        m.d.comb += [
            write.addr.eq(self.w_row), write.data.eq(self.w_data), write.en.eq(self.w_mask),
            read.addr.eq(self.r_row), read.en.eq(self.r_en),
        ]  # fmt: skip
        m.d.sync += fresh.eq(self.r_en)
        with m.If(fresh):
            m.d.sync += self.r_data.eq(read.data)
        if self.clears:
            cleared = Signal()
            m.d.sync += cleared.eq(self.r_clear)
            with m.If(cleared):
                m.d.sync += self.r_data.eq(0)
        return m
