"""Signals that cross the borders between the fragments of a design."""

from amaranth.hdl import Fragment, Instance, Signal, Value
from amaranth.hdl._ast import SignalDict, SignalSet
from amaranth.hdl._ir import PortDirection
from amaranth.lib import wiring

from .names import identifier, unique

__all__ = ["Borders", "memory_ports"]


class Borders:
    """Finds the ports of each fragment.

    Parameters
    ----------
    design : amaranth.hdl._ir.Design
        The design.

    Raises
    ------
    ValueError
        If bits of one signal are driven from several fragments.
    """

    def __init__(self, design):
        self._design = design
        self._drivers = SignalDict(
            (conn, design.fragment) for _, conn, direction in design.ports
            if direction is PortDirection.Input)
        self._driven = {}
        self._collect(design.fragment)

    def ports(self, fragment):
        """Port name -> (signal, direction), the signature's first, in its order."""
        info = self._design.fragments[fragment]
        outside = self._design.fragments[info.parent].used_signals
        crossing = SignalSet()
        for component in fragment.origins or ():
            if isinstance(component, wiring.Component):
                for _, member, value in component.signature.flatten(component):
                    signal = Value.cast(value)
                    is_open = signal in self._drivers or member.flow == wiring.In
                    if signal in info.used_signals and is_open:
                        crossing.add(signal)
        for signal in info.used_signals:
            # What nothing drives is the same constant on both sides.
            if signal in outside and signal in self._drivers:
                crossing.add(signal)
        taken, ports = set(), {}
        for signal in crossing:
            if len(signal):
                inside = signal in self._driven[fragment]
                direction = PortDirection.Output if inside else PortDirection.Input
                ports[unique(identifier(signal.name), taken)] = (signal, direction)
        return ports

    def _collect(self, fragment):
        """Signals driven inside `fragment`, its children included."""
        driven = SignalSet()
        for signal in _own_drivers(fragment):
            self._note_driver(signal, fragment)
            driven.add(signal)
        for child, _, _ in fragment.subfragments:
            driven.update(self._collect(child))
        self._driven[fragment] = driven
        return driven

    def _note_driver(self, signal, fragment):
        # A memory, or an instance of foreign Verilog, is part of the module that it is in.
        info = self._design.fragments[fragment]
        module = fragment if type(fragment) is Fragment else info.parent
        other = self._drivers.setdefault(signal, module)
        if other is not module:
            paths = [".".join(self._design.fragments[f].name) for f in (other, module)]
            raise ValueError(
                f"signal {signal.name!r} must be driven from one module, not from both "
                f"{paths[0]} and {paths[1]}"
            )


def _own_drivers(fragment):
    """Signals that `fragment` itself drives."""
    signals = SignalSet()
    for statements in fragment.statements.values():
        signals.update(statements._lhs_signals())
    for port in getattr(fragment, "_read_ports", ()):
        signals.update(port._data._lhs_signals())
    if isinstance(fragment, Instance):
        for value, kind in fragment.ports.values():
            if kind == "o":
                signals.update(value._lhs_signals())
    return signals


def memory_ports(fragment):
    """Signals of the ports of a memory; none for another fragment."""
    for port in (*getattr(fragment, "_read_ports", ()), *getattr(fragment, "_write_ports", ())):
        for value in (port._addr, port._data, port._en):
            if isinstance(value, Signal):
                yield value
