"""What all results of one STORE have in common."""

from amaranth import *
from amaranth.lib import data

from ..isa import StoreFormat

__all__ = ["Settings", "settings_of"]


class Settings(data.Struct):
    """How results are made.

    `half`, `byte`: they have 16 or 8 bits, else 32; `bfloat`: those of 16 bits are BF16, else FP16.
    `zero_point`, `low`, `high`: of bytes. `residual`: an entry of the residual table is added;
    `activate`: bytes are looked up in the activation table.
    """
    half:       1
    byte:       1
    bfloat:     1
    zero_point: signed(9)
    low:        signed(9)
    high:       signed(9)
    residual:   1
    activate:   1


def settings_of(job):
    """The settings of a STORE, as a dictionary of values: `job` has its fields."""
    is_int8 = job.result_format == StoreFormat.INT8.value
    is_bfloat = job.result_format == StoreFormat.BFLOAT16.value
    return {
        "half": is_bfloat | (job.result_format == StoreFormat.FLOAT16.value),
        "byte": is_int8 | (job.result_format == StoreFormat.UINT8.value),
        "bfloat": is_bfloat, "residual": job.add_residual, "activate": job.activate,
        **{name: Cat(job[name], job[name][-1] & is_int8).as_signed()
           for name in ("zero_point", "low", "high")},
    }  # fmt: skip
