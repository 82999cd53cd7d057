"""Where programs run: the numpy machine, and the core in three simulators."""

from importlib import import_module

from .base import Backend, BusBreach, Hang, RegisterError
from .settings import MAX_LATENCY, Settings

__all__ = [
    "BACKENDS", "MAX_LATENCY", "Backend", "BusBreach", "Hang", "RegisterError", "Settings",
    "backend_class", "open_backend",
]  # fmt: skip

#: Name -> module and class; a module is imported when it is used.
BACKENDS = {
    "verilator": ("verilator", "VerilatorBackend"),
    "model": ("model", "ModelBackend"),
    "amaranth": ("amaranth_sim", "AmaranthBackend"),
    "icarus": ("icarus", "IcarusBackend"),
}


def backend_class(name):
    """The class of the back end called `name`. ValueError if there is none of that name."""
    if name not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, not {name!r}")
    module, class_name = BACKENDS[name]
    return getattr(import_module(f".{module}", __name__), class_name)


def open_backend(name, config, memory_size=None, *, waves=None, trace=False):
    """The back end called `name`, ready to run.

    ValueError if there is none of that name, or if it is to trace and cannot.
    """
    backend = backend_class(name)
    if not trace:
        return backend(config, memory_size, waves=waves)
    if name != "verilator":
        raise ValueError(f"only the back end 'verilator' traces, not {name!r}")
    return backend(config, memory_size, waves=waves, trace=True)
