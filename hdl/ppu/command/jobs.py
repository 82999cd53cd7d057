"""Jobs: commands as the units get them, checked and with derived numbers added."""

from amaranth.lib import data

from ..isa import Execute, Load, Store
from ..lib.axi import FaultLayout

__all__ = ["ExecuteJob", "FaultLayout", "LoadJob", "StoreJob"]


def _fields(command, *names):
    """Widths of the named fields of a command structure."""
    layout = data.Layout.cast(command)
    return {name: layout[name].width for name in names}


def LoadJob(config):
    """A LOAD. `extent`: bytes from the first to the last one touched; `contiguous`: all are."""
    return data.StructLayout({
        "target": 1,
        **_fields(Load, "rows", "bytes", "pad", "stride", "destination", "panel_stride"),
        "address": config.axi_address_width,
        "extent": config.axi_address_width,
        "contiguous": 1,
    })  # fmt: skip


def ExecuteJob(config):
    """An EXECUTE, as in the command."""
    return data.StructLayout(_fields(
        Execute, "a_signed", "b_signed", "accumulate", "m", "n", "k", "a", "a_stride",
        "b", "b_stride", "b_tile_stride", "c", "c_stride",
    ))  # fmt: skip


def StoreJob(config):
    """A STORE. `extent`, `contiguous` as for :func:`LoadJob`; a row has ``4 * columns`` bytes."""
    return data.StructLayout({
        **_fields(Store, "rows", "columns", "stride", "source", "panel_stride"),
        "address": config.axi_address_width,
        "extent": config.axi_address_width,
        "contiguous": 1,
    })  # fmt: skip
