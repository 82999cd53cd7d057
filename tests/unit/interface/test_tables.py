"""The manual's tables."""

import pytest
from amaranth.lib import data

from ppu.config import TINY
from ppu.host.registers import register_map
from ppu.interface.docs import member_docs
from ppu.interface.tables import command_tables, register_table
from ppu.isa import COMMANDS, ErrorCode


def rows(text):
    return [[cell.strip() for cell in line.strip("|").split("|")]
            for line in text.splitlines() if line.startswith("|") and "---" not in line]


def test_register_table_has_every_register_and_field():
    table = rows(register_table(TINY))[1:]
    expected = []
    for register in register_map(TINY):
        expected.append((f"0x{register.offset:03X}", f"**{register.name}**"))
        expected += [("", field.name) for field in register.fields]
    assert [(row[0], row[1]) for row in table] == expected
    assert all(len(row) == 6 and row[5] for row in table)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.__name__)
def test_command_tables_have_every_field_with_its_meaning(command):
    table = rows(command_tables())
    for name, field in data.Layout.cast(command):
        high = field.offset + field.width - 1
        bits = f"{high}:{field.offset}" if field.width > 1 else str(field.offset)
        assert [bits, name, member_docs(command)[name]] in table


def test_error_codes_are_explained():
    docs = member_docs(ErrorCode)
    assert docs["COUNT"] == "A count that must be at least 1 is 0."
    assert ["4", "COUNT", docs["COUNT"]] in rows(command_tables())
