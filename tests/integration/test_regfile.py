# amaranth: UnusedElaboratable=no
"""The registers under cocotb, on both simulators, against cocotbext-axi's manager."""

import pytest

pytest.importorskip("cocotb_tools")

from ppu.config import PRESETS
from ppu_sim.bench import runner
from ppu_sim.bench.host_top import HostTop
from ppu_sim.toolchain import ToolMissing


@pytest.mark.parametrize(("preset", "simulator"), [
    ("tiny", "icarus"), ("ppu1", "icarus"), ("ppu1", "verilator"),
])
def test_regfile(preset, simulator, tmp_path):
    config = PRESETS[preset]
    try:
        runner.run(HostTop(config), name="host", bench="ppu_sim.bench.bench_regfile",
                   simulator=simulator, build_dir=tmp_path, parameters=config.as_dict())
    except ToolMissing as missing:
        pytest.skip(str(missing))
