"""One random program, what it runs on, and what comes out."""

from dataclasses import dataclass, field

import numpy as np

from ppu.config import Config
from ppu.host.registers import register_map
from ppu.isa import COMMAND_BYTES, ErrorCode, Opcode
from ppu.lib.axi import Response

from ..backends.settings import Settings
from ..model import Fault
from ..program import Program, end, random_program, store
from ..program.command import store_bytes

__all__ = ["Case", "Outcome", "check", "random_case", "run_case"]

#: The ring lies in front, then come guard bytes, then what LOAD and STORE touch, then guard bytes.
RING_COMMANDS = 64
MEMORY_BYTES = 1 << 16
_DATA = range(8192, MEMORY_BYTES - 2048)
_PAGE = 4096
#: Cycles that a program of this size may take, whatever the stalls.
CYCLE_LIMIT = 3_000_000
_BUS_ERRORS = tuple(code for code in ErrorCode if code.value >= ErrorCode.FETCH_SLVERR.value)
_END, _ERROR = 1, 2         # in IRQ_CAUSE and IRQ_ENABLE
_STOPPED = 2                # in STATUS
#: What must be equal at the end.
_REGISTERS = ("STATUS", "IRQ_CAUSE", "COMPLETED", "END_COUNT", "END_TAG", "ERROR_CODE",
              "ERROR_INDEX", "ERROR_ADDRESS_LOW", "ERROR_ADDRESS_HIGH")  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A program with the memory it finds and the stalls it meets. Same seed, same case."""

    config: Config
    seed: int
    program: Program
    settings: Settings
    memory: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Outcome:
    """What a back end shows after a case: registers by name, memory, cycles."""

    registers: dict
    memory: np.ndarray = field(repr=False)
    cycles: int | None


def random_case(config, seed, *, stall=0.25, fault=0.1):
    """The case with this seed.

    Parameters
    ----------
    config : Config
        Configuration of the core.
    seed : int
        Of the program, the memory, its latency and its stalls.
    stall : float
        Chance of a stall on each channel in a cycle.
    fault : float
        Chance that a region of memory answers with errors.
    """
    rng = np.random.default_rng([seed, *map(int, config.as_dict()["signs"].encode())])
    faults = []
    if rng.random() < fault:
        start = _PAGE * int(rng.integers(_DATA.start // _PAGE, _DATA.stop // _PAGE))
        faults = [Fault(start, start + _PAGE, response, kind)
                  for kind, response in zip(
                      rng.permutation(["read", "write"])[:rng.integers(1, 3)],
                      rng.choice([Response.SLVERR.value, Response.DECERR.value], 2),
                      strict=False)]  # fmt: skip
    commands = list(random_program(config, rng, memory=_DATA, length=int(rng.integers(1, 40))))
    if rng.random() < 0.5:
        commands[-1:-1] = _dump(config, rng)
    settings = Settings(
        latency=int(rng.choice([1, 2, 7, 30, 100])), stall=stall, seed=int(rng.integers(1 << 32)),
        faults=tuple(faults))  # fmt: skip
    memory = rng.integers(0, 256, MEMORY_BYTES, np.uint8)
    if config.epilogue_lanes:
        _put_scales(rng, memory.view(np.uint32))
    return Case(config, seed, Program(commands), settings, memory)


def _put_scales(rng, words):
    """Makes float32 numbers of half of the words, with which results are neither 0 nor infinite."""
    exponents = rng.integers(-18, 4, len(words)) + 127
    chosen = rng.random(len(words)) < 0.5
    words[chosen] = (words & 0x807F_FFFF | exponents.astype(np.uint32) << 23)[chosen]


def _dump(config, rng):
    """A STORE that shows many accumulator rows."""
    rows = min(config.accumulator_rows, 8192 // (4 * config.columns))
    source = int(rng.integers(config.accumulator_rows - rows + 1))
    address = _DATA.start + int(rng.integers(len(_DATA) - 8192))
    return [store(rows=rows, columns=config.columns, address=address,
                  stride=4 * config.columns, source=source, panel_stride=0)]  # fmt: skip


def run_case(case, backend):
    """Runs a case on a fresh back end of `MEMORY_BYTES` bytes.

    Raises
    ------
    Hang
        If the program does not end within `CYCLE_LIMIT` cycles.
    """
    offsets = {register.name: register.offset for register in register_map(case.config)}

    def read(name):
        return backend.read_register(offsets[name])

    def write(name, value, **options):
        backend.write_register(offsets[name], value, **options)

    data = case.program.to_bytes()
    backend.memory[:] = case.memory
    backend.memory[: len(data)] = np.frombuffer(data, np.uint8)
    backend.configure(case.settings)
    write("IRQ_ENABLE", _END | _ERROR)
    write("RING_BASE_LOW", 0)
    write("RING_SIZE", RING_COMMANDS)
    ends = sum(command.kind is Opcode.END for command in case.program)
    write("RING_TAIL", len(data) // COMMAND_BYTES, start=True)
    # The cause is cleared first, so that an END which comes in between is seen in one way or
    # another.
    while not (read("STATUS") & _STOPPED or read("END_COUNT") == ends):
        if not backend.wait(CYCLE_LIMIT):
            raise TimeoutError(
                f"no interrupt within {CYCLE_LIMIT} cycles: STATUS {read('STATUS')}, "
                f"COMPLETED {read('COMPLETED')}, RING_HEAD {read('RING_HEAD')}")  # fmt: skip
        write("IRQ_CAUSE", _END)
    registers = {name: read(name) for name in _REGISTERS}
    registers["IRQ_CAUSE"] &= _ERROR    # ENDs were acknowledged at different times
    return Outcome(registers, backend.memory.copy(), backend.cycles)


def check(case, got, expected):
    """What is wrong with an outcome, as text; empty if nothing is.

    After a bus error, younger STOREs that already ran are allowed to have written, so then only
    bytes outside of every destination are compared.
    """
    for name, value in expected.registers.items():
        if got.registers[name] != value:
            return (f"{name} is {got.registers[name]:#x}, expected {value:#x}; "
                    f"error {got.registers['ERROR_CODE']}, expected "
                    f"{expected.registers['ERROR_CODE']}")  # fmt: skip
    differs = got.memory != expected.memory
    if expected.registers["ERROR_CODE"] in [code.value for code in _BUS_ERRORS]:
        differs &= ~_destinations(case.program)
    if differs.any():
        first = int(np.argmax(differs))
        return (f"{int(differs.sum())} bytes of memory differ, the first at {first:#x}: "
                f"{got.memory[first]:#04x}, expected {expected.memory[first]:#04x}")  # fmt: skip
    return ""


def _destinations(program):
    touched = np.zeros(MEMORY_BYTES, bool)
    for command in program:
        if command.kind is Opcode.STORE:
            for row in range(command.rows):
                start = command.address + row * command.stride
                touched[start : start + store_bytes(command)] = True
    return touched


def without_end(program):
    """A program but for its last END, for shrinking."""
    return Program(list(program)[:-1])


def stays_clear(program):
    """Whether no command names an address in the ring or its guard bytes."""
    return all(command.kind not in (Opcode.LOAD, Opcode.STORE) or command.address >= _DATA.start
               for command in program)  # fmt: skip


def with_end(commands):
    """The program of these commands, ended."""
    return Program([*commands, end(1)])
