"""The demo's two ONNX models: their training, what is printed of them, and when it fails."""

from types import SimpleNamespace

import numpy as np
import pytest

import ppu_sim
from ppu.config import SMALL
from ppu_sim.compiler.report import layer_table
from ppu_sim.demo import __main__ as demo
from ppu_sim.demo import cnn, models
from ppu_sim.demo import digits as task
from ppu_sim.demo.models import ModelResult
from ppu_sim.demo.picture import picture


@pytest.fixture(scope="module")
def digits():
    return task.load()


def short(digits, epochs):
    """A network after so many passes over the training images."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cnn, "EPOCHS", epochs)
        return cnn.train(digits)


@pytest.fixture
def on_the_model(monkeypatch, tmp_path):
    """The demo, quickly: on the model, with a network that has not learned much."""
    opened = ppu_sim.open
    monkeypatch.setattr(demo.ppu_sim, "open", lambda *_, preset, **__: opened(
        "model", preset=preset))
    monkeypatch.setattr(cnn, "EPOCHS", 1)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_both_models_agree_with_the_runtime(on_the_model, capsys):
    assert demo.main(["--preset", "medium", "--images", "41"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("410 scores of core and ONNX Runtime: equal in every byte") == 2
    assert "Core 'medium' on 'verilator': 16 x 16 array" in printed
    assert sorted(file.name for file in on_the_model.glob("build/demo/*")) == [
        "perceptron.onnx", "perceptron_int8.onnx", "residual.onnx", "residual_int8.onnx"]


def test_one_wrong_score_is_a_failure(on_the_model, capsys, monkeypatch):
    run = models.compile_model

    def wrong(*arguments, **options):
        model = run(*arguments, **options)
        right = model.run

        def changed(device, inputs):
            outputs = right(device, inputs)
            next(iter(outputs.values()))[0, 0] += 1
            return outputs

        return SimpleNamespace(run=changed, run_layers=model.run_layers)

    monkeypatch.setattr(models, "compile_model", wrong)
    assert demo.main(["--preset", "tiny", "--images", "2"]) == 1
    assert "20 scores of core and ONNX Runtime: 1 DIFFER" in capsys.readouterr().out


def test_training_lowers_the_errors_and_is_the_same_each_time(digits):
    images, labels = digits.images[digits.test].reshape(-1, 1, 8, 8), digits.labels[digits.test]
    first, again, longer = short(digits, 1), short(digits, 1), short(digits, 8)
    assert all(np.array_equal(first.weights[name], again.weights[name]) for name in first.weights)
    errors = [np.mean(network.logits(images).argmax(axis=1) != labels)
              for network in (first, longer)]
    assert errors[1] < 0.1 < errors[0]


def test_slopes_are_those_of_the_loss(digits):
    """Of each weight that has the largest one, by moving it a little."""
    rng = np.random.default_rng(0)
    weights = {name: w.astype(np.float64) + 0.1 for name, w in cnn._start(rng).items()}
    x, wanted = rng.random((3, 8, 8, 1)), rng.normal(size=(3, 10))
    kept = cnn._forward(weights, x)[1]
    slopes = cnn._backward(weights, kept, wanted)
    for name, slope in slopes.items():
        place = np.unravel_index(np.abs(slope).argmax(), slope.shape)
        sides = []
        for step in (1e-5, -1e-5):
            moved = {key: w.copy() for key, w in weights.items()}
            moved[name][place] += step
            sides.append(np.sum(cnn._forward(moved, x)[0] * wanted))
        assert (sides[0] - sides[1]) / 2e-5 == pytest.approx(slope[place], rel=1e-3), name


def test_result_counts_scores_that_differ_in_any_byte():
    scores = np.array([[0.0, 1.0], [2.0, 1.0]], np.float32)
    other = scores.copy()
    other[0, 0] = -0.0
    result = ModelResult("name", np.array([1, 0]), scores, scores, other, [], 1000, 64000)
    assert result.wrong == 1
    assert "  2 images, 40 in a program: 1,000 cycles, 100.0% of peak" in result.lines(SMALL)


def test_layer_table():
    layer = type("Layer", (), {"name": "conv_quant", "__str__": lambda self: "1 to 2"})()
    run = SimpleNamespace(macs=3200, cycles=100, counters={"READ_BEATS": 10, "WRITE_BEATS": 2})
    head, row, total = (line.split() for line in layer_table([(layer, run)], SMALL))
    assert head == ["layer", "MACs", "cycles", "of", "peak", "read", "written"]
    assert row == ["conv", "1", "to", "2", "3,200", "100", "50.0%", "80", "16"]
    assert total == ["total", "3,200", "100", "50.0%", "80", "16"]


def test_picture():
    images = np.zeros((2, 64), np.float32)
    images[0, :8], images[1, -1] = 1, 1
    lines = picture(images, np.array([3, 4]), np.array([3, 5]))
    assert lines[0] == "  " + 16 * "@"
    assert lines[7].endswith("@@") and len(lines[7]) == 2 + 16 + 3 + 16
    assert lines[8].split() == ["3", "5,", "is", "4"]
