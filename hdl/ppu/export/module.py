"""One module as RTLIL text: its items, their names, and the text back again."""

import re
from collections import Counter
from dataclasses import dataclass

from .names import identifier, unique

__all__ = ["Item", "Module"]

#: An identifier. Constants and keywords of RTLIL have neither of these first letters.
_IDENTIFIER = re.compile(r"[\\$]\S+")
_WIRE = re.compile(r"wire width (\d+)(?: (input|output) \d+)? +(?:signed )?(\S+)$")
_CELL = re.compile(r"cell (\S+) (\S+)$")
_MEMORY = re.compile(r"memory width (\d+) size (\d+) (\S+)$")
_CONNECT = re.compile(r"connect (\S+) (.*)$")
_MEMID = re.compile(r'(parameter \\MEMID ")\\(\\.*)"$')
#: A wire from bit 0 on.
_WHOLE = re.compile(r"([\\$]\S+) \[(?:(\d+):)?0\]$")
#: Attributes that only tell how Amaranth made something.
_NOISE = re.compile(r"attribute \\(generator|top|src|enum_\w+|amaranth\.\S+) ")


@dataclass
class Item:
    """A wire, memory, cell, process or connection.

    Parameters
    ----------
    kind : str
        First word of its first line.
    name : str
        Its RTLIL name; of a connection, that of the wire it drives.
    lines : list of str
        All of it, its attributes first.
    type : str or None
        Type of a cell.
    port : str or None
        ``"input"`` or ``"output"`` for a wire that is a port.
    width : int
        Bits of a wire.
    """

    kind: str
    name: str
    lines: list
    type: str | None = None
    port: str | None = None
    width: int = 0

    @property
    def connections(self):
        """Port -> signal of a cell; of a connection, its only pair."""
        return dict(match.groups() for line in self.lines if (match := _CONNECT.match(line)))

    @property
    def uses(self):
        """Identifiers of wires in it, each as often as it occurs."""
        if self.kind in ("wire", "memory"):
            return []
        if self.kind == "cell":
            return _IDENTIFIER.findall(" ".join(self.connections.values()))
        return [name for line in self.lines if not line.startswith(("attribute", "process"))
                for name in _IDENTIFIER.findall(line)]  # fmt: skip

    @property
    def drives(self):
        """Wires that it drives, but for those of memories and of instances of modules."""
        if self.kind == "connect":
            return {self.name}
        if self.kind == "process":
            assigned = (line.split()[1] for line in self.lines if line.startswith("assign "))
            return set(assigned)
        if self.kind == "cell" and self.type[0] == "$" and not self.type.startswith("$mem"):
            connections = self.connections
            return {connections[port].split()[0] for port in ("\\Y", "\\Q") if port in connections}
        return set()

    @property
    def memory(self):
        """Name of the memory that a memory cell belongs to."""
        return next(match[2] for line in self.lines if (match := _MEMID.match(line)))

    def rename(self, names):
        """Replaces the names of wires, instances and memories that are keys of `names`."""
        self.name = names.get(self.name, self.name)
        self.lines = [self._renamed(line, names) for line in self.lines]

    def _renamed(self, line, names):
        word = line.split(None, 1)[0]
        if word == "attribute":
            return line
        if word == "parameter":
            return _MEMID.sub(lambda match: f'{match[1]}\\{names.get(match[2], match[2])}"', line)
        kept = ""
        if self.kind == "cell" and word != "end":
            # The type of a cell, the name of its port.
            word, name, line = line.split(None, 2)
            kept = f"{word} {name} "
        return kept + _IDENTIFIER.sub(lambda match: names.get(match[0], match[0]), line)


