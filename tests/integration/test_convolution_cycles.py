"""Cycles of convolutions, as docs/models.md tells them."""

from pathlib import Path

import numpy as np
import pytest

import ppu_sim
from ppu_sim.compiler.core_stage import CoreStage
from ppu_sim.compiler.image_layers import Convolution, Window
from ppu_sim.compiler.layers import Tensor
from ppu_sim.compiler.layout import Layout
from ppu_sim.convolution.shape import Axis

#: (channels, height, width, filters, kernel, stride) -> cycles on `medium`, latency 100.
CYCLES = {
    (3, 64, 64, 32, 7, 2): 38_369,
    (3, 32, 32, 16, 3, 1): 8_175,
    (16, 56, 56, 16, 3, 1): 30_280,
    (64, 14, 14, 64, 3, 1): 32_375,
    (64, 14, 14, 128, 3, 2): 19_013,
    (64, 28, 28, 256, 1, 1): 85_086,
    (32, 64, 64, 64, 3, 1): 299_417,
}
TABLE = (Path(__file__).parents[2] / "docs" / "models.md").read_text()


def wanted(x, layer):
    """The result, by moving the kernel from line to line and pixel to pixel."""
    filters, size, _, _ = layer.weight.shape
    axis, top = layer.window.vertical, layer.window.top
    x = np.pad(x[0].astype(np.int64), ((0, 0), (top, top), (top, top)))
    sums = np.zeros((filters, axis.outputs, axis.outputs), np.int64)
    reach = (axis.outputs - 1) * axis.stride + 1
    for line in range(size):
        for pixel in range(size):
            part = x[:, line : line + reach : axis.stride, pixel : pixel + reach : axis.stride]
            sums += np.tensordot(layer.weight[:, line, pixel].astype(np.int64), part, 1)
    sums = (sums + layer.bias[:, None, None]).astype(np.float32)
    return np.clip(np.rint(sums * layer.scale[:, None, None]), -128, 127).astype(np.int8)


@pytest.mark.parametrize("case", CYCLES, ids=str)
def test_cycles(case):
    channels, height, width, filters, kernel, stride = case
    rng = np.random.default_rng(1)
    outputs = (height - 1) // stride + 1
    a = Tensor("a", (1, channels, height, width), np.dtype(np.int8))
    y = Tensor("y", (1, filters, outputs, outputs), np.dtype(np.int8))
    axis = Axis(outputs, kernel, stride)
    layer = Convolution(
        name="convolution", a=a, y=y, window=Window(axis, axis, kernel // 2, kernel // 2), fill=0,
        weight=rng.integers(-128, 128, (filters, kernel, kernel, channels)).astype(np.int8),
        bias=rng.integers(-9999, 9999, filters).astype(np.int32),
        scale=np.full(filters, 1 / (60 * kernel * channels**0.5), np.float32))  # fmt: skip
    values = {"a": rng.integers(-128, 128, a.shape).astype(np.int8)}
    with ppu_sim.open("verilator", preset="medium", latency=100) as device:
        stage = CoreStage(device.config, [layer], (a,), (y,), {},
                          {tensor.name: Layout(tensor.shape) for tensor in (a, y)})  # fmt: skip
        (_, run), = stage.run(device, values)
    assert np.array_equal(values["y"][0], wanted(values["a"], layer))
    assert run.cycles == CYCLES[case]
    shape = f"{channels} x {height} x {width}"
    cells = (f"{shape} to {filters}, {kernel} x {kernel}, stride {stride}", f"{run.cycles:,}",
             f"{run.utilization:.1%}")  # fmt: skip
    assert f"| {' | '.join(cells)} |" in TABLE
