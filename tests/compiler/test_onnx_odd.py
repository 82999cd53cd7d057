"""Models of which not all is tensors of fixed shapes, around a product on the core."""

import warnings
from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx_graphs import GraphMaker
from onnx_models import compare, info, model_of, random_of

import ppu_sim
from ppu.config import TINY, preset
from ppu_sim.compiler import ModelError, compile_model
from ppu_sim.compiler.sessions import RunError

RNG = np.random.default_rng(0)
X = random_of(RNG, np.int8, (4, 16))
CONSTANTS = {"s": np.float32(0.1), "z": np.int8(3), "b": random_of(RNG, np.int8, (16, 8)),
             "sy": np.float32(2)}  # fmt: skip
IN, OUT = info("x", np.int8, [4, 16]), info("y", np.int8, [4, 8])


def product(a, y):
    return helper.make_node("QLinearMatMul", [a, "s", "z", "b", "s", "z", "sy", "z"], [y])


def check(model, inputs, *, config=None, host=()):
    """Compares all outputs, and what runs on the host: operators, each with a part of why."""
    with ppu_sim.open("model", config=config or preset("small")) as device:
        compiled = compile_model(model, device.config,
                                 shapes={name: np.shape(x) for name, x in inputs.items()})
        compare(compiled, device, model, inputs)
    on_host = [node.op for stage in compiled.stages for node in getattr(stage, "nodes", [])]
    assert on_host == [op for op, _ in host]
    for op, reason in host:
        assert any(reason in text for text in compiled.reasons.values()), (op, compiled.reasons)
    return compiled


def sliced():
    """Rows of x up to the number n, this one included, times b."""
    nodes = [helper.make_node("Add", ["n", "one"], ["end"]),
             helper.make_node("Slice", ["x", "first", "end"], ["p"]), product("p", "y")]
    return model_of(nodes, [IN, info("n", np.int64, [1])], [info("y", np.int8, ["rows", 8])],
                    CONSTANTS | {"first": np.array([0]), "one": np.array([1])})  # fmt: skip


def test_a_shape_that_depends_on_data():
    """Memory is planned for one shape; for another nothing is written."""
    with ppu_sim.open("model", preset="small") as device:
        compiled = compile_model(sliced(), device.config)
        inputs = {"x": X, "n": np.array([0])}
        compare(compiled, device, sliced(), inputs)
        with device.allocator.scope() as room:
            first, size = room.allocate(1), 1 << 16
        before = device.read(first, size, np.uint8).tobytes()
        with pytest.raises(ValueError, match=r"^p is planned as int8 \(1, 16\), not int8 \(3, 16\)"
                                             r": its shape depends on data$"):
            compiled.run(device, inputs | {"n": np.array([2])})
        assert device.read(first, size, np.uint8).tobytes() == before


def test_the_host_takes_any_shape():
    nodes = [product("x", "p"), helper.make_node("Slice", ["p", "first", "n"], ["y"])]
    model = model_of(nodes, [IN, info("n", np.int64, [1])], [info("y", np.int8, ["rows", 8])],
                     CONSTANTS | {"first": np.array([0], np.int64)})  # fmt: skip
    with ppu_sim.open("model", preset="small") as device:
        compiled = compile_model(model, device.config)
        for rows in (1, 4, 2):
            compare(compiled, device, model, {"x": X, "n": np.array([rows])})


def test_bodies_that_take_tensors_from_outside():
    bodies = {name: helper.make_graph([helper.make_node(op, ["p"], [name])], name, [],
                                      [info(name, np.int8, [4, 8])])
              for name, op in (("then_branch", "Identity"), ("else_branch", "Abs"))}
    nodes = [product("x", "p"), helper.make_node("If", ["c"], ["y"], **bodies)]
    model = model_of(nodes, [IN, info("c", np.bool_, [])], [OUT], CONSTANTS)
    for chosen in (True, False):
        check(model, {"x": X, "c": np.array(chosen)}, host=[("If", "no such operator")])


def test_a_sequence_in_the_middle():
    nodes = [helper.make_node("SequenceConstruct", ["x"], ["list"]), product("x", "y"),
             helper.make_node("SequenceAt", ["list", "index"], ["p"])]  # fmt: skip
    model = model_of(nodes, [IN], [OUT, info("p", np.int8, [4, 16])],
                     CONSTANTS | {"index": np.int64(0)})  # fmt: skip
    with ppu_sim.open("model", preset="small") as device:
        compare(compile_model(model, device.config), device, model, {"x": X})


@pytest.mark.parametrize("kind", [TensorProto.FLOAT8E4M3FN, TensorProto.INT4])
def test_short_types_are_the_hosts(kind):
    nodes = [product("x", "p"), helper.make_node("DequantizeLinear", ["p", "s", "z"], ["f"]),
             helper.make_node("QuantizeLinear", ["f", "s"], ["q"], output_dtype=kind),
             helper.make_node("DequantizeLinear", ["q", "s"], ["y"])]  # fmt: skip
    model = model_of(nodes, [IN], [info("y", np.float32, [4, 8])], CONSTANTS)
    with ppu_sim.open("model", preset="small") as device:
        compare(compile_model(model, device.config), device, model, {"x": X})


