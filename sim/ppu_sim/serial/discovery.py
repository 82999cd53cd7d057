"""Finds out from its registers what a core is."""

from dataclasses import fields

from ppu import __version__
from ppu.config import PRESETS, TINY, Config, Signs
from ppu.host.registers import IDENTITY, register_map

from .errors import ConfigMismatch, ForeignCore

__all__ = ["check_config", "find_config"]

#: Offsets are the same in every configuration.
_OFFSETS = {register.name: register.offset for register in register_map(TINY)}


def find_config(read, name):
    """The configuration of the core at the port called `name`.

    Parameters
    ----------
    read : callable
        From a list of offsets to the values of the registers there.
    name : str
        For messages.

    Raises
    ------
    ForeignCore
        If it is another core, or one of another version.
    """
    identity, version = read([_OFFSETS["ID"], _OFFSETS["VERSION"]])
    if identity != IDENTITY:
        raise ForeignCore(
            f"behind the bridge at {name} is no core of this kind: ID reads {identity:#010x}, "
            f"not {IDENTITY:#010x}"
        )
    found = ".".join(str(version >> shift & 0xFF) for shift in (16, 8, 0))
    if version >> 24 or found.split(".")[:2] != __version__.split(".")[:2]:
        raise ForeignCore(
            f"the core at {name} is of version {found}, this driver of {__version__}: build the "
            "bitstream and install the driver from the same version of this project"
        )
    names = [field.name for field in fields(Config)]
    values = read([_OFFSETS[f"CONFIG_{field.upper()}"] for field in names])
    try:
        return Config(**{field: _value(field, v) for field, v in zip(names, values, strict=True)})
    except (TypeError, ValueError) as error:
        raise ForeignCore(f"the core at {name} tells no possible configuration: {error}") from None


def _value(field, value):
    """A field of a configuration from its register: as the same field of a preset is."""
    example = getattr(TINY, field)
    if isinstance(example, Signs):
        return Signs.MIXED if value else Signs.SIGNED
    return bool(value) if isinstance(example, bool) else value


def check_config(found, wanted, name):
    """ConfigMismatch if the core at the port called `name` is not what was asked for."""
    expected = wanted.as_dict()
    different = [
        f"{field} is {value}, not {expected[field]}"
        for field, value in found.as_dict().items()
        if value != expected[field]
    ]
    if not different:
        return
    presets = [preset for preset, config in PRESETS.items() if config == found]
    hint = f" (the core is the preset {presets[0]!r})" if presets else ""
    raise ConfigMismatch(f"the core at {name} is another one: {', '.join(different)}{hint}")
