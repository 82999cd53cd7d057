"""From an Amaranth design to Verilog."""

import gc
import re
from contextlib import contextmanager

from amaranth.back import rtlil

from .split import Split, without_checks
from .tidy import tidy
from .writer import to_verilog

__all__ = ["convert", "no_collection", "write"]

#: Attributes that only tell how Amaranth made something.
_NOISE = re.compile(r"^ *attribute \\(?:generator|top|src|enum_\w+|amaranth\.\S+) .*\n", re.M)
_MODULE = re.compile(r"^module (\w+)\(.*?^endmodule\n", re.M | re.S)


def convert(elaboratable, *, ports, name, deduplicate=True):
    """Verilog-2005 of a design, the top module first.

    `Assert`, `Assume`, `Cover` and `Print` are left out: plain Verilog has nothing of the kind.

    Parameters
    ----------
    elaboratable : Elaboratable
        The design. It defines its own clock domains.
    ports : dict
        Port name -> (signal, direction) of the top module.
    name : str
        Name of the top module, and the prefix of all others.
    deduplicate : bool
        Whether each distinct module is written once. Otherwise as Amaranth writes it: one module
        for each instance, with ports that depend on its surroundings.
    """
    with no_collection():
        fragment = without_checks(elaboratable)
        if deduplicate:
            return write(Split(fragment, ports=ports, name=name).parts)
        text, _ = rtlil.convert_fragment(fragment, ports, name, emit_src=False)
    return to_verilog(_NOISE.sub("", text))


def write(parts):
    """Verilog of the parts of a design."""
    text = to_verilog("\n".join(part.text for part in parts))
    modules = {match[1]: match[0] for match in _MODULE.finditer(text)}
    interfaces = {part.name: list(part.ports) for part in parts}
    return "\n".join(
        _comment(part) + tidy(modules[part.name], part.zeroed, interfaces)
        for part in parts)


@contextmanager
def no_collection():
    """Holds garbage collection: a conversion makes millions of objects and hardly any garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _comment(part):
    """What a module is and where it is used."""
    first, *_ = part.paths
    if len(part.paths) == 1:
        return f"// {part.source}: {first}\n"
    return f"// {part.source}: {len(part.paths)} instances, the first is {first}\n"
