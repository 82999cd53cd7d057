"""The register map of the model: values, doorbell, ring rules, interrupts, reset."""

import numpy as np
import pytest

from ppu.config import PPU1, TINY
from ppu.host.registers import register_map
from ppu.isa import ErrorCode
from ppu_sim.model import Machine
from ppu_sim.program import Command, end, fence

_RING = 0x400


@pytest.fixture
def machine():
    machine = Machine(TINY, np.zeros(4096, np.uint8))
    machine.write_register("RING_BASE_LOW", _RING)
    machine.write_register("RING_SIZE", 4)
    return machine


def put(machine, *commands):
    """Writes commands to the ring behind its tail, without the doorbell."""
    tail = machine.read_register("RING_TAIL")
    for index, command in enumerate(commands, tail):
        start = _RING + 32 * (index % 4)
        machine.memory[start : start + 32] = np.frombuffer(command.to_bytes(), np.uint8)


def error(machine):
    low, high = (machine.read_register(f"ERROR_ADDRESS_{half}") for half in ("LOW", "HIGH"))
    code = ErrorCode(machine.read_register("ERROR_CODE"))
    return code, machine.read_register("ERROR_INDEX"), high << 32 | low


@pytest.mark.parametrize("config", [TINY, PPU1])
def test_every_register_reads_its_reset_value(config):
    machine = Machine(config, np.zeros(64, np.uint8))
    for register in register_map(config):
        value = sum(field.reset << field.lsb for field in register.fields)
        assert machine.read_register(register.name) == value
        assert machine.read_register(register.offset) == value
    assert machine.read_register("ID") == int.from_bytes(b"PPU1", "little")
    assert machine.read_register("CONFIG_COLUMNS") == config.columns
    assert machine.read_register("CONFIG_SIGNS") == 1


def test_writes_change_only_what_is_writable():
    machine = Machine(TINY, np.zeros(64, np.uint8))
    before = {r.name: machine.read_register(r.name) for r in register_map(TINY)}
    skipped = ("CONTROL", "RING_TAIL")
    for register in register_map(TINY):
        if register.name in skipped:
            continue
        machine.write_register(register.offset, 0xFFFF_FFFF)
        mask = sum(
            (1 << field.width) - 1 << field.lsb for field in register.fields if field.access == "rw"
        )
        assert machine.read_register(register.name) == before[register.name] | mask


def test_no_such_register(machine):
    for name in (0xFFC, 2, "NOTHING"):
        with pytest.raises(KeyError, match="there is no register"):
            machine.read_register(name)
        with pytest.raises(KeyError, match="there is no register"):
            machine.write_register(name, 0)


def test_end_reports_and_interrupts(machine):
    machine.write_register("IRQ_ENABLE", 1)
    put(machine, end(7), fence(), end(0xFFFF_FFFF))
    machine.write_register("RING_TAIL", 1)
    assert (machine.read_register("END_COUNT"), machine.read_register("END_TAG")) == (1, 7)
    assert machine.irq and machine.read_register("IRQ_CAUSE") == 1
    machine.write_register("IRQ_CAUSE", 2)
    assert machine.irq
    machine.write_register("IRQ_CAUSE", 1)
    assert not machine.irq
    machine.write_register("RING_TAIL", 3)
    assert machine.read_register("END_COUNT") == 2
    assert machine.read_register("END_TAG") == 0xFFFF_FFFF
    assert machine.read_register("COMPLETED") == machine.read_register("RING_HEAD") == 3
    assert machine.read_register("STATUS") == 0


def test_ring_wraps_and_commands_are_counted(machine):
    for tag in range(11):
        put(machine, end(tag))
        machine.write_register("RING_TAIL", tag + 1)
        assert machine.read_register("END_TAG") == tag
    assert machine.read_register("COUNT_COMMANDS_LOW") == 0
    machine.write_register("CONTROL", 2)
    assert machine.read_register("COUNT_COMMANDS_LOW") == 11
    assert machine.read_register("CONTROL") == 0


def test_run_of_a_long_program(machine):
    assert machine.run([end(tag) for tag in range(50)], _RING, 8)
    assert machine.read_register("END_COUNT") == 50


def test_stop_and_reset(machine):
    machine.write_register("IRQ_ENABLE", 2)
    machine.scratchpad[3] = 9
    put(machine, fence(), Command(0), end())
    machine.write_register("RING_TAIL", 3)
    assert error(machine) == (ErrorCode.OPCODE, 1, 0)
    assert machine.read_register("COMPLETED") == 1
    assert machine.read_register("STATUS") == 2
    assert machine.irq and machine.read_register("IRQ_CAUSE") == 2
    machine.write_register("RING_TAIL", 4)
    assert machine.read_register("RING_TAIL") == 3
    machine.write_register("CONTROL", 1)
    assert machine.scratchpad[3, 0] == 9
    for register in register_map(TINY):
        value = sum(field.reset << field.lsb for field in register.fields)
        assert machine.read_register(register.name) == value
    assert machine.run([end(5)], _RING)
    assert machine.read_register("END_TAG") == 5


@pytest.mark.parametrize(
    ("writes", "address"),
    [
        ({"RING_TAIL": 5}, 5),
        ({"RING_TAIL": 0xFFFF_FFFF}, 0xFFFF_FFFF),
        ({"RING_SIZE": 6, "RING_TAIL": 1}, 6),
        ({"RING_SIZE": 1, "RING_TAIL": 1}, 1),
        ({"RING_SIZE": 0, "RING_TAIL": 1}, 1),
        ({"RING_SIZE": 1 << 17, "RING_TAIL": 1}, 1 << 17),
        ({"RING_BASE_LOW": 0x420, "RING_TAIL": 1}, 0x420),
        ({"RING_BASE_LOW": 0xFFFF_FFC0, "RING_TAIL": 1}, 0xFFFF_FFC0),
        ({"RING_BASE_HIGH": 1, "RING_TAIL": 1}, 1 << 32 | _RING),
        ({"RING_SIZE": 3, "RING_BASE_LOW": 1, "RING_TAIL": 1}, 3),
    ],
)
def test_ring_misuse(machine, writes, address):
    for name, value in writes.items():
        machine.write_register(name, value)
    assert error(machine) == (ErrorCode.RING, 0, address)
    assert machine.read_register("RING_TAIL") == 0


def test_ring_may_end_at_the_end_of_the_address_space(machine):
    machine.write_register("RING_BASE_LOW", 0xFFFF_FF80)
    machine.write_register("RING_TAIL", 1)
    assert error(machine) == (ErrorCode.FETCH_DECERR, 0, 0xFFFF_FF80)


def test_same_tail_is_not_checked(machine):
    machine.write_register("RING_SIZE", 3)
    machine.write_register("RING_TAIL", 0)
    assert not machine.stopped


def test_ring_setup_is_kept_after_a_stop_with_commands_left(machine):
    put(machine, Command(0), end())
    machine.write_register("RING_TAIL", 2)
    machine.write_register("RING_SIZE", 8)
    assert machine.read_register("RING_SIZE") == 4
    assert error(machine) == (ErrorCode.OPCODE, 0, 0)
