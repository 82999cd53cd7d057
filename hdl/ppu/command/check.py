"""Checks of a command that need no arithmetic."""

from amaranth import *
from amaranth.lib import data

from ..config import Signs
from ..isa import COMMANDS, ErrorCode, Opcode, StoreFormat, Target

__all__ = ["first_error"]

#: Fields that must be at least 1.
_COUNTS = {
    Opcode.LOAD: ("rows", "bytes"),
    Opcode.EXECUTE: ("m", "n", "k"),
    Opcode.STORE: ("rows", "columns"),
}


def _format_error(config, command):
    load, execute, store = command.load, command.execute, command.store
    unbuilt = (~(execute.a_signed & execute.b_signed)) if config.signs is Signs.SIGNED else C(0, 1)
    return {
        Opcode.LOAD: load.target.as_value() > max(t.value for t in Target),
        Opcode.EXECUTE: unbuilt,
        Opcode.STORE: store.result_format.as_value() > max(f.value for f in StoreFormat),
    }


def first_error(config, command):
    """The code of the first failing check of OPCODE, RESERVED, FORMAT and COUNT, as a value.

    Combinational.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    command : View of Command
        The command.
    """
    known, reserved, unbuilt, empty = C(0, 1), C(0, 1), C(0, 1), C(0, 1)
    format_error = _format_error(config, command)
    for opcode, structure in COMMANDS.items():
        layout = data.Layout.cast(structure)
        fields = data.View(layout, command.as_value())
        this = command.opcode.as_value() == opcode.value
        names = [name for name, _ in layout]
        spare = Cat(fields[name] for name in names if name.startswith("reserved"))
        known |= this
        reserved |= this & spare.any()
        unbuilt |= this & format_error.get(opcode, C(0, 1))
        empty |= this & Cat(fields[name] == 0 for name in _COUNTS.get(opcode, ())).any()
    return Mux(~known, ErrorCode.OPCODE.value,
           Mux(reserved, ErrorCode.RESERVED.value,
           Mux(unbuilt, ErrorCode.FORMAT.value,
           Mux(empty, ErrorCode.COUNT.value, ErrorCode.NONE.value))))  # fmt: skip
