"""What LOAD, EXECUTE and STORE mean, in numpy, each run to its end before the next."""

import numpy as np

from ..program.command import store_bytes
from .epilogue import results

__all__ = ["execute", "load", "store"]

#: Operand bytes that EXECUTE converts at a time.
_OPERAND_BYTES = 1 << 23


def _rows_of_bytes(memory, address, rows, stride, size):
    """`rows` x `size` bytes of memory, `stride` apart, as a view. The caller checks the range."""
    return np.lib.stride_tricks.as_strided(memory[address:], (rows, size), (stride, 1))


def load(command, bus, targets):
    """LOAD: `targets` are rows of bytes, by the number of the target.

    Raises `BusError`, and then has written nothing.
    """
    c = command
    target = targets[c.target]
    if bus.may_fail("read", c.address, c.address + (c.rows - 1) * c.stride + c.bytes):
        for i in range(c.rows):
            start = c.address + i * c.stride
            error = bus.first_error("read", start, start + c.bytes)
            if error:
                raise error
    chunk = target.shape[1]
    chunks = -(-c.bytes // chunk)
    # A target row takes chunk j of matrix row i, i + j * panel_stride being the same for all that
    # meet there. The last of them in the order (i, j) stays: that is the smallest j, or, when all
    # chunks of a matrix row meet in one target row, the largest.
    order = reversed(range(chunks)) if c.panel_stride else [chunks - 1]
    for j in order:
        size = min(chunk, c.bytes - j * chunk)
        start = c.destination + j * c.panel_stride
        panel = target[start : start + c.rows + c.pad]
        panel[: c.rows, :size] = _rows_of_bytes(
            bus.memory, c.address + j * chunk, c.rows, c.stride, size
        )
        panel[: c.rows, size:] = 0
        panel[c.rows :] = 0


def _operand(scratchpad, signed, rows):
    """Rows as exact floating-point numbers: `rows` is (row, panel); panels become one long row."""
    lanes = scratchpad.view(np.int8) if signed else scratchpad
    return lanes[rows].reshape(len(rows), -1).astype(np.float64)


def execute(command, scratchpad, accumulator):
    """EXECUTE: `scratchpad` is rows of bytes, `accumulator` rows of INT32.

    Within a column tile every result row is another accumulator row, and nothing that EXECUTE
    writes is an operand: so the K panels of a tile may be added up first, in any order. Tiles may
    overlap and are done in order. Double precision is exact: a sum of products stays below 2^53.
    """
    c = command
    row_bytes, columns = scratchpad.shape[1], accumulator.shape[1]
    step = max(1, _OPERAND_BYTES // (row_bytes * max(c.m, columns)))
    blocks = [np.arange(k, min(k + step, c.k)) for k in range(0, c.k, step)]

    def operand_a(block):
        rows = c.a + np.arange(c.m)[:, None] + block * c.a_stride
        return _operand(scratchpad, c.a_signed, rows)

    only_a = operand_a(blocks[0]) if len(blocks) == 1 else None
    for n in range(c.n):
        sums = np.zeros((c.m, columns), np.int64)
        for block in blocks:
            a = operand_a(block) if only_a is None else only_a
            first_b = c.b + n * c.b_tile_stride
            rows = first_b + np.arange(columns)[:, None] + block * c.b_stride
            sums += (a @ _operand(scratchpad, c.b_signed, rows).T).astype(np.int64)
        result = accumulator[c.c + n * c.c_stride :][: c.m]
        if c.accumulate:
            sums += result
        result[:] = sums.astype(np.uint64).astype(np.uint32).view(np.int32)  # modulo 2^32


def store(command, bus, accumulator, parameters):
    """STORE: `accumulator` is rows of bytes, `parameters` words of all lanes.

    Raises `BusError`; all bytes that do not fail are written even then.
    """
    c = command
    size = store_bytes(c)
    lines = results(c, np.arange(c.rows), accumulator, parameters)[:, :size]
    failing = bus.may_fail("write", c.address, c.address + (c.rows - 1) * c.stride + size)
    if not failing and c.stride >= size:
        _rows_of_bytes(bus.memory, c.address, c.rows, c.stride, size)[:] = lines
        return
    errors = [bus.write_good_part(c.address + i * c.stride, line) for i, line in enumerate(lines)]
    for error in filter(None, errors):
        raise error
