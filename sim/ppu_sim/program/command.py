"""One command: its fields by name, its bits, its text."""

from dataclasses import dataclass
from functools import cached_property

from ppu.isa import (
    COMMAND_BITS,
    COMMAND_BYTES,
    COMMANDS,
    EPILOGUE_FIELDS,
    RESULT_BYTES,
    Opcode,
    StoreFormat,
    Target,
)

__all__ = ["Command", "end", "execute", "fence", "load", "store", "store_bytes"]


def _fields_of(structure):
    return {name: (field.offset, field.width) for name, field in structure.as_shape()}


#: Opcode as a number -> name of each field -> (lowest bit, bits), as the command is declared.
_FIELDS = {opcode.value: _fields_of(structure) for opcode, structure in COMMANDS.items()}
#: Opcode as a number -> the opcode.
_KINDS = {opcode.value: opcode for opcode in COMMANDS}
#: Fields of a command whose opcode is not defined.
_RAW_FIELDS = {"opcode": (0, 8), "body": (8, COMMAND_BITS - 8)}


#: Least and largest result of the integer formats.
_LIMITS = {StoreFormat.INT8.value: (-128, 127), StoreFormat.UINT8.value: (0, 255)}


@dataclass(frozen=True)
class Command:
    """A command as its 256 bits. Its fields, as plain integers, are attributes: ``command.rows``.

    A command with an undefined opcode has the fields ``opcode`` and ``body``.

    Parameters
    ----------
    bits : int
        The command, bit 0 first.
    """

    bits: int

    @classmethod
    def build(cls, opcode, **values):
        """Packs the fields of a command; those that are not given are 0.

        Raises
        ------
        ValueError
            If there is no such field or its value does not fit. The message names the field, the
            value and the allowed range.
        """
        opcode = Opcode(opcode)
        return cls(opcode.value).replace(**values)

    @classmethod
    def from_bytes(cls, data):
        """The command in `COMMAND_BYTES` bytes."""
        if len(data) != COMMAND_BYTES:
            raise ValueError(f"a command is {COMMAND_BYTES} bytes, not {len(data)}")
        return cls(int.from_bytes(bytes(data), "little"))

    def to_bytes(self):
        """The command as it lies in memory."""
        return self.bits.to_bytes(COMMAND_BYTES, "little")

    @property
    def opcode(self):
        """The opcode as a number, defined or not."""
        return self.bits & 0xFF

    @property
    def kind(self):
        """The `Opcode`, or None if the opcode is not defined."""
        return _KINDS.get(self.opcode)

    @property
    def name(self):
        """The opcode's name, or "?"."""
        return self.kind.name if self.kind else "?"

    @cached_property
    def fields(self):
        """Every field by name, as a plain integer."""
        layout = _FIELDS.get(self.opcode, _RAW_FIELDS)
        return {name: self.bits >> lsb & (1 << width) - 1 for name, (lsb, width) in layout.items()}

    def __getattr__(self, name):
        if name.startswith("_"):  # whoever copies or pickles asks before there are fields
            raise AttributeError(name)
        try:
            return self.fields[name]
        except KeyError:
            raise AttributeError(f"a {self.name} command has no field {name!r}") from None

    def replace(self, **values):
        """The same command with other values in some fields. Raises as `build` does."""
        bits, layout = self.bits, _FIELDS.get(self.opcode, _RAW_FIELDS)
        for name, value in values.items():
            if name not in layout:
                raise ValueError(f"{self.name} has no field {name!r}, only {', '.join(layout)}")
            lsb, width = layout[name]
            value = value if type(value) is int else int(getattr(value, "value", value))
            if not 0 <= value < 1 << width:
                raise ValueError(
                    f"{name} of {self.name} must be from 0 to {(1 << width) - 1}, not {value}"
                )
            bits = bits & ~((1 << width) - 1 << lsb) | value << lsb
        return Command(bits)

    def __str__(self):
        return _TEXTS.get(self.opcode, _raw_text)(self) + _reserved_text(self)

    def __repr__(self):
        if self.kind is None:
            return f"Command({self.bits:#x})"
        shown = {n: v for n, v in self.fields.items() if n != "opcode" and v}
        return f"{self.name.lower()}({', '.join(f'{n}={v:#x}' for n, v in shown.items())})"


def load(*, rows, bytes, address, destination,
         stride=None, panel_stride=None, pad=0, target=Target.SCRATCHPAD):  # fmt: skip
    """LOAD. By default matrix rows follow each other in memory, and panels in `target`."""
    stride = bytes if stride is None else stride
    panel_stride = rows + pad if panel_stride is None else panel_stride
    return Command.build(
        Opcode.LOAD, target=target, rows=rows, bytes=bytes, pad=pad, address=address,
        stride=stride, destination=destination, panel_stride=panel_stride)  # fmt: skip


