"""Rewrites the `always` blocks that Yosys writes for registers."""

import re

from .statements import wrap

__all__ = ["START", "fold_registers", "join_registers"]

#: What Yosys adds to each combinational block, so that it runs at time 0.
START = re.compile(r"\\\$auto\$verilog_backend\.cc:\d+:dump_module\$\d+ ")
_REGISTER = re.compile(r"  always @\((?:pos|neg)edge \w+\)\n    (\w+) <= (\w+);$")
_COMBINATIONAL = re.compile(r"  always @\*")
#: A part of a wire whose other parts are computed in blocks; Yosys forgets the start here.
_PART = re.compile(r"  always @\*\n    (.*;)$")
_CLOCKED = re.compile(r"  (always @\((?:pos|neg)edge \w+\)) begin\n((?:    .*\n)+)  end$")
#: The end of a block: `if` one signal, one register takes a constant.
_RESET = re.compile(r"    if \((\w+)\) (\w+) <= (\d+'h\w+);$")


def fold_registers(items, counts):
    """Moves the block that computes the next value of a register into the register's block.

    Parameters
    ----------
    items : list of str
        Statements of a module.
    counts : Counter
        How often each word occurs in them.
    """
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
        item = _PART.sub(
            r"  always @* begin\n    if (\\$auto$verilog_backend.cc:0:dump_module$0 ) begin end\n"
            r"    \1\n  end", item)
        target = re.search(r"^ +(\w+)(?:\[[\d:]+\])* *= ", item, re.M)
        name = target and target[1]
        assignment = re.compile(rf"^( +){name}((?:\[[\d:]+\])*) *= ", re.M)
        # Nothing but the register may read the value.
        if name in registers and counts[name] == len(assignment.findall(item)) + 1:
            register, event = registers[name]
            lines = assignment.sub(rf"\1{register}\2 <= ", item).splitlines()[1:]
            lines = [f"{event} begin", *(line for line in lines if not START.search(line))]
            keep = f"    {register} <= {register};"
            item = "\n".join(line for line in lines if line != keep)
            folded.add(name)
        result.append(item)
    return [item for item in result
            if not ((match := _REGISTER.match(item)) and match[2] in folded)]  # fmt: skip


def join_registers(items):
    """Joins blocks of one clock, one statement each, that are reset by the same signals.

    The signals of a reset are joined too, where they reset to the same value::

        always @(posedge clk) begin                 always @(posedge clk) begin
          a <= b;                                     a <= b;
          if (soft_reset) a <= 8'h0;                  c <= a;
          if (rst) a <= 8'h0;              --->       if (soft_reset || rst) begin
        end                                             a <= 8'h0; c <= 8'h0;
        always ...                                    end
    """
    result, groups = [], {}
    for item in items:
        block = _split_block(item)
        if block is None:
            result.append(item)
            continue
        event, body, signals, reset = block
        key = (event, signals)
        if len(body) > 1:
            key = (*key, len(result))
        if key not in groups:
            groups[key] = ([], [], len(result))
            result.append(None)
        groups[key][0].extend(body)
        groups[key][1].append(reset)
    for (event, signals, *_), (body, resets, place) in groups.items():
        result[place] = _write_block(event, body, signals, resets)
    return result


def _split_block(item):
    """Event, statements, reset signals and statement of a clocked block; None if it is no such."""
    match = _CLOCKED.match(item)
    if match is None:
        return None
    lines = match[2].splitlines()
    signals, reset = [], None
    while lines and (last := _RESET.match(lines[-1])):
        statement = f"{last[2]} <= {last[3]};"
        if reset not in (None, statement):
            break
        reset = statement
        signals.insert(0, last[1])
        lines.pop()
    if reset is None or not lines:
        return None
    return match[1], lines, tuple(signals), reset


def _write_block(event, body, signals, resets):
    condition = " || ".join(signals)
    if len(resets) == 1:
        reset = f"    if ({condition}) {resets[0]}"
    else:
        statements = wrap("      ", [reset[:-1] for reset in resets], separator=";", end=";")
        reset = f"    if ({condition}) begin\n{statements}\n    end"
    return "\n".join([f"  {event} begin", *body, reset, "  end"])
