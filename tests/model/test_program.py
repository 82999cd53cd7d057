"""Assembler: packing, ranges, listings, disassembly."""

import numpy as np
import pytest

from ppu.config import PRESETS, TINY
from ppu.isa import End, Execute, Load, Opcode, Store, StoreFormat, Target
from ppu_sim.program import (
    Command,
    Program,
    end,
    execute,
    fence,
    load,
    random_program,
    shrink,
    store,
)  # fmt: skip


def as_int(structure, **values):
    return structure.const(values).as_bits()


def test_bits_are_those_of_the_declaration():
    fields = {
        "rows": 1, "bytes": 2, "pad": 3, "address": 4 << 60, "stride": 5, "destination": 6,
        "panel_stride": 7,
    }  # fmt: skip
    command = load(target=Target.ACCUMULATOR, **fields)
    assert command.bits == as_int(Load, opcode=Opcode.LOAD, target=Target.ACCUMULATOR, **fields)
    fields = {
        "m": 1, "n": 2, "k": 3, "a": 4, "a_stride": 5, "b": 6, "b_stride": 7, "b_tile_stride": 8,
        "c": 9, "c_stride": 10,
    }  # fmt: skip
    command = execute(**fields, a_signed=True, b_signed=False, accumulate=True)
    assert command.bits == as_int(
        Execute, opcode=Opcode.EXECUTE, a_signed=1, b_signed=0, accumulate=1, **fields)  # fmt: skip
    fields = {
        "rows": 1, "columns": 2, "address": 3, "stride": 4, "source": 5, "panel_stride": 6,
    }  # fmt: skip
    command = store(**fields)
    assert command.bits == as_int(
        Store, opcode=Opcode.STORE, result_format=StoreFormat.INT32, **fields)  # fmt: skip
    assert end(9).bits == as_int(End, opcode=Opcode.END, tag=9)
    assert fence().bits == Opcode.FENCE.value


def test_defaults():
    command = load(rows=3, bytes=20, pad=2, address=0, destination=0)
    assert (command.stride, command.panel_stride, command.target) == (20, 5, 0)
    command = store(rows=3, columns=20, address=0, source=0)
    assert (command.stride, command.panel_stride, command.result_format) == (80, 3, 0)


@pytest.mark.parametrize(
    ("field", "value", "highest"),
    [("rows", 65536, 65535), ("stride", -1, 2**32 - 1), ("address", 1 << 64, 2**64 - 1)],
)
def test_values_that_do_not_fit(field, value, highest):
    fields = {"rows": 1, "bytes": 1, "address": 0, "destination": 0, field: value}
    message = f"^{field} of LOAD must be from 0 to {highest}, not {value}$"
    with pytest.raises(ValueError, match=message):
        load(**fields)


def test_fields():
    command = store(rows=3, columns=20, address=0x123, source=0)
    assert command.replace(rows=4).rows == 4
    assert command.replace(rows=4) == store(
        rows=4, columns=20, address=0x123, source=0, panel_stride=3
    )
    with pytest.raises(ValueError, match="STORE has no field 'm', only opcode, "):
        command.replace(m=1)
    with pytest.raises(AttributeError, match="a STORE command has no field 'm'"):
        _ = command.m
    assert Command(0x1200).kind is None and Command(0x1200).body == 0x12
    assert repr(command).startswith("store(rows=0x3, columns=0x14, address=0x123")


def test_listing():
    program = Program([
        load(rows=3, bytes=20, pad=2, address=0x40, destination=8),
        execute(m=3, n=2, k=5, a=8, a_stride=5, b=64, b_stride=8, b_tile_stride=4, c=1, c_stride=3,
                b_signed=False),
        store(rows=3, columns=7, address=0x80, source=1),
        fence().replace(reserved=1),
        end(0xBEEF),
        Command(0x77),
    ])  # fmt: skip
    assert program.listing().splitlines() == [
        "    0  LOAD     scratchpad 8 (panels +5) <- 3 rows + 2 of zeros, 20 bytes at 0x40 (+20)",
        "    1  EXECUTE  C 1 (tiles +3) = int8 A 8 (panels +5) . "
        "uint8 B 64 (panels +8, tiles +4), m 3 n 2 k 5",
        "    2  STORE    accumulator 1 (panels +3) -> 3 rows, 7 int32 at 0x80 (+28)",
        "    3  FENCE, reserved 0x1!",
        "    4  END      tag 0xbeef",
        "    5  ?        opcode 119, body 0x0",
    ]


def test_disassembly_is_exact():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        program = random_program(PRESETS["small"], rng, memory=range(4096), bad=1)
        assert Program.from_bytes(program.to_bytes()) == program
    with pytest.raises(ValueError, match="multiple of 32 bytes, not 33"):
        Program.from_bytes(bytes(33))
    with pytest.raises(ValueError, match="a command is 32 bytes, not 1"):
        Command.from_bytes(b"x")
    with pytest.raises(TypeError, match="a program consists of Command, not 3"):
        Program([3])


def test_programs_are_sequences():
    program = Program([end(1)]) + [fence()]
    assert len(program) == 2 and program[1] == fence() and list(program[:1]) == [end(1)]


def test_random_programs_depend_on_the_seed_alone():
    def draw(seed):
        return random_program(TINY, np.random.default_rng(seed), memory=range(64, 4096))

    assert draw(3) == draw(3) != draw(4)
    with pytest.raises(ValueError, match="memory must be a range of at least 1024"):
        random_program(TINY, np.random.default_rng(0), memory=range(10))


@pytest.mark.parametrize("seed", range(10))
def test_random_stores_stay_in_their_memory(seed):
    memory = range(0x1230, 0x3000)
    program = random_program(TINY, np.random.default_rng(seed), memory=memory, length=200, bad=0)
    for command in program:
        if command.kind in (Opcode.LOAD, Opcode.STORE):
            size = command.bytes if command.kind is Opcode.LOAD else 4 * command.columns
            last = command.address + (command.rows - 1) * command.stride + size - 1
            assert command.address in memory and last in memory


def test_shrink():
    program = random_program(TINY, np.random.default_rng(1), memory=range(4096), length=60, bad=0)

    def fails(program):
        kinds = [command.kind for command in program]
        stores = [command for command in program if command.kind is Opcode.STORE]
        return Opcode.EXECUTE in kinds and any(command.rows >= 3 for command in stores)

    shrunk = shrink(program, fails)
    texts = sorted(repr(command) for command in shrunk)
    assert texts == ["execute(m=0x1, n=0x1, k=0x1)", "store(rows=0x3, columns=0x1)"]
    with pytest.raises(ValueError, match="program must fail to be shrunk"):
        shrink(Program([fence()]), fails)
