"""Jobs: commands as the units get them, checked and with derived numbers added."""

from amaranth.lib import data
from amaranth.utils import ceil_log2

from ..isa import Execute, Load, Store
from ..lib.axi import FaultLayout

__all__ = ["ExecuteJob", "FaultLayout", "LoadJob", "StoreJob"]


def _fields(command, *names, rows=1 << 16):
    """Widths of the named fields of a command structure, no more than `rows` rows need."""
    layout = data.Layout.cast(command)
    return {name: min(layout[name].width, ceil_log2(rows)) for name in names}


def LoadJob(config):
    """A LOAD. `extent`: bytes from the first to the last one touched; `contiguous`: all are.

    Distances between rows are kept modulo the rows of the memory, here and in the other jobs.
    """
    rows = max(config.scratchpad_rows, config.accumulator_rows)
    return data.StructLayout({
        "target": 1,
        **_fields(Load, "rows", "bytes", "pad"), "stride": 32,
        **_fields(Load, "destination", "panel_stride", rows=rows),
        "address": config.axi_address_width,
        "extent": config.axi_address_width,
        "contiguous": 1,
    })  # fmt: skip


def ExecuteJob(config):
    """An EXECUTE, as in the command."""
    return data.StructLayout({
        **_fields(Execute, "a_signed", "b_signed", "accumulate", "m", "n", "k"),
        **_fields(Execute, "a", "a_stride", "b", "b_stride", "b_tile_stride",
                  rows=config.scratchpad_rows),
        **_fields(Execute, "c", "c_stride", rows=config.accumulator_rows),
    })  # fmt: skip


def StoreJob(config):
    """A STORE. `extent`, `contiguous` as for :func:`LoadJob`; a row has ``4 * columns`` bytes."""
    return data.StructLayout({
        **_fields(Store, "rows", "columns"), "stride": 32,
        **_fields(Store, "source", "panel_stride", rows=config.accumulator_rows),
        "address": config.axi_address_width,
        "extent": config.axi_address_width,
        "contiguous": 1,
    })  # fmt: skip
