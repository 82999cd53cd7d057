"""Files about the memories: for a memory compiler, for synthesis and for timing."""

import json

__all__ = ["as_json", "as_liberty", "as_table", "as_verilog"]

#: Where delays are measured; OpenSTA insists on them.
_THRESHOLDS = "".join(
    f"  {name}_threshold_pct_{edge} : {value};\n"
    for name, value in (("slew_lower", 20), ("slew_upper", 80), ("input", 50), ("output", 50))
    for edge in ("rise", "fall"))


def as_json(macros, instances):
    """The memories as JSON.

    Parameters
    ----------
    macros : iterable of Macro
        The shapes.
    instances : dict
        Name of a shape -> paths of its instances.
    """
    entries = [_entry(macro, instances[macro.name]) for macro in macros]
    total = sum(entry["total_bits"] for entry in entries)
    return json.dumps({"memories": entries, "total_bits": total}, indent=2) + "\n"


def _entry(macro, paths):
    return {
        "name": macro.name, "instances": len(paths), "paths": paths,
        "depth": macro.depth, "width": macro.width,
        "write_lanes": macro.lanes, "write_lane_width": macro.width // macro.lanes,
        "ports": ["write", "read"], "read_latency": 1,
        "read_during_write": "old" if macro.reads_old else "any",
        "bits": macro.bits, "total_bits": macro.bits * len(paths),
        "pins": [{"name": name, "direction": direction, "width": width}
                 for name, direction, width in macro.pins],
    }  # fmt: skip


def as_table(macros, instances):
    """The memories as a table in Markdown."""
    rows = [("name", "instances", "depth", "width", "write lanes", "ports", "read during write",
             "total bits"), ("---",) * 8]  # fmt: skip
    for macro in macros:
        count = len(instances[macro.name])
        rows.append((
            macro.name, count, macro.depth, macro.width,
            f"{macro.lanes} x {macro.width // macro.lanes}", "1 write, 1 read",
            "old word" if macro.reads_old else "any", f"{macro.bits * count:,}"))  # fmt: skip
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in rows)


def as_verilog(macros):
    """Empty modules for the memories."""
    modules = []
    for macro in macros:
        pins = ",\n".join(
            f"  {direction} {_range(width)}{name}" for name, direction, width in macro.pins)
        modules.append(f"(* blackbox *)\nmodule {macro.name} (\n{pins}\n);\nendmodule\n")
    return "\n".join(modules)


def _range(width):
    return f"[{width - 1}:0] " if width > 1 else ""


def as_liberty(macros, delay):
    """A library of the memories, for timing: paths end at their inputs and begin at their outputs.

    Parameters
    ----------
    macros : iterable of Macro
        The shapes.
    delay : float
        Nanoseconds from a clock edge to `r_data`. Inputs need no setup time.
    """
    macros = list(macros)
    pins = {pin for macro in macros for pin in macro.pins}
    types = "".join(
        f"  type (bus{width}) {{ base_type : array; data_type : bit; bit_width : {width}; "
        f"bit_from : {width - 1}; bit_to : 0; }}\n"
        for width in sorted({width for _, _, width in pins if width > 1}))
    cells = "".join(_cell(macro, delay) for macro in macros)
    return (
        "library (ppu_memories) {\n  delay_model : table_lookup;\n"
        '  time_unit : "1ns";\n  voltage_unit : "1V";\n  current_unit : "1mA";\n'
        '  capacitive_load_unit (1, pf);\n  pulling_resistance_unit : "1kohm";\n'
        f"{_THRESHOLDS}{types}{cells}}}\n")


def _cell(macro, delay):
    lines = [f"  cell ({macro.name}) {{", "    area : 0;"]
    for name, direction, width in macro.pins:
        kind = f"bus ({name}) {{ bus_type : bus{width};" if width > 1 else f"pin ({name}) {{"
        lines.append(f"    {kind} direction : {direction};")
        if name == "clk":
            lines.append("      clock : true;")
        elif direction == "input":
            lines += _arc("setup_rising", rise_constraint=0, fall_constraint=0)
        else:
            lines += _arc("rising_edge", cell_rise=delay, cell_fall=delay, rise_transition=0,
                          fall_transition=0)  # fmt: skip
        lines.append("    }")
    return "\n".join([*lines, "  }\n"])


def _arc(kind, **tables):
    scalars = (f'        {name} (scalar) {{ values ("{value}"); }}' for name, value in
               tables.items())  # fmt: skip
    return ["      timing () {", '        related_pin : "clk";', f"        timing_type : {kind};",
            *scalars, "      }"]  # fmt: skip
