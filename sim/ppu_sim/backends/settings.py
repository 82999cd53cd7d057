"""Settings of the memory around the core."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

from amaranth.hdl import Shape

from ppu.lib.axi import Response

from ..arguments import check_range
from ..system.memory import CHANNELS, MemorySettings

__all__ = ["MAX_LATENCY", "Settings", "settings_bytes"]

MAX_LATENCY = 1023
_STALL_STEPS = 256
#: Spreads seeds that are near each other; odd, so that different seeds stay different.
_SEED_FACTOR = 0x9E3779B1
_MASK = 0xFFFF_FFFF


@dataclass(frozen=True)
class Settings:
    """How the memory behaves.

    Parameters
    ----------
    latency : int
        Cycles from an address to its first data, and from the last data to the response, 1 to 1023.
    stall : float or dict
        Chance that a channel stalls in a cycle, 0 to 255/256: of each channel, or by channel
        ("ar", "r", "aw", "w", "b").
    seed : int
        Of the stalls, 0 to 2**32 - 1.
    faults : tuple of ppu_sim.model.Fault
        Regions that answer with errors: at most one for reads and one for writes.
    """

    latency: int = 100
    stall: object = 0.0
    seed: int = 1
    faults: tuple = ()

    def __post_init__(self):
        for name, low, high in (("latency", 1, MAX_LATENCY), ("seed", 0, _MASK)):
            object.__setattr__(self, name, check_range(name, getattr(self, name), low, high))
        for name, chance in self.stalls.items():
            if name not in CHANNELS:
                raise ValueError(f"stall must name channels {', '.join(CHANNELS)}, not {name!r}")
            if not isinstance(chance, Real) or isinstance(chance, bool):
                raise TypeError(f"stall must be a number, not {chance!r}")
            if not 0 <= chance <= 255 / 256:
                raise ValueError(f"stall must be from 0 to 255/256, not {chance!r}")
        kinds = [fault.kind for fault in self.faults]
        if len(kinds) != len(set(kinds)):
            raise ValueError("faults must be at most one of kind 'read' and one of kind 'write'")

    @property
    def stalls(self):
        """The chance of a stall by channel; channels that are not named do not stall."""
        if isinstance(self.stall, Mapping):
            return dict(self.stall)
        return dict.fromkeys(CHANNELS, self.stall)

    def as_dict(self, *, address_width, size):
        """The fields of :func:`MemorySettings`, for a memory of `size` bytes."""
        fields = {
            "latency": self.latency,
            "stalls": {
                name: min(round(chance * _STALL_STEPS), _STALL_STEPS - 1)
                for name, chance in self.stalls.items()
            },
            "seed": self.seed * _SEED_FACTOR & _MASK,
            "size": size,
        }
        top = (1 << address_width) - 1
        for fault in self.faults:
            fields[f"{fault.kind}_fault"] = {
                "start": fault.start, "end": min(fault.end, top),
                "response": Response(fault.response),
            }  # fmt: skip
        return fields

    def as_bits(self, *, address_width, size):
        """The same as the bits of the port."""
        fields = self.as_dict(address_width=address_width, size=size)
        return MemorySettings(address_width).const(fields).as_bits()


def settings_bytes(address_width):
    """Bytes of the settings in whole 32-bit words."""
    return -(-Shape.cast(MemorySettings(address_width)).width // 32) * 4
