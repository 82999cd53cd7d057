"""Random programs to hold the hardware against the model: full of hazards, sometimes bad."""

from ppu.config import Signs
from ppu.isa import ErrorCode, Opcode, Target

from . import command as make
from .command import Command
from .program import Program

__all__ = ["COMMAND_ERRORS", "random_program"]

#: The errors that a command has in itself, whatever the memory answers.
COMMAND_ERRORS = (
    ErrorCode.OPCODE, ErrorCode.RESERVED, ErrorCode.FORMAT, ErrorCode.COUNT,
    ErrorCode.SCRATCHPAD, ErrorCode.ACCUMULATOR, ErrorCode.ADDRESS,
)  # fmt: skip
_PAGE = 4096
_TRIES = 100


class _Room:
    """Rows or bytes 0 to `size` - 1. Most picks lie in a small window, so that commands meet there.

    The window lies across a multiple of `border`, where banks or pages meet.
    """

    def __init__(self, rng, size, window, border):
        self.rng, self.size = rng, size
        self.window = min(window, size)
        middle = border * int(rng.integers(0, max(1, size // border) + 1))
        self.start = min(max(0, middle - self.window // 2), size - self.window)

    def place(self, length):
        """Where `length` rows or bytes may begin, or None if there are not so many."""
        if length > self.size:
            return None
        low, high = 0, self.size - length
        if self.rng.random() < 0.8:
            low = min(self.start, high)
            high = min(high, max(low, self.start + self.window - length))
        return int(self.rng.integers(low, high + 1))


class _Generator:
    def __init__(self, config, rng, memory):
        self.config, self.rng, self.memory = config, rng, memory
        columns = config.columns
        self.scratchpad = _Room(rng, config.scratchpad_rows, 8 * columns, config.bank_rows)
        self.accumulator = _Room(rng, config.accumulator_rows, 6 * columns, columns)
        self.bytes = _Room(rng, len(memory), 1024, _PAGE)

    def small(self, highest):
        """1 to `highest`, mostly little."""
        value = self.rng.integers(1, highest + 1)
        return int(value if self.rng.random() < 0.3 else self.rng.integers(1, value + 1))

    def near(self, *values):
        """One of the values, or one off, never negative."""
        value = int(self.rng.choice(values))
        if self.rng.random() < 0.3:
            value += int(self.rng.integers(-1, 2))
        return max(0, value)

    def chance(self, probability):
        return bool(self.rng.random() < probability)

    def panel_stride(self, rows):
        return self.near(0, 1, rows, rows, rows, 2 * rows)

    def stride(self, size):
        return self.near(0, 1, size // 2, size, size, size + 1, size + 7, 2 * size, 64)

    def address(self, rows, stride, size):
        """Where a matrix may lie in memory, or None."""
        offset = self.bytes.place((rows - 1) * stride + size)
        return None if offset is None else self.memory.start + offset

    def load(self):
        """A LOAD, or None if what was drawn does not fit."""
        to_scratchpad = self.chance(0.8)
        chunk = self.config.row_bytes if to_scratchpad else 4 * self.config.columns
        room = self.scratchpad if to_scratchpad else self.accumulator
        rows = self.small(3 * self.config.columns)
        size = self.near(chunk, 2 * chunk) if self.chance(0.3) else self.small(4 * chunk)
        size = max(1, size)
        pad = self.small(self.config.columns) if self.chance(0.25) else 0
        stride, panel_stride = self.stride(size), self.panel_stride(rows + pad)
        chunks = -(-size // chunk)
        return self.placed(
            make.load, address=self.address(rows, stride, size),
            destination=room.place((chunks - 1) * panel_stride + rows + pad),
            rows=rows, bytes=size, pad=pad, stride=stride, panel_stride=panel_stride,
            target=Target.SCRATCHPAD if to_scratchpad else Target.ACCUMULATOR)  # fmt: skip

    def execute(self):
        """An EXECUTE, or None if what was drawn does not fit."""
        columns = self.config.columns
        m, n, k = self.small(3 * columns), self.small(4), self.small(4)
        a_stride, c_stride = self.near(0, 1, m, m), self.near(0, 1, m, m)
        b_stride = self.near(0, 1, columns, columns, n * columns)
        b_tile_stride = self.near(0, 1, columns, columns, k * columns)
        mixed = self.config.signs is Signs.MIXED
        return self.placed(
            make.execute, m=m, n=n, k=k,
            a=self.scratchpad.place((k - 1) * a_stride + m), a_stride=a_stride,
            b=self.scratchpad.place((n - 1) * b_tile_stride + (k - 1) * b_stride + columns),
            b_stride=b_stride, b_tile_stride=b_tile_stride,
            c=self.accumulator.place((n - 1) * c_stride + m), c_stride=c_stride,
            a_signed=not mixed or self.chance(0.5), b_signed=not mixed or self.chance(0.5),
            accumulate=self.chance(0.5))  # fmt: skip

    def store(self):
        """A STORE, or None if what was drawn does not fit."""
        columns = self.config.columns
        rows = self.small(3 * columns)
        count = self.near(columns, 2 * columns) if self.chance(0.3) else self.small(3 * columns)
        count = max(1, count)
        stride, panel_stride = self.stride(4 * count), self.panel_stride(rows)
        return self.placed(
            make.store, address=self.address(rows, stride, 4 * count),
            source=self.accumulator.place((-(-count // columns) - 1) * panel_stride + rows),
            rows=rows, columns=count, stride=stride, panel_stride=panel_stride)  # fmt: skip

    def placed(self, builder, **fields):
        return None if None in fields.values() else builder(**fields)

    def some(self, draw):
        """What `draw` gives, drawn until it fits."""
        for _ in range(_TRIES):
            command = draw()
            if command is not None:
                return command
        raise ValueError(f"memory of {len(self.memory)} bytes is too small for random commands")

    def command(self):
        """Any legal command."""
        kind = self.rng.choice(5, p=(0.36, 0.3, 0.26, 0.04, 0.04))
        if kind == 3:
            return make.fence()
        if kind == 4:
            return make.end(int(self.rng.integers(1 << 32)))
        return self.some((self.load, self.execute, self.store)[kind])

    def bad(self, code):
        """A command that is refused with `code`, or None if this configuration has none such."""
        return getattr(self, f"bad_{code.name.lower()}")()

    def bad_opcode(self):
        opcodes = [value for value in range(256) if value not in {o.value for o in Opcode}]
        body = int.from_bytes(self.rng.bytes(31), "little") if self.chance(0.5) else 0
        return Command(body << 8 | int(self.rng.choice(opcodes)))

    def bad_reserved(self):
        command = self.command()
        reserved = [name for name in command.fields if name.startswith("reserved")]
        name = str(self.rng.choice(reserved))
        width = next(w for w in range(256, 0, -1) if fits(command, name, (1 << w) - 1))
        return command.replace(**{name: 1 << int(self.rng.integers(width))})

    def bad_format(self):
        kind = self.rng.integers(3)
        if kind == 0:
            return self.some(self.load).replace(target=int(self.rng.integers(2, 256)))
        if kind == 1 and self.config.signs is Signs.SIGNED:
            return self.some(self.execute).replace(a_signed=0)
        return self.some(self.store).replace(result_format=int(self.rng.integers(1, 256)))

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
            return command.replace(n=2, c=self.beyond(beyond), c_stride=self.small(0xFFFF))
        return self.some(self.store).replace(rows=2, source=self.beyond(beyond))

    def bad_address(self):
        command = self.some(self.load if self.chance(0.5) else self.store)
        width, rows = self.config.axi_address_width, command.rows
        if width < 64 and self.chance(0.5):
            return command.replace(address=1 << int(self.rng.integers(width, 64)))
        size = command.bytes if command.kind is Opcode.LOAD else 4 * command.columns
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
    length = int(rng.integers(1, 31)) if length is None else length
    commands = [generator.command() for _ in range(length)]
    if rng.random() < bad:
        command = generator.bad(errors[rng.integers(len(errors))])
        commands.insert(int(rng.integers(0, length + 1)), command)
    return Program([*commands, make.end(int(rng.integers(1 << 32)))])
