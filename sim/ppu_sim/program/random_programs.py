"""Random programs to hold the hardware against the model: full of hazards, sometimes bad."""

from ppu.config import Signs
from ppu.isa import EPILOGUE_FIELDS, RESIDUAL_CHUNKS, ErrorCode, Opcode, StoreFormat, Target

from . import command as make
from .command import Command, store_bytes
from .program import Program
from .random_commands import RandomCommands

__all__ = ["COMMAND_ERRORS", "random_program"]

#: The errors that a command has in itself, whatever the memory answers.
COMMAND_ERRORS = (
    ErrorCode.OPCODE, ErrorCode.RESERVED, ErrorCode.FORMAT, ErrorCode.COUNT,
    ErrorCode.SCRATCHPAD, ErrorCode.ACCUMULATOR, ErrorCode.ADDRESS, ErrorCode.PARAMETERS,
)  # fmt: skip


class _Generator(RandomCommands):
    """Draws bad commands as well."""

    def bad(self, code):
        """A command that is refused with `code`, or None if this configuration has none such."""
        return getattr(self, f"bad_{code.name.lower()}")()

    def bad_opcode(self):
        opcodes = [value for value in range(256) if value not in {o.value for o in Opcode}]
        body = int.from_bytes(self.rng.bytes(31), "little") if self.chance(0.5) else 0
        return Command(body << 8 | int(self.rng.choice(opcodes)))

    def bad_reserved(self):
        command = self.command()
        if self.config.epilogue_lanes and self.chance(0.2):
            name = EPILOGUE_FIELDS[self.rng.integers(len(EPILOGUE_FIELDS))]
            return self.some(self.store).replace(
                result_format=0, **{**dict.fromkeys(EPILOGUE_FIELDS, 0), name: 1})
        reserved = [name for name in command.fields if name.startswith("reserved")]
        name = str(self.rng.choice(reserved))
        width = next(w for w in range(256, 0, -1) if fits(command, name, (1 << w) - 1))
        return command.replace(**{name: 1 << int(self.rng.integers(width))})

    def bad_format(self):
        kind, lanes = self.rng.integers(3), self.config.epilogue_lanes
        if kind == 0:
            return self.some(self.load).replace(target=int(self.rng.integers(2 + bool(lanes), 256)))
        if kind == 1 and self.config.signs is Signs.SIGNED:
            return self.some(self.execute).replace(a_signed=0)
        command = self.some(self.store)
        if lanes and self.chance(0.5):
            form = StoreFormat(int(self.rng.integers(1, 6)))
            if self.chance(0.5):
                low = int(self.rng.integers(1, 256))
                high = int(self.rng.integers(0, low))
                sign = 0x80 if form is StoreFormat.INT8 else 0
                return command.replace(result_format=form, low=low ^ sign, high=high ^ sign)
            return command.replace(
                result_format=form, add_residual=1, low=0, high=0,
                columns=RESIDUAL_CHUNKS * self.config.columns + self.small(100))
        known = len(StoreFormat) if lanes else 1
        return command.replace(result_format=int(self.rng.integers(known, 256)))

    def bad_count(self):
        draw, names = (
            (self.load, ("rows", "bytes")),
            (self.execute, ("m", "n", "k")),
            (self.store, ("rows", "columns")),
        )[self.rng.integers(3)]
        return self.some(draw).replace(**{str(self.rng.choice(names)): 0})

    def bad_scratchpad(self):
        beyond = self.config.scratchpad_rows
        if self.chance(0.5):
            name, command = str(self.rng.choice(["a", "b"])), self.some(self.execute)
            if beyond > 0xFFFF:
                return command.replace(n=2, k=2, **{name: 0xFFFF, f"{name}_stride": 1})
            return command.replace(**{name: self.beyond(beyond)})
        command = self.some(self.load).replace(target=Target.SCRATCHPAD)
        return command.replace(pad=0xFFFF, destination=self.beyond(min(beyond, 0xFFFF)))

    def bad_accumulator(self):
        beyond = min(self.config.accumulator_rows, 0xFFFF)
        if self.chance(0.5):
            command = self.some(self.execute)
            return command.replace(n=2, b_tile_stride=0, c=self.beyond(beyond),
                                   c_stride=self.small(0xFFFF))  # fmt: skip
        if self.config.epilogue_lanes and self.chance(0.5):
            return self.some(self.store).replace(
                rows=2, columns=1, result_format=StoreFormat.FLOAT32, low=0, high=0,
                add_residual=1, residual=self.beyond(beyond))
        return self.some(self.store).replace(rows=2, source=self.beyond(beyond))

    def bad_parameters(self):
        if self.chance(0.5):
            beyond = self.beyond(self.config.parameter_rows)
            return self.some(self.load_parameters).replace(destination=beyond)
        return self.some(self.store).replace(
            columns=2 * self.config.columns, result_format=StoreFormat.FLOAT32, low=0, high=0,
            shared_scales=0, scales=self.beyond(self.config.scale_rows - 1))

    def bad_address(self):
        command = self.some(self.load if self.chance(0.5) else self.store)
        width, rows = self.config.axi_address_width, command.rows
        if width < 64 and self.chance(0.5):
            return command.replace(address=1 << int(self.rng.integers(width, 64)))
        size = command.bytes if command.kind is Opcode.LOAD else store_bytes(command)
        extent = (rows - 1) * command.stride + size
        return command.replace(address=(1 << width) - self.small(max(1, extent - 1)))

    def beyond(self, first):
        return int(self.rng.choice((first, self.rng.integers(first, 0x10000), 0xFFFF)))


def fits(command, name, value):
    """Whether a field can hold a value."""
    try:
        command.replace(**{name: value})
    except ValueError:
        return False
    return True


def random_program(config, rng, *, memory, length=None, bad=0.15, errors=COMMAND_ERRORS):
    """A random program that ends with END.

    Its commands overlap in the scratchpad, in the accumulator and in memory; strides are 0, less
    than a row, a row, and more; addresses are unaligned. The same state of
    `rng` gives the same program.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    rng : numpy.random.Generator
        Source of all choices.
    memory : range
        Addresses that LOAD and STORE may touch: the ring lies elsewhere. At least 1 KiB.
    length : int
        Commands before the last END; 1 to 30 by default.
    bad : float
        Probability that one command, anywhere in the program, is refused.
    errors : sequence of ErrorCode
        With which codes; some of `COMMAND_ERRORS`.
    """
    if len(memory) < 1024 or memory.step != 1:
        raise ValueError(f"memory must be a range of at least 1024 addresses, not {memory!r}")
    generator = _Generator(config, rng, memory)
    if not config.epilogue_lanes:
        errors = [code for code in errors if code is not ErrorCode.PARAMETERS]
    length = int(rng.integers(1, 31)) if length is None else length
    commands = [generator.command() for _ in range(length)]
    if rng.random() < bad:
        command = generator.bad(errors[rng.integers(len(errors))])
        commands.insert(int(rng.integers(0, length + 1)), command)
    return Program([*commands, make.end(int(rng.integers(1 << 32)))])
