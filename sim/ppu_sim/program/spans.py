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
    return _SPANS.get(command.kind, lambda config, command: ((), ()))(config, command)


def _memory(command, row_bytes):
    last = command.address + (command.rows - 1) * command.stride + row_bytes - 1
    return Span("memory", command.address, last)


def _load(config, command):
    c = command
    space, chunk = (
        ("scratchpad", config.row_bytes)
        if c.target == Target.SCRATCHPAD.value
        else ("accumulator", config.accumulator_row_bytes)
    )
    panels = (-(-c.bytes // chunk) - 1) * c.panel_stride
    target = Span(space, c.destination, c.destination + panels + c.rows + c.pad - 1)
    return (_memory(c, c.bytes),), (target,)


def _execute(config, command):
    c = command
    tiles, panels = c.n - 1, c.k - 1
    a = Span("scratchpad", c.a, c.a + panels * c.a_stride + c.m - 1)
    last_b = c.b + tiles * c.b_tile_stride + panels * c.b_stride + config.columns - 1
    result = Span("accumulator", c.c, c.c + tiles * c.c_stride + c.m - 1)
    return (a, Span("scratchpad", c.b, last_b)), (result,)


def _store(config, command):
    c = command
    panels = (-(-c.columns // config.columns) - 1) * c.panel_stride
    source = Span("accumulator", c.source, c.source + panels + c.rows - 1)
    return (source,), (_memory(c, 4 * c.columns),)


_SPANS = {Opcode.LOAD: _load, Opcode.EXECUTE: _execute, Opcode.STORE: _store}
