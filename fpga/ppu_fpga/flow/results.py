"""The files that a sweep leaves in its folder: one for each netlist, and one for each placement."""

import hashlib
import importlib
import json
from functools import cache
from pathlib import Path

__all__ = ["collected", "result_file", "sources_digest", "speed", "unfinished",
           "write_result"]  # fmt: skip


@cache
def sources_digest(names):
    """A number that changes with the sources of the packages and modules `names`."""
    digest = hashlib.sha256()
    for name in names:
        file = Path(importlib.import_module(name).__file__)
        for source in sorted(file.parent.rglob("*.py")) if file.stem == "__init__" else [file]:
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def result_file(point, seed, directory):
    """The file of a placement, or of synthesis if `seed` is None."""
    name = "synthesis" if seed is None else f"seed{seed}"
    return Path(directory, point.title, f"{name}.json")


def write_result(point, seed, directory, result):
    """Writes what a worker gave."""
    text = json.dumps({**_origin(point, seed), **result}, indent=2)
    result_file(point, seed, directory).write_text(text + "\n")


def _origin(point, seed):
    """What a result depends on, besides the tools; synthesis knows nothing of placing."""
    return {"sources": sources_digest(point.sources),
            "frequency": None if seed is None else point.frequency,
            "place_options": [] if seed is None else list(point.place_options)}  # fmt: skip


def _read(point, seed, directory):
    """The result, or None, and whether it is of these sources."""
    try:
        known = json.loads(result_file(point, seed, directory).read_text())
    except (OSError, ValueError):
        return None, False
    origin = _origin(point, seed)
    return known, {name: known.get(name) for name in origin} == origin


def unfinished(points, seeds, directory):
    """Pairs (point, seed) that the folder has no good result of, seed None for synthesis alone."""
    missing = []
    for point in points:
        for seed in (None, *seeds):
            known, is_current = _read(point, seed, directory)
            if not is_current or "error" in known:
                missing.append((point, seed))
    return missing


def collected(point, seeds, directory):
    """All figures of a point, of those of the seeds that the folder has results of.

    The best seed is the one whose slowest clock has most to spare, as a share of its target; its
    MHz are those of the clock with the highest target.

    Returns
    -------
    dict or None
        None if there is no result of its synthesis. `is_current` tells whether all that is there
        comes from these sources.
    """
    synthesis, is_current = _read(point, None, directory)
    if synthesis is None:
        return None
    placed = {}
    for seed in seeds:
        known, current = _read(point, seed, directory)
        if known is not None:
            placed[seed], is_current = known, is_current and current
    good = {seed: run for seed, run in placed.items() if run.get("fmax_mhz")}
    best = max(good, key=lambda seed: _spare(good[seed]), default=None)
    return {
        "title": point.title, **point.about(), "synthesis": synthesis, "seeds": placed,
        "best_seed": best, "best_mhz": None if best is None else speed(good[best]),
        "timing_met": None if best is None else _spare(good[best]) >= 1, "is_current": is_current,
    }  # fmt: skip


def _spare(run):
    return min(mhz / run["target_mhz"][clock] for clock, mhz in run["fmax_mhz"].items())


def speed(run):
    """MHz of a placement's clock of the highest target; 0 if it has none."""
    targets = run["target_mhz"]
    most = max(targets.values(), default=0)
    return min((mhz for clock, mhz in run["fmax_mhz"].items() if targets[clock] == most), default=0)
