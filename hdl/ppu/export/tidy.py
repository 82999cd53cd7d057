"""Rewrites a module of Yosys' Verilog the way one would write it by hand."""

import re
from collections import Counter

from .blocks import START, fold_registers, join_registers
from .names import unique
from .statements import compact, wrap

__all__ = ["tidy"]

_DECLARATION = re.compile(
    r"((?:  \(\*.*\*\)\n)*)  (input|output|wire|reg)( \[\d+:0\])? (\w+)( = \S+)?;$")
_MEMORY = re.compile(r"  reg(?: \[\d+:0\])? (\w+) \[\d+:0\];$", re.M)
#: The output of a memory, and the wire that it is.
_MEMORY_OUTPUT = re.compile(r"^  assign (\w+) = (_\d+_);$")
_INSTANCE = re.compile(r"  (\w+) (\w+) \(\n")
_CONNECTION = re.compile(r"^    \.(\w+)\((.*)\),?$", re.M)
_WORD = re.compile(r"(?<!['\w])[A-Za-z_]\w*")


def tidy(text, zeroed, interfaces):
    """Tidies one module.

    Parameters
    ----------
    text : str
        The module as Yosys wrote it: one statement per line, two spaces of indentation.
    zeroed : dict
        Name of a memory that starts as zero -> (width, depth).
    interfaces : dict
        Name of a module -> its ports in order.

    Returns
    -------
    str
        The same module, with ports declared in its head, a register's next value computed in the
        register's own block, and repetition written as such.
    """
    head, _, rest = text.partition(");\n")
    name, *order = _WORD.findall(head.removeprefix("module "))
    items = _items(rest.splitlines())
    declarations, items = _take_declarations(items)
    items = _name_memory_outputs(items, declarations)
    items = fold_registers(items, Counter(_WORD.findall("\n".join(items))))
    items = [
        _connect_all(item, interfaces) if _INSTANCE.match(item) else compact(item)
        for item in items
    ]  # fmt: skip
    items = _sort_instances(join_registers(items))
    items = _add_zeroing(items, zeroed, set(declarations))
    body = _name_start(items, set(declarations))
    used = set(_WORD.findall(body))
    ports, local = [], {}
    for word in order:
        direction, kind, width, value = declarations.pop(word)
        ports.append(f"  {direction:6} {kind:4}{width} {word}{value}")
    for word in sorted(declarations, key=_natural):
        _, kind, width, value = declarations[word]
        if word in used:
            local.setdefault((kind, width), []).append(f"{word}{value}")
    return "\n".join([
        f"module {name} (", ",\n".join(ports), ");",
        *(wrap(f"  {kind}{width} ", words, end=";") for (kind, width), words in local.items()),
        body, "endmodule", "",
    ])  # fmt: skip


def _items(lines):
    """Statements of a module, each with all its lines."""
    items, current = [], []
    for line in lines:
        if line == "endmodule":
            break
        is_inner = line.startswith("   ") or line in ("  end", "  );")
        if current and not is_inner and not current[-1].startswith("  (*"):
            items.append("\n".join(current))
            current = []
        current.append(line)
    return [*items, "\n".join(current)] if current else items


def _take_declarations(items):
    """Splits off declarations: name -> (direction, kind, width, initial value)."""
    declarations, rest = {}, []
    for item in items:
        match = _DECLARATION.match(item)
        if match is None:
            rest.append(item)
            continue
        attributes, word, width, name, value = match.groups("")
        if word in ("input", "output"):
            # Declared once more, as a wire or register, in the next line.
            declarations[name] = (word, "", "", "")
        else:
            direction, *_ = declarations.get(name, ("",))
            kind = "".join(line.strip() + " " for line in attributes.splitlines()) + word
            value = re.sub(r"'h0+$", "'h0", value)
            declarations[name] = (direction, kind, width, value)
    return declarations, rest


def _name_memory_outputs(items, declarations):
    """Joins the register that Yosys makes for the output of a memory with the wire it drives."""
    names, rest = {}, []
    for item in items:
        match = _MEMORY_OUTPUT.match(item)
        if match and declarations[match[1]][1] == "wire" and match[2] in declarations:
            direction, _, width, value = declarations[match[1]]
            declarations[match[1]] = (direction, declarations.pop(match[2])[1], width, value)
            names[match[2]] = match[1]
        else:
            rest.append(item)
    return [re.sub(r"\b_\d+_\b", lambda match: names.get(match[0], match[0]), item)
            for item in rest]  # fmt: skip


def _natural(text):
    """Sort key that takes numbers in names as numbers."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


def _sort_instances(items):
    """Puts instances in the order of their names."""
    places = [index for index, item in enumerate(items) if _INSTANCE.match(item)]
    instances = sorted(
        (items[index] for index in places), key=lambda item: _natural(_INSTANCE.match(item)[2]))
    for index, instance in zip(places, instances, strict=True):
        items[index] = instance
    return items


def _connect_all(item, interfaces):
    """Names every port of an instance, in order, and writes several to a line."""
    match = _INSTANCE.match(item)
    signals = dict(_CONNECTION.findall(item))
    order = interfaces.get(match[1], signals)
    ports = [f".{port}({signals.get(port, '')})" for port in order]
    return f"  {match[1]} {match[2]} (\n{wrap('    ', ports)}\n  );"


def _add_zeroing(items, zeroed, taken):
    """Adds the loops that clear memories."""
    result = []
    for item in items:
        result.append(item)
        match = _MEMORY.search(item)
        if match and match[1] in zeroed:
            name, (width, depth) = match[1], zeroed[match[1]]
            index = unique(f"{name}_index", taken)
            result += [
                f"  integer {index};",
                f"  initial for ({index} = 0; {index} < {depth}; {index} = {index} + 1)",
                f"    {name}[{index}] = {width}'h0;",
            ]
    return result


def _name_start(items, taken):
    """Gives the signal that starts combinational blocks a plain name."""
    body = "\n".join(item for item in items if item)
    body = re.sub(rf"  reg {START.pattern} = 0;\n?", "", body)
    if not START.search(body):
        return body
    start = unique("start", taken)
    # Not a declaration with a value: SystemVerilog gives that before any block waits for a change.
    return (f"  reg {start};  // Makes simulators run each block at time 0.\n"
            f"  initial {start} = 0;\n" + START.sub(start, body))
