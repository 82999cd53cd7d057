"""Removes from a module what only repeats something."""

import re

__all__ = ["drop_copied_inits", "drop_empty", "drop_fields", "drop_unused_inputs", "join_aliases", "merge_operators"]

_EMPTY_OPERAND = re.compile(r"^(connect \\[AB]) \{  \}$")
_EMPTY_WIDTH = re.compile(r"^(parameter \\[AB]_WIDTH) 0$")


def drop_empty(module):
    """Drops what has no bits, which Verilog cannot say. An operand without bits becomes a zero."""
    empty = {wire.name for wire in module.wires.values() if wire.width == 0}
    kept = []
    for item in module.items:
        outputs = [item.connections.get(port) for port in ("\\Y", "\\Q")]
        if item.kind == "cell" and item.type[0] == "$" and empty.intersection(outputs):
            continue
        if item.kind == "process" and item.lines[1].startswith("assign {  } "):
            continue
        if item.kind == "cell":
            item.lines = [_EMPTY_WIDTH.sub(r"\1 1", _EMPTY_OPERAND.sub(r"\1 1'0", line))
                          for line in item.lines]  # fmt: skip
        kept.append(item)
    module.items = kept
    module.drop_wires(empty)


def drop_fields(module):
    """Drops the views of structure fields, which nothing uses."""
    counts = module.count_uses()
    module.drop_wires({
        name for name in module.wires if re.search(r"[.\[]", name) and counts[name] == 1
    })  # fmt: skip


def drop_unused_inputs(module):
    """Drops inputs that nothing reads."""
    counts = module.count_uses()
    module.drop_wires({
        name for name, direction in module.ports.items()
        if direction == "input" and not counts[name]
    })  # fmt: skip


def drop_copied_inits(module):
    """Drops initial values of wires that are not registers but only other names of them."""
    registers = {item.connections.get("\\Q") for item in module.items if item.kind == "cell"}
    for name, wire in module.wires.items():
        if name not in registers:
            wire.lines = [line for line in wire.lines if not line.startswith("attribute \\init ")]


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
