"""The configuration of a core: everything that is fixed when it is built."""

import enum
from dataclasses import asdict, dataclass

__all__ = ["MEDIUM", "PARAMETER_WORDS", "PPU1", "PRESETS", "SMALL", "TINY", "Config", "Signs",
           "preset"]  # fmt: skip


class Signs(enum.Enum):
    """Which operand signs the array is built for."""

    #: All four signed/unsigned mixes, chosen by each EXECUTE (9-bit multiplicands).
    MIXED = "mixed"
    #: Signed times signed only (8-bit multiplicands).
    SIGNED = "signed"

#: Words of parameters of each lane of the epilogue: half of them scales, then 256 of the residual
#: table and 256 of the activation table.
PARAMETER_WORDS = 1024


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
    "accumulator_banks":      (1, 2, True),
    "axi_data_width":         (32, 512, True),
    "axi_address_width":      (16, 64, False),
    "max_outstanding_reads":  (1, 64, True),
    "max_outstanding_writes": (1, 64, True),
    "read_buffer_beats":      (4, 1024, True),
    "command_buffer":         (4, 64, True),
    "load_slots":             (1, 16, True),
    "execute_slots":          (1, 16, True),
    "store_slots":            (1, 16, True),
    "performance_counters":   (0, 1, False),
    "epilogue_lanes":         (0, 32, False),
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
        Bits of a memory address, 32 to 64, or 16 to 32 where commands start in order.
    max_outstanding_reads, max_outstanding_writes : int
        Bursts in flight on each direction, 1 to 64.
    read_buffer_beats : int
        Beats of read data that may be in flight or wait in the core. Bandwidth times latency:
        128 beats cover 100 cycles at one beat a cycle, and as much again lets bursts overlap.
    command_buffer : int
        Commands fetched ahead of the decoder.
    load_slots, execute_slots, store_slots : int
        Commands of each unit that the reservation station holds: all at least 2. Or all 1, on a bus
        of 32 bits with a `row_bytes` and a `dot` of 4: then commands start in program order, units
        have one job at a time and memory answers one burst at a time, all of which takes a fraction
        of the logic. See ``docs/architecture.md``.
    accumulator_banks : int
        2: even and odd rows are in two banks, so STORE reads and LOAD writes beside EXECUTE. 1:
        they wait for it, and narrow sums take half the block RAM.
    performance_counters : int
        1: the core has performance counters. 0: it counts cycles only, in 32 bits and without
        snapshots, and the other counters read as 0.
    epilogue_lanes : int
        Results that STORE scales and converts in one cycle: a power of two, at most half of
        `columns`; or 0: it writes sums only. A row takes ``columns / epilogue_lanes`` cycles, and
        the array ``K / row_bytes`` for each of its results.

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
    accumulator_banks: int = 2
    performance_counters: int = 1
    epilogue_lanes: int = 0

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
        if len({slots == 1 for slots in self.slots}) > 1:
            raise ValueError(
                "load_slots, execute_slots and store_slots must be all 1 or all at least 2, not "
                + ", ".join(map(str, self.slots)))
        if self.in_order and (self.axi_data_width, self.row_bytes, self.dot) != (32, 4, 4):
            raise ValueError(
                "where load_slots, execute_slots and store_slots are 1, axi_data_width must be 32, "
                "row_bytes 4 and dot 4, not "
                f"{self.axi_data_width!r}, {self.row_bytes!r} and {self.dot!r}")
        if self.in_order and self.axi_address_width > 32:
            raise ValueError(
                "axi_address_width must be at most 32 where load_slots, execute_slots and "
                f"store_slots are 1, not {self.axi_address_width!r}")
        if not self.in_order and self.axi_address_width < 32:
            raise ValueError(
                "axi_address_width must be at least 32 unless load_slots, execute_slots and "
                f"store_slots are 1, not {self.axi_address_width!r}")
        lanes = self.epilogue_lanes
        if lanes and (not _is_power_of_two(lanes) or lanes > self.columns // 2):
            raise ValueError(
                "epilogue_lanes must be 0 or a power of two of at most columns / 2 = "
                f"{self.columns // 2}, not {lanes!r}")
        if lanes and self.in_order:
            raise ValueError(
                "epilogue_lanes must be 0 where load_slots, execute_slots and store_slots are 1, "
                f"not {lanes!r}")
        if self.accumulator_rows < 2 * self.columns:
            raise ValueError(
                f"accumulator_rows must be at least 2 * columns = {2 * self.columns}, "
                f"not {self.accumulator_rows!r}"
            )

    @property
    def slots(self):
        """Commands of LOAD, EXECUTE and STORE that the command stage holds for its units."""
        return self.load_slots, self.execute_slots, self.store_slots

    @property
    def in_order(self):
        """Whether all commands start in program order: there is one slot for each unit."""
        return self.slots == (1, 1, 1)

    @property
    def array_rows(self):
        """Rows of processing elements."""
        return self.row_bytes // self.dot

    @property
    def accumulator_row_bytes(self):
        """Bytes of one accumulator row: `columns` sums of 32 bits."""
        return 4 * self.columns

    @property
    def parameter_rows(self):
        """Rows of `columns` 32-bit words for scales and tables; 0 without an epilogue."""
        return PARAMETER_WORDS * self.epilogue_lanes // self.columns

    @property
    def products(self):
        """Multipliers outside the array: two in the decoder, four in each lane of the epilogue."""
        return 2 + 4 * self.epilogue_lanes

    @property
    def scale_rows(self):
        """Rows of parameters that hold scales: the lower half of them."""
        return self.parameter_rows // 2

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
    command_buffer=4, load_slots=4, execute_slots=4, store_slots=4, epilogue_lanes=1,
)  # fmt: skip
#: 8 x 8, 64 MAC per cycle, 64-bit AXI; the ECP5 size.
SMALL = Config(
    row_bytes=8, columns=8, scratchpad_rows=4096, accumulator_rows=1024, axi_data_width=64,
    load_slots=4, execute_slots=4, store_slots=4, epilogue_lanes=4,
)  # fmt: skip
#: 16 x 16, 256 MAC per cycle, 128-bit AXI.
MEDIUM = Config(
    row_bytes=16, columns=16, scratchpad_rows=8192, accumulator_rows=2048, axi_data_width=128,
    epilogue_lanes=8,
)  # fmt: skip
#: The published tile of the PPU 1.0 tensor core: 256-bit operand rows, 16 columns, 512 MAC per
#: cycle.
PPU1 = Config(
    row_bytes=32, columns=16, scratchpad_rows=8192, accumulator_rows=4096, axi_data_width=256,
    axi_address_width=40, epilogue_lanes=8,
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
