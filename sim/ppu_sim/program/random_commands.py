"""Random legal commands, which meet in the same rows and bytes."""

from ppu.config import Signs
from ppu.isa import RESULT_BYTES, StoreFormat, Target

from . import command as make

__all__ = ["RandomCommands"]

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


class RandomCommands:
    """Draws legal commands. Of one kind, it may be None: what was drawn does not fit."""

    def __init__(self, config, rng, memory):
        self.config, self.rng, self.memory = config, rng, memory
        columns = config.columns
        self.scratchpad = _Room(rng, config.scratchpad_rows, 8 * columns, config.bank_rows)
        self.accumulator = _Room(rng, config.accumulator_rows, 6 * columns, columns)
        if config.epilogue_lanes:
            self.parameters = _Room(rng, config.parameter_rows, config.parameter_rows, 1)
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
        """A LOAD."""
        if self.config.epilogue_lanes and self.chance(0.25):
            return self.load_parameters()
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

    def load_parameters(self):
        """A LOAD of parameters: all of them, or some."""
        chunk, rows = 4 * self.config.columns, self.config.parameter_rows
        size = rows * chunk if self.chance(0.5) else self.small(min(rows, 8) * chunk)
        chunks = -(-size // chunk)
        address = self.address(1, size, size)
        return self.placed(
            make.load, address=address and address & -4, destination=self.parameters.place(chunks),
            rows=1, bytes=size, panel_stride=1, target=Target.PARAMETERS)  # fmt: skip

    def execute(self):
        """An EXECUTE."""
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
        """A STORE."""
        columns = self.config.columns
        rows = self.small(3 * columns)
        count = self.near(columns, 2 * columns) if self.chance(0.3) else self.small(3 * columns)
        count, form, epilogue = max(1, count), StoreFormat.INT32, {}
        if self.config.epilogue_lanes and self.chance(0.75):
            form, epilogue = self.epilogue(rows, -(-count // columns))
        size = RESULT_BYTES[form] * count
        stride, panel_stride = self.stride(size), self.panel_stride(rows)
        return self.placed(
            make.store, address=self.address(rows, stride, size),
            source=self.accumulator.place((-(-count // columns) - 1) * panel_stride + rows),
            rows=rows, columns=count, stride=stride, panel_stride=panel_stride,
            result_format=form, **epilogue)  # fmt: skip

    def epilogue(self, rows, chunks):
        """A format, and what the epilogue does for it."""
        form = [f for f in StoreFormat if f is not StoreFormat.INT32][self.rng.integers(5)]
        shared, residual = self.chance(0.3), self.chance(0.4)
        signed = form is StoreFormat.INT8
        limits = [-128, 127] if signed else [0, 255]
        low, high = limits if self.chance(0.5) else sorted(
            self.rng.integers(limits[0], limits[1] + 1, 2).tolist())
        last = self.config.scale_rows - (1 if shared else chunks)
        return form, {
            "scales": int(self.rng.integers(last + 1)),
            "residual": self.accumulator.place(rows) if residual else 0, "add_residual": residual,
            "shared_scales": shared, "activate": self.chance(0.3), "low": low, "high": high,
            "zero_point": int(self.rng.integers(limits[0], limits[1] + 1)),
        }  # fmt: skip

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
