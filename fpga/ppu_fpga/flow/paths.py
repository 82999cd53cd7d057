"""Critical paths as nextpnr reports them, told in the names of the sources."""

import re
from dataclasses import dataclass

__all__ = ["CriticalPath", "Leg", "clock_name", "critical_path", "signal_name"]

#: Where a name that Yosys made up leaves the name of the signal that it began with.
_MADE_UP = re.compile(
    r"_(?:LUT[1-6]?|PFUMX|L6MUX21|CCU2C|MULT|DP16KD|TRELLIS|SB|DFF|ALU|MUX2|SDP|DP|RAM16|\$)"
    r"[A-Z0-9]*_(?:[A-Z]|\d).*$"
    r"|_(?:CARRY|LUT4|PFUMX|L6MUX21|CCU2C|TRELLIS_FF|ALU)$"
    r"|\$.*$"
)
_CARRY_PORTS = {"FCI", "FCO", "CIN", "COUT", "CI"}
_MUX_PORTS = {"F1", "FXA", "FXB", "M", "I0MUX", "SEL"}


@dataclass(frozen=True)
class Leg:
    """A part of a path, from one signal of the sources to the next.

    Parameters
    ----------
    signal : str
        Where it ends.
    luts, muxes, carries : int
        What it goes through.
    logic, routing : float
        Nanoseconds in cells, set-up time included, and on wires.
    near : tuple of str
        Signals that give the logic on the way its place: inputs or outputs of it.
    """

    signal: str
    luts: int
    muxes: int
    carries: int
    logic: float
    routing: float
    near: tuple = ()

    def __str__(self):
        parts = [_number(self.luts, "LUT"), _number(self.muxes, "mux", "muxes"),
                 _number(self.carries, "carry", "carries")]  # fmt: skip
        through = ", ".join(part for part in parts if part) or "wire"
        near = f"; near {', '.join(self.near)}" if self.near else ""
        return (f"{through}, {self.logic + self.routing:.1f} ns ({self.logic:.1f} logic, "
                f"{self.routing:.1f} routing){near}")  # fmt: skip


def _number(count, one, many=None):
    return f"{count} {one if count == 1 else many or one + 's'}" if count else ""


@dataclass(frozen=True)
class CriticalPath:
    """The slowest way from one register to the next.

    Parameters
    ----------
    clock : str
        Of both.
    start : str
        Signal that it starts from.
    legs : tuple of Leg
        In order; the last one ends at the register.
    """

    clock: str
    start: str
    legs: tuple

    @property
    def end(self):
        """Signal that it ends at."""
        return self.legs[-1].signal

    @property
    def levels(self):
        """LUTs, multiplexers and carries that it goes through."""
        return sum(leg.luts + leg.muxes + leg.carries for leg in self.legs)

    @property
    def logic(self):
        """Nanoseconds in cells."""
        return sum(leg.logic for leg in self.legs)

    @property
    def routing(self):
        """Nanoseconds on wires."""
        return sum(leg.routing for leg in self.legs)

    def text(self):
        """As lines."""
        lines = [f"{self.start}"]
        for leg in self.legs:
            lines += [f"  | {leg}", f"  -> {leg.signal}"]
        return "\n".join(lines)

    def as_dict(self):
        """For JSON."""
        return {
            "clock": self.clock, "start": self.start, "end": self.end, "levels": self.levels,
            "ns": round(self.logic + self.routing, 3), "logic_ns": round(self.logic, 3),
            "routing_ns": round(self.routing, 3),
            "legs": [{**vars(leg), "near": list(leg.near), "logic": round(leg.logic, 3),
                      "routing": round(leg.routing, 3)} for leg in self.legs],
        }  # fmt: skip


def clock_name(name, tools):
    """The name of a clock in the sources."""
    for pattern in tools.clock_names:
        name = re.sub(pattern, "", name)
    return name


def signal_name(name, module="core"):
    """The signal of the sources that a cell or a wire has its name from.

    A register keeps its name. Yosys calls a LUT, and the wire behind it, by a signal at one of its
    pins and what lies between.
    """
    name = name.removeprefix(f"{module}.")
    return _MADE_UP.sub("", name) or name


def _is_made_up(name):
    return _MADE_UP.search(name) is not None


def critical_path(report, device, module="core"):
    """The slowest path from a clock to the same clock; None if there is none.

    Parameters
    ----------
    report : dict
        What :func:`~.place.place` gives.
    device : Device
        Chip.
    module : str
        Instance whose name is left out.

    Returns
    -------
    CriticalPath or None
    """
    within = [path for path in report["critical_paths"]
              if path["from"] == path["to"] and path["from"] != "<async>"]  # fmt: skip
    if not within:
        return None
    worst = max(within, key=lambda path: sum(step["delay"] for step in path["path"]))
    return _told(worst, device, module)


def _told(path, device, module):
    clock = clock_name(path["from"].split(maxsplit=1)[-1], device.tools)
    steps, legs, start = path["path"], [], None
    counts, near = dict.fromkeys(("luts", "muxes", "carries", "logic", "routing"), 0), []
    for step in steps:
        routed = step["type"] == "routing"
        counts["routing" if routed else "logic"] += step["delay"]
        if step["type"] == "logic":
            counts[_level(step)] += 1
        if not routed:
            continue
        name = signal_name(step["net"], module)
        if start is None:
            start = name
        elif not _is_made_up(step["net"]):
            legs.append(Leg(name, near=tuple(near), **counts))
            counts, near = dict.fromkeys(counts, 0), []
        elif name not in near:
            near.append(name)
    last = steps[-1]["to"]
    end = f"{signal_name(last['cell'], module)}.{last['port']}"
    legs.append(Leg(end, near=tuple(near), **counts))
    return CriticalPath(clock, start or signal_name(steps[0]["to"]["cell"], module), tuple(legs))


def _level(step):
    if step["from"]["port"] in _CARRY_PORTS:
        return "carries"
    return "muxes" if step["from"]["port"] in _MUX_PORTS else "luts"
