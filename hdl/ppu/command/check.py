"""Checks of a command that need no arithmetic."""

from amaranth import *
from amaranth.lib import data

from ..config import Signs
from ..isa import (
    COMMANDS,
    EPILOGUE_FIELDS,
    RESIDUAL_CHUNKS,
    ErrorCode,
    Opcode,
    StoreFormat,
    Target,
)

__all__ = ["Failures", "failures", "first_error"]

#: For each opcode: whether it is that of the command, and what it then fails.
Failures = data.StructLayout({
    "opcode": len(COMMANDS), "reserved": len(COMMANDS), "format": len(COMMANDS),
    "count": len(COMMANDS)})

#: Fields that must be at least 1.
_COUNTS = {
    Opcode.LOAD: ("rows", "bytes"),
    Opcode.EXECUTE: ("m", "n", "k"),
    Opcode.STORE: ("rows", "columns"),
}


def _format_error(config, command):
    load, execute, store = command.load, command.execute, command.store
    unbuilt = (~(execute.a_signed & execute.b_signed)) if config.signs is Signs.SIGNED else C(0, 1)
    targets, formats, wrong = [Target.SCRATCHPAD, Target.ACCUMULATOR], [StoreFormat.INT32], []
    if config.epilogue_lanes:
        targets, formats, wrong = Target, StoreFormat, _contradictions(config, store)
    return {
        Opcode.LOAD: _unknown(load.target, targets),
        Opcode.EXECUTE: unbuilt,
        Opcode.STORE: Cat(_unknown(store.result_format, formats), *wrong).any(),
    }


def _contradictions(config, store):
    """The limits are the wrong way round; more columns than residual numbers."""
    sign = Const(0x80, 8) & (store.result_format == StoreFormat.INT8).replicate(8)
    return [(store.low ^ sign) > (store.high ^ sign),
            store.add_residual & (store.columns > RESIDUAL_CHUNKS * config.columns)]


def _is_raw(config, store):
    """Whether a STORE writes sums: fields of the epilogue are reserved bits then."""
    return store.result_format == StoreFormat.INT32 if config.epilogue_lanes else Const(1, 1)


def _unknown(value, choices):
    return Cat(value.as_value() != choice.value for choice in choices).all()


def failures(config, command):
    """Which checks a command fails, as a value with the bits of :data:`Failures`.

    Combinational. What is made of them is left to another cycle.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    command : View of Command
        The command.
    """
    known, reserved, unbuilt, empty = [], [], [], []
    format_error = _format_error(config, command)
    for opcode, structure in COMMANDS.items():
        layout = data.Layout.cast(structure)
        fields = data.View(layout, command.as_value())
        names = [name for name, _ in layout]
        spare = Cat(fields[name] for name in names if name.startswith("reserved")).any()
        if opcode is Opcode.STORE:
            unused = Cat(fields[name] for name in EPILOGUE_FIELDS).any()
            spare |= _is_raw(config, fields) & unused
        known.append(command.opcode.as_value() == opcode.value)
        reserved.append(spare)
        unbuilt.append(format_error.get(opcode, C(0, 1)))
        empty.append(Cat(fields[name] == 0 for name in _COUNTS.get(opcode, ())).any())
    return Cat(known, reserved, unbuilt, empty)


def first_error(failing):
    """The code of the first failing check, as a value.

    Parameters
    ----------
    failing : View of Failures
        What fails.
    """
    known = failing.opcode
    return Mux(~known.any(), ErrorCode.OPCODE.value,
           Mux((known & failing.reserved).any(), ErrorCode.RESERVED.value,
           Mux((known & failing.format).any(), ErrorCode.FORMAT.value,
           Mux((known & failing.count).any(), ErrorCode.COUNT.value,
               ErrorCode.NONE.value))))  # fmt: skip
