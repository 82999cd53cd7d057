"""What the digits demo prints of products, on a core without epilogue, and when it fails."""

import io
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from ppu.config import MEDIUM, SMALL
from ppu_sim.demo import __main__ as demo
from ppu_sim.demo.progress import step
from ppu_sim.demo.report import LayerRun, Recorder, Result, summary
from ppu_sim.toolchain import ToolMissing


class FakeDevice:
    """A device that computes with numpy; adds `error` to the first sum of each product."""

    config = replace(SMALL, epilogue_lanes=0)
    backend = SimpleNamespace(clock_hz=None)

    def __init__(self, error=0):
        self.error = error

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def linear(self, x, weight):
        y = x.astype(np.int32) @ weight.astype(np.int32).T
        y[0, 0] += self.error
        self.last_run = SimpleNamespace(
            cycles=1000, macs=x.size * weight.shape[0], simulated=1200, seconds=0.5
        )
        return y


def opener(error):
    def open_device(backend, *, preset=None, config=None, latency=None, waves=None):
        return FakeDevice(0 if backend == "model" else error)

    return open_device


def test_demo_succeeds_and_tells_that_all_logits_agree(monkeypatch, capsys):
    monkeypatch.setattr(demo.ppu_sim, "open", opener(0))
    assert demo.main(["--preset", "small"]) == 0
    printed = capsys.readouterr().out
    assert "agree in all 17,970 logits of all 1,797 images" in printed
    assert "1,797 x 128 x 64" in printed
    assert "1,797 x 10 x 128" in printed


def test_demo_runs_only_the_first_test_images_if_asked(monkeypatch, capsys):
    monkeypatch.setattr(demo.ppu_sim, "open", opener(0))
    assert demo.main(["--images", "7"]) == 0
    printed = capsys.readouterr().out
    assert "Accuracy on 7 test images" in printed
    assert "agree in all 70 logits of all 7 images" in printed


def test_demo_fails_on_one_wrong_logit(monkeypatch, capsys):
    monkeypatch.setattr(demo.ppu_sim, "open", opener(1))
    assert demo.main([]) == 1
    assert "DIFFER in" in capsys.readouterr().out


def test_demo_tells_why_it_cannot_run(monkeypatch, capsys):
    def refuse(backend, **_):
        raise ToolMissing("No simulator: install it")

    monkeypatch.setattr(demo.ppu_sim, "open", refuse)
    assert demo.main([]) == 1
    assert capsys.readouterr().err == "\nToolMissing: No simulator: install it\n"


@pytest.mark.parametrize("arguments", [
    ["--preset", "huge"], ["--latency", "x"], ["--backend", "model"], ["--images", "0"], ["more"],
])  # fmt: skip
def test_bad_arguments_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        demo.main(arguments)
    assert stopped.value.code == 2
    assert arguments[-1] in capsys.readouterr().err


def test_recorder_measures_each_product():
    recorder = Recorder(FakeDevice())
    y = recorder.linear(np.ones((3, 4), np.int8), np.ones((2, 4), np.int8))
    assert y.tolist() == [[4, 4]] * 3
    assert recorder.runs == [LayerRun(3, 2, 4, cycles=1000, macs=24, simulated=1200, seconds=0.5)]


def test_result_counts_wrong_logits_and_images():
    model = np.array([[0, 9], [7, 8], [5, 1]])
    rtl = np.array([[0, 9], [9, 6], [4, 1]])
    result = Result.compare(float_logits=model, model_logits=model, rtl_logits=rtl,
                            labels=np.array([1, 1]))  # fmt: skip
    assert (result.wrong_logits, result.wrong_images, result.exact) == (3, 2, False)
    assert (result.images, result.test_images) == (3, 2)
    assert (result.model_accuracy, result.rtl_accuracy) == (1.0, 0.5)


def test_summary_adds_the_layers_up():
    result = Result(float_accuracy=0.975, model_accuracy=0.975, rtl_accuracy=0.975, logits=20,
                    images=2, test_images=1, wrong_logits=0, wrong_images=0)  # fmt: skip
    runs = [LayerRun(2, 128, 64, 100, 16384, 150, 0.5), LayerRun(2, 10, 128, 100, 2560, 150, 1.5)]
    lines = summary(result, runs, config=MEDIUM)
    table = {line.split()[0]: line.split()[1:] for line in lines if line.strip()}
    assert table["2"] == ["2", "x", "10", "x", "128", "2,560", "100", "25.6", "10.0%", "62.5%"]
    assert table["total"] == ["18,944", "200", "94.7", "37.0%", "92.5%"]
    assert lines[-1].endswith("300 cycles in 2.00 s: 150 cycles/s.")


def test_step_tells_its_duration():
    stream = io.StringIO()
    with step("Thinking", stream=stream):
        pass
    assert stream.getvalue() == "Thinking ...\n  done in 0.0 s\n"


def test_step_tells_of_a_failure_and_passes_it_on():
    stream = io.StringIO()
    with pytest.raises(RuntimeError, match="broken"), step("Thinking", stream=stream):
        raise RuntimeError("broken")
    assert stream.getvalue().endswith("  failed after 0.0 s\n")
