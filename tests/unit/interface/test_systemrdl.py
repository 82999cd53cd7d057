"""The SystemRDL of the register map, read back by the reference compiler."""

import pytest

from ppu.config import PRESETS
from ppu.host.registers import register_map
from ppu.interface.systemrdl import system_rdl

systemrdl = pytest.importorskip("systemrdl", reason="systemrdl-compiler is not installed")


def compile_rdl(text, directory):
    path = directory / "ppu.rdl"
    path.write_text(text)
    compiler = systemrdl.RDLCompiler()
    compiler.compile_file(str(path))
    return compiler.elaborate().top


@pytest.mark.parametrize("name", PRESETS)
def test_is_the_register_map(name, tmp_path):
    top = compile_rdl(system_rdl(PRESETS[name]), tmp_path)
    registers = register_map(PRESETS[name])
    nodes = list(top.registers())
    assert top.inst_name == "ppu"
    assert [(n.inst_name, n.absolute_address, n.get_property("desc")) for n in nodes] \
        == [(r.name, r.offset, r.doc) for r in registers]
    for node, register in zip(nodes, registers, strict=True):
        assert node.size == 4
        fields = {field.inst_name: field for field in node.fields()}
        assert set(fields) == {f.name for f in register.fields}
        for field in register.fields:
            found = fields[field.name]
            assert (found.lsb, found.width, found.get_property("reset")) \
                == (field.lsb, field.width, field.reset)
            assert found.get_property("desc") == field.doc
            assert found.is_sw_readable
            assert found.is_sw_writable == (field.access != "ro")
            write = found.get_property("onwrite")
            assert (write and write.name) == {"w1c": "woclr", "w1s": "woset"}.get(field.access)
            assert found.is_hw_writable == (field.access != "rw" and not register.constant)


def test_quotes_in_texts_are_escaped():
    assert '\\"PPU1\\" in ASCII' in system_rdl(PRESETS["tiny"])
