"""Reading of Liberty files, what is refused, and the arguments of ``ppu asic``."""

from pathlib import Path

import pytest

from ppu.config import TINY, Signs
from ppu_asic import library as library_module
from ppu_asic.function import truth_table, variables
from ppu_asic.liberty import parse
from ppu_asic.library import Library
from ppu_asic.macros import as_liberty, as_verilog
from ppu_asic.memories import Macro, MemoryKeeper
from ppu_fpga.flow.configure import configured
from ppu_sim import cli

MINI = Path(__file__).with_name("asic_cells.lib")


@pytest.mark.parametrize("text, table", [
    ("!A", (True, False)),
    ("A'", (True, False)),
    ("A*B", (False, False, False, True)),
    ("(A B)'", (True, True, True, False)),
    ("!A + !B", (True, True, True, False)),
    ("A|B&C", (False, True, False, True, False, True, True, True)),
    ("A^B C", (False, False, False, False, False, True, True, False)),
    ("1", (True,)),
    ("!(0)''", (True,)),
])  # fmt: skip
def test_functions(text, table):
    assert truth_table(text) == table


def test_variables_are_sorted():
    assert variables("(S A[1]) + (!S B)") == ["A[1]", "B", "S"]


@pytest.mark.parametrize("text", ["", "A +", "(A", "A)", "A ~ B", "A $", "!"])
def test_what_is_no_function(text):
    with pytest.raises(ValueError, match="Function must be one of Liberty"):
        truth_table(text)


def test_parser_takes_what_libraries_write():
    group = parse("""
        /* a comment { */ library ("x") { // another }
          define ("odd", "cell", "float");
          capacitive_load_unit (1, pf);
          cell ("A") { area : 1.5  /* no semicolon */
            pin (Y) { function : "A B"; timing () { values ("}", \\
              "{"); } } }
          cell (B) { area : 2; };
        }""")
    a, b = group.children("cell")
    assert (group.name, group.attributes["capacitive_load_unit"]) == ("x", "1, pf")
    assert (a.name, float(a.attributes["area"]), b.attributes) == ("A", 1.5, {"area": "2"})
    (pin,) = a.children("pin")
    assert (pin.name, pin.attributes, pin.groups) == ("Y", {"function": "A B"}, [])


@pytest.mark.parametrize("text, message", [
    ("", "line 1: a name was expected"),
    ("module x(); endmodule", "line 1: ':' or '[(]' was expected after 'module'"),
    ("wire (x) { }", "no group `library"),
    ("library (x) {\n cell (y) {", "line 2: a name was expected"),
    ("library (x) {\n timing () { {", "line 2: a group has no end"),
])  # fmt: skip
def test_what_is_no_liberty_file(tmp_path, text, message):
    file = tmp_path / "bad.lib"
    file.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        Library(file)
    assert str(file) in str(caught.value)


def test_cells_of_a_library():
    library = Library(MINI)
    assert library.nand2.name == "NAND2"
    assert library.inverter.name == "INV"
    assert library.buffer.name == "BUF"
    assert library.ties == (None, None)
    assert library.load_femtofarads == pytest.approx(8)
    assert library.cells["DFF"].kind == "flip-flop"


@pytest.mark.parametrize("start, replacement, message", [
    ("cell (INV)", "cell (INV) { dont_use : true; } other (INV)", "no inverter"),
    ("cell (DFF)", "other (DFF)", "no flip-flop"),
    ("(A B)'", "A B", "2-input NAND"),
    ("(1, ff)", "(1, farad)", "capacitive_load_unit must be in ff, pf, nf, not 'farad'"),
])  # fmt: skip
def test_what_a_library_must_have(tmp_path, start, replacement, message):
    text = MINI.read_text().replace(start, replacement).replace('"!(A*B)"', '"A*B"')
    file = tmp_path / "poor.lib"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        Library(file)


def test_only_small_black_boxes_are_refused():
    with pytest.raises(ValueError, match="at least 1 bit, not 0"):
        MemoryKeeper(0)


def test_files_of_a_memory():
    macro = Macro(depth=64, width=32, lanes=4, reads_old=True)
    assert macro.name == "ppu_memory_64x32_4lanes_old"
    assert "  input [3:0] w_en,\n  input [5:0] w_addr,\n" in as_verilog([macro])
    cell, = parse(as_liberty([macro], 1.25)).children("cell")
    assert cell.name == macro.name
    assert {bus.name for bus in cell.children("bus")} == {
        "w_en", "w_addr", "w_data", "r_addr", "r_data"}
    assert 'cell_rise (scalar) { values ("1.25"); }' in as_liberty([macro], 1.25)


def test_configuration_from_words():
    config = configured("tiny", ["signs=signed", "product_registers=2"])
    assert (config.signs, config.product_registers) == (Signs.SIGNED, 2)
    assert configured("tiny", []) == TINY


@pytest.mark.parametrize("arguments, message", [
    (["--liberty", "missing.lib"], "No such file or directory: 'missing.lib'"),
    (["--set", "colour=3"], "field must be one of accumulator_banks, accumulator_rows"),
    (["--set", "columns=x"], "columns must be an integer, not 'x'"),
    (["--set", "columns=5"], "columns must be a power of two, not 5"),
    (["--set", "signs=none"], "signs must be one of mixed, signed, not 'none'"),
    (["--period", "0"], "--period must be more than 0 nanoseconds, not 0.0"),
    (["--period", "nan"], "--period must be more than 0 nanoseconds, not nan"),
    (["--memory-delay", "-1"], "--memory-delay must be 0 or more nanoseconds, not -1.0"),
    (["--memory-bits", "0"], "at least 1 bit, not 0"),
])  # fmt: skip
def test_bad_arguments(capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    liberty = [] if "--liberty" in arguments else ["--liberty", str(MINI)]
    assert cli.main(["asic", "--preset", "tiny", *liberty, *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_without_any_library_the_package_is_named(capsys, monkeypatch):
    monkeypatch.setattr(library_module, "_DEFAULT_FILES", ())
    assert cli.main(["asic"]) == 2
    assert "--liberty FILE, or apt-get install qflow-tech-osu018" in capsys.readouterr().err
