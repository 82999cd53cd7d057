"""The cells of a standard cell library."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .function import truth_table, variables
from .liberty import parse

__all__ = ["DEFAULT_PACKAGE", "Cell", "Library", "default_file"]

#: Debian package of the library that is taken if none is named, and where that puts it.
DEFAULT_PACKAGE = "qflow-tech-osu018"
_DEFAULT_FILES = tuple(
    Path(folder, "qflow/tech/osu018/osu018_stdcells.lib")
    for folder in ("/usr/share", "/usr/local/share"))
#: Farads of a unit of capacitance.
_FARADS = {"ff": 1e-15, "pf": 1e-12, "nf": 1e-9}


def default_file():
    """The Liberty file of Debian's `qflow-tech-osu018`.

    Raises
    ------
    FileNotFoundError
        If it is not installed. The message says how to install it.
    """
    for file in _DEFAULT_FILES:
        if file.is_file():
            return file
    raise FileNotFoundError(
        f"No library: name one with --liberty FILE, or apt-get install {DEFAULT_PACKAGE}")


@dataclass(frozen=True)
class Cell:
    """One cell.

    Parameters
    ----------
    name : str
        Its name.
    area : float
        Its area in the library's unit.
    kind : str
        "combinational", "flip-flop" or "latch".
    functions : tuple of (str, str)
        Outputs and their functions, if they have one.
    input_capacitance : float
        Of the heaviest input, in the library's unit.
    is_usable : bool
        Whether the library lets synthesis use it.
    """

    name: str
    area: float
    kind: str
    functions: tuple
    input_capacitance: float
    is_usable: bool

    def computes(self, table):
        """Whether it has one output, a function with this truth table."""
        if self.kind != "combinational" or len(self.functions) != 1:
            return False
        (_, function), = self.functions
        # A longer table than the one that is wanted can take long to make.
        return 1 << len(variables(function)) == len(table) and truth_table(function) == table


class Library:
    """The cells of a Liberty file.

    Parameters
    ----------
    file : Path
        The file.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is no Liberty file, or has no inverter, 2-input NAND or flip-flop. The message names
        the file.
    """

    def __init__(self, file):
        self.file = Path(file)
        try:
            group = parse(self.file.read_text(errors="replace"))
            self.name = group.name
            self._capacitance_unit = _farads(group.attributes.get("capacitive_load_unit", "1,pf"))
            self.cells = {child.name: _cell(child) for child in group.children("cell")}
            missing = self._missing()
        except ValueError as error:
            raise ValueError(f"{file} is no Liberty file that can be used: {error}") from None
        if missing:
            raise ValueError(f"{file}: the library {self.name!r} has no {missing}")

    def _missing(self):
        for cell, name in ((self.inverter, "inverter"), (self.nand2, "2-input NAND")):
            if cell is None:
                return name
        if not any(cell.kind == "flip-flop" and cell.is_usable for cell in self.cells.values()):
            return "flip-flop"
        return None

    def _smallest(self, table):
        cells = [cell for cell in self.cells.values()
                 if cell.is_usable and cell.area > 0 and cell.computes(table)]  # fmt: skip
        return min(cells, key=lambda cell: (cell.area, cell.name), default=None)

    @cached_property
    def inverter(self):
        """The smallest inverter."""
        return self._smallest((True, False))

    @cached_property
    def buffer(self):
        """The smallest buffer, or None."""
        return self._smallest((False, True))

    @cached_property
    def nand2(self):
        """The smallest NAND of two inputs: the unit of equivalents."""
        return self._smallest((True, True, True, False))

    @cached_property
    def ties(self):
        """Cells with a constant output, low and high: (cell, pin) or None each."""
        cells = self._smallest((False,)), self._smallest((True,))
        return tuple((cell.name, cell.functions[0][0]) if cell else None for cell in cells)

    @property
    def load_femtofarads(self):
        """Capacitance of four inputs of :attr:`nand2`."""
        return 4 * self.nand2.input_capacitance * self._capacitance_unit * 1e15


def _farads(text):
    number, _, unit = text.replace('"', "").partition(",")
    unit = unit.strip().lower()
    if unit not in _FARADS:
        raise ValueError(f"capacitive_load_unit must be in {', '.join(_FARADS)}, not {unit!r}")
    return float(number) * _FARADS[unit]


def _cell(group):
    pins = group.children("pin")
    kind = "combinational"
    if group.children("ff", "ff_bank"):
        kind = "flip-flop"
    elif group.children("latch", "latch_bank", "statetable"):
        kind = "latch"
    inputs = [float(pin.attributes.get("capacitance", 0)) for pin in pins
              if pin.attributes.get("direction") == "input"]  # fmt: skip
    functions = tuple(
        (pin.name, pin.attributes["function"]) for pin in pins
        if "function" in pin.attributes and "three_state" not in pin.attributes)
    return Cell(
        group.name, float(group.attributes.get("area", 0)), kind, functions,
        max(inputs, default=0.0), group.attributes.get("dont_use", "false").lower() != "true")
