"""What the model refuses: checks of commands in their order, and bus errors."""

import numpy as np
import pytest

from ppu.config import MEDIUM, PPU1, TINY, Config, Signs
from ppu.isa import ErrorCode
from ppu_sim.model import Fault, Machine, Response
from ppu_sim.program import Command, execute, fence, load, random_program, store

_RING = 0x8000
_LOAD = load(rows=4, bytes=8, address=0x100, destination=8)
_EXECUTE = execute(
    m=4, n=2, k=2, a=0, a_stride=4, b=16, b_stride=4, b_tile_stride=8, c=0, c_stride=4
)
_STORE = store(rows=4, columns=6, address=0x100, source=8)
_HUGE = Config(
    row_bytes=4, columns=4, scratchpad_rows=65536, accumulator_rows=65536, axi_data_width=32,
    axi_address_width=64,
)  # fmt: skip


def stop(config, commands, faults=(), size=1 << 16):
    """Runs commands and returns code, index and address of the error."""
    machine = Machine(config, np.zeros(size, np.uint8), faults)
    machine.run(commands, _RING)
    assert machine.stopped == bool(machine.read_register("IRQ_CAUSE") & 2)
    low, high = (machine.read_register(f"ERROR_ADDRESS_{half}") for half in ("LOW", "HIGH"))
    assert machine.read_register("ERROR_INDEX") == (
        machine.read_register("COMPLETED") if machine.stopped else 0
    )
    code = ErrorCode(machine.read_register("ERROR_CODE"))
    return code, machine.read_register("ERROR_INDEX"), high << 32 | low


@pytest.mark.parametrize(
    ("command", "code", "address"),
    [
        (Command(0), "OPCODE", 0),
        (Command(4), "OPCODE", 0),
        (Command((1 << 256) - 1), "OPCODE", 0),
        (_LOAD.replace(reserved=1, target=2), "RESERVED", 0),
        (_EXECUTE.replace(reserved_1=1), "RESERVED", 0),
        (_EXECUTE.replace(reserved_2=1 << 79), "RESERVED", 0),
        (_STORE.replace(reserved_1=1), "RESERVED", 0),
        (_STORE.replace(reserved_2=1), "RESERVED", 0),
        (fence().replace(reserved=1), "RESERVED", 0),
        (Command(6).replace(reserved_1=1), "RESERVED", 0),
        (Command(6).replace(reserved_2=1), "RESERVED", 0),
        (_LOAD.replace(target=3, rows=0), "FORMAT", 0),
        (_STORE.replace(result_format=6, rows=0), "FORMAT", 0),
        (_LOAD.replace(rows=0, destination=0xFFFF), "COUNT", 0),
        (_LOAD.replace(bytes=0), "COUNT", 0),
        (_EXECUTE.replace(m=0), "COUNT", 0),
        (_EXECUTE.replace(n=0), "COUNT", 0),
        (_EXECUTE.replace(k=0), "COUNT", 0),
        (_STORE.replace(rows=0), "COUNT", 0),
        (_STORE.replace(columns=0), "COUNT", 0),
        (_LOAD.replace(destination=505, address=1 << 32), "SCRATCHPAD", 512),
        (_LOAD.replace(pad=497), "SCRATCHPAD", 512),
        (_LOAD.replace(target=1, destination=125), "ACCUMULATOR", 128),
        (_EXECUTE.replace(a=505, b=0xFFFF, c=0xFFFF), "SCRATCHPAD", 512),
        (_EXECUTE.replace(b=505, c=0xFFFF), "SCRATCHPAD", 505 + 8 + 4 + 3),
        (_EXECUTE.replace(c=121), "ACCUMULATOR", 128),
        (_STORE.replace(source=121, address=1 << 63), "ACCUMULATOR", 128),
        (_STORE.replace(panel_stride=0xFFFF), "ACCUMULATOR", 8 + 0xFFFF + 3),
        (_LOAD.replace(address=(1 << 32) - 31), "ADDRESS", (1 << 32) - 31),
        (_LOAD.replace(address=1 << 63), "ADDRESS", 1 << 63),
        (_LOAD.replace(stride=0xFFFF_FFFF), "ADDRESS", 0x100),
        (_STORE.replace(address=(1 << 32) - 95), "ADDRESS", (1 << 32) - 95),
    ],
)
def test_refused_commands(command, code, address):
    assert stop(TINY, [fence(), command, fence()]) == (ErrorCode[code], 1, address)


@pytest.mark.parametrize(
    "command",
    [
        _LOAD.replace(destination=504),
        _LOAD.replace(target=1, destination=124),
        _EXECUTE.replace(a=504),
        _EXECUTE.replace(b=496),
        _EXECUTE.replace(c=120),
        _STORE.replace(source=120),
    ],
)
def test_last_rows_are_legal(command):
    assert stop(TINY, [command]) == (ErrorCode.NONE, 0, 0)


def test_last_addresses_are_legal_but_not_there():
    last = (1 << 32) - 32
    assert stop(TINY, [_LOAD.replace(address=last)]) == (ErrorCode.READ_DECERR, 0, last)
    last = (1 << 32) - 96
    assert stop(TINY, [_STORE.replace(address=last)]) == (ErrorCode.WRITE_DECERR, 0, last)


