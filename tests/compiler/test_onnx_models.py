"""Whole models: on the core, on the host, and refused."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_models import MICROSOFT, info, model_of, perceptron, random_of, reference
from onnxruntime.quantization import QuantFormat, QuantType

import ppu_sim
from ppu.config import preset
from ppu_sim.cli import main
from ppu_sim.compiler import ModelError, compile_model
from ppu_sim.compiler.command import listing
from ppu_sim.compiler.model import CoreStage

X = np.random.default_rng(7).normal(size=(5, 64)).astype(np.float32)


@pytest.fixture(scope="module")
def device():
    with ppu_sim.open("model", preset="small") as opened:
        yield opened


@pytest.mark.parametrize(("form", "per_channel", "activation"), [
    (QuantFormat.QDQ, True, QuantType.QInt8), (QuantFormat.QOperator, False, QuantType.QInt8)])
def test_perceptron(tmp_path, device, form, per_channel, activation):
    """All layers in one program; only conversions from and to float are on the host."""
    file = perceptron(tmp_path, form=form, per_channel=per_channel, activation=activation)
    compiled = compile_model(file, device.config, shapes={"x": X.shape})
    got = compiled.run(device, {"x": X})["y"]
    assert got.tobytes() == reference(onnx.load(file), {"x": X})[0].tobytes()
    core, = (stage for stage in compiled.stages if isinstance(stage, CoreStage))
    names = [layer.name.removesuffix("_quant") for layer in core.layers]
    assert names == ["fc1", "fc2", "fc3"]
    assert {reason.split(":")[0] for reason in compiled.reasons.values()} == {
        "QuantizeLinear", "DequantizeLinear"}
    # The first layer's operand and the second layer's result are never wanted at the same time.
    assert core.plan.peak < sum(layer.y.bytes for layer in core.layers) + 5 * 64


def test_an_operator_in_the_middle_runs_on_the_host(device):
    """Between two products on the core, which are programs of their own."""
    rng = np.random.default_rng(3)
    constants = {"s": np.float32(0.1), "z": np.int8(0), "b": random_of(rng, np.int8, (16, 16)),
                 "sy": np.float32(2), "shape": np.array([4, 16])}  # fmt: skip
    product = ("s", "z", "b", "s", "z", "sy", "z")
    nodes = [
        helper.make_node("QLinearMatMul", ["x", *product], ["p"], name="first"),
        helper.make_node("Abs", ["p"], ["q"], name="abs"),
        helper.make_node("Reshape", ["q", "shape"], ["r"], name="reshape"),
        helper.make_node("QLinearMatMul", ["r", *product], ["y"], name="second"),
    ]
    model = model_of(nodes, [info("x", np.int8, [2, 2, 16])], [info("y", np.int8, [4, 16])],
                     constants)  # fmt: skip
    x = random_of(rng, np.int8, (2, 2, 16))
    compiled = compile_model(model, device.config)
    assert compiled.reasons == {"abs": "Abs: the core has no such operator"}
    assert [isinstance(stage, CoreStage) for stage in compiled.stages] == [True, False, True]
    got = compiled.run(device, {"x": x})["y"]
    assert got.tobytes() == reference(model, {"x": x})[0].tobytes()


def test_weights_that_need_nine_bits(device):
    """They are sums of two."""
    rng = np.random.default_rng(4)
    constants = {"s": np.float32(0.1), "z": np.uint8(77), "b": np.arange(256, dtype=np.uint8)
                 .reshape(16, 16), "sy": np.float32(2)}  # fmt: skip
    node = helper.make_node("QLinearMatMul", ["x", "s", "z", "b", "s", "z", "sy", "z"], ["y"],
                            name="wide")  # fmt: skip
    model = model_of([node], [info("x", np.uint8, [3, 16])], [info("y", np.uint8, [3, 16])],
                     constants)  # fmt: skip
    x = random_of(rng, np.uint8, (3, 16))
    compiled = compile_model(model, device.config)
    assert not compiled.reasons
    assert compiled.run(device, {"x": x})["y"].tobytes() == reference(model, {"x": x})[0].tobytes()


@pytest.mark.parametrize("order", [["x", "s", "z", "c", "s", "z"], ["c", "s", "z", "x", "s", "z"]])
def test_constant_operands_stay_on_the_host(device, order):
    rng = np.random.default_rng(6)
    constants = {"c": random_of(rng, np.int8, (2, 5)), "s": np.float32(0.1), "z": np.int8(2)}
    node = helper.make_node("QLinearAdd", [*order, "s", "z"], ["y"], domain=MICROSOFT, name="add")
    model = model_of([node], [info("x", np.int8, [2, 5])], [info("y", np.int8, [2, 5])], constants)
    x = random_of(rng, np.int8, (2, 5))
    compiled = compile_model(model, device.config)
    assert compiled.reasons == {"add": "QLinearAdd: its operand c is constant"}
    assert compiled.run(device, {"x": x})["y"].tobytes() == reference(model, {"x": x})[0].tobytes()


def test_constants_that_are_dequantised(device):
    """ONNX Runtime leaves them as they are where it has no quantised operator."""
    rng = np.random.default_rng(7)
    constants = {"w": random_of(rng, np.int8, (4, 3, 2, 2)), "s": np.float32(0.1), "z": np.int8(2)}
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "s", "z"], ["wf"]),
        helper.make_node("DequantizeLinear", ["x", "s", "z"], ["xf"]),
        helper.make_node("ConvTranspose", ["xf", "wf"], ["yf"], name="up"),
        helper.make_node("QuantizeLinear", ["yf", "s", "z"], ["y"]),
    ]
    model = model_of(nodes, [info("x", np.int8, [1, 4, 3, 3])],
                     [info("y", np.int8, [1, 3, 4, 4])], constants)  # fmt: skip
    x = random_of(rng, np.int8, (1, 4, 3, 3))
    compiled = compile_model(model, device.config)
    assert compiled.reasons["up"] == "ConvTranspose: the core has no such operator"
    assert compiled.run(device, {"x": x})["y"].tobytes() == reference(model, {"x": x})[0].tobytes()


def test_more_columns_than_scales():
    """The tiny core holds 512 scales."""
    rng = np.random.default_rng(5)
    constants = {"s": np.float32(0.1), "z": np.int8(3), "b": random_of(rng, np.int8, (6, 700)),
                 "sb": rng.random(700).astype(np.float32), "zb": np.zeros(700, np.int8),
                 "c": rng.integers(-99, 99, 700).astype(np.int32), "sy": np.float32(30)}
    node = helper.make_node("QGemm", ["x", "s", "z", "b", "sb", "zb", "c", "sy", "z"], ["y"],
                            domain=MICROSOFT)  # fmt: skip
    model = model_of([node], [info("x", np.int8, [3, 6])], [info("y", np.int8, [3, 700])],
                     constants)  # fmt: skip
    x = random_of(rng, np.int8, (3, 6))
    with ppu_sim.open("model", preset="tiny") as device:
        got = compile_model(model, device.config).run(device, {"x": x})["y"]
    assert got.tobytes() == reference(model, {"x": x})[0].tobytes()


def test_listing(tmp_path, device):
    compiled = compile_model(perceptron(tmp_path), device.config)
    core, = (stage for stage in compiled.stages if isinstance(stage, CoreStage))
    text = listing(core).splitlines()
    assert [line for line in text if line.startswith(";")] == ["; fc1", "; fc2", "; fc3"]
    # Operands come before the scales, which only STORE wants.
    assert "LOAD     scratchpad" in text[1] and text[-1].endswith("END      tag 0x1")
    scales = next(index for index, line in enumerate(text) if "LOAD     parameters 0" in line)
    assert "EXECUTE" in text[scales - 1]
    assert any("int8 at" in line and "zero -128 in -128..127" in line for line in text)


def test_models_that_are_refused(tmp_path):
    small = preset("small")
    float_model = model_of([helper.make_node("Relu", ["x"], ["y"])],
                           [info("x", np.float32, [2])], [info("y", np.float32, [2])], {})
    with pytest.raises(ModelError, match=r"^not a quantised model"):
        compile_model(float_model, small)
    with pytest.raises(ModelError, match=r"^not a valid ONNX model"):
        compile_model(b"garbage", small)
    file = perceptron(tmp_path)
    with pytest.raises(ModelError, match=r"^the core has no epilogue: epilogue_lanes is 0$"):
        compile_model(file, replace(small, epilogue_lanes=0))
    with pytest.raises(ModelError, match=r"^the shape of x must be \(None, 64\), not \(1, 63\)$"):
        compile_model(file, small, shapes={"x": (1, 63)})
    with pytest.raises(ModelError, match=r"^the shape of x must not have a 0: \(0, 64\)$"):
        compile_model(file, small, shapes={"x": (0, 64)})
    with pytest.raises(ModelError, match=r"^the model has inputs x, not z$"):
        compile_model(file, small, shapes={"z": (1, 64)})
    old = onnx.load(file)
    old.opset_import[0].version = 13
    with pytest.raises(ModelError, match=r"^the operator set must be from 21 to 24, not 13$"):
        compile_model(old, small)


def test_inputs_are_checked(tmp_path, device):
    compiled = compile_model(perceptron(tmp_path), device.config)
    for inputs, got in (({}, "nothing"), ({"x": X}, r"float32 \(5, 64\)"),
                        ({"x": X[:1].astype(np.float64)}, r"float64 \(1, 64\)")):
        with pytest.raises(ValueError, match=rf"^input 'x' must be float32 \(1, 64\), not {got}$"):
            compiled.run(device, inputs)


def test_front_door(tmp_path, device):
    compiled = ppu_sim.compile(perceptron(tmp_path), preset="tiny", shapes={"x": X.shape})
    with pytest.raises(ValueError, match=r"^the model was compiled for another core than that of"):
        compiled.run(device, {"x": X})
    with ppu_sim.open("model", preset="tiny") as tiny:
        assert compiled.run(tiny, {"x": X})["y"].shape == (5, 10)


def test_command(tmp_path, capsys):
    file = perceptron(tmp_path)
    np.save(tmp_path / "x.npy", X)
    arguments = ["--preset", "small", "--backend", "model", "--input", str(tmp_path / "x.npy")]
    assert main(["run", str(file), *arguments, "-o", str(tmp_path / "y.npy")]) == 0
    want = reference(onnx.load(file), {"x": X})[0]
    assert np.load(tmp_path / "y.npy").tobytes() == want.tobytes()
    text = capsys.readouterr().out
    assert "core  fc2: 5 x 20 x 48" in text and "QuantizeLinear: the core has no" in text
    assert main(["compile", str(file), "--preset", "small", "--listing"]) == 0
    assert "; fc3" in capsys.readouterr().out


def test_command_that_fails_leaves_no_file(tmp_path, capsys):
    file, y = perceptron(tmp_path), tmp_path / "y.npy"
    np.save(tmp_path / "x.npy", X[:, :3])
    base = ["--backend", "model", "--input", str(tmp_path / "x.npy")]
    for model, output, message in (
            (tmp_path / "float.onnx", y, "not a quantised model"),
            (tmp_path / "x.npy", y, "not a valid ONNX model"),
            (tmp_path / "none.onnx", y, "No such file"),
            (file, y, "the shape of x must be"),
            (file, tmp_path / "y.txt", "must be a .npy or .npz file")):
        assert main(["run", str(model), *base, "-o", str(output)]) == 2
        assert message in capsys.readouterr().err
        assert not output.exists()
