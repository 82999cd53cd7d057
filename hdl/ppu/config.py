"""The configuration of a core: everything that is fixed when it is built."""

import enum
from dataclasses import asdict, dataclass

__all__ = ["MEDIUM", "PPU1", "PRESETS", "SMALL", "TINY", "Config", "Signs", "preset"]


class Signs(enum.Enum):
    """Which operand signs the array is built for."""

    #: All four signed/unsigned mixes, chosen by each EXECUTE (9-bit multiplicands).
    MIXED = "mixed"
    #: Signed times signed only (8-bit multiplicands).
    SIGNED = "signed"


def _is_power_of_two(value):
    return value > 0 and value & (value - 1) == 0


#: field -> (lowest, highest, must be a power of two)
_INTEGER_FIELDS = {
    "row_bytes":              (4, 64, True),
    "columns":                (4, 64, True),
    "dot":                    (1, 4, True),
    "product_registers":      (0, 2, False),
    "scratchpad_rows":        (32, 65536, True),
    "scratchpad_banks":       (2, 16, True),
    "accumulator_rows":       (16, 65536, True),
    "axi_data_width":         (32, 512, True),
    "axi_address_width":      (32, 64, False),
    "max_outstanding_reads":  (1, 64, True),
    "max_outstanding_writes": (1, 64, True),
    "read_buffer_beats":      (4, 1024, True),
    "command_buffer":         (4, 64, True),
    "load_slots":             (2, 16, True),
    "execute_slots":          (2, 16, True),
    "store_slots":            (2, 16, True),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that is fixed when the core is built.

    Parameters
    ----------
    row_bytes : int
        Bytes of one operand row: INT8 lanes along K. Power of two, 4 to 64.
    columns : int
        Columns of the array: outputs per accumulator row. Power of two, 4 to 64.
    dot : int
        Products that one processing element adds in one step: 1, 2 or 4, and at most `row_bytes`.
        The array has ``row_bytes / dot`` rows of elements.
    signs : Signs
        Operand signs that are built.
    product_registers : int
        Registers between multiplier and adder of a processing element, 0 to 2.
    scratchpad_rows : int
        Operand rows of the scratchpad, all banks together. Power of two, 32 to 65536.
    scratchpad_banks : int
        Banks of the scratchpad, each a contiguous range of rows with one read and one write port.
        Power of two, 2 to 16.
    accumulator_rows : int
        Rows of `columns` 32-bit sums. Power of two, 16 to 65536.
    axi_data_width : int
        Bits of the AXI4 data bus. Power of two, 32 to 512. Independent of `row_bytes`.
    axi_address_width : int
        Bits of a memory address, 32 to 64.
    max_outstanding_reads, max_outstanding_writes : int
        Bursts in flight on each direction, 1 to 64.
    read_buffer_beats : int
        Beats of read data that may be in flight or wait in the core. Bandwidth times latency:
        128 beats cover 100 cycles at one beat a cycle, and as much again lets bursts overlap.
    command_buffer : int
        Commands fetched ahead of the decoder.
    load_slots, execute_slots, store_slots : int
        Commands of each unit that the reservation station holds.

    Raises
    ------
    TypeError
        If a field has the wrong type.
    ValueError
        If a value is out of range. The message names the field, the value and the rule.
    """

    row_bytes: int
    columns: int
    dot: int = 1
    signs: Signs = Signs.MIXED
    product_registers: int = 1
    scratchpad_rows: int
    scratchpad_banks: int = 4
    accumulator_rows: int
    axi_data_width: int
    axi_address_width: int = 32
    max_outstanding_reads: int = 16
    max_outstanding_writes: int = 16
    read_buffer_beats: int = 256
    command_buffer: int = 16
    load_slots: int = 8
    execute_slots: int = 8
    store_slots: int = 8

    def __post_init__(self):
        for name, (lowest, highest, power_of_two) in _INTEGER_FIELDS.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"{name} must be an integer, not {value!r}")
            if not lowest <= value <= highest:
                raise ValueError(f"{name} must be from {lowest} to {highest}, not {value!r}")
            if power_of_two and not _is_power_of_two(value):
                raise ValueError(f"{name} must be a power of two, not {value!r}")
        if not isinstance(self.signs, Signs):
            raise TypeError(f"signs must be a Signs, not {self.signs!r}")
        if self.scratchpad_rows < 2 * self.columns * self.scratchpad_banks:
            raise ValueError(
                "scratchpad_rows must hold two tiles of `columns` rows in each bank, at least "
                f"{2 * self.columns * self.scratchpad_banks}, not {self.scratchpad_rows!r}"
            )
        if self.accumulator_rows < 2 * self.columns:
            raise ValueError(
                f"accumulator_rows must be at least 2 * columns = {2 * self.columns}, "
                f"not {self.accumulator_rows!r}"
            )

    @property
    def array_rows(self):
        """Rows of processing elements."""
        return self.row_bytes // self.dot

    @property
    def accumulator_row_bytes(self):
        """Bytes of one accumulator row: `columns` sums of 32 bits."""
        return 4 * self.columns

    @property
    def beat_bytes(self):
        """Bytes of one beat on the AXI4 data bus."""
        return self.axi_data_width // 8

    @property
    def macs_per_cycle(self):
        """INT8 multiply-accumulates per cycle at full use of the array: its peak."""
        return self.row_bytes * self.columns

    @property
    def max_burst_beats(self):
        """Longest burst: by AXI4 (256 beats, 4 KiB), and a quarter of the read buffer."""
        return min(256, 4096 // self.beat_bytes, max(1, self.read_buffer_beats // 4))

    @property
    def bank_rows(self):
        """Operand rows of one scratchpad bank."""
        return self.scratchpad_rows // self.scratchpad_banks

    def as_dict(self):
        """Every field by name, as plain integers and strings."""
        return {**asdict(self), "signs": self.signs.value}


#: 4 x 4; the unit tests' size.
TINY = Config(
    row_bytes=4, columns=4, scratchpad_rows=512, scratchpad_banks=4, accumulator_rows=128,
    axi_data_width=32, max_outstanding_reads=4, max_outstanding_writes=4, read_buffer_beats=32,
    command_buffer=4, load_slots=4, execute_slots=4, store_slots=4,
)  # fmt: skip
#: 8 x 8, 64 MAC per cycle, 64-bit AXI; the ECP5 size.
SMALL = Config(
    row_bytes=8, columns=8, scratchpad_rows=4096, accumulator_rows=1024, axi_data_width=64,
    load_slots=4, execute_slots=4, store_slots=4,
)  # fmt: skip
#: 16 x 16, 256 MAC per cycle, 128-bit AXI.
MEDIUM = Config(
    row_bytes=16, columns=16, scratchpad_rows=8192, accumulator_rows=2048, axi_data_width=128,
)  # fmt: skip
#: The published tile of the PPU 1.0 tensor core: 256-bit operand rows, 16 columns, 512 MAC per
#: cycle.
PPU1 = Config(
    row_bytes=32, columns=16, scratchpad_rows=8192, accumulator_rows=4096, axi_data_width=256,
    axi_address_width=40,
)  # fmt: skip

PRESETS = {"tiny": TINY, "small": SMALL, "medium": MEDIUM, "ppu1": PPU1}


def preset(name):
    """The preset configuration called `name`.

    Raises
    ------
    ValueError
        If there is none of that name; the message lists the names.
    """
    if name not in PRESETS:
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}, not {name!r}")
    return PRESETS[name]
