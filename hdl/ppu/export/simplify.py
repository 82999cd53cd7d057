"""Removes from a module what only repeats something, and what nothing depends on."""

import re

from .operators import complete_comparisons, complete_operands, merge_operators

__all__ = ["simplify"]


def simplify(module, ranks, *, is_top):
    """Simplifies a module in place. What it computes stays the same.

    Parameters
    ----------
    module : Module
        The module, as Amaranth wrote it.
    ranks : dict
        Name of a wire that may get lost to a better name of the same thing -> how dispensable it
        is. Names that are not listed are kept, if anything depends on them.
    is_top : bool
        Whether inputs stay that nothing reads.

    Returns
    -------
    dict
        Name that is gone -> better name of the same wire.
    """
    _drop_empty(module)
    complete_operands(module)
    _drop_fields(module)
    merge_operators(module)
    better = _join_aliases(module, ranks)
    _drop_copied_inits(module)
    complete_comparisons(module)
    _drop_dead(module)
    if not is_top:
        _drop_unused_inputs(module)
    return better


def _drop_empty(module):
    """Drops what has no bits, which Verilog cannot say."""
    empty = {wire.name for wire in module.wires.values() if wire.width == 0}
    kept = []
    for item in module.items:
        outputs = [item.connections.get(port) for port in ("\\Y", "\\Q")]
        if item.kind == "cell" and item.type[0] == "$" and empty.intersection(outputs):
            continue
        if item.kind == "process" and item.lines[1].startswith("assign {  } "):
            continue
        kept.append(item)
    module.items = kept
    module.drop_wires(empty)


def _drop_fields(module):
    """Drops the views of structure fields, which nothing uses."""
    counts = module.count_uses()
    module.drop_wires({
        name for name in module.wires if re.search(r"[.\[]", name) and counts[name] == 1
    })  # fmt: skip


def _join_aliases(module, ranks):
    """Keeps one name of a wire where an instance's port or a connection gave it several."""
    counts, ports, aliases = module.count_uses(), module.ports, module.aliases
    better, dropped = {}, set()
    for item in module.items:
        if item.kind != "connect":
            continue
        name, source = item.name, aliases.get(item.name)
        rank = ranks.get(name, 0)
        if source is not None and source not in ports and rank < ranks.get(source, 0):
            better.setdefault(source, name)
        if better.get(source) != name and rank and counts[name] == 1 and name not in ports:
            dropped.add(name)
    wires = module.wires
    for source, name in better.items():
        attributes = [line for line in wires[source].lines[:-1] if line not in wires[name].lines]
        wires[name].lines[:0] = attributes
    module.drop_wires(dropped)
    # The connection of the better name, and the declaration of the other, go; its uses are renamed.
    module.items = [
        item for item in module.items
        if not (item.kind == "wire" and item.name in better)
        and not (item.kind == "connect" and item.name in better.values())
    ]  # fmt: skip
    for item in module.items:
        item.rename(better)
    return better
def _drop_copied_inits(module):
    """Drops initial values of wires that are not registers but only other names of them."""
    registers = {item.connections.get("\\Q") for item in module.items if item.kind == "cell"}
    for name, wire in module.wires.items():
        if name not in registers:
            wire.lines = [line for line in wire.lines if not line.startswith("attribute \\init ")]


def _drop_dead(module):
    """Drops what neither an output nor an instance nor a memory depends on."""
    drivers = {}
    alive = [name for name, direction in module.ports.items() if direction == "output"]
    dead = set()
    for index, item in enumerate(module.items):
        drives = item.drives
        for name in drives:
            drivers.setdefault(name, []).append(index)
        if drives:
            dead.add(index)
        else:
            alive += item.uses
    visited = set()
    while alive:
        name = alive.pop()
        if name not in visited:
            visited.add(name)
            for index in drivers.get(name, ()):
                dead.discard(index)
                alive += module.items[index].uses
    module.items = [item for index, item in enumerate(module.items) if index not in dead]
    module.drop_wires({name for name in module.wires
                       if name not in visited and name not in module.ports})  # fmt: skip
    _disconnect_unread(module)


def _disconnect_unread(module):
    """Disconnects outputs of instances that nothing reads."""
    counts, ports, wires = module.count_uses(), module.ports, module.wires
    for item in module.items:
        if item.kind == "cell" and item.type[0] == "\\":
            # An output is connected to a wire by its name alone, an input to bits of it.
            unread = {
                port for port, signal in item.connections.items()
                if signal in wires and counts[signal] == 1 and signal not in ports
            }  # fmt: skip
            item.lines = [line for line in item.lines
                          if line.split()[0] != "connect" or line.split()[1] not in unread]


def _drop_unused_inputs(module):
    """Drops inputs that nothing reads."""
    counts = module.count_uses()
    module.drop_wires({
        name for name, direction in module.ports.items()
        if direction == "input" and not counts[name]
    })  # fmt: skip