class Module:
    """The only module of an RTLIL text that Amaranth wrote.

    Parameters
    ----------
    text : str
        The text.
    """

    def __init__(self, text):
        self.items = list(_items(text))

    @property
    def wires(self):
        """Wires by name."""
        return {item.name: item for item in self.items if item.kind == "wire"}

    @property
    def ports(self):
        """Name of each port, its direction."""
        return {item.name: item.port for item in self.items if item.port}

    def order_ports(self, names):
        """Puts ports in the order of `names`, which has at least all of them."""
        ports = {item.name: item for item in self.items if item.port}
        ordered = [ports[f"\\{name}"] for name in names if f"\\{name}" in ports]
        self.items = [*ordered, *(item for item in self.items if not item.port)]

    def count_uses(self):
        """How often each wire is read or driven, outside its declaration."""
        return Counter(name for item in self.items for name in item.uses)

    @property
    def aliases(self):
        """Name of a wire that is only another name -> name of the wire that it is."""
        wires, aliases = self.wires, {}
        for item in self.items:
            if item.kind == "connect" and (match := _WHOLE.match(item.connections[item.name])):
                wire = wires.get(match[1])
                if wire is not None and wire.width == int(match[2] or 0) + 1:
                    aliases[item.name] = wire.name
        return aliases

    def drop_wires(self, names):
        """Drops wires and the connections that drive them."""
        self.items = [
            item for item in self.items
            if item.kind not in ("wire", "connect") or item.name not in names
        ]  # fmt: skip

    def take_zero_memories(self):
        """Removes initial values that are all zero.

        Returns
        -------
        dict
            Name of a memory that had them -> (width, depth).
        """
        zeroed = {
            item.memory for item in self.items
            if item.type == "$meminit_v2"
            and "1" not in item.connections["\\DATA"].partition("'")[2]
        }  # fmt: skip
        self.items = [
            item for item in self.items if item.type != "$meminit_v2" or item.memory not in zeroed
        ]
        sizes = (_MEMORY.match(item.lines[-1]) for item in self.items if item.kind == "memory")
        return {size[3][1:]: (int(size[1]), int(size[2])) for size in sizes if size[3] in zeroed}

    def rename(self, hints):
        """Gives everything a name that Verilog takes without an escape.

        Parameters
        ----------
        hints : dict
            Name -> better name. Ports keep theirs.

        Returns
        -------
        dict
            Old name -> new name.
        """
        hints = {**self._next_values(), **hints}
        taken = {name[1:] for name in self.ports}
        names = {name: name for name in self.ports}
        for item in self.items:
            is_nameless = item.kind in ("connect", "process") or (item.type or "").startswith("$")
            if not is_nameless and item.name not in names:
                wanted = hints.get(item.name, item.name[1:] if item.name[0] == "\\" else "n")
                names[item.name] = "\\" + unique(identifier(wanted), taken)
        for item in self.items:
            item.rename(names)
        return names

    def _next_values(self):
        """Nameless wires that are the data input of a register: ``<register>_next``."""
        hints, wires = {}, self.wires
        for item in self.items:
            if item.type in ("$dff", "$adff"):
                source, register = _WHOLE.match(item.connections["\\D"]), item.connections["\\Q"]
                if source and source[1][0] == "$" and register[0] == "\\":
                    width = int(source[2] or 0) + 1
                    if wires[source[1]].width == width == wires[register].width:
                        hints[source[1]] = f"{identifier(register[1:])}_next"
        return hints

    def text(self, name):
        """The module as RTLIL, called `name`."""
        lines, ports = [f"module \\{name}"], 1
        for item in self.items:
            for line in item.lines:
                if item.port and line.startswith("wire"):
                    line = re.sub(r" (input|output) \d+", rf" \1 {ports}", line)
                    ports += 1
                lines.append(line)
        return "\n".join([*lines, "end", ""])


def _items(text):
    """Splits the body of a module into its items."""
    lines = (line.strip() for line in text.splitlines())
    lines = (line for line in lines if line and not _NOISE.match(line))
    for line in lines:
        if line.startswith("module "):
            break
    attributes = []
    for line in lines:
        kind = line.split(None, 1)[0]
        if line == "end":
            return
        if kind == "attribute":
            attributes.append(line)
            continue
        item = Item(kind, line.split()[-1], [*attributes, line])
        attributes = []
        if kind == "wire":
            width, item.port, item.name = _WIRE.match(line).groups()
            item.width = int(width)
        elif kind == "connect":
            item.name = line.split()[1]
        elif kind == "cell":
            item.type, item.name = _CELL.match(line).groups()
        depth = kind in ("cell", "process")
        while depth:
            line = next(lines)
            depth += line.startswith("switch ") - (line == "end")
            item.lines.append(line)
        yield item
