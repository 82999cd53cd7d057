"""What the core refuses: the checks of a command, in the order of the manual."""

from dataclasses import dataclass

from ppu.config import Signs
from ppu.isa import ErrorCode, Opcode, StoreFormat, Target

__all__ = ["Stop", "check"]


@dataclass(eq=False)
class Stop(Exception):
    """The core stops with this error code and address."""

    code: ErrorCode
    address: int = 0


def check(config, command):
    """Checks one command.

    Raises
    ------
    Stop
        With the code and the address of the first check that fails.
    """
    if command.kind is None:
        raise Stop(ErrorCode.OPCODE)
    if any(v for name, v in command.fields.items() if name.startswith("reserved")):
        raise Stop(ErrorCode.RESERVED)
    if command.kind in _CHECKS:
        _CHECKS[command.kind](config, command)


def _at_least_one(*counts):
    if 0 in counts:
        raise Stop(ErrorCode.COUNT)


def _rows(code, last, rows):
    if last >= rows:
        raise Stop(code, last)


def _addresses(config, command, row_bytes):
    last = command.address + (command.rows - 1) * command.stride + row_bytes - 1
    if last >= 1 << config.axi_address_width:
        raise Stop(ErrorCode.ADDRESS, command.address)


def _check_load(config, command):
    c = command
    if c.target not in (Target.SCRATCHPAD.value, Target.ACCUMULATOR.value):
        raise Stop(ErrorCode.FORMAT)
    _at_least_one(c.rows, c.bytes)
    if c.target == Target.SCRATCHPAD.value:
        chunk, code, rows = config.row_bytes, ErrorCode.SCRATCHPAD, config.scratchpad_rows
    else:
        chunk, code, rows = 4 * config.columns, ErrorCode.ACCUMULATOR, config.accumulator_rows
    chunks = -(-c.bytes // chunk)
    _rows(code, c.destination + (chunks - 1) * c.panel_stride + c.rows + c.pad - 1, rows)
    _addresses(config, c, c.bytes)


def _check_execute(config, command):
    c = command
    if config.signs is Signs.SIGNED and not (c.a_signed and c.b_signed):
        raise Stop(ErrorCode.FORMAT)
    _at_least_one(c.m, c.n, c.k)
    last_a = c.a + (c.k - 1) * c.a_stride + c.m - 1
    last_b = c.b + (c.n - 1) * c.b_tile_stride + (c.k - 1) * c.b_stride + config.columns - 1
    last_c = c.c + (c.n - 1) * c.c_stride + c.m - 1
    _rows(ErrorCode.SCRATCHPAD, last_a, config.scratchpad_rows)
    _rows(ErrorCode.SCRATCHPAD, last_b, config.scratchpad_rows)
    _rows(ErrorCode.ACCUMULATOR, last_c, config.accumulator_rows)


def _check_store(config, command):
    c = command
    if c.result_format != StoreFormat.INT32.value:
        raise Stop(ErrorCode.FORMAT)
    _at_least_one(c.rows, c.columns)
    chunks = -(-c.columns // config.columns)
    last = c.source + (chunks - 1) * c.panel_stride + c.rows - 1
    _rows(ErrorCode.ACCUMULATOR, last, config.accumulator_rows)
    _addresses(config, c, 4 * c.columns)


_CHECKS = {
    Opcode.LOAD: _check_load,
    Opcode.EXECUTE: _check_execute,
    Opcode.STORE: _check_store,
}
