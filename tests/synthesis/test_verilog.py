# amaranth: UnusedElaboratable=no
"""The core's Verilog as a file that somebody takes home."""

import os
import re
import subprocess
import sys

import pytest

from ppu import __version__, generate
from ppu.config import TINY
from ppu_sim import toolchain

AXI = {
    "aw": "id addr len size burst lock cache prot qos valid ready",
    "w": "data strb last valid ready",
    "b": "id resp valid ready",
    "ar": "id addr len size burst lock cache prot qos valid ready",
    "r": "id data resp last valid ready",
}
LITE = {"aw": "addr valid ready", "w": "data strb valid ready", "b": "resp valid ready",
        "ar": "addr valid ready", "r": "data resp valid ready"}  # fmt: skip


@pytest.fixture(scope="module")
def tiny():
    return generate.verilog(TINY)


def pins(prefix, channels):
    return {f"{prefix}_{channel}{name}" for channel, names in channels.items()
            for name in names.split()}  # fmt: skip


def test_pins_have_their_standard_names(tiny):
    head = re.search(r"^module ppu_core \((.*?)^\);", tiny, re.M | re.S)[1]
    names = re.findall(r"(\w+),?$", head, re.M)
    assert names[:2] == ["clk", "rst"]
    assert set(names) == {"clk", "rst", "irq"} | pins("m_axi", AXI) | pins("s_axil", LITE)


def test_header_tells_where_it_comes_from(tiny):
    header = tiny.partition("\n\n")[0]
    assert header.startswith(f"// PPU tensor core {__version__}\n"
                             "// SPDX-License-Identifier: Apache-2.0\n")  # fmt: skip
    assert "ppu verilog --preset tiny" in header
    for field, value in TINY.as_dict().items():
        assert f"//   {field} = {value}\n" in header + "\n"


def test_nothing_of_this_machine(tiny):
    assert not re.search(r"/(home|work|tmp|root|usr)/|\.py\b|\(\* *src", tiny)


def test_every_waiver_has_a_reason(tiny):
    waivers = re.findall(r"lint_off (\w+) \*/ *(//.*)?$", tiny, re.M)
    assert [name for name, _ in waivers] == list(generate.LINT)
    assert all(len(reason) > 10 for _, reason in waivers)


def test_same_bytes_in_every_process(tiny, tmp_path):
    program = ("import sys; from ppu import generate; from ppu.config import TINY;"
               "sys.stdout.write(generate.verilog(TINY))")  # fmt: skip
    for seed in ("1", "2"):
        result = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True,
            check=True, env={**os.environ, "PYTHONHASHSEED": seed})  # fmt: skip
        assert result.stdout == tiny


def test_two_cores_in_one_design(tiny, tmp_path):
    """Cores of different configurations do not share module names."""
    from dataclasses import replace

    other = generate.verilog(replace(TINY, dot=2, accumulator_rows=64), name="other_core")
    assert "ppu.generate.verilog(config, name='other_core')" in other
    (tmp_path / "both.v").write_text(
        f"{tiny}\n{other}\nmodule both; ppu_core a(); other_core b(); endmodule\n")
    iverilog = toolchain.icarus()
    subprocess.run([iverilog.executable, "-g2005", "-s", "both", "-o", "both.vvp", "both.v"],
                   cwd=tmp_path, check=True)  # fmt: skip


def test_name_is_checked():
    with pytest.raises(ValueError, match="name must be a plain Verilog identifier, not 'a b'"):
        generate.verilog(TINY, name="a b")
