"""Classifies handwritten digits on the RTL; exit code 1 if a result is not exact.

With an epilogue, two quantised ONNX models run on it as they are; without, matrix products do.
"""

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

from . import models, products
from .progress import step

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
    """Opens the core and runs what it can. Returns whether its results are right.

    `preset` and `latency` are None on a board that is to be taken as it is.
    """
    building = f"Generating the core '{preset}' and building it for '{backend}'"
    with step(f"1/4 {f'Opening {backend}' if is_board(backend) else building}"):
        device = ppu_sim.open(backend, preset=preset, latency=latency, waves=waves)
    with device:
        name = preset or preset_name(device.config)
        print(*_described(device.config, backend, name), sep="\n")
        if device.config.epilogue_lanes:
            return models.run(device, images=images)
        return products.run(device, images=images)


def _described(config, backend, name):
    return [f"  {f'Core {name!r}' if name else 'A core'} on '{backend}': {config.row_bytes} x "
            f"{config.columns} array, peak {config.macs_per_cycle} MAC/cycle, "
            f"{config.axi_data_width}-bit AXI"]  # fmt: skip


def main(argv=None):
    """Runs the demo; returns the exit code."""
    arguments = _arguments(argv)
    try:
        exact = run(backend=arguments.backend, preset=arguments.preset,
                     latency=arguments.latency, images=arguments.images,
                     waves=arguments.waves)  # fmt: skip
    except FAILURES as error:
        print(f"\n{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0 if exact else 1


if __name__ == "__main__":
    raise SystemExit(main())
