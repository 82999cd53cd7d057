"""Classifies handwritten digits with every matrix product on the RTL; exit code 1 if it differs."""

import argparse
import sys

import ppu_sim
from ppu.config import PRESETS
from ppu_sim.backends import BACKENDS, Hang, Settings
from ppu_sim.backends.verilated import BuildFailed
from ppu_sim.gemm import add_backend, preset_name
from ppu_sim.serial import SerialError, is_board
from ppu_sim.toolchain import ToolMissing
from ppu_sim.waves import add_option

from .progress import step
from .report import Recorder, Result, summary

#: Back ends that simulate the RTL.
RTL_BACKENDS = [name for name in BACKENDS if name != "model"]
#: What is told without a traceback.
FAILURES = (BuildFailed, ppu_sim.CoreError, Hang, SerialError, ToolMissing)
#: What a simulator's core and memory are unless told otherwise. A board is what it is.
_DEFAULTS = {"preset": "small", "latency": 100}


def _arguments(argv):
    parser = argparse.ArgumentParser(prog="ppu_sim.demo", description=__doc__)
    add_backend(parser, RTL_BACKENDS)
    parser.add_argument("--preset", choices=PRESETS,
                        help="configuration of the core (default: small; on a board, what it is)")
    parser.add_argument("--latency", type=int,
                        help="cycles from a read's address to its data (default: 100; not for a "
                             "board)")
    parser.add_argument("--images", type=int,
                        help="run only so many, test images first, for slow simulators")
    add_option(parser)
    arguments = parser.parse_args(argv)  # fmt: skip
    if is_board(arguments.backend):
        for name in ("latency", "waves"):
            if getattr(arguments, name) is not None:
                parser.error(f"--{name} is not for a board")
    for name, default in _DEFAULTS.items():
        if getattr(arguments, name) is None and not is_board(arguments.backend):
            setattr(arguments, name, default)
    try:
        if arguments.latency is not None:
            Settings(latency=arguments.latency)
    except (TypeError, ValueError) as error:
        parser.error(str(error))
    if arguments.images is not None and arguments.images < 1:
        parser.error(f"--images must be at least 1, not {arguments.images}")
    return arguments


def run(*, backend, preset, latency, images=None, waves=None):
    """Trains, quantises, runs and compares; prints as it goes. Returns a Result.

    `preset` and `latency` are None on a board that is to be taken as it is.
    """
    from . import digits as task  # after the arguments: needs scikit-learn
    from .network import QuantizedNetwork

    with step("1/4 Training a float network 64 - 128 - 10 on 1,437 images"):
        digits = task.load()
        network = task.train(digits)
    x = digits.images[[*digits.test, *digits.train][:images]]
    with step("2/4 Quantising it to INT8 and running the integer model"):
        quantized = QuantizedNetwork.from_float(network, digits.images[digits.train])
        with ppu_sim.open("model", preset=preset) as model:  # exact, so the same on any core
            model_logits = quantized.logits(x, model.linear)
    building = f"Generating the core '{preset}' and building it for '{backend}'"
    with step(f"3/4 {f'Opening {backend}' if is_board(backend) else building}"):
        device = ppu_sim.open(backend, preset=preset, latency=latency, waves=waves)
    with device, step(f"4/4 Running {len(x):,} images on it"):
        recorder, clock_hz = Recorder(device), device.backend.clock_hz
        rtl_logits = quantized.logits(x, recorder.linear)
    result = Result.compare(float_logits=network.logits(x), model_logits=model_logits,
                            rtl_logits=rtl_logits, labels=digits.labels[digits.test][: len(x)])
    print("", *summary(result, recorder.runs, config=device.config, backend=backend,
                       preset=preset or preset_name(device.config), clock_hz=clock_hz),
          sep="\n")  # fmt: skip
    return result


def main(argv=None):
    """Runs the demo; returns the exit code."""
    arguments = _arguments(argv)
    try:
        result = run(backend=arguments.backend, preset=arguments.preset,
                     latency=arguments.latency, images=arguments.images,
                     waves=arguments.waves)  # fmt: skip
    except FAILURES as error:
        print(f"\n{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0 if result.exact else 1


if __name__ == "__main__":
    raise SystemExit(main())
