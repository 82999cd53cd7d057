"""Place and route, and the bitstream.

nextpnr's own choice of router is kept: on `small` for ECP5, router1 came to 76 MHz from the
placement that router2 made 60 MHz of.
"""

import json

from . import tools
from .errors import FlowFailed

__all__ = ["RIP_UP", "pack", "place"]

#: Family -> (option that names what placement writes, ending of that file).
_OUTPUT = {"ecp5": ("--textcfg", "config"), "ice40": ("--asc", "asc"), "gowin": ("--write", "pnr")}
#: Family -> option that names the file of pins.
_PINS = {"ecp5": "--lpf", "ice40": "--pcf"}
_FREE_PINS = {"ecp5": ["--lpf-allow-unconstrained"], "ice40": ["--pcf-allow-unconstrained"],
              "gowin": []}  # fmt: skip
#: Option of nextpnr: its router may take a wire from a net that is in less of a hurry.
RIP_UP = "--tmg-ripup"


def place(device, directory, *, netlist, seed, frequency, pins=None, name="place", options=()):
    """Places and routes a netlist; gives what nextpnr reports.

    Parameters
    ----------
    device : Device
        Chip.
    directory : Path
        Where the netlist is, and all files go.
    netlist : str
        JSON file of Yosys there.
    seed : int
        Where placement begins.
    frequency : float
        MHz to aim at, for clocks that the pins' file says nothing about.
    pins : str
        File of pins there. None places pins freely.
    name : str
        Name of the files that are written, without endings.
    options : iterable of str
        More options.

    Returns
    -------
    dict
        `fmax`, `critical_paths` and `utilization`, as nextpnr writes them.

    Raises
    ------
    FlowFailed
        If it does not fit or cannot be routed. Slower than asked for is no failure here.
    """
    option, ending = _OUTPUT[device.family]
    report = directory / f"{name}.timing.json"
    report.unlink(missing_ok=True)
    arguments = [
        *device.options, "--json", netlist, "--seed", str(seed), "--freq", f"{frequency:g}",
        "--timing-allow-fail", "--report", report.name, option, f"{name}.{ending}",
        "-q", "-l", f"{name}.log", *_pin_options(device, pins), *options,
    ]  # fmt: skip
    tools.run(tools.find(device.tools.place), arguments, directory, log=f"{name}.log")
    if not report.exists():
        raise FlowFailed(f"{device.tools.place} stopped; see {directory / f'{name}.log'}")
    return json.loads(report.read_text())


def _pin_options(device, pins):
    if pins is None:
        return _FREE_PINS[device.family]
    if device.family in _PINS:
        return [_PINS[device.family], pins]
    return ["--vopt", f"{device.tools.constraints}={pins}"]


def pack(device, directory, *, name="place", options=()):
    """Makes the bitstream of what :func:`place` wrote; gives its file.

    Raises
    ------
    FlowFailed
        If the program that packs refuses it.
    """
    placed = f"{name}.{_OUTPUT[device.family][1]}"
    arguments, bitstream = {
        "ecp5": (["--compress", "--input", placed, "--bit", f"{name}.bit"], f"{name}.bit"),
        "ice40": ([placed, f"{name}.bin"], f"{name}.bin"),
        "gowin": (["-d", "GW1N-9C", "-o", f"{name}.fs", *options, placed], f"{name}.fs"),
    }[device.family]
    (directory / bitstream).unlink(missing_ok=True)
    tools.run(tools.find(device.tools.pack), arguments, directory, log=f"{name}.pack.log")
    if not (directory / bitstream).exists():
        raise FlowFailed(f"{device.tools.pack} wrote no {directory / bitstream}")
    return directory / bitstream
