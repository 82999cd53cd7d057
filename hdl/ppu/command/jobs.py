"""Jobs: commands as the units get them, checked and with derived numbers added."""

from amaranth.lib import data
from amaranth.utils import ceil_log2

from ..isa import Execute, Load, Store
from ..lib.axi import FaultLayout

__all__ = ["ExecuteJob", "FaultLayout", "JobWordLayout", "LoadJob", "StoreJob"]


def _fields(command, *names, rows=1 << 16):
    """Widths of the named fields of a command structure, no more than numbers of `rows` rows need.
    """
    layout = data.Layout.cast(command)
    return {name: min(layout[name].width, ceil_log2(rows)) for name in names}


def _counts(command, *names, rows):
    """The same for counts of rows, up to `rows`: a checked command has no more."""
    return _fields(command, *names, rows=2 * rows)


def LoadJob(config):
    """A LOAD. `extent`: bytes from the first to the last one touched; `contiguous`: all are;
    `target`, `to_parameters`: rows are those of the accumulator, and go to the parameters instead.

    Distances between rows are kept modulo the rows of the memory, here and in the other jobs.
    """
    rows = max(config.scratchpad_rows, config.accumulator_rows, config.parameter_rows)
    return data.StructLayout({
        "target": 1, "to_parameters": 1 if config.epilogue_lanes else 0,
        **_counts(Load, "rows", rows=rows), **_fields(Load, "bytes"),
        **_counts(Load, "pad", rows=rows), "stride": 32,
        **_fields(Load, "destination", "panel_stride", rows=rows),
        "address": config.axi_address_width,
        "extent": config.axi_address_width,
        "contiguous": 1,
    })  # fmt: skip


def ExecuteJob(config):
    """An EXECUTE, as in the command."""
    return data.StructLayout({
        **_fields(Execute, "a_signed", "b_signed", "accumulate"),
        **_counts(Execute, "m", rows=config.accumulator_rows), **_fields(Execute, "n", "k"),
        **_fields(Execute, "a", "a_stride", "b", "b_stride", "b_tile_stride",
                  rows=config.scratchpad_rows),
        **_fields(Execute, "c", "c_stride", rows=config.accumulator_rows),
    })  # fmt: skip


def StoreJob(config):
    """A STORE. `extent`, `contiguous` as for :func:`LoadJob`; `size`: bytes of a result, as the
    exponent of a power of two. With no `result_format` but INT32, sums are written as they are.
    """
    epilogue = {}
    if config.epilogue_lanes:
        epilogue = {
            "result_format": 3, "size": 2, **_fields(Store, "scales", rows=config.scale_rows),
            **_fields(Store, "residual", rows=config.accumulator_rows),
            **_fields(Store, "zero_point", "low", "high", "shared_scales", "add_residual",
                      "activate"),
        }  # fmt: skip
    return data.StructLayout({
        **_counts(Store, "rows", rows=config.accumulator_rows), **_fields(Store, "columns"),
        "stride": 32,
        **_fields(Store, "source", "panel_stride", rows=config.accumulator_rows),
        "address": config.axi_address_width,
        "extent": config.axi_address_width,
        "contiguous": 1,
        **epilogue,
    })  # fmt: skip


def JobWordLayout(config):
    """A word of a command, up to `LAST_WORD`, and what units want to know beside it. The last one
    starts the job.

    `less_one`: the lower 18 bits less one. `contiguous`: a LOAD or a STORE touches all bytes from
    the first one to the last, which is `last` behind it.
    """
    return data.StructLayout({
        "index": 3, "data": 32, "less_one": 18, "last": config.axi_address_width, "contiguous": 1,
    })
