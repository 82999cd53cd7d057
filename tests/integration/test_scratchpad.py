# amaranth: UnusedElaboratable=no
"""The scratchpad under cocotb, on both simulators."""

import pytest

pytest.importorskip("cocotb_tools")

from ppu.config import PRESETS
from ppu.memory.scratchpad import Scratchpad
from ppu_sim.bench import runner
from ppu_sim.toolchain import ToolMissing


@pytest.mark.parametrize(("preset", "rows", "simulator"), [
    ("tiny", 128, "icarus"), ("small", 256, "icarus"), ("small", 256, "verilator"),
])
def test_scratchpad(preset, rows, simulator, tmp_path):
    """The presets' widths and banks, with fewer rows: they are all visited."""
    config = PRESETS[preset]
    sizes = {"rows": rows, "banks": config.scratchpad_banks, "row_bytes": config.row_bytes}
    try:
        runner.run(Scratchpad(**sizes), name="scratchpad", bench="ppu_sim.bench.bench_scratchpad",
                   simulator=simulator, build_dir=tmp_path,
                   parameters={**sizes, "latency": Scratchpad.READ_LATENCY})
    except ToolMissing as missing:
        pytest.skip(str(missing))
