"""Splits an elaborated design into its distinct parts."""

from copy import copy
from dataclasses import dataclass

from amaranth.back import rtlil
from amaranth.hdl import Fragment, Instance, MemoryInstance, Signal, Value
from amaranth.hdl._ast import SignalDict, SignalSet, _StatementList
from amaranth.hdl._ir import PortDirection
from amaranth.hdl._xfrm import FragmentTransformer, StatementTransformer
from amaranth.lib import wiring

from .module import Module
from .names import Names, class_of, identifier, unique
from .simplify import simplify

__all__ = ["Part", "split", "without_checks"]


@dataclass
class Part:
    """A module of the output, and where it is used.

    Parameters
    ----------
    name : str
        Name of the module.
    source : str
        Name of the Python class it was made from.
    paths : list of str
        Its places in the hierarchy.
    ports : dict
        Name of a port -> :class:`PortDirection`.
    text : str
        RTLIL of the module.
    zeroed : dict
        Name of a memory that starts as zero -> (width, depth); `text` does not say so.
    """

    name: str
    source: str
    paths: list
    ports: dict
    text: str
    zeroed: dict


class _CheckRemover(FragmentTransformer, StatementTransformer):
    def on_Print(self, stmt):
        return _StatementList()

    def on_Property(self, stmt):
        return _StatementList()


def without_checks(elaboratable):
    """The elaborated design without `Assert`, `Assume`, `Cover`, `Print`: not plain Verilog."""
    return _CheckRemover()(Fragment.get(elaboratable, None))


def split(elaboratable, *, ports, name):
    """Converts every distinct part of a design once.

    Amaranth resolves nets across the borders of modules, so that two equal components have
    different ports and contents when they are wired differently; it writes out each one. Here every
    fragment is converted alone, with the signals of its component's signature as ports (and others
    that cross its border), and its children as instances. Then equal components are equal text, and
    are kept once.

    Parameters
    ----------
    elaboratable : Elaboratable
        The design. It defines its own clock domains.
    ports : dict
        Port name -> (signal, :class:`PortDirection`) of the top module.
    name : str
        Name of the top module, and the prefix of all others.

    Returns
    -------
    list of Part
        Parents before children, in the order of the source.

    Raises
    ------
    ValueError
        If bits of one signal are driven from several fragments.
    """
    design = without_checks(elaboratable).prepare(ports=ports, hierarchy=(name,))
    return _Splitter(design, name).run(ports)


class _Splitter:
    def __init__(self, design, name):
        self._design = design
        self._names = Names(name)
        self._parts = {}
        self._visits = {}
        self._drivers = SignalDict(
            (conn, design.fragment) for _, conn, direction in design.ports
            if direction is PortDirection.Input)
        self._driven = {}
        self._collect_driven(design.fragment)

    def run(self, ports):
        self._convert(self._design.fragment, ports, is_top=True)
        return sorted(self._parts.values(), key=lambda part: self._visits[part.paths[0]])

    def _info(self, fragment):
        return self._design.fragments[fragment]

    def _path(self, fragment):
        return ".".join(map(identifier, self._info(fragment).name))

    def _collect_driven(self, fragment):
        """Signals driven inside `fragment`, its children included."""
        driven = SignalSet()
        for signal in _own_drivers(fragment):
            self._note_driver(signal, fragment)
            driven.add(signal)
        for child, _, _ in fragment.subfragments:
            driven.update(self._collect_driven(child))
        self._driven[fragment] = driven
        return driven

    def _note_driver(self, signal, fragment):
        # A memory, or an instance of foreign Verilog, is part of the module that it is in.
        module = fragment if type(fragment) is Fragment else self._info(fragment).parent
        other = self._drivers.setdefault(signal, module)
        if other is not module:
            raise ValueError(
                f"signal {signal.name!r} must be driven from one module, not from both "
                f"{self._path(other)} and {self._path(module)}"
            )

    def _ports(self, fragment):
        """Signals that cross the border of `fragment`: the signature's first, in its order."""
        info = self._info(fragment)
        outside = self._info(info.parent).used_signals
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

    def _convert(self, fragment, ports, *, is_top=False):
        """Converts `fragment`, after its children; gives its part, an older one if it is equal."""
        self._visits.setdefault(self._path(fragment), len(self._visits))
        alone, children_ports = Fragment(), SignalDict()
        alone.add_domains(fragment.domains.values())
        alone.statements = fragment.statements
        for child, _, _ in fragment.subfragments:
            name = self._info(child).name[-1]
            if type(child) is not Fragment:
                alone.add_subfragment(_without_zeros(child), name)
                for signal in _memory_ports(child):
                    children_ports.setdefault(signal, (f"{name}_{signal.name}", 2))
                continue
            child_ports = self._ports(child)
            part = self._convert(child, child_ports)
            if PortDirection.Output not in part.ports.values():
                continue
            connections = []
            for port, direction in part.ports.items():
                signal, _ = child_ports[port]
                if direction is PortDirection.Input:
                    connections.append(("i", port, signal))
                    rank = 2
                elif signal in self._info(fragment).used_signals:
                    connections.append(("o", port, signal))
                    rank = 1
                else:
                    continue
                children_ports.setdefault(signal, (f"{name}_{port}", rank))
            alone.add_subfragment(Instance(part.name, *connections), name)
        if is_top:
            # Pins that are not called as their signals are.
            for name, (signal, _) in ports.items():
                children_ports.setdefault(signal, (name, 1))
        text, name_map = rtlil.convert_fragment(
            alone, ports, "top", emit_src=False, propagate_domains=False)
        known = [
            (f"\\{name_map[signal][-1]}", hint, rank)
            for signal, (hint, rank) in children_ports.items() if signal in name_map
        ]  # fmt: skip
        module = Module(text)
        simplify(module, {name: rank for name, _, rank in known}, is_top=is_top)
        module.order_ports(ports)
        module.rename({name: hint for name, hint, _ in known})
        return self._merge(module, fragment, is_top)

    def _merge(self, module, fragment, is_top):
        zeroed = module.take_zero_memories()
        key = module.text("top"), tuple(zeroed.items()), is_top
        if key not in self._parts:
            source = class_of(fragment) or self._info(fragment).name[-1]
            name = self._names.top if is_top else self._names.module(source)
            directions = {name[1:]: PortDirection(port) for name, port in module.ports.items()}
            self._parts[key] = Part(name, source, [], directions, module.text(name), zeroed)
        part = self._parts[key]
        part.paths.append(self._path(fragment))
        return part


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


def _memory_ports(fragment):
    """Signals of the ports of a memory."""
    for port in (*getattr(fragment, "_read_ports", ()), *getattr(fragment, "_write_ports", ())):
        for value in (port._addr, port._data, port._en):
            if isinstance(value, Signal):
                yield value


def _without_zeros(fragment):
    """`fragment`; for a memory that is all zero, one without a list of millions of zeros."""
    if not isinstance(fragment, MemoryInstance) or any(fragment._data._init._raw):
        return fragment
    lean = copy(fragment)
    lean._data = copy(fragment._data)
    lean._data._init = copy(fragment._data._init)
    lean._data._init._raw = ()
    return lean
