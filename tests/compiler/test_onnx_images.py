"""Convolutions and pools on the core beside ONNX Runtime, byte by byte."""

from dataclasses import replace

import numpy as np
import pytest
from onnx import helper
from onnx_graphs import GraphMaker, random_convolution, random_graph, random_pool
from onnx_models import compare, info, model_of, random_of, reference

import ppu_sim
from ppu.config import Signs, preset
from ppu_sim.compiler import compile_model
from ppu_sim.compiler.model import CoreStage

#: Why an average is computed on the host: a rounding that depends on the order of sums.
_HOST = ("QLinearAveragePool: ONNX Runtime's float32 sums may round to another number than exact "
         "ones")  # fmt: skip


def check(device, model, inputs, reasons=()):
    """Compares all outputs; returns how many, 0 if the host computed some for a known reason."""
    compiled = compile_model(model, device.config)
    assert set(compiled.reasons.values()) <= set(reasons)
    wanted = compare(compiled, device, model, inputs)
    return 0 if compiled.reasons else sum(want.size for want in wanted)


def checked(device, make, seeds, reasons=()):
    return sum(check(device, *make(np.random.default_rng(seed)), reasons) for seed in seeds)


@pytest.mark.parametrize("preset", ["tiny", "small", "medium", "ppu1"])
def test_convolutions_of_the_model(preset):
    with ppu_sim.open("model", preset=preset) as device:
        assert checked(device, random_convolution, range(30)) > 20_000


@pytest.mark.parametrize("preset", ["tiny", "medium"])
def test_pools_of_the_model(preset):
    with ppu_sim.open("model", preset=preset) as device:
        assert checked(device, random_pool, range(40), [_HOST]) > 10_000


@pytest.mark.parametrize("preset", ["tiny", "medium"])
def test_graphs_of_the_model(preset):
    with ppu_sim.open("model", preset=preset) as device:
        seeds = range(50) if preset == "tiny" else range(50, 100)
        assert checked(device, random_graph, seeds) > 20_000


def test_images_of_the_rtl():
    with ppu_sim.open("verilator", preset="tiny", stall=0.2) as device:
        assert checked(device, random_convolution, range(200, 206)) > 2_000
        assert checked(device, random_pool, range(200, 206), [_HOST]) > 500
        assert checked(device, random_graph, range(200, 204)) > 500


@pytest.mark.parametrize(("shape", "filters", "kernel", "stride"), [
    ((1, 8, 1, 700), 8, 3, 1),      # a line of more sums than the accumulator has
    ((1, 512, 4, 4), 16, 3, 1),     # an image of more bytes than the scratchpad has
    ((1, 3, 40, 40), 600, 7, 2),    # more filters than scales
    ((1, 64, 9, 9), 64, 3, 2),      # weights that come again for each band
])
def test_what_is_larger_than_the_memories(shape, filters, kernel, stride):
    maker = GraphMaker(np.random.default_rng(0), np.int8)
    x = maker.input(shape)
    half = kernel // 2
    model, inputs = maker.model(maker.convolution(
        x, filters, [kernel, kernel], strides=[stride] * 2, dilations=[1, 1], pads=[half] * 4))
    with ppu_sim.open("model", preset="tiny") as device:
        check(device, model, inputs)


def test_one_image_with_two_borders():
    """Both kernels find their own number around the image, and a product none at all."""
    maker = GraphMaker(np.random.default_rng(1), np.uint8)
    x = maker.input((2, 4, 5, 6))
    wide = maker.convolution(x, 4, [5, 5], strides=[1, 1], dilations=[1, 1], pads=[2] * 4)
    best = maker.max_pool(wide, [3, 3], strides=[1, 1], dilations=[1, 1], pads=[1] * 4)
    again = maker.convolution(wide, 4, [3, 3], strides=[1, 1], dilations=[1, 1], pads=[1] * 4)
    total = maker.sum(best, again)
    scores = maker.product(maker.flat(wide), 7)
    with ppu_sim.open("model", preset="small") as device:
        assert check(device, *maker.model(total, scores, wide)) == 2 * (2 * 4 * 5 * 6) + 14


def test_layers_one_by_one_give_the_same():
    maker = GraphMaker(np.random.default_rng(2), np.int8)
    x = maker.input((1, 4, 6, 6))
    first = maker.convolution(x, 8, [3, 3], strides=[1, 1], dilations=[1, 1], pads=[1] * 4)
    model, inputs = maker.model(maker.max_pool(
        first, [2, 2], strides=[2, 2], dilations=[1, 1], pads=[0] * 4))
    with ppu_sim.open("verilator", preset="tiny") as device:
        compiled = compile_model(model, device.config)
        outputs, took = compiled.run_layers(device, inputs)
        want, = reference(model, inputs)
        assert outputs[compiled.graph.outputs[0].name].tobytes() == want.tobytes()
        assert [run.macs for _, run in took] == [36 * 8 * 36, 0]
        compiled.run(device, inputs)
        assert device.last_run.cycles < sum(run.cycles for _, run in took)


