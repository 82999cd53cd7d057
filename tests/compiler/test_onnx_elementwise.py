"""Additions and activations on the core beside ONNX Runtime, byte by byte."""

import numpy as np
import pytest
from onnx import helper
from onnx_models import MICROSOFT, info, model_of, random_of, reference

import ppu_sim
from ppu_sim.compiler import compile_model
from ppu_sim.compiler.model import CoreStage


def random_addition(rng):
    """A model of one QLinearAdd, and its operands."""
    dtype = (np.int8, np.uint8)[rng.integers(2)]
    shape = tuple(int(size) for size in rng.integers(1, [5, 40, 9, 40][: rng.integers(1, 5)]))
    constants = {name: np.float32(rng.random() / 10 + 1e-3) for name in ("sa", "sb", "sy")}
    if rng.random() < 0.3:      # ties
        constants = {"sa": np.float32(0.5), "sb": np.float32(0.25), "sy": np.float32(1)}
    constants |= {name: random_of(rng, dtype, ()) for name in ("za", "zb", "zy")}
    node = helper.make_node("QLinearAdd", ["a", "sa", "za", "b", "sb", "zb", "sy", "zy"], ["y"],
                            domain=MICROSOFT, name="add")  # fmt: skip
    model = model_of([node], [info(name, dtype, shape) for name in "ab"], [info("y", dtype, shape)],
                     constants)  # fmt: skip
    return model, {name: random_of(rng, dtype, shape) for name in "ab"}


def check(device, model, inputs):
    compiled = compile_model(model, device.config)
    assert not compiled.reasons
    got, want = compiled.run(device, inputs)["y"], reference(model, inputs)[0]
    assert (got.dtype, got.shape) == (want.dtype, want.shape)
    assert got.tobytes() == want.tobytes()
    return want.size


@pytest.mark.parametrize("preset", ["tiny", "small", "ppu1"])
def test_additions_of_the_model(preset):
    with ppu_sim.open("model", preset=preset) as device:
        rng = np.random.default_rng(len(preset))
        assert sum(check(device, *random_addition(rng)) for _ in range(40)) > 10_000


def test_additions_of_the_rtl():
    with ppu_sim.open("verilator", preset="tiny", stall=0.2) as device:
        rng = np.random.default_rng(1)
        assert sum(check(device, *random_addition(rng)) for _ in range(8)) > 1_000


def test_shapes_that_are_broadcast_stay_on_the_host():
    model, _ = random_addition(np.random.default_rng(2))
    dtype = np.int8 if model.graph.input[0].type.tensor_type.elem_type == 3 else np.uint8
    del model.graph.input[:], model.graph.output[:]
    model.graph.input.extend([info("a", dtype, [3, 4]), info("b", dtype, [4])])
    model.graph.output.append(info("y", dtype, [3, 4]))
    with ppu_sim.open("model", preset="tiny") as device:
        reasons = compile_model(model, device.config).reasons
    assert reasons == {"add": "QLinearAdd: its operands differ in shape"}


#: Name -> nodes from the float32 tensor f to g, and their constants.
ACTIVATIONS = {
    "Sigmoid": ([("Sigmoid", ["f"], "g", {})], {}),
    "Tanh": ([("Tanh", ["f"], "g", {})], {}),
    "Gelu": ([("Gelu", ["f"], "g", {})], {}),
    "SiLU": ([("Sigmoid", ["f"], "s", {}), ("Mul", ["f", "s"], "g", {})], {}),
    "Clip": ([("Clip", ["f", "low", "high"], "g", {})],
             {"low": np.float32(-1), "high": np.float32(2)}),
    "LeakyRelu": ([("LeakyRelu", ["f"], "g", {"alpha": 0.1})], {}),
}  # fmt: skip


def activation_model(name, dtype, *, also=False):
    """An activation between DequantizeLinear and QuantizeLinear; `also`: g is wanted outside."""
    nodes, constants = ACTIVATIONS[name]
    nodes = [helper.make_node(op, inputs, [output], name=output, **attributes)
             for op, inputs, output, attributes in nodes]  # fmt: skip
    nodes = [helper.make_node("DequantizeLinear", ["x", "sx", "zx"], ["f"], name="dequantize"),
             *nodes, helper.make_node("QuantizeLinear", ["g", "sy", "zy"], ["y"], name="quantize")]
    constants = constants | {"sx": np.float32(0.05), "zx": np.asarray(7, dtype),
                             "sy": np.float32(0.02), "zy": np.asarray(3, dtype)}  # fmt: skip
    outputs = [info("y", dtype, [3, 100])] + ([info("g", np.float32, [3, 100])] if also else [])
    return model_of(nodes, [info("x", dtype, [3, 100])], outputs, constants)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_looked_up(name, dtype):
    x = random_of(np.random.default_rng(3), dtype, (3, 100))
    with ppu_sim.open("model", preset="small") as device:
        check(device, activation_model(name, dtype), {"x": x})


def test_an_activation_on_the_rtl():
    x = random_of(np.random.default_rng(4), np.int8, (3, 100))
    with ppu_sim.open("verilator", preset="tiny") as device:
        check(device, activation_model("Tanh", np.int8), {"x": x})


def test_values_that_others_want_are_computed():
    model, x = activation_model("Tanh", np.int8, also=True), np.zeros((3, 100), np.int8)
    with ppu_sim.open("model", preset="small") as device:
        compiled = compile_model(model, device.config)
        assert not any(isinstance(stage, CoreStage) for stage in compiled.stages)
        got, want = compiled.run(device, {"x": x}), reference(model, {"x": x})
    assert [got[name].tobytes() for name in ("y", "g")] == [value.tobytes() for value in want]
