"""Counts what a netlist is made of."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache

__all__ = ["Netlist", "Size"]

#: A flip-flop of a word of a memory: name of the memory, then word and bit.
_WORD = re.compile(r"(.+)\[\d+\]\[\d+\]_reg$")


@dataclass(frozen=True)
class Size:
    """How much there is.

    Parameters
    ----------
    sequential, combinational : int
        Cells.
    area : float
        Of both, in the library's unit; 0 for generic gates.
    """

    sequential: int = 0
    combinational: int = 0
    area: float = 0.0

    def __add__(self, other):
        return Size(self.sequential + other.sequential, self.combinational + other.combinational,
                    self.area + other.area)  # fmt: skip

    def __sub__(self, other):
        return Size(self.sequential - other.sequential, self.combinational - other.combinational,
                    self.area - other.area)  # fmt: skip


class Netlist:
    """A netlist of cells, perhaps in several modules.

    Parameters
    ----------
    modules : dict
        The modules of Yosys' JSON.
    top : str
        Name of the top module.
    library : Library or None
        The cells. If None, cells are Yosys' own generic gates.
    """

    def __init__(self, modules, top, library):
        self._library = library
        self._top = top
        self._cells, self._children = {}, {}
        for name, module in modules.items():
            types = {cell: entry["type"] for cell, entry in module["cells"].items()}
            gates = {cell: kind for cell, kind in types.items() if self._is_gate(kind)}
            self._cells[name] = gates
            # Black boxes are children too.
            self._children[name] = {
                cell: kind for cell, kind in types.items() if cell not in gates}
        # The same module is counted once, however often it is used.
        self.size_of = cache(self._size_of)

    def _is_gate(self, kind):
        return kind.startswith("$") if self._library is None else kind in self._library.cells

    def _size_of(self, module):
        """Size of a module with all below it."""
        return sum((self.size_of(child) for child in self._children[module].values()),
                   self._own_size(module))  # fmt: skip

    def _own_size(self, module):
        size = Size()
        for kind, count in Counter(self._cells[module].values()).items():
            cell = self._library.cells[kind] if self._library else None
            sequential = cell.kind != "combinational" if cell else "DFF" in kind
            size += Size(count if sequential else 0, 0 if sequential else count,
                         count * cell.area if cell else 0.0)  # fmt: skip
        return size

    @property
    def size(self):
        """Size of the whole."""
        return self.size_of(self._top)

    def module_at(self, place):
        """Name of the module at a place, a tuple of instances below the top."""
        module = self._top
        for instance in place:
            module = self._children[module][instance]
        return module

    def blocks(self, places):
        """Name -> size of each of `places` without the others in it; what is left is "rest".

        Parameters
        ----------
        places : dict
            Name -> place.
        """
        whole = {name: self.size_of(self.module_at(place)) for name, place in places.items()}
        sizes = {}
        for name, place in places.items():
            inside = (whole[other] for other, inner in places.items()
                      if len(inner) > len(place) and inner[:len(place)] == place)  # fmt: skip
            sizes[name] = whole[name] - sum(inside, Size())
        sizes["rest"] = self.size - sum(sizes.values(), Size())
        return sizes

    def instances(self, kinds):
        """Name of a module of `kinds` -> paths of its instances, in order."""
        found = {kind: [] for kind in kinds}
        for path, module in self._walk():
            if module in found:
                found[module].append(path)
        return found

    def small_memories(self):
        """Path of each memory that is made of flip-flops -> (their number, their area)."""
        counts = defaultdict(Counter)
        own = {name: Counter((match[1], kind) for cell, kind in cells.items()
                             if (match := _WORD.match(cell)))
               for name, cells in self._cells.items()}  # fmt: skip
        for path, module in self._walk():
            for (memory, kind), number in own.get(module, {}).items():
                counts[f"{path}.{memory}" if path else memory][kind] += number
        return {
            path: (sum(kinds.values()),
                   sum(self._library.cells[kind].area * n for kind, n in kinds.items()))
            for path, kinds in sorted(counts.items())
        }  # fmt: skip

    def _walk(self):
        """(path, module) of every instance of a module, parents first."""
        waiting = [("", self._top)]
        while waiting:
            path, module = waiting.pop()
            yield path, module
            for cell, kind in sorted(self._children.get(module, {}).items(), reverse=True):
                waiting.append((f"{path}.{cell}" if path else cell, kind))
