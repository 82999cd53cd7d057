"""Rewrites a module of Yosys' Verilog the way one would write it by hand."""

import re
from collections import Counter

from .names import unique

__all__ = ["tidy"]

_WIDTH = 100
#: What Yosys adds to each combinational block, so that it runs at time 0.
_START = re.compile(r"\\\$auto\$verilog_backend\.cc:\d+:dump_module\$\d+ ")
_DECLARATION = re.compile(
    r"((?:  \(\*.*\*\)\n)*)  (input|output|wire|reg)( \[\d+:0\])? (\w+)( = \S+)?;$")
_MEMORY = re.compile(r"  reg(?: \[\d+:0\])? (\w+) \[\d+:0\];$", re.M)
#: The output of a memory, and the wire that it is.
_MEMORY_OUTPUT = re.compile(r"^  assign (\w+) = (_\d+_);$")
_REGISTER = re.compile(r"  always @\((?:pos|neg)edge \w+\)\n    (\w+) <= (\w+);$")
_COMBINATIONAL = re.compile(r"  always @\*")
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
    head, *lines = text.splitlines()
    name, order = re.match(r"module (\w+)\((.*)\);$", head).groups()
    items = _items(lines)
    declarations, items = _take_declarations(items)
    items = _name_memory_outputs(items, declarations)
    items = _fold_registers(items, Counter(_WORD.findall("\n".join(items))))
    items = [_compact(_connect_all(item, interfaces)) for item in items]
    items = _sort_instances(items)
    items = _add_zeroing(items, zeroed, set(declarations))
    body = _name_start(items, set(declarations))
    used = set(_WORD.findall(body))
    ports, local = [], {}
    for word in order.split(", "):
        direction, kind, width, value = declarations.pop(word)
        ports.append(f"  {direction:6} {kind:4}{width} {word}{value}")
    for word in sorted(declarations, key=_natural):
        _, kind, width, value = declarations[word]
        if word in used:
            local.setdefault((kind, width), []).append(f"{word}{value}")
    return "\n".join([
        f"module {name} (", ",\n".join(ports), ");",
        *(_wrap(f"  {kind}{width} ", words, ";") for (kind, width), words in local.items()),
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


def _fold_registers(items, counts):
    """Moves the block that computes the next value of a register into the register's block."""
    registers = {}
    for item in items:
        match = _REGISTER.match(item)
        if match:
            registers[match[2]] = (match[1], item.splitlines()[0])
    folded, result = set(), []
    for item in items:
        if not _COMBINATIONAL.match(item):
            result.append(item)
            continue
        target = re.search(r"^ +(\w+)(?:\[[\d:]+\])* *= ", item, re.M)
        name = target and target[1]
        assignment = re.compile(rf"^( +){name}((?:\[[\d:]+\])*) *= ", re.M)
        if name in registers and counts[name] == len(assignment.findall(item)) + 1:
            register, event = registers[name]
            lines = assignment.sub(rf"\1{register}\2 <= ", item).splitlines()[1:]
            lines = [f"{event} begin", *(line for line in lines if not _START.search(line))]
            keep = f"    {register} <= {register};"
            item = "\n".join(line for line in lines if line != keep)
            folded.add(name)
        result.append(item)
    return [item for item in result
            if not ((match := _REGISTER.match(item)) and match[2] in folded)]  # fmt: skip


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
    if match is None:
        return item
    signals = dict(_CONNECTION.findall(item))
    order = interfaces.get(match[1], signals)
    ports = [f".{port}({signals.get(port, '')})" for port in order]
    return f"  {match[1]} {match[2]} (\n{_wrap('    ', ports, '')}\n  );"


def _compact(item):
    """Shortens what is longer than it needs to be."""
    if _INSTANCE.match(item):
        return item
    item = re.sub(r"\{ ([^{}]+) \}", _repetition, item)
    item = re.sub(r"\b(\d+)'h00+\b", r"\1'h0", item)
    # `if` with one statement.
    item = re.sub(
        r"^( +)(if \(.*\)) begin\n +(\S.*;)\n\1end$",
        lambda match: f"{match[1]}{match[2]} {match[3]}"
        if sum(map(len, match.groups())) < _WIDTH and "begin" not in match[3] else match[0],
        item, flags=re.M)
    # A block with one statement.
    lines = item.splitlines()
    if len(lines) == 3 and lines[0].endswith(" begin") and lines[1].endswith(";"):
        if _START.search(lines[1]):
            return item
        item = f"{lines[0].removesuffix(' begin')}\n{lines[1]}"
    return "" if re.match(r"  always .* begin\n  end$", item) else item


def _repetition(match):
    """A concatenation with repeated parts counted."""
    runs = []
    for part in match[1].split(", "):
        if runs and runs[-1][0] == part:
            runs[-1][1] += 1
        else:
            runs.append([part, 1])
    parts = [part if count == 1 else f"{{{count}{{{part}}}}}" for part, count in runs]
    return parts[0] if len(parts) == 1 and runs[0][1] > 1 else f"{{ {', '.join(parts)} }}"


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
    declaration = re.search(rf"  reg {_START.pattern} = 0;\n?", body)
    if declaration is None:
        return body
    body = body.replace(declaration[0], "", 1)
    if not _START.search(body):
        return body
    start = unique("start", taken)
    return f"  reg {start} = 0;  // Makes simulators run each block at time 0.\n" + _START.sub(
        start, body)


def _wrap(indent, words, end):
    """`words`, with commas, in lines of at most `_WIDTH` columns."""
    lines, line = [], indent + words[0]
    for word in words[1:]:
        if len(line) + len(word) + 3 > _WIDTH:
            lines.append(f"{line},")
            line = " " * (len(indent) if len(indent) < 8 else 4) + word
        else:
            line += f", {word}"
    return "\n".join([*lines, line + end])
