"""Cycles of products whose results are INT8, as docs/models.md tells them."""

from pathlib import Path

import numpy as np
import pytest

import ppu_sim
from ppu_sim.compiler.core_stage import CoreStage
from ppu_sim.compiler.layers import Gemm, Tensor

#: (preset, M, K, N, latency) -> cycles with INT32 and with INT8 results.
CYCLES = {
    ("small", 16, 16, 16, 1): (238, 233),
    ("small", 64, 64, 64, 1): (4_212, 4_263),
    ("small", 128, 128, 128, 100): (33_334, 33_423),
    ("small", 512, 16, 128, 100): (33_236, 17_015),
    ("medium", 16, 16, 16, 1): (171, 164),
    ("medium", 64, 64, 64, 1): (1_300, 1_243),
    ("medium", 96, 96, 96, 1): (3_645, 3_688),
    ("medium", 256, 256, 256, 1): (65_734, 65_801),
    ("medium", 512, 512, 512, 100): (525_181, 525_625),
    ("medium", 784, 128, 128, 100): (50_918, 50_914),
    ("medium", 3136, 64, 64, 100): (50_938, 50_811),
    ("medium", 512, 32, 256, 100): (33_282, 17_051),
    ("medium", 512, 16, 256, 100): (33_263, 16_999),
    ("ppu1", 1024, 64, 1024, 100): (131_828, 132_167),
}
TABLE = (Path(__file__).parents[2] / "docs" / "models.md").read_text()


@pytest.mark.parametrize("case", CYCLES, ids=str)
def test_cycles(case):
    preset, m, k, n, latency = case
    rng = np.random.default_rng(1)
    a, b = (rng.integers(-128, 128, shape).astype(np.int8) for shape in ((m, k), (n, k)))
    scale = np.full(n, 1 / (60 * k**0.5), np.float32)
    tensors = Tensor("a", (m, k), a.dtype), Tensor("y", (m, n), a.dtype)
    with ppu_sim.open("verilator", preset=preset, latency=latency) as device:
        product = device.matmul(a, b.T.copy())
        cycles = [device.last_run.cycles]
        stage = CoreStage(
            device.config, [Gemm(name="product", a=tensors[0], y=tensors[1], weight=b, bias=None,
                                 scale=scale)], tensors[:1], tensors[1:], {}, {})  # fmt: skip
        values = {"a": a}
        (_, run), = stage.run(device, values)
        cycles.append(run.cycles)
    want = np.clip(np.rint(product.astype(np.float32) * scale), -128, 127)
    assert np.array_equal(values["y"], want)
    assert tuple(cycles) == CYCLES[case]
    assert f"| `{preset}` | {m} x {k} x {n} | {latency} | {cycles[0]:,} | {cycles[1]:,} |" in TABLE
