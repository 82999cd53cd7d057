"""What the demo measures, and how it tells it."""

from dataclasses import dataclass

import numpy as np

from .network import accuracy

__all__ = ["LayerRun", "Recorder", "Result", "summary"]


@dataclass(frozen=True)
class LayerRun:
    """One matrix product on the device: ``x (m, k) . weight^T (k, n)``; see `ppu_sim.Run`."""

    m: int
    n: int
    k: int
    cycles: int
    macs: int
    simulated: int
    seconds: float


class Recorder:
    """Runs matrix products on a device and keeps what each of them took.

    Attributes
    ----------
    runs : list of LayerRun
        In order.
    """

    def __init__(self, device):
        self.device = device
        self.runs = []

    def linear(self, x, weight):
        """``x . weight^T`` by the device."""
        y = self.device.linear(x, weight)
        (m, k), n = x.shape, weight.shape[0]
        run = self.device.last_run
        self.runs.append(LayerRun(m, n, k, run.cycles, run.macs, run.simulated, run.seconds))
        return y


@dataclass(frozen=True)
class Result:
    """Accuracies on the test images, and the logits of the RTL that the model does not have."""

    float_accuracy: float
    model_accuracy: float
    rtl_accuracy: float
    logits: int
    images: int
    test_images: int
    wrong_logits: int
    wrong_images: int

    @classmethod
    def compare(cls, *, float_logits, model_logits, rtl_logits, labels):
        """Compares the integer results in every image, and all three with the labels.

        `labels` are those of the test images, which come first.
        """
        wrong = model_logits != rtl_logits
        tests = len(labels)
        return cls(
            float_accuracy=accuracy(float_logits[:tests], labels),
            model_accuracy=accuracy(model_logits[:tests], labels),
            rtl_accuracy=accuracy(rtl_logits[:tests], labels),
            logits=wrong.size, images=len(wrong), test_images=tests,
            wrong_logits=int(np.sum(wrong)), wrong_images=int(np.sum(np.any(wrong, axis=1))),
        )  # fmt: skip

    @property
    def exact(self):
        """Whether RTL and model agree in every logit."""
        return self.wrong_logits == 0


def _fill(run, config):
    """Share of the peak that the shape can use: N and K are filled up to whole tiles."""
    columns = -(-run.n // config.columns) * config.columns
    lanes = -(-run.k // config.row_bytes) * config.row_bytes
    return run.n * run.k / (columns * lanes)


def _layer_table(runs, config):
    if not all(run.cycles for run in runs):
        return ["  the core counts no cycles"]

    def row(name, shape, macs, cycles, possible):
        rate = macs / cycles
        return (f"  {name:<7}{shape:<18}{macs:>12,}{cycles:>10,}{rate:>11.1f}"
                f"{rate / config.macs_per_cycle:>9.1%}{possible:>10.1%}")  # fmt: skip

    macs, cycles = sum(run.macs for run in runs), sum(run.cycles for run in runs)
    least = sum(run.macs / _fill(run, config) for run in runs)
    return [
        f"  {'layer':<7}{'M x N x K':<18}{'MACs':>12}{'cycles':>10}{'MAC/cycle':>11}"
        f"{'of peak':>9}{'possible':>10}",
        *(row(str(index), f"{run.m:,} x {run.n} x {run.k}", run.macs, run.cycles,
              _fill(run, config)) for index, run in enumerate(runs, 1)),
        row("total", "", macs, cycles, macs / least),
        "  possible: what is left of the peak when N and K are filled up to whole tiles",
    ]  # fmt: skip


def _time(runs, clock_hz):
    cycles, seconds = sum(run.simulated for run in runs), sum(run.seconds for run in runs)
    if clock_hz is None:
        speed = cycles / seconds
        return f"  Simulated {cycles:,} cycles in {seconds:.2f} s: {speed:,.0f} cycles/s."
    core = 1000 * cycles / clock_hz
    return f"  {core:,.1f} ms of the core at {clock_hz / 1e6:.1f} MHz; {seconds:.2f} s in all."


def summary(result, runs, *, config, clock_hz=None):
    """The demo's result as lines of text. `clock_hz` is None for a simulator."""
    agreement = (
        f"agree in all {result.logits:,} logits of all {result.images:,} images"
        if result.exact
        else f"DIFFER in {result.wrong_logits:,} of {result.logits:,} logits, in "
        f"{result.wrong_images:,} of {result.images:,} images"
    )
    return [
        *_layer_table(runs, config),
        "",
        f"  Accuracy on {result.test_images} test images",
        f"    float model    {result.float_accuracy:8.2%}",
        f"    integer model  {result.model_accuracy:8.2%}",
        f"    RTL            {result.rtl_accuracy:8.2%}",
        "",
        f"  RTL and integer model {agreement}.",
        _time(runs, clock_hz),
    ]
