"""The figures of a core in standard cells, as data and as text."""

from dataclasses import asdict

from .synthesis import GATES
from .timing import HOW_TO_GET_IT, REPORT

__all__ = ["as_data", "as_text"]

#: Share of the area from which memories made of flip-flops are told one by one.
_NOTABLE = 0.01


def as_data(*, name, config, library, blocks, small, macros, timing, elements, period):
    """All figures as plain lists, dicts and numbers.

    Parameters
    ----------
    name : str
        The preset, and what was changed.
    config : Config
        The configuration.
    library : Library
        The cells.
    blocks : dict
        Name -> :class:`.netlist.Size`; together they are the core.
    small : dict
        Path of a memory made of flip-flops -> (their number, their area).
    macros : dict
        What :func:`.macros.as_json` writes.
    timing : Timing or None
        The critical path, if it is known.
    elements : dict
        Name -> (generic size, size in cells).
    period : float
        Clock period in nanoseconds.
    """
    total = sum(size.area for size in blocks.values())
    nand2 = library.nand2.area

    def area(value):
        return {"area": round(value, 3), "nand2": round(value / nand2, 1)}

    return {
        "name": name, "config": config.as_dict(), "period_ns": period,
        "library": {"name": library.name, "file": str(library.file),
                    "nand2": library.nand2.name, "nand2_area": nand2},
        **area(total),
        "sequential": sum(size.sequential for size in blocks.values()),
        "combinational": sum(size.combinational for size in blocks.values()),
        "blocks": [
            {"name": block, **area(size.area), "share": round(size.area / total, 4),
             "sequential": size.sequential, "combinational": size.combinational}
            for block, size in blocks.items()],
        "macs": config.macs_per_cycle,
        "per_mac": {"core": area(total / config.macs_per_cycle),
                    "array": area(blocks["array"].area / config.macs_per_cycle)},
        "elements": [
            {"name": element, "gates": gates.combinational, "flip_flops": gates.sequential,
             "sequential": cells.sequential, "combinational": cells.combinational,
             **area(cells.area)}
            for element, (gates, cells) in elements.items()],
        "memories": macros["memories"], "memory_bits": macros["total_bits"],
        "flip_flop_memories": [
            {"path": path, "flip_flops": count, **area(size), "share": round(size / total, 4)}
            for path, (count, size) in small.items()],
        "timing": timing and {**asdict(timing), "max_frequency_mhz": timing.max_frequency},
    }  # fmt: skip


def as_text(data):
    """The figures as tables to read."""
    library = data["library"]
    return "\n\n".join([
        f"{data['name']}: {data['macs']} INT8 MAC per cycle; library {library['name']}; "
        f"{library['nand2']} = {library['nand2_area']:g}; clock period {data['period_ns']:g} ns",
        _blocks(data), _per_mac(data), _elements(data), _memories(data), _timing(data["timing"]),
    ]) + "\n"  # fmt: skip


def _blocks(data):
    rows = [("block", "area", "NAND2", "share", "sequential", "combinational")]
    whole = {**data, "name": "core", "share": 1.0}
    for entry in (*data["blocks"], whole):
        rows.append((entry["name"], f"{entry['area']:,.0f}", f"{entry['nand2']:,.0f}",
                     f"{entry['share']:.1%}", f"{entry['sequential']:,}",
                     f"{entry['combinational']:,}"))  # fmt: skip
    return _table(rows)


def _per_mac(data):
    return "\n".join(
        f"per MAC, {what}: area {entry['area']:,.0f}, {entry['nand2']:,.0f} NAND2"
        for what, entry in data["per_mac"].items())


def _elements(data):
    rows = [("per MAC, alone", "gates", "flip-flops", "area", "NAND2")]
    rows += [(entry["name"], f"{entry['gates']:,}", f"{entry['flip_flops']:,}",
              f"{entry['area']:,.0f}", f"{entry['nand2']:,.0f}")
             for entry in data["elements"]]  # fmt: skip
    return f"{_table(rows)}\ngates: {', '.join((*GATES, 'NOT'))}, each 1"


def _memories(data):
    rows = [("memory, black box", "instances", "depth", "width", "lanes", "bits")]
    rows += [(entry["name"], f"{entry['instances']}", f"{entry['depth']:,}", f"{entry['width']}",
              f"{entry['write_lanes']}", f"{entry['total_bits']:,}")
             for entry in data["memories"]]  # fmt: skip
    rows.append(("in all", "", "", "", "", f"{data['memory_bits']:,}"))
    small = data["flip_flop_memories"]
    lines = [_table(rows), ""] if data["memories"] else []
    lines.append(f"memories in flip-flops: {sum(entry['flip_flops'] for entry in small):,} "
                 f"flip-flops, {sum(entry['share'] for entry in small):.1%} of the area")
    lines += [f"  {entry['path']}: {entry['flip_flops']:,}, {entry['share']:.1%}"
              for entry in small if entry["share"] > _NOTABLE]  # fmt: skip
    return "\n".join(lines)


def _timing(timing):
    if timing is None:
        return f"timing: {HOW_TO_GET_IT}"
    return (
        f"critical path: {timing['delay']:.2f} ns through {timing['cells']} cells, see {REPORT}\n"
        f"  from {timing['start']}\n  to   {timing['end']}\n"
        f"slack at {timing['period']:g} ns: {timing['slack']:.2f} ns; "
        f"max frequency: {timing['max_frequency_mhz']:.1f} MHz")


def _table(rows):
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{text:<{width}}" if column == 0 else f"{text:>{width}}"
                  for column, (text, width) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in rows)  # fmt: skip
