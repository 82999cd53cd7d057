"""Command set and register map as a C header."""

import re

from amaranth.lib import data

from .. import __version__
from ..host.registers import register_map
from ..isa import COMMAND_BYTES, COMMANDS, ErrorCode, Opcode, StoreFormat, Target
from .docs import member_docs, summary

__all__ = ["c_header"]

_ENUMERATIONS = (Opcode, Target, StoreFormat, ErrorCode)

_HEAD = """\
/* Registers and commands of the PPU tensor core {version}. Made by `ppu header`; do not edit.
 *
 * Configuration:
{configuration}
 */
#ifndef PPU_H
#define PPU_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

#define PPU_COMMAND_BYTES {command_bytes}u
"""

_PUT = """\
/* Puts `width` bits of `value` to bit `lsb` on of a cleared little-endian command. */
static inline void ppu_put(uint8_t *command, unsigned lsb, unsigned width, uint64_t value)
{
    unsigned bit;
    for (bit = 0; bit < width; bit++) {
        command[(lsb + bit) / 8] |= (uint8_t)((value >> bit & 1u) << (lsb + bit) % 8);
    }
}

static inline void ppu_clear(uint8_t *command)
{
    unsigned i;
    for (i = 0; i < PPU_COMMAND_BYTES; i++) {
        command[i] = 0;
    }
}
"""

_TAIL = """\
#ifdef __cplusplus
}
#endif

#endif
"""


def c_header(config):
    """The header for a core with this configuration: C99, and C++.

    - ``PPU_<REGISTER>``: byte offset; ``PPU_<REGISTER>_VALUE``: value of a constant register;
      ``PPU_<REGISTER>_<FIELD>_SHIFT``, ``..._MASK``: place of a field in a register of several.
    - ``enum ppu_opcode``, ``ppu_target``, ``ppu_store_format``, ``ppu_error_code``.
    - ``struct ppu_load`` and so on, without opcode and reserved bits, and ``ppu_pack_load(bytes,
      &load)`` and so on, which write a command of ``PPU_COMMAND_BYTES`` bytes on any machine.
    """
    configuration = "\n".join(f" *   {name} = {value}" for name, value in config.as_dict().items())
    parts = [_HEAD.format(version=__version__, configuration=configuration,
                          command_bytes=COMMAND_BYTES)]
    parts.append("/* Registers: byte offsets, fields, values of constants. */\n"
                 + "".join(_register(register) for register in register_map(config)))
    parts += [_enumeration(enumeration) for enumeration in _ENUMERATIONS]
    parts.append(_PUT)
    parts += [_command(opcode, command) for opcode, command in COMMANDS.items()]
    parts.append(_TAIL)
    return "\n".join(parts)


def _register(register):
    name = f"PPU_{register.name}"
    lines = [_define(name, f"0x{register.offset:03X}u", register.doc)]
    if register.constant:
        lines.append(_define(f"{name}_VALUE", f"0x{register.reset:08X}u"))
    for field in register.fields:
        if field.width < 32:
            mask = (1 << field.width) - 1 << field.lsb
            lines.append(_define(f"{name}_{field.name.upper()}_SHIFT", f"{field.lsb}u", field.doc))
            lines.append(_define(f"{name}_{field.name.upper()}_MASK", f"0x{mask:08X}u"))
    return "".join(lines)


def _define(name, value, doc=""):
    comment = f"  /* {doc} */" if doc else ""
    return f"#define {name:44} {value}{comment}\n"


def _snake(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _enumeration(enumeration):
    name, docs = _snake(enumeration.__name__), member_docs(enumeration)
    members = list(enumeration)
    lines = [f"/* {summary(enumeration)} */\n", f"enum ppu_{name} {{\n"]
    for member in members:
        comma = "," if member is not members[-1] else ""
        comment = f"  /* {docs[member.name]} */" if member.name in docs else ""
        lines.append(f"    PPU_{name.upper()}_{member.name} = {member.value}{comma}{comment}\n")
    return "".join(lines) + "};\n"


def _command(opcode, command):
    name, docs = opcode.name.lower(), member_docs(command)
    layout = data.Layout.cast(command)
    fields = [(key, field.offset, field.width) for key, field in layout
              if key != "opcode" and not key.startswith("reserved")]
    text = f"/* {opcode.name}: {summary(command)} */\n"
    if fields:
        text += f"struct ppu_{name} {{\n"
        for key, _, width in fields:
            text += f"    {_c_type(width)} {key};  /* {_width_note(width)}{docs[key]} */\n"
        text += "};\n\n"
    parameter = f", const struct ppu_{name} *fields" if fields else ""
    opcode_field = layout["opcode"]
    puts = [(opcode_field.offset, opcode_field.width, f"PPU_OPCODE_{opcode.name}")]
    puts += [(offset, width, f"fields->{key}") for key, offset, width in fields]
    text += f"static inline void ppu_pack_{name}(uint8_t *command{parameter})\n{{\n"
    text += "    ppu_clear(command);\n"
    for offset, width, value in puts:
        text += f"    ppu_put(command, {offset}, {width}, {value});\n"
    return text + "}\n"


def _width_note(width):
    return "" if width in (8, 16, 32, 64) else f"{width} bit{'s' * (width > 1)}: "


def _c_type(width):
    return f"uint{next(size for size in (8, 16, 32, 64) if size >= width)}_t"
