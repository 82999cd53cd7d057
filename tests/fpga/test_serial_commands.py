# amaranth: UnusedElaboratable=no
"""`ppu gemm` and the demo on a board, and the peer as a program of its own."""

import json
import os
import subprocess
import sys

import pytest

from ppu_sim.cli import main
from ppu_sim.demo import __main__ as demo
from ppu_sim.demo import cnn
from ppu_sim.serial.peer import Peer
from ppu_sim.serial.serve import at_pty
from ppu_sim.toolchain import ToolMissing

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def rtl_peer():
    try:
        return Peer.of_preset("tiny", simulator="verilator")
    except ToolMissing as missing:
        pytest.skip(str(missing))


def ppu(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "ppu_sim.cli", *arguments], env=ENVIRONMENT, capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip


def test_gemm_by_the_command():
    with at_pty(rtl_peer().feed) as name:
        done = ppu("gemm", "5", "6", "7", "--backend", f"serial:{name}?baud=115200", "--json")
        assert (done.returncode, done.stderr) == (0, "")
        report = json.loads(done.stdout)
        assert report["exact"] is True and report["macs"] == 210 and report["cycles"] > 0
        assert report["preset"] == "tiny" and report["backend"] == f"serial:{name}?baud=115200"
        assert report["latency"] is report["stall"] is None
        done = ppu("gemm", "9", "9", "9", "--backend", f"serial:{name}", "--preset", "tiny")
        assert (done.returncode, done.stderr) == (0, "")
        assert f"9 x 9 times 9 x 9 on tiny (serial:{name})\nexact in all 81" in done.stdout
        assert "ms at 25.0 MHz; " in done.stdout and " s with the line\n" in done.stdout


@pytest.mark.parametrize("arguments, code, message", [
    (["--preset", "small"], 1, "ConfigMismatch: the core at PORT is another one: row_bytes is 4,"),
    (["--latency", "5", "--memory", "64"], 2,
     "a board has its own memory and clock: latency, memory_size cannot be set\n"),
    (["--seed", "-1"], 2, "seed must be from 0 to 4294967295, not -1\n"),
    (["--b", "uint8"], 0, ""),
])  # fmt: skip
def test_arguments_of_gemm(capsys, arguments, code, message):
    with at_pty(Peer.of_preset("tiny").feed) as name:
        command = ["gemm", "5", "6", "7", "--backend", f"serial:{name}", *arguments]
        assert main(command) == code
        printed = capsys.readouterr()
    text = printed.err.replace(name, "PORT").removeprefix("ppu gemm: ")
    assert text.startswith(message) and text.count("\n") == bool(code)
    assert code or "exact in all 35 elements\n" in printed.out


def test_a_product_too_large_for_the_board(capsys):
    with at_pty(Peer.of_preset("tiny", memory_size=1 << 16).feed) as name:
        assert main(["gemm", "300", "300", "300", "--backend", f"serial:{name}"]) == 2
    assert capsys.readouterr().err == (
        "ppu gemm: needs 540096 bytes of memory, the device has 65536; the board has no more: "
        "multiply in parts\n"
    )


def test_a_missing_board_is_told_in_one_line(capsys):
    assert main(["gemm", "1", "1", "1", "--backend", "serial:/dev/ttyNONE"]) == 1
    text = capsys.readouterr().err
    assert text.startswith("ppu gemm: PortError: there is no port /dev/ttyNONE")
    assert text.count("\n") == 1


def test_other_commands_have_no_boards(capsys):
    with pytest.raises(SystemExit):
        main(["trace", "1", "1", "1", "--backend", "serial:/dev/ttyUSB0"])
    assert "choose from verilator, not 'serial:/dev/ttyUSB0'" in capsys.readouterr().err


def test_demo(capsys, monkeypatch):
    monkeypatch.setattr(cnn, "EPOCHS", 1)
    with at_pty(rtl_peer().feed) as name:
        assert demo.main(["--backend", f"serial:{name}", "--images", "1"]) == 0
    printed = capsys.readouterr().out
    assert f"1/4 Opening serial:{name} ..." in printed
    assert f"Core 'tiny' on 'serial:{name}': 4 x 4 array" in printed
    assert printed.count("10 scores of core and ONNX Runtime: equal in every byte") == 2


def test_demo_on_numpy_and_of_a_preset(capsys, monkeypatch):
    monkeypatch.setattr(cnn, "EPOCHS", 1)
    with at_pty(Peer.of_preset("tiny").feed) as name:
        board = ["--backend", f"serial:{name}", "--images", "2"]
        assert demo.main([*board, "--preset", "tiny"]) == 0
        assert "equal in every byte" in capsys.readouterr().out
        assert demo.main([*board, "--preset", "small"]) == 1
        assert "ConfigMismatch: the core at " in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--latency=3", "--waves=a.fst"])
def test_demo_refuses_what_a_board_has_not(capsys, option):
    with pytest.raises(SystemExit):
        demo.main(["--backend", "serial:/dev/ttyUSB0", option])
    assert f"{option.split('=')[0]} is not for a board" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--tcp", "0"]])
def test_the_peer_as_a_program(options):
    server = subprocess.Popen(
        [sys.executable, "-m", "ppu_sim.serial.serve", "--preset", "small", *options],
        env=ENVIRONMENT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with server:
        address = server.stdout.readline().strip()
        assert main(["gemm", "5", "6", "7", "--preset", "small", "--backend", address]) == 0
        server.terminate()
        assert server.wait(10) == 0
