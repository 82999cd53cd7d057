# amaranth: UnusedElaboratable=no
"""A bitstream comes out of each board's flow, and the commands say what went wrong."""

import json

import pytest
from flow_designs import Blink

from ppu_fpga.boards.catalog import board
from ppu_fpga.boards.design import design
from ppu_fpga.flow import command
from ppu_fpga.flow.build import build_board
from ppu_fpga.flow.devices import DEVICES
from ppu_fpga.flow.errors import FlowFailed, TimingNotMet
from ppu_sim.cli import main

pytest.importorskip("amaranth_boards")


def build(name, directory, **options):
    """A blinking lamp on the clock of the board's PLL."""
    target = board(name)
    return build_board(
        Blink(design(target)), target.platform(), target.device, directory, title="blink",
        pack_options=target.pack_options, **options)  # fmt: skip


@pytest.mark.parametrize("name, clock", [("ulx3s", 100), ("icebreaker", 21), ("tangnano9k", 27)])
def test_a_bitstream_is_built(name, clock, tmp_path):
    report, bitstream = build(name, tmp_path, frequency=clock)
    assert report.timing_met
    assert pytest.approx(clock, abs=0.1) in report.clock_targets.values()
    assert 20 < report.counts["lut"] < 100
    assert len(report.tools) == 3
    assert bitstream == tmp_path / f"top.{board(name).device.tools.bitstream}"
    assert bitstream.stat().st_size > 50_000
    written = json.loads((tmp_path / "report.json").read_text())
    assert written["timing_met"] is True
    assert written["lut"] == report.counts["lut"]


def test_names_on_the_command_line_are_those_that_exist():
    assert tuple(DEVICES) == command.DEVICES


@pytest.mark.parametrize("arguments, message", [
    (["core", "--set", "columns=5"], "columns must be a power of two, not 5"),
    (["core", "--seeds", "0"], "--seeds must be at least 1, not 0"),
    (["core", "--frequency", "-1"], "--frequency must be above 0, not -1"),
    (["sweep", "--seeds", "0"], "--seeds must be at least 1, not 0"),
    (["sweep", "--workers", "0"], "--workers must be at least 1, not 0"),
    (["build", "--board", "ulx3s", "--frequency", "50"], "must be up to 45 MHz or from 66 MHz on"),
    (["build", "--board", "ulx3s", "--baud", "30000000"], "at most 25000000 baud"),
])  # fmt: skip
def test_bad_arguments_are_refused(arguments, message, tmp_path, capsys):
    assert main(["fpga", *arguments, "-o", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err


def test_timing_that_is_not_met_fails(tmp_path, monkeypatch):
    from ppu_fpga.flow import build as module
    from ppu_fpga.flow.report import placements

    def slow(*arguments, **options):
        for seed, placed in placements(*arguments, **options):
            yield seed, {**placed, "clock_targets": dict.fromkeys(placed["fmax_mhz"], 999.0)}

    monkeypatch.setattr(module, "placements", slow)
    report, _ = build("icebreaker", tmp_path)
    with pytest.raises(TimingNotMet, match=r"seed 1.*MHz of the 999 MHz asked for"):
        report.check_timing()


def test_a_chip_that_is_too_small_is_told_by_how_much(tmp_path, monkeypatch):
    monkeypatch.setitem(board("icebreaker").device.capacity, "lut", 11)
    with pytest.raises(FlowFailed, match=r"does not fit on iCE40UP5K.* LUT of 11, \d+ too many$"):
        build("icebreaker", tmp_path)
    assert not list(tmp_path.glob("*.bin"))