def test_rows_beyond_the_largest_memories():
    command = _EXECUTE.replace(a=0xFFFF)
    assert stop(_HUGE, [command]) == (ErrorCode.SCRATCHPAD, 0, 0xFFFF + 4 + 3)
    command = _STORE.replace(source=0xFFFF)
    assert stop(_HUGE, [command]) == (ErrorCode.ACCUMULATOR, 0, 0xFFFF + 4 + 3)
    command = _LOAD.replace(address=(1 << 64) - 1)
    assert stop(_HUGE, [command]) == (ErrorCode.ADDRESS, 0, (1 << 64) - 1)


def test_signs():
    config = Config(**{**TINY.as_dict(), "signs": Signs.SIGNED})
    for changes in ({"a_signed": 0}, {"b_signed": 0}, {"a_signed": 0, "m": 0}):
        assert stop(config, [_EXECUTE.replace(**changes)]) == (ErrorCode.FORMAT, 0, 0)
    assert stop(config, [_EXECUTE])[0] is ErrorCode.NONE


@pytest.mark.parametrize("response", [Response.SLVERR, Response.DECERR])
def test_bus_errors(response):
    read = [Fault(0x2000, 0x3000, response, "read")]
    write = [Fault(0x2000, 0x3000, response, "write")]
    fetch = [Fault(_RING, _RING + 0x1000, response, "read")]
    code = response.name
    into = load(rows=3, bytes=10, address=0x1FE9, stride=13, destination=0)
    assert stop(MEDIUM, [into], read) == (ErrorCode[f"READ_{code}"], 0, 0x2003)
    inside = load(rows=3, bytes=10, address=0x2123, stride=13, destination=0)
    assert stop(MEDIUM, [inside], read) == (ErrorCode[f"READ_{code}"], 0, 0x2123)
    later = load(rows=3, bytes=10, address=0x1003, stride=0x801, destination=0)
    assert stop(MEDIUM, [fence(), later], read) == (ErrorCode[f"READ_{code}"], 1, 0x2005)
    out = store(rows=3, columns=5, address=0x1FE9, stride=21, source=0)
    assert stop(MEDIUM, [out], write) == (ErrorCode[f"WRITE_{code}"], 0, 0x2000)
    assert stop(MEDIUM, [into, out], fetch) == (ErrorCode[f"FETCH_{code}"], 0, _RING)
    assert stop(MEDIUM, [into], write)[0] is ErrorCode.NONE
    assert stop(MEDIUM, [out], read)[0] is ErrorCode.NONE


def test_fetch_error_in_the_middle():
    faults = [Fault(_RING + 0x1000, _RING + 0x2000, Response.SLVERR, "read")]
    found = stop(PPU1, [fence()] * 200, faults)
    assert found == (ErrorCode.FETCH_SLVERR, 128, _RING + 0x1000)


def test_first_error_in_the_order_of_the_command():
    faults = [
        Fault(0x1000, 0x2000, Response.DECERR, "read"),
        Fault(0x3000, 0x4000, Response.SLVERR, "read"),
    ]
    backwards = load(rows=2, bytes=4, address=0x3FFE, stride=2, destination=0)
    assert stop(TINY, [backwards], faults) == (ErrorCode.READ_SLVERR, 0, 0x3FFE)


def test_beyond_the_end_of_memory():
    into = load(rows=1, bytes=64, address=0xFFF0, destination=0)
    assert stop(TINY, [into]) == (ErrorCode.READ_DECERR, 0, 0x10000)
    out = store(rows=2, columns=4, address=0xFFF8, source=0)
    assert stop(TINY, [out]) == (ErrorCode.WRITE_DECERR, 0, 0x10000)


def test_failing_load_changes_nothing_and_failing_store_only_good_bytes():
    memory = np.full(1 << 16, 7, np.uint8)
    machine = Machine(TINY, memory, [Fault(0x2000, 0x3000, Response.SLVERR, "read")])
    machine.run([load(rows=2, bytes=8, address=0x1FFC, destination=0)], _RING)
    assert not machine.scratchpad.any()
    machine.write_register("CONTROL", 1)
    machine.faults[:] = [Fault(0x2000, 0x3000, Response.SLVERR, "write")]
    machine.run([store(rows=3, columns=2, address=0x1FFC, stride=0x0FFC, source=0)], _RING)
    changed = np.flatnonzero(memory[:_RING] != 7)
    assert changed.tolist() == [*range(0x1FFC, 0x2000), *range(0x3FF4, 0x3FFC)]


def test_fault_arguments():
    with pytest.raises(ValueError, match="response must be SLVERR or DECERR"):
        Fault(0, 1, Response.OKAY, "read")
    with pytest.raises(ValueError, match="kind must be 'read' or 'write', not 'fetch'"):
        Fault(0, 1, Response.SLVERR, "fetch")
    with pytest.raises(ValueError, match="start must be below end, not 4, 4"):
        Fault(4, 4, Response.SLVERR, "read")


@pytest.mark.parametrize("code", [*range(1, 8)])
@pytest.mark.parametrize("config", [TINY, PPU1, _HUGE])
def test_random_bad_commands_are_refused(code, config):
    code = ErrorCode(code)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        program = random_program(config, rng, memory=range(0x7000), bad=1, errors=(code,))
        assert stop(config, program)[0] is code, program.listing()