def test_the_shape_of_an_image_is_changed_on_the_host():
    """Lying as NHWC, it would be another one."""
    maker = GraphMaker(np.random.default_rng(3), np.int8)
    maker.input((1, 4, 6, 6))
    image = maker.convolution("x", 4, [1, 1], strides=[1, 1], dilations=[1, 1], pads=[0] * 4)
    other = maker.reshaped(image, (1, 6, 4, 6))
    model, inputs = maker.model(maker.convolution(
        other, 3, [3, 3], strides=[1, 1], dilations=[1, 1], pads=[1] * 4))
    with ppu_sim.open("model", preset="small") as device:
        compiled = compile_model(model, device.config)
        assert compiled.reasons == {other: "Reshape: images lie as NHWC: it moves elements"}
        assert [isinstance(stage, CoreStage) for stage in compiled.stages] == [True, False, True]
        check(device, model, inputs, compiled.reasons.values())


def reads_end(stage):
    """The byte after the last one that LOADs of a stage read."""
    return max(command.address + (command.rows - 1) * command.stride + command.bytes
               for _, commands in stage.sections() for command in commands
               if command.name == "LOAD")  # fmt: skip


def test_a_stride_beyond_the_image_reads_nothing_there():
    maker = GraphMaker(np.random.default_rng(5), np.int8)
    x = maker.input((1, 64, 1, 1))
    model, inputs = maker.model(maker.convolution(
        x, 3, [1, 1], strides=[1, 900], dilations=[1, 1], pads=[0] * 4))
    with ppu_sim.open("model", preset="medium") as device:
        check(device, model, inputs)
        stage, = compile_model(model, device.config).stages
        assert reads_end(stage) <= stage.plan.bytes


@pytest.mark.parametrize("make", [random_convolution, random_graph])
def test_reads_stay_within_the_plan(make):
    for seed in range(400, 420):
        model, _ = make(np.random.default_rng(seed))
        for stage in compile_model(model, preset("medium")).stages:
            if isinstance(stage, CoreStage):
                assert reads_end(stage) <= stage.plan.bytes


def test_weights_that_are_all_zero():
    """Nothing is multiplied, but the bias is scaled."""
    constants = {"s": np.float32(0.1), "z": np.int8(2), "w": np.zeros((3, 2, 3, 3), np.int8),
                 "zw": np.int8(0), "b": np.array([900, -50, 5000], np.int32)}  # fmt: skip
    node = helper.make_node("QLinearConv", ["x", "s", "z", "w", "s", "zw", "s", "z", "b"], ["y"])
    model = model_of([node], [info("x", np.int8, [1, 2, 5, 5])],
                     [info("y", np.int8, [1, 3, 3, 3])], constants)  # fmt: skip
    x = random_of(np.random.default_rng(6), np.int8, (1, 2, 5, 5))
    with ppu_sim.open("model", preset="small") as device:
        assert check(device, model, {"x": x}) == 27


def test_a_kernel_that_does_not_fit_runs_on_the_host():
    """It must be in the scratchpad at once: 128 rows, of which two bands of images have their part.
    """
    maker = GraphMaker(np.random.default_rng(4), np.int8)
    x = maker.input((2, 4, 12, 12))
    model, inputs = maker.model(maker.average(x))
    small = replace(preset("tiny"), scratchpad_rows=128)
    with ppu_sim.open("model", config=small) as device:
        reason = ("QLinearGlobalAveragePool: a kernel of 12 x 12 over 4 channels does not fit the "
                  "core's scratchpad")  # fmt: skip
        assert list(compile_model(model, small).reasons.values()) == [reason]
        check(device, model, inputs, [reason])


@pytest.mark.parametrize("changes", [
    {"row_bytes": 16, "columns": 4}, {"row_bytes": 4, "columns": 16, "epilogue_lanes": 2},
    {"row_bytes": 64, "columns": 64, "epilogue_lanes": 16}, {"signs": Signs.SIGNED}])
def test_other_cores(changes):
    unsigned = ("the core takes signed operands only", "the core has no such operator")
    config = replace(preset("tiny"), **changes)
    with ppu_sim.open("model", config=config) as device:
        for make in (random_convolution, random_pool, random_graph):
            for seed in range(300, 306):
                model, inputs = make(np.random.default_rng(seed))
                reasons = compile_model(model, config).reasons.values()
                assert all(reason == _HOST or (
                    "signs" in changes and any(text in reason for text in unsigned))
                    for reason in reasons)  # fmt: skip
                check(device, model, inputs, reasons)


@pytest.mark.long
@pytest.mark.parametrize(("make", "seeds"), [
    (random_convolution, range(10_000, 10_500)), (random_pool, range(10_000, 10_400)),
    (random_graph, range(10_000, 10_200))])
def test_many_images(make, seeds):
    with ppu_sim.open("model", preset="small") as device:
        print(f"{checked(device, make, seeds, [_HOST]):,} outputs")
