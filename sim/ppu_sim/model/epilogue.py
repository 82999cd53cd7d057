"""What STORE makes of sums, in numpy."""

import numpy as np

from ppu.isa import RESIDUAL_CHUNKS, StoreFormat

from . import float32

__all__ = ["limits", "results"]

_FLOATING = {
    StoreFormat.FLOAT32.value: lambda values: values.view(np.uint32),
    StoreFormat.BFLOAT16.value: float32.to_bfloat16,
    StoreFormat.FLOAT16.value: float32.to_float16,
}
#: Entries of a table, one for each byte; tables lie behind the scales.
_ENTRIES = 256


def limits(command):
    """Least result, zero point and largest result of a STORE, as its format reads them."""
    c = command
    values = np.array([c.low, c.zero_point, c.high], np.uint8)
    return tuple(int(v) for v in (
        values.view(np.int8) if c.result_format == StoreFormat.INT8.value else values))


def results(command, rows, accumulator, parameters):
    """The bytes of some matrix rows of a STORE, chunk after chunk.

    Parameters
    ----------
    command : Command
        The STORE, checked.
    rows : array of int
        Indices of matrix rows.
    accumulator : (rows, 4 * columns) array of uint8
    parameters : (words of a lane, lanes) array of uint32

    Returns
    -------
    (len(rows), bytes of whole chunks) array of uint8
    """
    c = command
    columns = accumulator.shape[1] // 4
    chunks = -(-c.columns // columns)
    sums = accumulator[c.source + c.panel_stride * np.arange(chunks) + rows[:, None]]
    if c.result_format == StoreFormat.INT32.value:
        return sums.reshape(len(rows), -1)
    sums = sums.reshape(len(rows), -1).view("<i4")
    addend = np.float32(-0.0)
    lanes = np.arange(chunks * columns) % parameters.shape[1]
    if c.add_residual:
        residual = accumulator[c.residual + rows, : min(chunks, RESIDUAL_CHUNKS) * columns]
        addend = parameters[-2 * _ENTRIES + residual.astype(int), lanes].view(np.float32)
    values = float32.multiply_add(float32.from_int32(sums), _scales(c, chunks, columns, parameters),
                                  addend)  # fmt: skip
    if c.result_format in _FLOATING:
        found = _FLOATING[c.result_format](values)
        return found.astype(found.dtype.newbyteorder("<")).view(np.uint8)
    low, zero_point, high = limits(c)
    found = float32.to_int(values, zero_point=zero_point, low=low, high=high).astype(np.uint8)
    if c.activate:
        found = parameters[-_ENTRIES + found.astype(int), lanes].astype(np.uint8)
    return found


def _scales(command, chunks, columns, parameters):
    """The scale of each column: words of a row go round the lanes."""
    rows = parameters.reshape(-1, columns)
    first = command.scales + np.zeros(chunks, int)
    chosen = rows[first if command.shared_scales else first + np.arange(chunks)]
    return chosen.reshape(-1).view(np.float32)
