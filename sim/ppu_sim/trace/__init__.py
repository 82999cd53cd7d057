"""Traces: what every unit of the core did in every cycle of a run.

The Verilated core is built with a probe, and keeps a :mod:`~ppu_sim.trace.record` of what changes
in each cycle. :mod:`~ppu_sim.trace.events` makes a :class:`Trace` of it: arrays of commands,
states, bursts and levels. :mod:`~ppu_sim.trace.perfetto` writes that for the Perfetto UI, and
:mod:`~ppu_sim.trace.command` is ``ppu trace``.
"""

from .channels import BURST, WAIT
from .events import COMMAND, UNITS, Trace, trace_of
from .runs import RUN

__all__ = ["BURST", "COMMAND", "RUN", "UNITS", "WAIT", "Trace", "trace_of"]
