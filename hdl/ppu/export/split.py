"""Splits an elaborated design into its distinct parts."""

from copy import copy
from dataclasses import dataclass, field

from amaranth.back import rtlil
from amaranth.hdl import Fragment, Instance, MemoryInstance
from amaranth.hdl._ast import SignalDict, _StatementList
from amaranth.hdl._ir import PortDirection
from amaranth.hdl._xfrm import FragmentTransformer, StatementTransformer

from .borders import Borders, memory_ports
from .module import Module
from .names import Names, class_of, identifier
from .simplify import simplify

__all__ = ["Part", "Split", "without_checks"]


@dataclass
class Part:
    """A module of the output, and where it is used.

    Parameters
    ----------
    name : str
        Name of the module.
    source : str
        Name of the Python class it was made from.
    ports : dict
        Name of a port -> :class:`PortDirection`.
    text : str
        RTLIL of the module.
    zeroed : dict
        Name of a memory that starts as zero -> (width, depth); `text` does not say so.
    paths : list of str
        Its places in the hierarchy.
    """

    name: str
    source: str
    ports: dict
    text: str
    zeroed: dict
    paths: list = field(default_factory=list)

    @property
    def has_outputs(self):
        """Whether anything can depend on it."""
        return PortDirection.Output in self.ports.values()


class _CheckRemover(FragmentTransformer, StatementTransformer):
    def on_Print(self, stmt):
        return _StatementList()

    def on_Property(self, stmt):
        return _StatementList()


def without_checks(elaboratable):
    """The elaborated design without `Assert`, `Assume`, `Cover`, `Print`: not plain Verilog."""
    return _CheckRemover()(Fragment.get(elaboratable, None))


