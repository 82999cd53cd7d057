"""The tables of the manual, in Markdown."""

from amaranth.lib import data

from .. import __version__
from ..host.registers import register_map
from ..isa import COMMANDS, ErrorCode, Opcode, StoreFormat, Target
from .docs import member_docs, summary

__all__ = ["command_tables", "register_table"]

_ACCESS = {"ro": "read", "rw": "read, write", "w1c": "read, 1 clears", "w1s": "read, 1 starts"}


def register_table(config):
    """Registers and fields of a core with this configuration."""
    rows = []
    for register in register_map(config):
        rows.append((f"0x{register.offset:03X}", f"**{register.name}**", "", "",
                     f"0x{register.reset:X}" if register.constant or register.reset else "",
                     register.doc))
        for field in register.fields:
            high = field.lsb + field.width - 1
            bits = f"{high}:{field.lsb}" if field.width > 1 else str(field.lsb)
            rows.append(("", field.name, bits, _ACCESS[field.access], "", field.doc))
    return (
        f"# Registers\n\nVersion {__version__}. 32-bit words on AXI4-Lite; other offsets answer "
        "SLVERR. All registers are 0 after a reset where no value is given.\n\n"
        + _table(("Offset", "Register, field", "Bits", "Access", "Value", "Meaning"), rows)
    )


def command_tables():
    """Fields of all commands, and the codes that stand in them."""
    parts = ["# Commands\n"]
    for opcode, command in COMMANDS.items():
        docs = member_docs(command)
        rows = [
            (f"{field.offset + field.width - 1}:{field.offset}" if field.width > 1
             else str(field.offset), key, docs.get(key, ""))
            for key, field in data.Layout.cast(command)
        ]
        parts.append(f"## {opcode.name} ({opcode.value})\n\n{summary(command)}\n\n"
                     + _table(("Bits", "Field", "Meaning"), rows))
    for enumeration in (Target, StoreFormat, ErrorCode, Opcode):
        docs = member_docs(enumeration)
        rows = [(str(member.value), member.name, docs.get(member.name, ""))
                for member in enumeration]
        parts.append(f"## {enumeration.__name__}\n\n{summary(enumeration)}\n\n"
                     + _table(("Value", "Name", "Meaning"), rows))
    return "\n".join(parts)


def _table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(_cell(cell) for cell in line) + " |\n" for line in lines)


def _cell(text):
    return text.replace("|", "\\|")
