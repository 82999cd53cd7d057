"""The front door: a device on a core of any configuration, in any simulator."""

from ppu.config import Config, preset

from .backends import Settings, open_backend
from .device import Device

__all__ = ["open"]


def open(backend="verilator", *, preset=None, config=None, latency=100, stall=0.0, seed=1,
         memory_size=None, waves=None, trace=False):  # fmt: skip
    """A device.

    Parameters
    ----------
    backend : str
        "verilator", "model", "amaranth" or "icarus".
    preset : str, optional
        Name of a preset configuration; "medium" if there is no `config` either.
    config : Config, optional
        Any other configuration, in place of `preset`.
    latency, stall, seed
        Of the memory; see :class:`ppu_sim.backends.Settings`.
    memory_size : int, optional
        Bytes of main memory: 64 MiB, on Icarus 4 MiB, if not given.
    waves : str or Path, optional
        FST file for the signals of the core, from the first cycle on; with a list of signals for
        GTKWave beside it. Complete when the device is closed. Not on "model".
    trace : bool
        Whether `last_trace` is made in each run: what every unit did in every cycle. Only on
        "verilator", which builds a core with a probe for it.
    """
    settings = Settings(latency=latency, stall=stall, seed=seed)
    config = _configuration(preset, config)
    opened = open_backend(backend, config, memory_size, waves=waves, trace=trace)
    return Device(opened, settings)


def _configuration(name, config):
    if config is None:
        return preset(name if name is not None else "medium")
    if name is not None:
        raise ValueError(f"give a preset or a config, not both: {name!r}")
    if not isinstance(config, Config):
        raise TypeError(f"config must be a Config, not {config!r}")
    return config
