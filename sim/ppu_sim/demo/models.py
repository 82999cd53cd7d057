"""Two quantised ONNX models on a core with an epilogue, beside ONNX Runtime."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ppu_sim.compiler.model import compile_model
from ppu_sim.compiler.report import layer_table

from .network import accuracy
from .picture import picture
from .progress import step

__all__ = ["ModelResult", "run"]

#: Images of one program.
_BATCH = 40
#: Images that are shown, the last one a wrong one, if there is some.
_SHOWN = 4


@dataclass(frozen=True)
class ModelResult:
    """A model on the images: what it is, scores of float model, ONNX Runtime and core."""

    name: str
    labels: np.ndarray
    float_scores: np.ndarray
    runtime_scores: np.ndarray
    core_scores: np.ndarray
    layers: list
    cycles: int
    macs: int

    @property
    def wrong(self):
        """Scores that differ from ONNX Runtime's in any byte."""
        return int(np.sum(self.core_scores.view(np.uint32) != self.runtime_scores.view(np.uint32)))

    def lines(self, config):
        """The result as lines of text."""
        rates = [accuracy(scores, self.labels)
                 for scores in (self.float_scores, self.runtime_scores, self.core_scores)]
        agree = "equal in every byte" if not self.wrong else f"{self.wrong:,} DIFFER"
        lines = [f"{self.name}, layer by layer for {min(_BATCH, len(self.labels))} images"]
        if self.cycles:
            lines += [f"  {line}" for line in layer_table(self.layers, config)]
            lines.append(
                f"  {len(self.labels)} images, {_BATCH} in a program: {self.cycles:,} cycles, "
                f"{self.macs / self.cycles / config.macs_per_cycle:.1%} of peak")
        return [
            *lines,
            f"  accuracy: float {rates[0]:.2%}, ONNX Runtime INT8 {rates[1]:.2%}, "
            f"core {rates[2]:.2%}",
            f"  {self.core_scores.size:,} scores of core and ONNX Runtime: {agree}",
        ]  # fmt: skip


def run(device, *, images=None, folder=Path("build/demo")):
    """Trains, quantises and runs both models; prints as it goes.

    Parameters
    ----------
    device : Device
        With an epilogue.
    images : int, optional
        Of the 360 test images, only so many.
    folder : Path
        Where the ONNX files go.

    Returns
    -------
    bool
        Whether core and ONNX Runtime agree in every byte.
    """
    from . import cnn, quantized
    from . import digits as task  # after the arguments: needs scikit-learn

    with step("2/4 Training a perceptron and a residual network on 1,437 images"):
        digits = task.load()
        networks = {"perceptron": (quantized.perceptron_model(task.train(digits)), (64,)),
                    "residual": (quantized.residual_model(cnn.train(digits)), (1, 8, 8))}
    x, labels = digits.images[digits.test][:images], digits.labels[digits.test][:images]
    prepared = {}
    with step(f"3/4 Quantising both to INT8 with ONNX Runtime, into {folder}"):
        for name, (model, shape) in networks.items():
            train = digits.images[digits.train].reshape(-1, *shape)
            file = quantized.quantized(model, train, folder, name)
            batch = x.reshape(-1, *shape)
            prepared[name] = (file, batch, quantized.scores(model, batch),
                              quantized.scores(file, batch))  # fmt: skip
    results = []
    with step(f"4/4 Running {len(x)} images on the core"):
        for name, (file, batch, in_float, expected) in prepared.items():
            results.append(_run(device, name, file, batch, labels, in_float, expected))
    for result in results:
        print("", *result.lines(device.config), sep="\n")
    found = results[-1].core_scores.argmax(axis=1)
    shown = _chosen(found != labels)
    print("", "Some digits, and what the core takes them for:",
          *picture(x[shown], labels[shown], found[shown]), sep="\n")  # fmt: skip
    return not any(result.wrong for result in results)


def _run(device, name, file, images, labels, in_float, expected):
    layers, scores, cycles, macs = None, [], 0, 0
    for first in range(0, len(images), _BATCH):
        batch = images[first : first + _BATCH]
        model = compile_model(file, device.config, shapes={"x": batch.shape})
        if layers is None:
            layers = model.run_layers(device, {"x": batch})[1]
        scores += model.run(device, {"x": batch}).values()
        cycles += device.last_run.cycles or 0
        macs += device.last_run.macs
    return ModelResult(name, labels, in_float, expected, np.concatenate(scores), layers, cycles,
                       macs)  # fmt: skip


def _chosen(wrong):
    """The first images, and the first wrong one as the last of them."""
    shown = list(range(min(_SHOWN, len(wrong))))
    if wrong.any():
        shown[-1] = max(shown[-1], int(np.argmax(wrong)))
    return shown
