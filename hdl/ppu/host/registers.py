"""The register map, declared once: for register file, driver and exports."""

from dataclasses import dataclass, field

from .. import __version__
from ..lib.states import MEANINGS, STATES

__all__ = ["COUNTERS", "Field", "Register", "register_map"]

#: Value of ID: "PPU1" in ASCII, first letter in the lowest byte.
IDENTITY = int.from_bytes(b"PPU1", "little")
#: Bytes of the register window.
WINDOW_BYTES = 4096

#: Performance counters, in the order of their registers: name, what is counted. In each cycle that
#: CYCLES counts, every unit counts in exactly one of its states.
COUNTERS = (
    ("CYCLES",      "Cycles from the doorbell, at whose W handshake they begin, until no command "
                    "is fetched or pending; after an END or an error until irq would rise"),
    ("COMMANDS",    "Commands completed"),
    ("READ_BEATS",  "Beats on the AXI read data channel"),
    ("WRITE_BEATS", "Beats on the AXI write data channel"),
    *((f"{unit}_{state.name}".upper(), f"Cycles in which {unit.upper()}: {MEANINGS[state]}")
      for unit, states in STATES.items() for state in states),
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    """Some bits of a register.

    `access` is "ro", "rw", "w1c" (writing 1 clears) or "w1s" (writing 1 sets).
    """

    name: str
    lsb: int
    width: int
    access: str
    doc: str
    reset: int = 0


@dataclass(frozen=True)
class Register:
    """A 32-bit register at byte `offset`. A `constant` one always reads as its reset value."""

    name: str
    offset: int
    doc: str
    fields: tuple = field(default_factory=tuple)
    constant: bool = False

    @property
    def reset(self):
        """Value after reset."""
        return sum(f.reset << f.lsb for f in self.fields)

    @property
    def width(self):
        """Bits up to the highest one of a field."""
        return max(f.lsb + f.width for f in self.fields)

    @property
    def writable(self):
        """Whether a write has an effect."""
        return any(f.access != "ro" for f in self.fields)


def _value(access, doc, reset=0):
    return (Field("value", 0, 32, access, doc, reset),)


def _version():
    major, minor, patch = (int(part) for part in __version__.split("."))
    return major << 16 | minor << 8 | patch


def register_map(config):
    """All registers of a core with this configuration, in the order of their offsets.

    Configuration fields read as their values (`signs`: 0 signed, 1 mixed), so that a driver needs
    no other source of them.
    """
    registers = [
        Register("ID", 0x000, "Identity of the core.", _value("ro", '"PPU1" in ASCII', IDENTITY),
                 constant=True),
        Register("VERSION", 0x004, "Version of the core: major, minor, patch.", (
            Field("patch", 0, 8, "ro", "Patch", _version() & 0xFF),
            Field("minor", 8, 8, "ro", "Minor", _version() >> 8 & 0xFF),
            Field("major", 16, 8, "ro", "Major", _version() >> 16),
        ), constant=True),
        Register("CONTROL", 0x010, "Actions; reads as 0 once they are done.", (
            Field("reset", 0, 1, "w1s",
                  "Soft reset: lets running commands finish, drops the others, then resets "
                  "everything but the memories; writes in between are lost. 1 until done."),
            Field("snapshot", 1, 1, "w1s", "Copies all performance counters to their registers."),
        )),
        Register("STATUS", 0x014, "State of the core.", (
            Field("busy", 0, 1, "ro", "A command is fetched or pending."),
            Field("stopped", 1, 1, "ro", "Stopped by an error; only a reset goes on."),
        )),
        Register("IRQ_CAUSE", 0x018, "Causes of the interrupt.", (
            Field("end", 0, 1, "w1c", "An END completed."),
            Field("error", 1, 1, "w1c", "The core stopped."),
        )),
        Register("IRQ_ENABLE", 0x01C, "`irq` is high while a cause and its enable are both 1.", (
            Field("end", 0, 1, "rw", "Enable for END."),
            Field("error", 1, 1, "rw", "Enable for errors."),
        )),
        Register("RING_BASE_LOW", 0x020, "Address of the command ring, bits 31:0.",
                 _value("rw", "A multiple of 64")),
        Register("RING_BASE_HIGH", 0x024, "Address of the command ring, bits 63:32.",
                 _value("rw", "Zero beyond the address width")),
        Register("RING_SIZE", 0x028, "Commands that the ring holds.",
                 _value("rw", "A power of two, 2 to 65536")),
        Register("RING_HEAD", 0x02C, "Commands fetched since reset, modulo 2^32.",
                 _value("ro", "Ring entries before it may be overwritten")),
        Register("RING_TAIL", 0x030,
                 "Doorbell. Commands written to the ring since reset, modulo 2^32.",
                 _value("rw", "At most RING_SIZE beyond RING_HEAD; else the core stops with RING")),
        Register("COMPLETED", 0x034, "Commands completed since reset, in order, modulo 2^32.",
                 _value("ro", "Every command before this index is complete")),
        Register("END_COUNT", 0x038, "ENDs completed since reset, modulo 2^32.",
                 _value("ro", "Count")),
        Register("END_TAG", 0x03C, "Tag of the last END completed.", _value("ro", "Tag")),
        Register("ERROR_CODE", 0x040, "Why the core stopped.", (
            Field("code", 0, 8, "ro", "An error code of the command set; 0: not stopped"),
        )),
        Register("ERROR_INDEX", 0x044, "Index of the failing command since reset, modulo 2^32.",
                 _value("ro", "Index")),
        Register("ERROR_ADDRESS_LOW", 0x048, "Address that goes with the error, bits 31:0.",
                 _value("ro", "Address; see the error codes")),
        Register("ERROR_ADDRESS_HIGH", 0x04C, "Address that goes with the error, bits 63:32.",
                 _value("ro", "Address; see the error codes")),
    ]
    for index, (name, value) in enumerate(config.as_dict().items()):
        if name == "signs":
            value = int(value == "mixed")
        registers.append(Register(f"CONFIG_{name.upper()}", 0x080 + 4 * index,
                                  f"Configuration: `{name}`.", _value("ro", "Value", value),
                                  constant=True))
    for index, (name, doc) in enumerate(COUNTERS):
        for half, (suffix, bits) in enumerate((("LOW", "31:0"), ("HIGH", "63:32"))):
            registers.append(Register(f"COUNT_{name}_{suffix}", 0x100 + 8 * index + 4 * half,
                                      f"{doc}; bits {bits} at the last snapshot.",
                                      _value("ro", "Count")))
    return tuple(registers)
