"""Writes statements of Verilog in fewer words."""

import re

__all__ = ["compact", "wrap"]

#: Longest line.
WIDTH = 100


def compact(item):
    """Shortens what is longer than it needs to be; gives ``""`` for a block that does nothing."""
    item = re.sub(r"\{ ([^{}]+) \}", _repetition, item)
    item = re.sub(r"\b(\d+)'h00+\b", r"\1'h0", item)
    # `if` with one statement.
    item = re.sub(r"^( +)(if \(.*\)) begin\n +(\S.*;)\n\1end$", _short_if, item, flags=re.M)
    item = re.sub(r"^( +)(if \(.*\))\n +(\S.*;)$", _short_if, item, flags=re.M)
    return "" if re.match(r"  always .* begin\n  end$", item) else item


def _short_if(match):
    is_short = sum(map(len, match.groups())) < WIDTH and "begin" not in match[3]
    return f"{match[1]}{match[2]} {match[3]}" if is_short else match[0]


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


def wrap(indent, words, *, separator=",", end=""):
    """`words`, each but the last with `separator`, in lines of at most `WIDTH` columns."""
    lines, line = [], indent + words[0]
    for word in words[1:]:
        if len(line) + len(word) + 3 > WIDTH:
            lines.append(f"{line}{separator}")
            line = " " * (len(indent) if len(indent) < 8 else 4) + word
        else:
            line += f"{separator} {word}"
    return "\n".join([*lines, line + end])
