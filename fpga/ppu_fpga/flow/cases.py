"""What ``ppu fpga report`` places and routes, and the figures that it must reach."""

from dataclasses import dataclass

from .points import ArrayPoint, BoardPoint, CorePoint

__all__ = ["CASES", "Case"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row of the table.

    Parameters
    ----------
    name : str
        On the command line.
    title : str
        In the table.
    point : CorePoint, ArrayPoint or BoardPoint
        What is built. A board must also meet the timing of all its clocks.
    least_mhz, aim_mhz : float, optional
        What it must reach, and what is aimed at.
    most_lut : int, optional
        LUTs that it may take.
    multipliers : int, optional
        How many the array must have.
    """

    name: str
    title: str
    point: object
    least_mhz: float | None = None
    aim_mhz: float | None = None
    most_lut: int | None = None
    multipliers: int | None = None

    @property
    def bar(self):
        """What it must reach, as text."""
        parts = []
        if isinstance(self.point, BoardPoint):
            parts.append("fits, timing met")
        if self.least_mhz:
            aim = f" (aim: {self.aim_mhz:g})" if self.aim_mhz else ""
            parts.append(f">= {self.least_mhz:g} MHz{aim}")
        if self.most_lut:
            parts.append(f"<= {self.most_lut:,} LUT")
        if self.multipliers:
            parts.append(f"{self.multipliers} multipliers in the array")
        return ", ".join(parts)

    def misses(self, result):
        """What of the bar is missed, one line each.

        Parameters
        ----------
        result : dict
            What :func:`~.results.collected` gives.
        """
        area, mhz = result["synthesis"], result["best_mhz"]
        if "error" in area or mhz is None:
            return ["nothing was placed"]
        found = []
        if self.least_mhz and mhz < self.least_mhz:
            found.append(f"{mhz:.1f} MHz, not {self.least_mhz:g}")
        if isinstance(self.point, BoardPoint) and not result["timing_met"]:
            found.append("timing is not met")
        if self.most_lut and area["lut"] > self.most_lut:
            found.append(f"{area['lut']:,} LUT, not {self.most_lut:,}")
        if self.multipliers and in_array(area) != self.multipliers:
            found.append(f"{in_array(area)} multipliers in the array, not {self.multipliers}")
        return found


def in_array(area):
    """Multipliers of the block `array`; without such a block, all of them."""
    arrays = [counts["dsp"] for path, counts in area["blocks"].items()
              if path.rsplit(".", 1)[-1] == "array"]  # fmt: skip
    return sum(arrays) if arrays else area["dsp"]


_CHIP = "ecp5-85"
#: Cores and arrays are placed for more than they must reach: nextpnr stops trying where it is met.
#: Without rip-up by timing: with it, the router may not end where the target is out of reach.
CASES = (
    Case(name="small", title="`small` without epilogue, whole core",
         point=CorePoint(_CHIP, "small", ("epilogue_lanes=0",), 130.0),
         least_mhz=120, aim_mhz=150, most_lut=12_400, multipliers=64),
    Case(name="medium", title="`medium`, whole core", point=CorePoint(_CHIP, "medium", (), 120.0)),
    Case(name="array-8x8", title="bare array, 8 x 8", point=ArrayPoint(_CHIP, 8, 8, 250.0),
         least_mhz=200, most_lut=1_700, multipliers=64),
    *(Case(name=f"array-{rows}x{columns}", title=f"bare array, {rows} x {columns}",
           point=ArrayPoint(_CHIP, rows, columns, 250.0), multipliers=rows * columns)
      for rows, columns in ((4, 4), (12, 12), (16, 8))),
    Case(name="ulx3s-small", title="`small` on ULX3S", point=BoardPoint("ulx3s", "small"),
         least_mhz=100, multipliers=64),
    Case(name="ulx3s-medium", title="`medium` on ULX3S", point=BoardPoint("ulx3s", "medium"),
         least_mhz=70),
    Case(name="icebreaker-tiny", title="`tiny` on iCEBreaker",
         point=BoardPoint("icebreaker", "tiny"), least_mhz=20),
    Case(name="tangnano9k-tiny", title="`tiny` on Tang Nano 9K",
         point=BoardPoint("tangnano9k", "tiny"), least_mhz=27),
)  # fmt: skip
