"""What the core would compute otherwise than ONNX Runtime does: it runs on the host."""

import numpy as np
import pytest
from onnx import helper
from onnx_graphs import GraphMaker
from onnx_models import MICROSOFT, compare, info, model_of, random_of

import ppu_sim
from ppu_sim.compiler import compile_model


def check(model, inputs, reason):
    """Compares all outputs, and that there is a reason for the host."""
    with ppu_sim.open("model", preset="small") as device:
        compiled = compile_model(model, device.config)
        assert any(reason in text for text in compiled.reasons.values()), compiled.reasons
        compare(compiled, device, model, inputs)


@pytest.mark.parametrize("last", ["table", "sum", "product"])
def test_a_flattened_image_is_not_shaped_again(last):
    maker = GraphMaker(np.random.default_rng(0), np.int8)
    maker.input((1, 4, 6, 6))
    image = maker.convolution("x", 4, [1, 1], strides=[1, 1], dilations=[1, 1], pads=[0] * 4)
    value = maker.reshaped(maker.flat(image), (4, 36))
    last = {"table": lambda: maker.table(value, "Tanh"), "sum": lambda: maker.sum(value, value),
            "product": lambda: maker.product(value, 5)}[last]()  # fmt: skip
    check(*maker.model(last), "it changes the shape of a flattened image")


def test_a_table_does_not_change_a_shape():
    rng = np.random.default_rng(1)
    constants = {"s": np.float32(0.03), "z": np.int8(0),
                 "one": np.full((1, 1, 1, 1), 1.5, np.float32),
                 "w": random_of(rng, np.int8, (3, 2, 1, 1))}  # fmt: skip
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "s", "z"], ["f"]),
        helper.make_node("Mul", ["f", "one"], ["g"]),
        helper.make_node("QuantizeLinear", ["g", "s", "z"], ["q"]),
        helper.make_node("QLinearConv", ["q", "s", "z", "w", "s", "z", "s", "z"], ["y"]),
    ]
    model = model_of(nodes, [info("x", np.int8, [2, 3, 5])], [info("y", np.int8, [1, 3, 3, 5])],
                     constants)  # fmt: skip
    check(model, {"x": random_of(rng, np.int8, (2, 3, 5))}, "Mul")


def test_a_weight_that_is_no_sum_of_two():
    constants = {"b": np.array([[255, 0], [3, 100]], np.uint8), "za": np.uint8(7),
                 "zb": np.array([0, 128], np.uint8)}  # fmt: skip
    model = model_of([helper.make_node("MatMulInteger", ["x", "b", "za", "zb"], ["y"])],
                     [info("x", np.uint8, [5, 2])], [info("y", np.int32, [5, 2])],
                     constants)  # fmt: skip
    x = random_of(np.random.default_rng(2), np.uint8, (5, 2))
    check(model, {"x": x}, "a weight less its zero point is 255: more than 254")


@pytest.mark.parametrize("shape", [(4, 1), (4, 4)])
def test_a_bias_for_rows(shape):
    rng = np.random.default_rng(3)
    constants = {"s": np.float32(0.1), "z": np.int8(1), "b": random_of(rng, np.int8, (6, 4)),
                 "c": rng.integers(-999, 999, shape).astype(np.int32), "sy": np.float32(20)}
    node = helper.make_node("QGemm", ["x", "s", "z", "b", "s", "z", "c", "sy", "z"], ["y"],
                            domain=MICROSOFT)  # fmt: skip
    model = model_of([node], [info("x", np.int8, [4, 6])], [info("y", np.int8, [4, 4])], constants)
    check(model, {"x": random_of(rng, np.int8, (4, 6))}, "it is not one for columns")


def test_a_table_whose_last_bit_depends_on_the_place():
    constants = {"sx": np.float32(0.0371), "zx": np.int8(-128), "sy": np.float32(0.68890697),
                 "zy": np.int8(0)}  # fmt: skip
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "sx", "zx"], ["f"]),
        helper.make_node("Softplus", ["f"], ["g"]),
        helper.make_node("QuantizeLinear", ["g", "sy", "zy"], ["y"]),
    ]
    model = model_of(nodes, [info("x", np.int8, [1])], [info("y", np.int8, [1])], constants)
    check(model, {"x": np.array([-112], np.int8)}, "Softplus")
