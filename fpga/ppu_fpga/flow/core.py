"""One component, most often a core, without a board: area by itself, speed in the wrapper."""

from pathlib import Path

from . import tools
from .report import Report, placements
from .synthesis import synthesise

__all__ = ["build_component"]


def build_component(component, device, directory, *, title, seeds=(1,), frequency=None,
                    place_it=True, options="", place_options=(), progress=None):  # fmt: skip
    """Synthesises a component, places it in the wrapper, and reports the best of some seeds.

    All files go to `directory`: the netlists, the logs, `report.json` and `report.txt`.

    Parameters
    ----------
    component : wiring.Component
        What is built.
    device : Device
        Chip.
    directory : Path
        Made if need be.
    title : str
        Of the report.
    seeds : iterable of int
        Where placements begin; at least one.
    frequency : float
        MHz to aim at; None: the chip's default.
    place_it : bool
        Whether it is placed at all.
    options, place_options
        Of :func:`~.synthesis.synthesise` and of :func:`~.place.place`.
    progress : callable
        Called with a line of text before each step.

    Returns
    -------
    Report

    Raises
    ------
    FlowFailed, ToolMissing
        If a tool fails or is missing.
    """
    directory, progress = Path(directory), progress or (lambda line: None)
    directory.mkdir(parents=True, exist_ok=True)
    programs = [tools.find("yosys"), *([tools.find(device.tools.place)] if place_it else [])]
    progress(f"synthesis of {title} for {device.name}")
    netlist = synthesise(component, device, directory, wrapped=place_it, options=options)
    report = Report(title, device, netlist.counts(), netlist.blocks(),
                    {program.name: program.version for program in programs},
                    cell_types=netlist.cell_types())  # fmt: skip
    if place_it:
        pins = f"wrapper.{device.tools.constraints}" if device.pins else None
        report.choose(placements(
            device, directory, seeds, netlist="wrapper.json", pins=pins, options=place_options,
            frequency=frequency or device.frequency, progress=progress))
    report.write(directory)
    return report
