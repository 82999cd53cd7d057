"""What a placed design takes and how fast it is, as text and as JSON."""

import json
from dataclasses import dataclass, field

from .errors import FlowFailed, TimingNotMet
from .paths import clock_name, critical_path
from .place import place

__all__ = ["Report", "placements", "timing"]

_TITLES = {"lut": "LUT", "ff": "FF", "dsp": "multipliers", "bram": "block RAM",
           "lutram": "LUT RAM", "spram": "SPRAM"}  # fmt: skip


@dataclass
class Report:
    """Figures of one design on one chip.

    Parameters
    ----------
    title : str
        What was built.
    device : Device
        Chip.
    counts : dict
        Kind -> number.
    blocks : dict
        Path of a submodule -> kind -> number.
    tools : dict
        Name of a program -> its version.
    cell_types : dict
        Type -> number.
    seed : int or None
        Of the placement that is reported. None: not placed.
    fmax_mhz : dict
        Clock -> MHz.
    clock_targets : dict
        Clock -> MHz that it must reach.
    path : CriticalPath or None
        The slowest.
    seeds : dict
        Seed -> clock -> MHz, for all placements that were made.
    used : dict
        Kind of site -> (used, available), as nextpnr counts: wrapper and carries included.
    """

    title: str
    device: object
    counts: dict
    blocks: dict
    tools: dict
    cell_types: dict = field(default_factory=dict)
    seed: int | None = None
    fmax_mhz: dict = field(default_factory=dict)
    clock_targets: dict = field(default_factory=dict)
    path: object = None
    seeds: dict = field(default_factory=dict)
    used: dict = field(default_factory=dict)

    def choose(self, placements):
        """Takes the figures of the best of some placements.

        That is the one whose slowest clock has most to spare, as a share of its target.

        Parameters
        ----------
        placements : iterable of (int, dict)
            Seed, and what :func:`timing` gives.
        """
        best = None
        for seed, placed in placements:
            self.seeds[seed] = {name: round(mhz, 2) for name, mhz in placed["fmax_mhz"].items()}
            ratio = min((mhz / placed["clock_targets"][name]
                         for name, mhz in placed["fmax_mhz"].items()), default=0)  # fmt: skip
            if best is None or ratio > best:
                best, self.seed = ratio, seed
                for name, value in placed.items():
                    setattr(self, name, value)

    def check_size(self):
        """Raises :class:`FlowFailed` if the chip has not enough of something; says how much."""
        lacking = [
            f"{number:,} {_TITLES[kind]} of {self.device.capacity[kind]:,}, "
            f"{number - self.device.capacity[kind]:,} too many"
            for kind, number in self.counts.items() if number > self.device.capacity[kind]
        ]  # fmt: skip
        if lacking:
            raise FlowFailed(f"{self.title} does not fit on {self.device.part}: it takes "
                             f"{'; '.join(lacking)}")  # fmt: skip

    @property
    def timing_met(self):
        """Whether each clock reaches its target; None if nothing was placed."""
        if self.seed is None:
            return None
        return all(mhz >= self.clock_targets[clock] for clock, mhz in self.fmax_mhz.items())

    def check_timing(self):
        """Raises :class:`TimingNotMet` if a clock is too slow; the message tells both figures."""
        if self.timing_met is False:
            slow = [
                f"{clock} reaches {mhz:.1f} MHz of the {self.clock_targets[clock]:g} MHz asked for"
                for clock, mhz in self.fmax_mhz.items() if mhz < self.clock_targets[clock]
            ]  # fmt: skip
            raise TimingNotMet(f"timing is not met (seed {self.seed}): {'; '.join(slow)}")

    def as_dict(self):
        """All figures, for JSON."""
        return {
            "title": self.title, "device": self.device.name, "part": self.device.part,
            **self.counts, "capacity": self.device.capacity,
            "fmax_mhz": {clock: round(mhz, 2) for clock, mhz in self.fmax_mhz.items()},
            "target_mhz": self.clock_targets or None, "timing_met": self.timing_met,
            "seed": self.seed, "seeds": self.seeds, "tools": self.tools, "used": self.used,
            "blocks": self.blocks, "cells": self.cell_types,
            "critical_path": self.path.as_dict() if self.path else None,
        }  # fmt: skip

    def write(self, directory):
        """Writes `report.json` and `report.txt`."""
        (directory / "report.json").write_text(json.dumps(self.as_dict(), indent=2) + "\n")
        (directory / "report.txt").write_text(self.text() + "\n")

    def text(self):
        """The report as lines."""
        lines = [f"{self.title} on {self.device.name} ({self.device.part})", ""]
        for kind, number in self.counts.items():
            available = self.device.capacity[kind]
            lines.append(f"  {_TITLES[kind]:<12}{number:>8,} of {available:>7,}"
                         f"  {number / available:>5.1%}")  # fmt: skip
        programs = [f"{name}: {version}" for name, version in self.tools.items()]
        for part in (self._block_lines(), self._timing_lines(), programs):
            lines += ["", *part] if part else []
        return "\n".join(lines)

    def _block_lines(self):
        if not self.blocks:
            return []
        kinds = list(self.counts)
        lines = ["  " + f"{'block':<26}" + "".join(f"{_TITLES[kind]:>13}" for kind in kinds)]
        total = self.counts["lut"] or 1
        for path, counts in self.blocks.items():
            least = total / (50 if "." in path else 1000)
            if counts["lut"] < least and not counts["dsp"]:
                continue
            name = "  " * path.count(".") + path.rsplit(".", 1)[-1]
            lines.append("  " + f"{name:<26}" + "".join(f"{counts[kind]:>13,}" for kind in kinds))
        return lines

    def _timing_lines(self):
        if self.seed is None:
            return ["not placed"]
        lines = []
        for clock, mhz in self.fmax_mhz.items():
            target = self.clock_targets[clock]
            verdict = "met" if mhz >= target else "NOT MET"
            lines.append(f"{clock}: {mhz:.1f} MHz; target {target:g} MHz {verdict}")
        if len(self.seeds) > 1:
            each = (f"{seed}: {min(clocks.values(), default=0):.1f}"
                    for seed, clocks in self.seeds.items())  # fmt: skip
            lines.append(f"seeds, MHz: {', '.join(each)}")
        lines.append(f"seed: {self.seed}")
        if self.path:
            path = self.path
            lines += ["", f"critical path of {path.clock}: {path.logic + path.routing:.1f} ns "
                          f"({path.logic:.1f} logic, {path.routing:.1f} routing), "
                          f"{path.levels} levels", path.text()]  # fmt: skip
        return lines


def timing(placed, device):
    """From what nextpnr reports: what a :class:`Report` says about time and sites."""
    rates = {}
    for raw, rate in placed["fmax"].items():
        name = clock_name(raw, device.tools)
        rates[raw if name in rates else name] = rate
    return {
        "fmax_mhz": {clock: rate["achieved"] for clock, rate in rates.items()},
        "clock_targets": {clock: rate["constraint"] for clock, rate in rates.items()},
        "path": critical_path(placed, device),
        "used": {site: [number["used"], number["available"]]
                 for site, number in placed["utilization"].items() if number["used"]},
    }  # fmt: skip


def placements(device, directory, seeds, *, progress, **options):
    """Places with each seed in turn; gives (seed, what :func:`timing` gives) of each.

    `options` are those of :func:`~.place.place`; files are called after the seed.
    """
    for seed in seeds:
        progress(f"place and route, seed {seed}")
        placed = timing(
            place(device, directory, seed=seed, name=f"seed{seed}", **options), device)
        for clock, mhz in placed["fmax_mhz"].items():
            progress(f"  {clock}: {mhz:.1f} MHz")
        yield seed, placed
