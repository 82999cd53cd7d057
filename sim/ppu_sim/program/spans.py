"""The rows and bytes that a command touches, as the core compares them: first to last."""

from typing import NamedTuple

from ppu.isa import Opcode, Target

__all__ = ["Span", "spans"]


class Span(NamedTuple):
    """Rows or bytes `first` to `last` of a `space`: "scratchpad", "accumulator" or "memory"."""

    space: str
    first: int
    last: int


def spans(config, command):
    """What a valid command reads and what it writes: two tuples of `Span`."""
    touched = _SPANS.get(command.kind)
    return touched(config, command.fields) if touched else ((), ())


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
    return (_memory(fields, size),), (Span(space, first, last),)


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
    return (Span("accumulator", first, last),), (_memory(fields, 4 * size),)


_SPANS = {Opcode.LOAD: _load, Opcode.EXECUTE: _execute, Opcode.STORE: _store}
