# amaranth: UnusedElaboratable=no
"""Every preset as Verilog: what it is like, and that each tool takes it."""

import re
import subprocess
from functools import cache

import pytest
from pin_paths import combinational_paths
from yosys_runner import flat_netlist, yosys

from ppu import generate
from ppu.config import PRESETS
from ppu_sim import toolchain

#: Most lines that a preset may have.
LINES = {"tiny": 10900, "small": 11800, "medium": 15100, "ppu1": 19000}

presets = pytest.mark.parametrize("preset", PRESETS)


@cache
def exported(preset):
    return generate.verilog(PRESETS[preset])


def run_silently(command, **options):
    """Runs a tool that must not complain about anything."""
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert (result.returncode, result.stderr) == (0, "")


@presets
def test_size(preset):
    assert exported(preset).count("\n") <= LINES[preset]


@presets
def test_plain_names(preset):
    text = exported(preset)
    assert "\\" not in text and "$auto" not in text
    modules = re.findall(r"^module (\w+)", text, re.M)
    assert modules[0] == "ppu_core" and all(name.startswith("ppu_core") for name in modules)


@presets
def test_each_module_once(preset):
    bodies = re.findall(r"^module \w+ (.*?)^endmodule", exported(preset), re.M | re.S)
    assert len(bodies) == len(set(bodies))


@presets
def test_icarus(preset, tmp_path):
    (tmp_path / "core.v").write_text(exported(preset))
    iverilog = toolchain.icarus()
    run_silently([iverilog.executable, "-g2005", "-Wall", "-o", "core.vvp", "core.v"], cwd=tmp_path)


@presets
def test_verilator_lint(preset, tmp_path):
    (tmp_path / "core.v").write_text(exported(preset))
    verilator = toolchain.verilator()
    run_silently(
        [verilator.executable, "--lint-only", "-Wall", "--top-module", "ppu_core", "core.v"],
        cwd=tmp_path, env=verilator.environment)  # fmt: skip


@presets
def test_yosys(preset, tmp_path):
    (tmp_path / "core.v").write_text(exported(preset))
    yosys("read_verilog core.v\nhierarchy -check -top ppu_core\nproc\ncheck -assert\n", tmp_path)


@pytest.mark.parametrize("preset", ["tiny", "small"])
def test_no_combinational_path_from_pin_to_pin(preset, tmp_path):
    netlist = flat_netlist(exported(preset), "ppu_core", tmp_path)
    assert combinational_paths(netlist) == set()
