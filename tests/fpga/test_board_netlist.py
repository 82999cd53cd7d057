# amaranth: UnusedElaboratable=no
"""The netlist of the iCE40 board's core computes a product in Icarus, with the cells' models."""

import numpy as np
from amaranth.back import rtlil
from netlists import models

from ppu.generate import Top
from ppu_fpga.boards.catalog import board
from ppu_fpga.flow.collisions import without_checks
from ppu_fpga.flow.synthesis import Netlist
from ppu_fpga.flow.yosys import yosys
from ppu_sim import cache
from ppu_sim.backends.design import CORE, Design
from ppu_sim.backends.icarus import IcarusBackend
from ppu_sim.device import Device

M, K, N = 5, 6, 3
SCRIPT = """\
read_rtlil core.il
chformal -remove
synth_ice40 -device u -top {name}
write_json core.json
write_verilog -noattr core.v
"""


class NetlistDesign(Design):
    """A design whose core is a netlist."""

    def __init__(self, config, text):
        super().__init__(config)
        self._text = text

    def core_verilog(self):
        return self._text

    def fingerprint(self):
        return cache.fingerprint(super().fingerprint(), self._text)


def test_the_netlist_of_the_ice40_core_multiplies(tmp_path):
    target = board("icebreaker")
    config = target.fitted("tiny")
    top = Top(config)
    text = rtlil.convert(top, name=CORE, ports=top.ports, platform=target.device.lowering(),
                         emit_src=False)  # fmt: skip
    (tmp_path / "core.il").write_text(without_checks(text))
    yosys(SCRIPT.format(name=CORE), tmp_path, ["core.json", "core.v"])
    cells = Netlist.read(tmp_path / "core.json", CORE, target.device.tools).cell_types()
    # Two products in each block.
    assert cells["SB_MAC16"] == config.row_bytes * config.columns // 2
    netlist = (tmp_path / "core.v").read_text()
    design = NetlistDesign(config, "\n".join([
        "`define NO_ICE40_DEFAULT_ASSIGNMENTS", netlist, models("ice40", netlist)]))  # fmt: skip
    rng = np.random.default_rng(1)
    a = rng.integers(-128, 128, (M, K), np.int8)
    b = rng.integers(-128, 128, (K, N), np.int8)
    with Device(IcarusBackend(config, 1 << 16, design=design)) as device:
        assert np.array_equal(device.matmul(a, b), a.astype(np.int32) @ b.astype(np.int32))
