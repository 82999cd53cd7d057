"""Random quantised products on the core beside ONNX Runtime, byte by byte."""

import numpy as np
import pytest
from onnx import helper
from onnx_models import MICROSOFT, info, model_of, random_of, reference

import ppu_sim
from ppu_sim.compiler import compile_model

TYPES = ((np.int8, np.int8), (np.uint8, np.uint8))
KINDS = ("QLinearMatMul", "QGemm", "QGemm to float", "MatMulInteger")


def random_product(rng):
    """A model of one product, and its operand."""
    m, k, n = (int(size) for size in rng.integers(1, 70, 3))
    if rng.random() < 0.2:
        k = int(rng.integers(1, 600))
    a_type, b_type = TYPES[rng.integers(2)]
    kind = KINDS[rng.integers(len(KINDS))]
    channels = n if rng.random() < 0.5 and kind != "MatMulInteger" else ()
    scale_a = np.float32(rng.random() / 10 + 1e-3)
    scale_b = (rng.random(channels) / 10 + 1e-3).astype(np.float32)
    typical = scale_a * scale_b.mean() * np.sqrt(k) * 127
    scale_y = np.float32(typical * rng.choice([1e-3, 0.3, 3, 50]))
    if rng.random() < 0.3:      # ties
        scale_a, scale_b = np.float32(0.5), np.full(channels, 0.5, np.float32)
        scale_y = np.float32(2.0 ** rng.integers(3, 12))
    b = random_of(rng, b_type, (k, n))
    zero_b = 128 if b_type is np.uint8 and rng.random() < 0.5 else 0
    constants = {
        "sa": scale_a, "za": random_of(rng, a_type, ()), "b": b, "sb": scale_b,
        "zb": np.full(channels, zero_b, b_type), "sy": scale_y, "zy": random_of(rng, a_type, ()),
    }  # fmt: skip
    if kind == "MatMulInteger":
        names, options, y_type = ["x", "b", "za", "zb"], {}, np.int32
    elif kind == "QLinearMatMul":
        names, options, y_type = ["x", "sa", "za", "b", "sb", "zb", "sy", "zy"], {}, a_type
    else:
        constants |= {"b": np.ascontiguousarray(b.T),
                      "c": rng.integers(-20000, 20000, n).astype(np.int32)}
        names, options = ["x", "sa", "za", "b", "sb", "zb", "c"], {"transB": 1, "domain": MICROSOFT}
        y_type = np.float32
        if kind == "QGemm":
            names, y_type = [*names, "sy", "zy"], a_type
    node = helper.make_node(kind.split()[0], names, ["y"], name="product", **options)
    model = model_of([node], [info("x", a_type, [m, k])], [info("y", y_type, [m, n])],
                     {name: constants[name] for name in names if name != "x"})  # fmt: skip
    return model, random_of(rng, a_type, (m, k))


def check(device, seed):
    model, x = random_product(np.random.default_rng(seed))
    compiled = compile_model(model, device.config)
    assert not compiled.reasons
    got, want = compiled.run(device, {"x": x})["y"], reference(model, {"x": x})[0]
    assert (got.dtype, got.shape) == (want.dtype, want.shape)
    assert got.tobytes() == want.tobytes(), f"seed {seed}: {model.graph.node[0].op_type}"
    return want.size


@pytest.mark.parametrize(("preset", "first"), [("tiny", 0), ("medium", 10)])
def test_products_of_the_model(preset, first):
    with ppu_sim.open("model", preset=preset) as device:
        assert sum(check(device, seed) for seed in range(first, first + 10)) > 1000


def test_products_of_the_rtl():
    with ppu_sim.open("verilator", preset="tiny", stall=0.2) as device:
        assert sum(check(device, seed) for seed in range(20, 26)) > 1000


@pytest.mark.long
def test_many_products():
    with ppu_sim.open("model", preset="small") as device:
        assert sum(check(device, seed) for seed in range(1000, 1870)) >= 1_000_000