@pytest.mark.parametrize(("value", "message"), [
    (helper.make_tensor_sequence_value_info("extra", TensorProto.INT8, [4]),
     r"^extra is not a tensor"),
    (helper.make_tensor_value_info("extra", TensorProto.STRING, [1]),
     r"^extra is a tensor of STRING"),
])  # fmt: skip
def test_inputs_that_are_no_numbers(value, message):
    model = model_of([product("x", "y")], [IN, value], [OUT], CONSTANTS)
    with pytest.raises(ModelError, match=message):
        compile_model(model, preset("small"))


def test_outputs_that_are_constants_or_inputs():
    model = model_of([product("x", "y")], [IN], [OUT, info("b", np.int8, [16, 8])], CONSTANTS)
    check(model, {"x": X})


def test_outputs_without_a_shape():
    model = model_of([product("x", "y")], [IN], [info("y", np.int8, None)], CONSTANTS)
    check(model, {"x": X})


def test_tensors_without_elements():
    nodes = [helper.make_node("Slice", ["x", "two", "two"], ["p"]), product("p", "y")]
    model = model_of(nodes, [IN], [info("y", np.int8, [0, 8])],
                     CONSTANTS | {"two": np.array([2], np.int64)})  # fmt: skip
    check(model, {"x": X}, host=[("Slice", "no such"), ("QLinearMatMul", "has no elements")])


def test_errors_of_the_host_while_it_runs(capfd):
    nodes = [helper.make_node("Gather", ["x", "i"], ["p"]), product("p", "y")]
    model = model_of(nodes, [IN, info("i", np.int64, [2])], [info("y", np.int8, [2, 8])], CONSTANTS)
    with ppu_sim.open("model", preset="small") as device:
        compiled = compile_model(model, device.config)
        with pytest.raises(RunError, match=r"^ONNX Runtime: .*out of data bounds.*$"):
            compiled.run(device, {"x": X, "i": np.array([1, 9])})
    assert capfd.readouterr().err == ""


def test_a_division_by_an_input():
    """The shapes come from a run of ONNX Runtime, with other numbers if it stops at zeros."""
    nodes = [helper.make_node("Div", ["n", "d"], ["q"]), product("x", "y")]
    number = [info(name, np.int32, [1]) for name in ("n", "d", "q")]
    model = model_of(nodes, [IN, *number[:2]], [OUT, number[2]], CONSTANTS)
    inputs = {"x": X, "n": np.array([9], np.int32), "d": np.array([2], np.int32)}
    check(model, inputs, host=[("Div", "no such operator")])


@pytest.mark.parametrize("op", ["MaxPool", "table", "sum"])
def test_a_scratchpad_without_room(op):
    """For matrices that choose columns, and two blocks of an operand."""
    maker = GraphMaker(np.random.default_rng(1), np.int8)
    value = maker.input((1, 4, 6, 6))
    value = maker.sum(value, value) if op == "sum" else maker.table(value, "Tanh")
    if op == "MaxPool":
        value = maker.max_pool(value, [2, 2], strides=[1, 1], dilations=[1, 1], pads=[0] * 4)
    model, inputs = maker.model(value)
    config = replace(TINY, columns=16, scratchpad_rows=64, scratchpad_banks=2)
    with ppu_sim.open("model", config=config) as device:
        compiled = compile_model(model, config)
        compare(compiled, device, model, inputs)
    assert any("no room for matrices" in reason for reason in compiled.reasons.values())


def test_constants_in_another_file(tmp_path):
    file = tmp_path / "model.onnx"
    model = model_of([product("x", "y")], [IN], [OUT], CONSTANTS)
    onnx.save(model, file, save_as_external_data=True, size_threshold=0, location="weights.bin")
    assert (tmp_path / "weights.bin").stat().st_size >= 128
    with ppu_sim.open("model", preset="small") as device:
        compare(compile_model(file, device.config), device,
                model_of([product("x", "y")], [IN], [OUT], CONSTANTS), {"x": X})  # fmt: skip
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(ModelError, match=r"^not a valid ONNX model: .*weights\.bin"):
        compile_model(file, preset("small"))


@pytest.mark.parametrize("name", ["s", "sy"])
def test_a_scale_of_zero(name):
    model = model_of([product("x", "y")], [IN], [OUT], CONSTANTS | {name: np.float32(0)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(model, {"x": X}, host=[("QLinearMatMul", " is 0.0")])


def test_a_scale_that_is_too_large():
    constants = CONSTANTS | {"s": np.float32(1e30), "sy": np.float32(1e-30)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(model_of([product("x", "y")], [IN], [OUT], constants), {"x": X})
