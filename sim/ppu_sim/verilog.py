"""Amaranth's Verilog, so that every simulator runs it alike."""

import re

from amaranth.back import verilog
from amaranth.hdl import Value

__all__ = ["convert"]

#: The signal by which Yosys has each combinational block run at time 0. Declared with a value, it
#: never changes on Icarus, and blocks that depend on nothing else that does stay undefined.
_START = re.compile(r"^  reg (\\\$auto\$verilog_backend\.cc:\S+)  = 0;", re.M)


def convert(component, *, name, ports=None):
    """An Amaranth component as Verilog.

    Parameters
    ----------
    component : wiring.Component
        The top of the design.
    name : str
        Name of the top module.
    ports : dict, optional
        Name of each port but clock and reset -> its signal. Amaranth's names if not given.
    """
    if ports is not None:
        ports = {port: (Value.cast(signal), None) for port, signal in ports.items()}
    text = verilog.convert(
        component, name=name, ports=ports, emit_src=False, strip_internal_attrs=True
    )
    return _START.sub(r"  reg \1 ; initial \1 = 1'b0;", text)
