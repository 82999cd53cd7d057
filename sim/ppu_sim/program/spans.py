"""The rows and bytes that a command touches, as the core compares them: first to last.

Parameters are compared as a whole, and a STORE that uses them counts as one that writes them: a
LOAD waits until it is complete.
"""

from typing import NamedTuple

from ppu.isa import RESULT_BYTES, Opcode, StoreFormat, Target

__all__ = ["Span", "spans"]


class Span(NamedTuple):
    """Rows or bytes `first` to `last` of a `space`: "scratchpad", "accumulator", "parameters" or
    "memory".
    """

    space: str
    first: int
    last: int


def spans(config, command):
    """What a valid command reads and what it writes: two tuples of `Span`."""
    touched = _SPANS.get(command.kind)
    return touched(config, command.fields) if touched else ((), ())


_PARAMETERS = Span("parameters", 0, 0)


def _memory(fields, row_bytes):
    first = fields["address"]
    return Span("memory", first, first + (fields["rows"] - 1) * fields["stride"] + row_bytes - 1)


def _panels(fields, size, chunk):
    """Rows from the first panel to the last."""
    return (-(-size // chunk) - 1) * fields["panel_stride"]


def _load(config, fields):
    space, chunk = (
        ("scratchpad", config.row_bytes)
        if fields["target"] == Target.SCRATCHPAD.value
        else ("accumulator", config.accumulator_row_bytes)
    )
    size, first = fields["bytes"], fields["destination"]
    last = first + _panels(fields, size, chunk) + fields["rows"] + fields["pad"] - 1
    touched = Span(space, first, last)
    if fields["target"] == Target.PARAMETERS.value:
        touched = _PARAMETERS
    return (_memory(fields, size),), (touched,)


def _execute(config, fields):
    tiles, panels, rows = fields["n"] - 1, fields["k"] - 1, fields["m"]
    a, b, c = fields["a"], fields["b"], fields["c"]
    last_a = a + panels * fields["a_stride"] + rows - 1
    last_b = b + tiles * fields["b_tile_stride"] + panels * fields["b_stride"] + config.columns - 1
    last_c = c + tiles * fields["c_stride"] + rows - 1
    operands = Span("scratchpad", a, last_a), Span("scratchpad", b, last_b)
    return operands, (Span("accumulator", c, last_c),)


def _store(config, fields):
    size, first = fields["columns"], fields["source"]
    last = first + _panels(fields, size, config.columns) + fields["rows"] - 1
    form = StoreFormat(fields.get("result_format", 0))
    if fields.get("add_residual"):
        residual = fields["residual"]
        first, last = min(first, residual), max(last, residual + fields["rows"] - 1)
    written = (_memory(fields, RESULT_BYTES[form] * size),)
    if form is not StoreFormat.INT32:
        written += (_PARAMETERS,)
    return (Span("accumulator", first, last),), written


_SPANS = {Opcode.LOAD: _load, Opcode.EXECUTE: _execute, Opcode.STORE: _store}
