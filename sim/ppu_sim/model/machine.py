"""The golden model: the whole core, one command at a time."""

import numpy as np

from ppu.config import PARAMETER_WORDS
from ppu.host.registers import register_map
from ppu.isa import COMMAND_BYTES, ErrorCode, Opcode, Target
from ppu.lib.axi import Response

from ..program.command import Command
from . import units
from .bus import Bus, BusError
from .checks import Stop, check

__all__ = ["Machine"]

_WORD = 0xFFFF_FFFF
_IRQ_END, _IRQ_ERROR = 1, 2
_RING_SETUP = ("RING_BASE_LOW", "RING_BASE_HIGH", "RING_SIZE")
_RING_ALIGNMENT = 64
_RING_SIZES = tuple(1 << bits for bits in range(1, 17))


class Machine:
    """Runs programs as the manual says: the specification that the hardware is held against.

    Writing RING_TAIL runs all commands up to it before `write_register` returns: RING_HEAD then
    equals RING_TAIL and STATUS.busy is never seen. Of the performance counters only COUNT_COMMANDS
    counts; the others read 0. After a stop, RING_HEAD is that of a core that fetches nothing ahead.

    A LOAD that meets a bus error changes nothing; a STORE that meets one writes all other bytes.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    memory : numpy.ndarray
        Main memory from address 0, contiguous, of uint8, used in place. What lies beyond its end
        answers DECERR.
    faults : iterable of Fault
        Memory regions that answer with errors.

    Attributes
    ----------
    scratchpad : numpy.ndarray
        (scratchpad_rows, row_bytes) of uint8. A reset leaves it as it is, like `accumulator`.
    accumulator : numpy.ndarray
        (accumulator_rows, columns) of int32.
    parameters : numpy.ndarray
        (words of a lane, lanes of the epilogue) of uint32.
    faults : list of Fault
        May be changed between runs.
    """

    def __init__(self, config, memory, faults=()):
        if memory.dtype != np.uint8 or memory.ndim != 1 or not memory.flags.c_contiguous:
            raise ValueError(
                "memory must be one-dimensional, contiguous and of uint8, "
                f"not {memory.ndim}-dimensional of {memory.dtype}"
            )
        self.config = config
        self.memory = memory
        self.faults = list(faults)
        self.scratchpad = np.zeros((config.scratchpad_rows, config.row_bytes), np.uint8)
        self.accumulator = np.zeros((config.accumulator_rows, config.columns), "<i4")
        words = PARAMETER_WORDS if config.epilogue_lanes else 0
        self.parameters = np.zeros((words, config.epilogue_lanes), "<u4")
        self._registers = {register.name: register for register in register_map(config)}
        self._names = {register.offset: name for name, register in self._registers.items()}
        self.reset()

    def reset(self):
        """Resets everything but the memories, as CONTROL.reset does."""
        self._values = {
            name: sum(field.reset << field.lsb for field in register.fields)
            for name, register in self._registers.items()
        }
        self._commands = 0

    @property
    def irq(self):
        """The interrupt line."""
        return bool(self._values["IRQ_CAUSE"] & self._values["IRQ_ENABLE"])

    @property
    def stopped(self):
        """Whether an error stopped the core."""
        return bool(self._values["STATUS"])

    def read_register(self, register):
        """The value of a register, given by name or by offset. KeyError if there is none."""
        return self._values[self._name(register)]

    def write_register(self, register, value):
        """Writes 32 bits to a register, given by name or by offset. KeyError if there is none.

        Read-only fields ignore it. Writing RING_TAIL runs the commands up to it.
        """
        name, value, values = self._name(register), value & _WORD, self._values
        if name == "CONTROL":
            self._control(value)
        elif name == "IRQ_CAUSE":
            values[name] &= ~value
        elif name == "RING_TAIL":
            self._doorbell(value)
        elif name in _RING_SETUP and values["RING_HEAD"] != values["RING_TAIL"]:
            self._stop(ErrorCode.RING, value)
        else:
            fields = self._registers[name].fields
            mask = sum((1 << f.width) - 1 << f.lsb for f in fields if f.access == "rw")
            values[name] = values[name] & ~mask | value & mask

    def run(self, program, ring_base, ring_size=256):
        """Sets the ring up, writes a program to it, in parts if it is long, and rings the doorbell.

        `program` is an iterable of `Command`. Returns whether all of it completed.
        """
        for name, value in (
            ("RING_BASE_LOW", ring_base & _WORD),
            ("RING_BASE_HIGH", ring_base >> 32),
            ("RING_SIZE", ring_size),
        ):
            self.write_register(name, value)
        commands = list(program)
        for start in range(0, len(commands), ring_size):
            tail = self.read_register("RING_TAIL")
            for command in commands[start : start + ring_size]:
                address = ring_base + COMMAND_BYTES * (tail % ring_size)
                data = np.frombuffer(command.to_bytes(), np.uint8)
                self.memory[address : address + COMMAND_BYTES] = data
                tail = tail + 1 & _WORD
            self.write_register("RING_TAIL", tail)
        return not self.stopped

    def _name(self, register):
        name = self._names.get(register, register)
        if name not in self._registers:
            raise KeyError(f"there is no register {register!r}")
        return name

    def _control(self, value):
        if value & 1:
            self.reset()
        elif value & 2:
            self._values["COUNT_COMMANDS_LOW"] = self._commands & _WORD
            self._values["COUNT_COMMANDS_HIGH"] = self._commands >> 32

    def _doorbell(self, tail):
        values = self._values
        if self.stopped or tail == values["RING_TAIL"]:
            return
        size = values["RING_SIZE"]
        base = values["RING_BASE_HIGH"] << 32 | values["RING_BASE_LOW"]
        if tail - values["RING_HEAD"] & _WORD > size:
            self._stop(ErrorCode.RING, tail)
        elif size not in _RING_SIZES:
            self._stop(ErrorCode.RING, size)
        elif (
            base % _RING_ALIGNMENT
            or base + COMMAND_BYTES * size > 1 << self.config.axi_address_width
        ):
            self._stop(ErrorCode.RING, base)
        else:
            values["RING_TAIL"] = tail
            self._run(base, size)

    def _run(self, base, size):
        values = self._values
        bus = Bus(self.memory, self.faults, self.config.beat_bytes)
        while values["RING_HEAD"] != values["RING_TAIL"]:
            address = base + COMMAND_BYTES * (values["RING_HEAD"] % size)
            kind = "FETCH"
            try:
                command = Command.from_bytes(bus.read(address, address + COMMAND_BYTES))
                values["RING_HEAD"] = values["RING_HEAD"] + 1 & _WORD
                kind = "WRITE" if command.kind is Opcode.STORE else "READ"
                check(self.config, command)
                self._execute(command, bus)
            except Stop as stop:
                return self._stop(stop.code, stop.address)
            except BusError as error:
                slave = "SLVERR" if error.response is Response.SLVERR else "DECERR"
                return self._stop(ErrorCode[f"{kind}_{slave}"], error.address)
            self._commands += 1
            values["COMPLETED"] = self._commands & _WORD

    def _execute(self, command, bus):
        config, accumulator_bytes = self.config, self.accumulator.view(np.uint8)
        if command.kind is Opcode.LOAD:
            parameter_rows = self.parameters.view(np.uint8).reshape(
                config.parameter_rows, config.accumulator_row_bytes)
            units.load(command, bus, {
                Target.SCRATCHPAD.value: self.scratchpad,
                Target.ACCUMULATOR.value: accumulator_bytes,
                Target.PARAMETERS.value: parameter_rows})
        elif command.kind is Opcode.EXECUTE:
            units.execute(command, self.scratchpad, self.accumulator)
        elif command.kind is Opcode.STORE:
            units.store(command, bus, accumulator_bytes, self.parameters)
        elif command.kind is Opcode.END:
            self._values["END_COUNT"] = self._values["END_COUNT"] + 1 & _WORD
            self._values["END_TAG"] = command.tag
            self._values["IRQ_CAUSE"] |= _IRQ_END

    def _stop(self, code, address):
        """Stops at the first command that is not complete. A stopped core stays as it is."""
        if self.stopped:
            return
        status = next(f for f in self._registers["STATUS"].fields if f.name == "stopped")
        self._values["STATUS"] = 1 << status.lsb
        self._values["IRQ_CAUSE"] |= _IRQ_ERROR
        self._values["ERROR_CODE"] = code.value
        self._values["ERROR_INDEX"] = self._values["COMPLETED"]
        self._values["ERROR_ADDRESS_LOW"] = address & _WORD
        self._values["ERROR_ADDRESS_HIGH"] = address >> 32
