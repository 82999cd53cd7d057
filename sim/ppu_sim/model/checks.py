"""What the core refuses: the checks of a command, in the order of the manual."""

from dataclasses import dataclass

from ppu.config import Signs
from ppu.isa import (
    EPILOGUE_FIELDS,
    RESIDUAL_CHUNKS,
    ErrorCode,
    Opcode,
    StoreFormat,
    Target,
)

from ..program.command import store_bytes
from .epilogue import limits

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
    if any(v for name, v in command.fields.items() if _is_reserved(config, command, name)):
        raise Stop(ErrorCode.RESERVED)
    if command.kind in _CHECKS:
        _CHECKS[command.kind](config, command)


def _is_reserved(config, command, name):
    raw = command.kind is Opcode.STORE and (
        not config.epilogue_lanes or command.result_format == StoreFormat.INT32.value)
    return name.startswith("reserved") or (raw and name in EPILOGUE_FIELDS)


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
    targets = {
        Target.SCRATCHPAD.value: (
            config.row_bytes, ErrorCode.SCRATCHPAD, config.scratchpad_rows),
        Target.ACCUMULATOR.value: (
            4 * config.columns, ErrorCode.ACCUMULATOR, config.accumulator_rows),
    }  # fmt: skip
    if config.epilogue_lanes:
        targets[Target.PARAMETERS.value] = (
            4 * config.columns, ErrorCode.PARAMETERS, config.parameter_rows)
    if c.target not in targets:
        raise Stop(ErrorCode.FORMAT)
    _at_least_one(c.rows, c.bytes)
    chunk, code, rows = targets[c.target]
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
    chunks = -(-c.columns // config.columns)
    scaled = c.result_format != StoreFormat.INT32.value
    known = StoreFormat if config.epilogue_lanes else [StoreFormat.INT32]
    if c.result_format not in [form.value for form in known]:
        raise Stop(ErrorCode.FORMAT)
    low, _, high = limits(c)
    if low > high or (c.add_residual and chunks > RESIDUAL_CHUNKS):
        raise Stop(ErrorCode.FORMAT)
    _at_least_one(c.rows, c.columns)
    last = c.source + (chunks - 1) * c.panel_stride + c.rows - 1
    _rows(ErrorCode.ACCUMULATOR, last, config.accumulator_rows)
    if c.add_residual:
        _rows(ErrorCode.ACCUMULATOR, c.residual + c.rows - 1, config.accumulator_rows)
    if scaled:
        last_scales = c.scales + (0 if c.shared_scales else chunks - 1)
        _rows(ErrorCode.PARAMETERS, last_scales, config.scale_rows)
    _addresses(config, c, store_bytes(c))


_CHECKS = {
    Opcode.LOAD: _check_load,
    Opcode.EXECUTE: _check_execute,
    Opcode.STORE: _check_store,
}
