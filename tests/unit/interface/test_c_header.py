"""The C header compiles without a warning and packs what the command set says."""

import random
import re
import shutil
import subprocess

import pytest
from amaranth.lib import data

from ppu.config import PPU1, PRESETS, TINY
from ppu.host.registers import register_map
from ppu.interface.c_header import c_header
from ppu.isa import COMMAND_BYTES, COMMANDS, ErrorCode, Opcode, StoreFormat, Target

COMPILER = shutil.which("gcc") or shutil.which("cc")
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"]
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler (gcc or cc)")


def run(directory, config, statements):
    """Compiles a program with the header and returns the lines that it prints."""
    (directory / "ppu.h").write_text(c_header(config))
    source = directory / "main.c"
    source.write_text('#include <stdio.h>\n#include "ppu.h"\n'
                      "static void show(const uint8_t *bytes)\n{\n    unsigned i;\n"
                      "    for (i = 0; i < PPU_COMMAND_BYTES; i++) {\n"
                      '        printf("%02x", (unsigned)bytes[i]);\n    }\n    printf("\\n");\n}\n'
                      "int main(void)\n{\n    uint8_t command[PPU_COMMAND_BYTES] = {0};\n"
                      "    show(command);\n" + "".join(statements) + "    return 0;\n}\n")
    program = directory / "main"
    subprocess.run([COMPILER, *FLAGS, "-o", program, source], check=True)
    output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return output.splitlines()[1:]


@needs_compiler
@pytest.mark.parametrize("name", PRESETS)
def test_compiles_for_every_preset(name, tmp_path):
    assert run(tmp_path, PRESETS[name], []) == []


@needs_compiler
def test_packs_as_the_command_set(tmp_path):
    """Random fields, all zeros and all ones: the same bytes as the structures of the hardware."""
    rng = random.Random(1)
    statements, expected = [], []
    for opcode, command in COMMANDS.items():
        layout = data.Layout.cast(command)
        names = [key for key, _ in layout if key != "opcode" and not key.startswith("reserved")]
        widths = {key: layout[key].width for key in names}
        cases = [{key: rng.getrandbits(width) for key, width in widths.items()} for _ in range(20)]
        cases.append(dict.fromkeys(names, 0))
        cases.append({key: (1 << width) - 1 for key, width in widths.items()})
        for case in cases:
            lower = opcode.name.lower()
            values = "".join(f"        fields.{key} = {value}u{'ll' * (widths[key] > 32)};\n"
                             for key, value in case.items())
            declaration = f"        struct ppu_{lower} fields;\n" if names else ""
            argument = ", &fields" if names else ""
            statements.append(f"    {{\n{declaration}{values}"
                              f"        ppu_pack_{lower}(command{argument});\n"
                              "        show(command);\n    }\n")
            bits = opcode.value << layout["opcode"].offset
            for key, value in case.items():
                bits |= value << layout[key].offset
            expected.append(bits.to_bytes(COMMAND_BYTES, "little").hex())
    assert run(tmp_path, TINY, statements) == expected


@needs_compiler
def test_numbers(tmp_path):
    """Offsets, masks, values of constants, and all codes."""
    expected = {}
    for register in register_map(PPU1):
        name = f"PPU_{register.name}"
        expected[name] = register.offset
        if register.constant:
            expected[f"{name}_VALUE"] = register.reset
        for field in register.fields:
            if field.width < 32:
                expected[f"{name}_{field.name.upper()}_SHIFT"] = field.lsb
                expected[f"{name}_{field.name.upper()}_MASK"] = (1 << field.width) - 1 << field.lsb
    for prefix, codes in (("OPCODE", Opcode), ("TARGET", Target), ("STORE_FORMAT", StoreFormat),
                          ("ERROR_CODE", ErrorCode)):
        expected |= {f"PPU_{prefix}_{code.name}": code.value for code in codes}
    lines = run(tmp_path, PPU1, [f'    printf("%lu\\n", (unsigned long){name});\n'
                                 for name in expected])
    assert dict(zip(expected, map(int, lines), strict=True)) == expected


def test_names_are_distinct():
    text = c_header(TINY)
    names = re.findall(r"^#define (\w+) ", text, re.M) + re.findall(r"^    (PPU_\w+) =", text, re.M)
    assert len(names) == len(set(names))


def test_same_text_every_time():
    assert c_header(TINY) == c_header(TINY)
    assert c_header(TINY) != c_header(PPU1)
