"""Classifies handwritten digits with every matrix product on the RTL; exit code 1 if it differs."""

import argparse
import sys

import ppu_sim
from ppu.config import PRESETS
from ppu_sim.backends import BACKENDS, Hang, Settings
from ppu_sim.backends.verilated import BuildFailed
from ppu_sim.toolchain import ToolMissing
from ppu_sim.waves import add_option

from .progress import step
from .report import Recorder, Result, summary

#: Back ends that simulate the RTL.
RTL_BACKENDS = [name for name in BACKENDS if name != "model"]
#: What is told without a traceback.
FAILURES = (BuildFailed, ppu_sim.CoreError, Hang, ToolMissing)


def _arguments(argv):
    parser = argparse.ArgumentParser(prog="ppu_sim.demo", description=__doc__)
    parser.add_argument("--backend", default="verilator", choices=RTL_BACKENDS,
                        help="simulator of the core (default: %(default)s)")
    parser.add_argument("--preset", default="small", choices=PRESETS,
                        help="configuration of the core (default: %(default)s)")
    parser.add_argument("--latency", type=int, default=100,
                        help="cycles from a read's address to its data (default: %(default)s)")
    parser.add_argument("--images", type=int,
                        help="run only so many, test images first, for slow simulators")
    add_option(parser)
    arguments = parser.parse_args(argv)  # fmt: skip
    try:
        Settings(latency=arguments.latency)
    except (TypeError, ValueError) as error:
        parser.error(str(error))
    if arguments.images is not None and arguments.images < 1:
        parser.error(f"--images must be at least 1, not {arguments.images}")
    return arguments


def run(*, backend, preset_name, latency, images=None, waves=None):
    """Trains, quantises, runs and compares; prints as it goes. Returns a Result."""
    from . import digits as task  # after the arguments: needs scikit-learn
    from .network import QuantizedNetwork

    with step("1/4 Training a float network 64 - 128 - 10 on 1,437 images"):
        digits = task.load()
        network = task.train(digits)
    x = digits.images[[*digits.test, *digits.train][:images]]
    with step("2/4 Quantising it to INT8 and running the integer model"):
        quantized = QuantizedNetwork.from_float(network, digits.images[digits.train])
        with ppu_sim.open("model", preset=preset_name) as model:
            model_logits = quantized.logits(x, model.linear)
    with step(f"3/4 Generating the core '{preset_name}' and building it for '{backend}'"):
        device = ppu_sim.open(backend, preset=preset_name, latency=latency, waves=waves)
    with device, step(f"4/4 Running {len(x):,} images on it"):
        recorder = Recorder(device)
        rtl_logits = quantized.logits(x, recorder.linear)
    result = Result.compare(float_logits=network.logits(x), model_logits=model_logits,
                            rtl_logits=rtl_logits, labels=digits.labels[digits.test][: len(x)])
    print("", *summary(result, recorder.runs, config=device.config, backend=backend,
                       preset=preset_name), sep="\n")  # fmt: skip
    return result


def main(argv=None):
    """Runs the demo; returns the exit code."""
    arguments = _arguments(argv)
    try:
        result = run(backend=arguments.backend, preset_name=arguments.preset,
                     latency=arguments.latency, images=arguments.images,
                     waves=arguments.waves)  # fmt: skip
    except FAILURES as error:
        print(f"\n{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0 if result.exact else 1


if __name__ == "__main__":
    raise SystemExit(main())
