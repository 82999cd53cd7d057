"""The DMA engines under cocotb, on both simulators, against cocotbext-axi's memory."""

import pytest

pytest.importorskip("cocotb_tools")

from ppu_sim.bench import runner
from ppu_sim.bench.dma_tops import ReadTop, WriteTop
from ppu_sim.toolchain import ToolMissing

#: Simulator, data width, longest burst.
CASES = [("icarus", 32, 8), ("verilator", 32, 8), ("verilator", 128, 16)]


def run(top, name, bench, simulator, build_dir, widths):
    try:
        runner.run(top, name=name, bench=bench, simulator=simulator, build_dir=build_dir,
                   parameters=widths)
    except ToolMissing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("simulator, data_width, max_burst_beats", CASES)
def test_reader(simulator, data_width, max_burst_beats, tmp_path):
    widths = {"address_width": 32, "data_width": data_width}
    top = ReadTop(**widths, buffer_beats=4 * max_burst_beats, max_outstanding=8,
                  max_burst_beats=max_burst_beats, id=1)
    run(top, "dma_read", "ppu_sim.bench.bench_dma_read", simulator, tmp_path, widths)


@pytest.mark.parametrize("simulator, data_width, max_burst_beats", CASES)
def test_writer(simulator, data_width, max_burst_beats, tmp_path):
    widths = {"address_width": 32, "data_width": data_width}
    top = WriteTop(**widths, max_outstanding=8, max_burst_beats=max_burst_beats)
    run(top, "dma_write", "ppu_sim.bench.bench_dma_write", simulator, tmp_path, widths)
