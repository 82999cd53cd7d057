"""How fast the back ends simulate: the same product on each, in one run."""

import numpy as np

from .opening import open as open_device

__all__ = ["add_command", "measure"]

#: Back end -> side of the square product: slow ones get a small one.
SIDES = {"verilator": 256, "icarus": 48, "amaranth": 32}


def measure(preset, backends=tuple(SIDES), *, latency=100):
    """Simulated cycles per second of each back end.

    Parameters
    ----------
    preset : str
        Configuration.
    backends : iterable of str
        Some of `SIDES`.
    latency : int
        Of the memory, in cycles.

    Returns
    -------
    dict
        Back end -> :class:`~.device.Run`.

    Raises
    ------
    AssertionError
        If a product is wrong.
    """
    runs = {}
    for backend in backends:
        rng = np.random.default_rng(1)
        a, b = (rng.integers(-128, 128, (SIDES[backend],) * 2, dtype=np.int8) for _ in range(2))
        with open_device(backend, preset=preset, latency=latency) as device:
            product = device.matmul(a, b)
            assert (product == a.astype(np.int32) @ b.astype(np.int32)).all(), backend
            runs[backend] = device.last_run
    return runs


def add_command(commands, presets):
    """Adds ``ppu speed`` to the command line."""
    command = commands.add_parser(
        "speed", help="cycles that each back end simulates per second", description=__doc__)
    command.add_argument("--preset", default="medium", choices=presets, help="default: medium")
    command.set_defaults(run=_run)


def _run(arguments):
    runs = measure(arguments.preset)
    slowest = min(run.cycles_per_second for run in runs.values())
    print(f"{arguments.preset}: simulated cycles per second")
    for backend, run in runs.items():
        side = SIDES[backend]
        speed = run.cycles_per_second
        print(f"  {backend:<10} {speed:>12,.0f}  x {speed / slowest:,.0f}"
              f"  ({side} x {side} x {side}: {run.cycles:,} cycles in {run.seconds:.2f} s)")
    return 0
