# amaranth: UnusedElaboratable=no
"""The command ``ppu``: results, exit codes, messages."""

import json

import numpy as np
import pytest

import ppu_sim
from ppu.config import PRESETS
from ppu_sim.cli import main
from ppu_sim.device import Device
from ppu_sim.toolchain import ToolMissing, verilator

KEYS = {
    "m", "k", "n", "preset", "backend", "latency", "stall", "seed", "exact", "cycles", "macs",
    "utilization", "cycles_per_second",
}  # fmt: skip


def gemm(*arguments):
    return main(["gemm", "5", "6", "7", "--preset", "tiny", *arguments])


def test_gemm_on_the_model(capsys):
    assert gemm("--backend", "model", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report) >= KEYS
    assert report["exact"] is True and report["macs"] == 210 and report["cycles"] is None


def test_gemm_on_the_rtl(capsys):
    try:
        verilator()
    except ToolMissing as missing:
        pytest.skip(str(missing))
    reports = []
    for _ in range(2):
        assert gemm("--stall", "0.25", "--latency", "9", "--seed", "3", "--json") == 0
        reports.append(json.loads(capsys.readouterr().out))
    assert set(reports[0]) >= KEYS
    assert reports[0]["cycles"] == reports[1]["cycles"] > 0
    assert (reports[0]["stall"], reports[0]["latency"], reports[0]["seed"]) == (0.25, 9, 3)
    assert gemm() == 0
    assert "exact in all 35 elements" in capsys.readouterr().out


@pytest.mark.parametrize("a", ["int8", "uint8"])
@pytest.mark.parametrize("b", ["int8", "uint8"])
def test_gemm_of_any_signs(a, b):
    assert gemm("--backend", "model", "--a", a, "--b", b) == 0


def test_gemm_of_one_element(capsys):
    assert main(["gemm", "1", "1", "1", "--backend", "model", "--memory", "16384"]) == 0
    assert "exact in 1 element\n" in capsys.readouterr().out


def test_the_keyboard_interrupts(capsys, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Device, "matmul", interrupt)
    assert gemm("--backend", "model") == 130
    assert capsys.readouterr().err == ""


def test_gemm_that_is_wrong(capsys, monkeypatch):
    def wrong(self, a, b):
        self.last_run = ppu_sim.Run(
            commands=8, macs=210, cycles=100, peak=16, counters={}, seconds=1.0, simulated=120
        )
        result = a.astype(np.int32) @ b.astype(np.int32)
        result[1, 2] += 1
        return result

    monkeypatch.setattr(Device, "matmul", wrong)
    assert gemm("--backend", "model", "--json") == 1
    assert json.loads(capsys.readouterr().out)["exact"] is False
    assert gemm("--backend", "model") == 1
    output = capsys.readouterr().out
    assert "WRONG in 1 of 35 elements; C[1, 2]: got" in output
    assert "100 cycles, 2.1 MACs per cycle, 13.1% of peak" in output


@pytest.mark.parametrize("arguments, message", [
    (["gemm", "0", "1", "1"], "ppu gemm: M must be at least 1, not 0"),
    (["gemm", "1", "1", "1", "--latency", "0"],
     "ppu gemm: latency must be from 1 to 1023, not 0"),
    (["gemm", "1", "1", "1", "--stall", "1"],
     "ppu gemm: stall must be from 0 to 255/256, not 1.0"),
    (["gemm", "1", "1", "1", "--seed", "-1"],
     "ppu gemm: seed must be from 0 to 4294967295, not -1"),
    (["gemm", "9000", "9000", "1", "--backend", "model"],
     "ppu gemm: needs 81045024 bytes of memory, the device has 67108864; "
     "open it with a larger memory_size (ppu gemm: --memory)"),
    (["gemm", "1000000", "1000000", "1000000", "--preset", "small", "--backend", "model"],
     "ppu gemm: needs 6000000000000 bytes of memory, the device has 67108864; "
     "open it with a larger memory_size (ppu gemm: --memory)"),
    (["gemm", "1", "1", "1", "--memory", "100"],
     "ppu gemm: memory_size must be a multiple of 64 from 64 to 4294967232, not 100"),
    (["verilog", "--preset", "tiny", "-o", "/dev/null/x.v"],
     "ppu verilog: [Errno 17] File exists: '/dev/null'"),
])  # fmt: skip
def test_bad_arguments_are_told_in_one_line(capsys, arguments, message):
    assert main(arguments) == 2
    assert capsys.readouterr().err == message + "\n"


@pytest.mark.parametrize("arguments", [
    [], ["gemm"], ["gemm", "1", "2"], ["gemm", "1", "2", "x"], ["info", "--preset", "huge"],
    ["gemm", "1", "1", "1", "--backend", "vcs"], ["trace", "1", "1", "1", "--backend", "model"],
    ["gemm", "1", "1", "1", "--waves", "run.vcd"],
])  # fmt: skip
def test_arguments_that_cannot_be_parsed(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize("preset", PRESETS)
def test_info(capsys, preset):
    assert main(["info", "--preset", preset, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    config = PRESETS[preset]
    assert {name: values[name] for name in config.as_dict()} == config.as_dict()
    assert values["macs_per_cycle"] == config.macs_per_cycle
    assert main(["info", "--preset", preset]) == 0
    assert f"macs_per_cycle          {config.macs_per_cycle}\n" in capsys.readouterr().out


@pytest.mark.parametrize("arguments, text", [
    (["verilog"], "module ppu_core ("),
    (["header"], "#define PPU_ID "),
    (["registers"], "addrmap ppu"),
    (["registers", "--format", "md"], "| **RING_TAIL** |"),
])  # fmt: skip
def test_exports(capsys, tmp_path, arguments, text):
    arguments = [*arguments, "--preset", "tiny"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert text in printed
    assert main([*arguments, "-o", str(tmp_path / "file")]) == 0
    assert (tmp_path / "file").read_text() == printed


def test_tables_of_the_commands(capsys):
    assert main(["commands"]) == 0
    assert "## EXECUTE (2)" in capsys.readouterr().out
