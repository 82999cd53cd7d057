"""The whole core, as exported, under cocotb: against cocotbext-axi's memory and host."""

import pytest

pytest.importorskip("cocotb_tools")

from ppu.config import PRESETS
from ppu_sim import cache, toolchain
from ppu_sim.backends.design import CORE, Design
from ppu_sim.bench import runner
from ppu_sim.toolchain import ToolMissing


@pytest.fixture(scope="module", params=[
    ("tiny", "icarus"), ("tiny", "verilator"), ("small", "verilator"),
], ids="-".join)  # fmt: skip
def core(request):
    """A preset's core, built for a simulator: (name of the preset, build). Kept from run to run."""
    preset, simulator = request.param
    design = Design(PRESETS[preset])
    try:
        version = getattr(toolchain, simulator)().version
    except ToolMissing as missing:
        pytest.skip(str(missing))

    def build(directory):
        runner.build(
            design.core_verilog(), name=CORE, simulator=simulator, build_dir=directory)

    name = cache.fingerprint(design.fingerprint(), simulator, version)
    directory = cache.entry("bench", name, build) / f"{CORE}-{simulator}"
    return preset, runner.Build(CORE, simulator, directory)


@pytest.mark.parametrize("bench", ["bench_core", "bench_core_errors"])
def test_core(core, bench, tmp_path):
    preset, build = core
    build.test(f"ppu_sim.bench.{bench}", parameters={"preset": preset}, directory=tmp_path)
