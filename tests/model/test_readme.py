"""The README's table of presets holds what the configurations say."""

import re
from pathlib import Path

import pytest

from ppu.config import PRESETS

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("name", PRESETS)
def test_preset_is_described_as_it_is(name):
    config = PRESETS[name]
    section = re.search(r"^## Presets$(.*?)^## ", README.read_text(), re.MULTILINE | re.DOTALL)[1]
    (line,) = re.findall(rf"^\| `{name}` \| (.*) \|$", section, re.MULTILINE)
    assert line.split(" | ")[:5] == [
        f"{config.row_bytes} x {config.columns}",
        f"{config.macs_per_cycle}",
        f"{config.scratchpad_rows * config.row_bytes // 1024} KiB",
        f"{config.accumulator_rows * config.accumulator_row_bytes // 1024} KiB",
        f"{config.axi_data_width}, {config.axi_address_width} bits",
    ]