class Split:
    """A design as parts, each converted once.

    Amaranth resolves nets across the borders of modules, so that two equal components have
    different ports and contents when they are wired differently; it writes out each one. Here every
    fragment is converted alone, with the signals of its component's signature as ports (and others
    that cross its border), and its children as instances. Then equal components are equal text, and
    are kept once.

    Parameters
    ----------
    fragment : Fragment
        The design, see :func:`without_checks`. It defines its own clock domains.
    ports : dict
        Port name -> (signal, :class:`PortDirection`) of the top module.
    name : str
        Name of the top module, and the prefix of all others.

    Raises
    ------
    ValueError
        If bits of one signal are driven from several fragments.
    """

    def __init__(self, fragment, *, ports, name):
        self._design = fragment.prepare(ports=ports, hierarchy=(name,))
        self._borders = Borders(self._design)
        self._module_names = Names(name)
        self._parts = {}
        self._visits = {}
        self._local_names = {}
        self._convert(self._design.fragment, ports, is_top=True)

    @property
    def parts(self):
        """Every :class:`Part`, parents before children, in the order of the source."""
        return sorted(self._parts.values(), key=lambda part: self._visits[part.paths[0]])

    def names(self):
        """Names of the registers, and those of the memories.

        Returns
        -------
        tuple of dict
            Path that ``rtlil.convert`` gives it -> path in the parts. A path is a tuple of names
            below the top.
        """
        registers, memories = {}, {}
        self._collect_names(self._design.fragment, (), (), registers, memories)
        return registers, memories

    def _collect_names(self, fragment, old, new, registers, memories):
        own_registers, others = self._local_names[fragment]
        registers.update({(*old, key): (*new, name) for key, name in own_registers.items()})
        for child, _, _ in fragment.subfragments:
            key = self._info(child).name[-1]
            if key in others:
                paths = (*old, key), (*new, others[key])
                if type(child) is Fragment:
                    self._collect_names(child, *paths, registers, memories)
                elif isinstance(child, MemoryInstance):
                    memories[paths[0]] = paths[1]

    def _info(self, fragment):
        return self._design.fragments[fragment]

    def _path(self, fragment):
        return ".".join(map(identifier, self._info(fragment).name))

    def _convert(self, fragment, ports, *, is_top=False):
        """Converts `fragment`, after its children; gives its part, an older one if it is equal."""
        self._visits.setdefault(self._path(fragment), len(self._visits))
        alone, hints = self._isolate(fragment)
        if is_top:
            # Pins that are not called as their signals are.
            for name, (signal, _) in ports.items():
                hints.setdefault(signal, (name, 1))
        text, name_map = rtlil.convert_fragment(
            alone, ports, "top", emit_src=False, propagate_domains=False)
        known = [(f"\\{name_map[signal][-1]}", *hint)
                 for signal, hint in hints.items() if signal in name_map]  # fmt: skip
        module = Module(text)
        aliases = module.aliases
        better = simplify(module, {name: rank for name, _, rank in known}, is_top=is_top)
        module.order_ports(ports)
        names = module.rename({name: hint for name, hint, _ in known})
        self._note_names(
            fragment, name_map,
            lambda name: names.get(better.get(name := aliases.get(name, name), name)))
        return self._merge(module, fragment, is_top)

    def _isolate(self, fragment):
        """`fragment` with instances for children, and hints for their signals: (name, rank)."""
        alone, hints = Fragment(), SignalDict()
        alone.add_domains(fragment.domains.values())
        alone.statements = fragment.statements
        for child, _, _ in fragment.subfragments:
            name = self._info(child).name[-1]
            if type(child) is not Fragment:
                alone.add_subfragment(_without_zeros(child), name)
                for signal in memory_ports(child):
                    hints.setdefault(signal, (f"{name}_{signal.name}", 2))
                continue
            child_ports = self._borders.ports(child)
            part = self._convert(child, child_ports)
            if not part.has_outputs:
                continue
            connections = []
            for port, direction in part.ports.items():
                signal, _ = child_ports[port]
                is_input = direction is PortDirection.Input
                if is_input or signal in self._info(fragment).used_signals:
                    connections.append(("i" if is_input else "o", port, signal))
                    # Of a driver's and a reader's name for one thing, the driver's stays.
                    hints.setdefault(signal, (f"{name}_{port}", 2 if is_input else 1))
            alone.add_subfragment(Instance(part.name, *connections), name)
        return alone, hints

    def _note_names(self, fragment, name_map, final):
        """Notes what registers and children are called; `final` gives a wire's name in the part."""
        amaranth = self._info(fragment).signal_names
        registers, others = {}, {}
        for domain, statements in fragment.statements.items():
            for signal in statements._lhs_signals() if domain != "comb" else ():
                if signal in name_map:
                    name = final(f"\\{name_map[signal][-1]}")
                    if name is not None:
                        registers[amaranth[signal]] = name[1:]
        for child, _, _ in fragment.subfragments:
            key = self._info(child).name[-1]
            if (name := final(f"\\{key}")) is not None:
                others[key] = name[1:]
        self._local_names[fragment] = registers, others

    def _merge(self, module, fragment, is_top):
        zeroed = module.take_zero_memories()
        key = module.text("top"), tuple(zeroed.items()), is_top
        if key not in self._parts:
            source = class_of(fragment) or self._info(fragment).name[-1]
            name = self._module_names.top if is_top else self._module_names.module(source)
            directions = {name[1:]: PortDirection(port) for name, port in module.ports.items()}
            self._parts[key] = Part(name, source, directions, module.text(name), zeroed)
        part = self._parts[key]
        part.paths.append(self._path(fragment))
        return part


def _without_zeros(fragment):
    """`fragment`; for a memory that is all zero, one without a list of millions of zeros."""
    if not isinstance(fragment, MemoryInstance) or any(fragment._data._init._raw):
        return fragment
    lean = copy(fragment)
    lean._data = copy(fragment._data)
    lean._data._init = copy(fragment._data._init)
    lean._data._init._raw = ()
    return lean
