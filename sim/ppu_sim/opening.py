"""The front door: a device on a core of any configuration, in a simulator or on a board."""

from ppu.config import MEDIUM, Config, preset

from .backends import Settings, open_backend
from .device import Device
from .serial import PREFIX, is_board, open_board

__all__ = ["configuration", "open"]


def open(backend="verilator", *, preset=None, config=None, latency=None, stall=None, seed=None,
         memory_size=None, waves=None, trace=False, baud=None):  # fmt: skip
    """A device.

    Parameters
    ----------
    backend : str
        "verilator", "model", "amaranth" or "icarus"; or a board: "serial:/dev/ttyUSB0", or
        "serial:" and whatever else pyserial's `serial_for_url` takes.
    preset : str, optional
        Name of a preset configuration. If there is no `config` either, "medium"; on a board, what
        its registers tell. If there is one, a board's core must be that.
    config : Config, optional
        Any other configuration, in place of `preset`.
    latency, stall, seed : optional
        Of the memory; see :class:`ppu_sim.backends.Settings`. Not on a board.
    memory_size : int, optional
        Bytes of main memory: 64 MiB, on Icarus 4 MiB, if not given. Not on a board.
    waves : str or Path, optional
        FST file for the signals of the core, from the first cycle on; with a list of signals for
        GTKWave beside it. Complete when the device is closed. Not on "model", nor on a board.
    trace : bool
        Whether `last_trace` is made in each run: what every unit did in every cycle. Only on
        "verilator", which builds a core with a probe for it.
    baud : int, optional
        Bits per second of the line to a board: 1,000,000, if the address does not tell either.

    Raises
    ------
    ValueError, TypeError
        If an argument cannot be, or does not apply.
    ppu_sim.toolchain.ToolMissing
        If a program or a package is missing.
    ppu_sim.serial.SerialError
        If the board cannot be reached, or is not what it must be.
    """
    memory = {"latency": latency, "stall": stall, "seed": seed}
    memory = {name: value for name, value in memory.items() if value is not None}
    if is_board(backend):
        others = {"memory_size": memory_size, "waves": waves, "trace": trace or None}
        _refuse({**memory, **others})
        return Device(open_board(backend, config=configuration(preset, config), baud=baud))
    if backend == PREFIX[:-1]:
        raise ValueError(f"a board needs its port, for example {PREFIX}/dev/ttyUSB0")
    if baud is not None:
        raise ValueError(f"baud is of the line to a board; {backend!r} has none")
    settings = Settings(**memory)
    config = configuration(preset, config) or MEDIUM
    opened = open_backend(backend, config, memory_size, waves=waves, trace=trace)
    return Device(opened, settings)


def _refuse(arguments):
    """ValueError if what only a simulator has is given for a board."""
    given = [name for name, value in arguments.items() if value is not None]
    if given:
        raise ValueError(f"a board has its own memory and clock: {', '.join(given)} cannot be set")


def configuration(name, config):
    """What is asked for, or None."""
    if config is None:
        return None if name is None else preset(name)
    if name is not None:
        raise ValueError(f"give a preset or a config, not both: {name!r}")
    if not isinstance(config, Config):
        raise TypeError(f"config must be a Config, not {config!r}")
    return config
