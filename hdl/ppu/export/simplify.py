"""Removes from a module what only repeats something."""

import re

__all__ = ["drop_fields", "drop_unused_inputs", "join_aliases", "merge_operators"]


def drop_fields(module):
    """Drops the views of structure fields, which nothing uses, and wires without a bit."""
    counts = module.count_uses()
    module.drop_wires({
        wire.name for wire in module.wires.values()
        if wire.width == 0 or (re.search(r"[.\[]", wire.name) and counts[wire.name] == 1)
    })  # fmt: skip


def drop_unused_inputs(module):
    """Drops inputs that nothing reads."""
    counts = module.count_uses()
    module.drop_wires({
        name for name, direction in module.ports.items()
        if direction == "input" and not counts[name]
    })  # fmt: skip


def merge_operators(module):
    """Keeps one of the operators that compute the same.

    Amaranth writes an expression out as often as the source repeats it, which for
    ``Value.replicate`` is once for each bit.
    """
    while True:
        kept, seen, same = [], {}, {}
        for item in module.items:
            is_operator = item.kind == "cell" and "\\Y" in item.connections
            output = item.connections["\\Y"] if is_operator and item.type[0] == "$" else None
            if output is not None and output[0] == "$":
                key = (item.type, *(line for line in item.lines[1:] if "\\Y " not in line))
                if key in seen:
                    same[output] = seen[key]
                    continue
                seen[key] = output
            kept.append(item)
        if not same:
            return
        module.items = kept
        module.drop_wires(same)
        for item in module.items:
            item.rename(same)


def join_aliases(module, ranks):
    """Keeps one name of a wire where an instance's port or a connection gave it several.

    Parameters
    ----------
    module : Module
        The module.
    ranks : dict
        Name -> how dispensable it is. Names that are not listed are kept.
    """
    counts = module.count_uses()
    ports = module.ports
    better, dropped = {}, set()
    for item in module.items:
        if item.kind != "connect":
            continue
        name, source = item.name, module.whole(item.connections[item.name])
        rank = ranks.get(name, 0)
        if source is not None and source not in ports and rank < ranks.get(source, 0):
            better.setdefault(source, name)
        if better.get(source) != name and rank and counts[name] == 1 and name not in ports:
            dropped.add(name)
    wires = module.wires
    for source, name in better.items():
        wires[name].lines[:0] = wires[source].lines[:-1]
        wires[source].lines = []
    module.drop_wires(dropped)
    # The connection of the better name, and the declaration of the other, go; its uses are renamed.
    module.items = [
        item for item in module.items
        if not (item.kind == "wire" and item.name in better)
        and not (item.kind == "connect" and item.name in better.values())
    ]  # fmt: skip
    for item in module.items:
        item.rename(better)
