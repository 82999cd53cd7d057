"""Operators of a module: one of each, with operands that Verilog can write."""

import re

__all__ = ["complete_comparisons", "complete_operands", "merge_operators"]

_EMPTY_OPERAND = re.compile(r"^(connect \\[AB]) \{  \}$")
_EMPTY_WIDTH = re.compile(r"^(parameter \\[AB]_WIDTH) 0$")


def complete_operands(module):
    """Makes an operand without bits a zero."""
    for item in module.items:
        if item.kind == "cell":
            item.lines = [_EMPTY_WIDTH.sub(r"\1 1", _EMPTY_OPERAND.sub(r"\1 1'0", line))
                          for line in item.lines]  # fmt: skip


def complete_comparisons(module):
    """Writes a comparison with a constant as ``signal == 4'h3``, both of one width."""
    for item in module.items:
        if item.type == "$logic_not":
            _compare_with_zero(item)
        elif item.type in ("$eq", "$ne"):
            _extend_constant(item)


def _compare_with_zero(item):
    width = int(_parameter(item, "A_WIDTH"))
    if width > 1:
        item.type = "$eq"
        item.lines[-1:] = [
            "parameter \\B_SIGNED 0", f"parameter \\B_WIDTH {width}",
            f"connect \\B {width}'{'0' * width}", "end",
        ]  # fmt: skip
        item.lines = [line.replace("cell $logic_not ", "cell $eq ") for line in item.lines]


def _extend_constant(item):
    match = re.match(r"(\d+)'([01]+)$", item.connections["\\B"])
    width = int(_parameter(item, "A_WIDTH"))
    if match and int(match[1]) < width:
        fill = match[2][0] if _parameter(item, "B_SIGNED") == "1" else "0"
        item.lines = [
            f"parameter \\B_WIDTH {width}" if line.startswith("parameter \\B_WIDTH ")
            else f"connect \\B {width}'{match[2].rjust(width, fill)}"
            if line.startswith("connect \\B ") else line
            for line in item.lines
        ]  # fmt: skip


def _parameter(item, name):
    return next(line.split()[-1] for line in item.lines if line.startswith(f"parameter \\{name} "))


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
