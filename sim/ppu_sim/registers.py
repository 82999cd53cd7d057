"""Registers of a device by name."""

from ppu.host.registers import COUNTERS, IDENTITY, register_map

from .arguments import check_range
from .backends import Hang

__all__ = ["Registers"]

_WORD = 0xFFFF_FFFF
#: Reads of CONTROL until a reset must be done.
_RESET_LIMIT = 1000
#: Registers of which there are many begin so.
_GROUPS = ("CONFIG_", "COUNT_")
_STATUS = ("STATUS", "IRQ_CAUSE", "RING_HEAD", "RING_TAIL", "COMPLETED", "ERROR_CODE")


class Registers:
    """The registers of a core.

    Parameters
    ----------
    backend : Backend
        What runs it.
    """

    def __init__(self, backend):
        self._backend = backend
        self._offsets = {r.name: r.offset for r in register_map(backend.config)}

    def _offset(self, name):
        if name not in self._offsets:
            names = [known for known in self._offsets if not known.startswith(_GROUPS)]
            groups = [f"{group}..." for group in _GROUPS]
            raise KeyError(f"no register {name!r}; there are {', '.join([*names, *groups])}")
        return self._offsets[name]

    def read(self, name):
        """The value of a register."""
        return self._backend.read_register(self._offset(name))

    def write(self, name, value, *, start=False):
        """Writes a register; `start` begins a run, see :class:`Backend`."""
        offset = self._offset(name)
        self._backend.write_register(offset, check_range("value", value, 0, _WORD), start=start)

    def check_identity(self):
        """RuntimeError if this is no such core."""
        identity = self.read("ID")
        if identity != IDENTITY:
            raise RuntimeError(f"ID reads {identity:#010x}, not {IDENTITY:#010x}")

    def reset(self):
        """Resets the core, all but its memories, and enables its interrupts."""
        self.write("CONTROL", 1)
        for _ in range(_RESET_LIMIT):
            if not self.read("CONTROL") & 1:
                break
        else:
            raise Hang(f"a reset does not end. {self.status()}")
        self.write("IRQ_ENABLE", 3)

    def read_pair(self, name):
        """The 64-bit value of two registers."""
        return self.read(f"{name}_HIGH") << 32 | self.read(f"{name}_LOW")

    def counters(self):
        """The performance counters by name, all at the same time."""
        self.write("CONTROL", 2)
        names = [name for name, _ in COUNTERS]
        values = self._backend.read_registers(
            [self._offset(f"COUNT_{name}_{half}") for name in names for half in ("LOW", "HIGH")]
        )
        pairs = zip(names, values[::2], values[1::2], strict=True)
        return {name: high << 32 | low for name, low, high in pairs}

    def status(self):
        """A text on what the core is doing."""
        try:
            return ", ".join(f"{name} {self.read(name):#x}" for name in _STATUS)
        except Hang:
            return "Its registers do not answer."
