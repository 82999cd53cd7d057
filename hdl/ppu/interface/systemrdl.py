"""The register map in SystemRDL 2.0."""

from .. import __version__
from ..host.registers import register_map

__all__ = ["system_rdl"]

#: Access of a field in the map -> its properties.
_PROPERTIES = {
    "ro":  "sw = r; hw = w;",
    "rw":  "sw = rw; hw = r;",
    "w1c": "sw = rw; onwrite = woclr; hw = rw;",
    "w1s": "sw = rw; onwrite = woset; hw = rw;",
}  # fmt: skip
_CONSTANT = "sw = r; hw = na;"


def system_rdl(config):
    """The registers of a core with this configuration, as an address map called ``ppu``.

    Field names are escaped identifiers, because some are keywords (``reset``).
    """
    lines = [
        "addrmap ppu {",
        '    name = "PPU tensor core";',
        f"    desc = {_text(f'Version {__version__}.')};",
        "    addressing = compact;",
        "    default regwidth = 32;",
        "    default accesswidth = 32;",
    ]
    for register in register_map(config):
        lines += ["", "    reg {", f"        desc = {_text(register.doc)};"]
        for field in register.fields:
            properties = _CONSTANT if register.constant else _PROPERTIES[field.access]
            high = field.lsb + field.width - 1
            lines.append(
                f"        field {{ desc = {_text(field.doc)}; {properties} }} "
                f"\\{field.name} [{high}:{field.lsb}] = {field.width}'h{field.reset:x};")
        lines.append(f"    }} {register.name} @ 0x{register.offset:03X};")
    return "\n".join([*lines, "};", ""])


def _text(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