def execute(*, m, n=1, k=1, a, b, c, a_stride=0, b_stride=0, b_tile_stride=0, c_stride=0,
            a_signed=True, b_signed=True, accumulate=False):  # fmt: skip
    """EXECUTE. Signed operands that overwrite the result by default."""
    return Command.build(
        Opcode.EXECUTE, a_signed=a_signed, b_signed=b_signed, accumulate=accumulate, m=m, n=n, k=k,
        a=a, a_stride=a_stride, b=b, b_stride=b_stride, b_tile_stride=b_tile_stride,
        c=c, c_stride=c_stride)  # fmt: skip


def store(*, rows, columns, address, source,
          stride=None, panel_stride=None, result_format=StoreFormat.INT32, **epilogue):  # fmt: skip
    """STORE. By default matrix rows follow each other in memory, and panels in the accumulator.

    Further fields are those of the epilogue. Its zero point and limits are numbers of the result's
    type, which limit nothing by default.
    """
    result_format = StoreFormat(result_format)
    size = RESULT_BYTES[result_format]
    stride = size * columns if stride is None else stride
    panel_stride = rows if panel_stride is None else panel_stride
    if result_format.value in _LIMITS:
        low, high = _LIMITS[result_format.value]
        for name, default in (("zero_point", 0), ("low", low), ("high", high)):
            value = epilogue.get(name, default)
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low} to {high}, not {value!r}")
            epilogue[name] = value & 0xFF
    return Command.build(
        Opcode.STORE, result_format=result_format, rows=rows, columns=columns, address=address,
        stride=stride, source=source, panel_stride=panel_stride, **epilogue)  # fmt: skip


def store_bytes(command):
    """Bytes that a STORE writes for a matrix row."""
    return RESULT_BYTES[StoreFormat(command.result_format)] * command.columns


def fence():
    """FENCE."""
    return Command.build(Opcode.FENCE)


def end(tag=0):
    """END with a tag."""
    return Command.build(Opcode.END, tag=tag)


def _load_text(command):
    c = command
    target = _TARGETS.get(c.target, f"target {c.target}?")
    pad = f" + {c.pad} of zeros" if c.pad else ""
    return (f"LOAD     {target} {c.destination} (panels +{c.panel_stride}) <- {c.rows} rows{pad}, "
            f"{c.bytes} bytes at {c.address:#x} (+{c.stride})")  # fmt: skip


def _execute_text(command):
    c = command
    signs = [("uint8", "int8")[sign] for sign in (c.a_signed, c.b_signed)]
    return (f"EXECUTE  C {c.c} (tiles +{c.c_stride}) {'+=' if c.accumulate else '='} "
            f"{signs[0]} A {c.a} (panels +{c.a_stride}) . "
            f"{signs[1]} B {c.b} (panels +{c.b_stride}, tiles +{c.b_tile_stride}), "
            f"m {c.m} n {c.n} k {c.k}")  # fmt: skip


def _store_text(command):
    c = command
    form = _FORMATS.get(c.result_format, f"format {c.result_format}?")
    return (f"STORE    accumulator {c.source} (panels +{c.panel_stride}) -> {c.rows} rows, "
            f"{c.columns} {form} at {c.address:#x} (+{c.stride}){_epilogue_text(c)}")  # fmt: skip


def _epilogue_text(command):
    c = command
    if not any(c.fields[name] for name in EPILOGUE_FIELDS):
        return ""
    parts = [f"scales {c.scales}{' for all' if c.shared_scales else ''}"]
    if c.add_residual:
        parts.append(f"residual {c.residual}")
    if c.result_format in _LIMITS:
        low, zero, high = (value - (value & 0x80) * 2 * (c.result_format == StoreFormat.INT8.value)
                           for value in (c.low, c.zero_point, c.high))
        parts.append(f"zero {zero} in {low}..{high}")
    if c.activate:
        parts.append("looked up")
    return ", " + ", ".join(parts)


def _raw_text(command):
    return f"?        opcode {command.opcode}, body {command.body:#x}"


def _reserved_text(command):
    reserved = {n: v for n, v in command.fields.items() if n.startswith("reserved") and v}
    return "".join(f", {name} {value:#x}!" for name, value in reserved.items())


_TARGETS = {target.value: target.name.lower() for target in Target}
_FORMATS = {form.value: form.name.lower() for form in StoreFormat}
_TEXTS = {
    Opcode.LOAD.value: _load_text,
    Opcode.EXECUTE.value: _execute_text,
    Opcode.STORE.value: _store_text,
    Opcode.FENCE.value: lambda command: "FENCE",
    Opcode.END.value: lambda command: f"END      tag {command.tag:#x}",
}
