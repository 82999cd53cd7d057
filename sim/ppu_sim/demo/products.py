"""A perceptron's matrix products on a core without an epilogue, beside the integer model."""

import ppu_sim

from .network import QuantizedNetwork
from .progress import step
from .report import Recorder, Result, summary

__all__ = ["run"]


def run(device, *, images=None):
    """Trains, quantises, runs and compares; prints as it goes.

    Parameters
    ----------
    device : Device
        Any core.
    images : int, optional
        Of all 1,797 images, test images first, only so many.

    Returns
    -------
    bool
        Whether core and integer model agree in every logit.
    """
    from . import digits as task  # after the arguments: needs scikit-learn

    with step("2/4 Training a float network 64 - 128 - 10 on 1,437 images"):
        digits = task.load()
        network = task.train(digits)
    x = digits.images[[*digits.test, *digits.train][:images]]
    with step("3/4 Quantising it to INT8 and running the integer model"):
        quantized = QuantizedNetwork.from_float(network, digits.images[digits.train])
        with ppu_sim.open("model", config=device.config) as model:
            model_logits = quantized.logits(x, model.linear)
    with step(f"4/4 Running {len(x):,} images on it"):
        recorder, clock_hz = Recorder(device), device.backend.clock_hz
        rtl_logits = quantized.logits(x, recorder.linear)
    result = Result.compare(float_logits=network.logits(x), model_logits=model_logits,
                            rtl_logits=rtl_logits, labels=digits.labels[digits.test][: len(x)])
    print("", *summary(result, recorder.runs, config=device.config, clock_hz=clock_hz),
          sep="\n")  # fmt: skip
    return result.exact
