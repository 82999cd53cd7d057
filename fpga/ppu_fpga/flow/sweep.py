"""Many designs and seeds at once, on the workers of `dask.distributed`."""

import gzip
import json
import tempfile
from pathlib import Path

from . import tools
from .errors import FlowFailed
from .place import place
from .report import Report, timing
from .results import collected, result_file, speed, unfinished, write_result

__all__ = ["sweep"]


def synthesis_task(point):
    """What a worker does for a point: (figures, file -> its contents, packed)."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        counts, blocks = point.synthesise(folder)
        packed = {name: gzip.compress((folder / name).read_bytes(), compresslevel=1)
                  for name in (point.netlist, point.pins) if name}  # fmt: skip
    yosys = tools.find("yosys")
    return {**counts, "blocks": blocks, "tools": {yosys.name: yosys.version}}, packed


def placement_task(point, synthesised, seed):
    """What a worker does for a seed: the figures."""
    chip, (figures, packed) = point.chip, synthesised
    Report(point.title, chip, {kind: figures[kind] for kind in chip.capacity}, {}, {}).check_size()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name, content in packed.items():
            (folder / name).write_bytes(gzip.decompress(content))
        placed = timing(place(chip, folder, netlist=point.netlist, pins=point.pins, seed=seed,
                              frequency=point.frequency, name="place",
                              options=point.place_options), chip)  # fmt: skip
    path, program = placed["path"], tools.find(chip.tools.place)
    return {
        "fmax_mhz": placed["fmax_mhz"], "target_mhz": placed["clock_targets"],
        "critical_path": path.as_dict() if path else None, "used": placed["used"],
        "tools": {program.name: program.version},
    }  # fmt: skip


def sweep(points, seeds, directory, client, *, progress=None):
    """Builds all points with all seeds, and gives the figures of each point.

    What the folder has of the same sources is not built again. What fails is told in the figures,
    and tried again by the next sweep.

    Parameters
    ----------
    points : list
        What is built: see :mod:`.points`.
    seeds : iterable of int
        For each of them.
    directory : Path
        Of the results, a folder for each point; made if need be.
    client : distributed.Client
        Who builds. Its workers need this package and the tools, but none of these files.
    progress : callable
        Called with a line of text whenever something is done.

    Returns
    -------
    list of dict
        What `results.json` holds: of each point what :func:`~.results.collected` gives.
    """
    from distributed import as_completed

    directory, progress = Path(directory), progress or (lambda line: None)
    directory.mkdir(parents=True, exist_ok=True)
    seeds = list(seeds)
    missing = unfinished(points, seeds, directory)
    tasks = {}
    for point in dict.fromkeys(point for point, _ in missing):
        (directory / point.title).mkdir(exist_ok=True)
        netlist = client.submit(synthesis_task, point, pure=False)
        tasks[netlist] = (point, None)
        for other, seed in missing:
            if other == point and seed is not None:
                placed = client.submit(placement_task, point, netlist, seed, pure=False)
                tasks[placed] = (point, seed)
    for number, future in enumerate(as_completed(list(tasks)), 1):
        point, seed = tasks.pop(future)
        result = _result(future, seed)
        write_result(point, seed, directory, result)
        told = result.get("error", "").split("\n")[0] or _told(result)
        step = result_file(point, seed, directory).stem
        progress(f"{number} of {number + len(tasks)}: {point.title} {step}: {told}")
    results = [collected(point, seeds, directory) for point in points]
    (directory / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    return results


def _result(future, seed):
    error = future.exception()
    if error is not None:
        kind = "" if isinstance(error, FlowFailed) else f"{type(error).__name__}: "
        return {"error": f"{kind}{error}"}
    return future.result() if seed is not None else future.result()[0]


def _told(result):
    if "fmax_mhz" in result:
        return f"{speed(result):.1f} MHz"
    return f"{result['lut']:,} LUT"
