"""SDRAM parts in nanoseconds, and what that is in cycles of a clock."""

from dataclasses import dataclass
from math import ceil, floor

__all__ = ["AS4C16M16SA_7", "IS42S16160G_7", "MT48LC16M16A2_75", "PARTS", "ULX3S_32M", "SdramPart",
           "SdramTiming"]


@dataclass(frozen=True, kw_only=True)
class SdramPart:
    """Geometry and timing of an SDRAM with 16 bits and 4 banks.

    Parameters
    ----------
    rows, columns : int
        Rows of a bank and words of a row: powers of two, 4 to 8192 rows, 16 to 512 words.
    rcd, rp, ras, rc, rfc, rrd, wr, mrd : float
        Least times in ns: ACTIVATE to READ or WRITE, PRECHARGE to ACTIVATE, ACTIVATE to PRECHARGE,
        ACTIVATE to ACTIVATE of the same bank, REFRESH to ACTIVATE, ACTIVATE to ACTIVATE of another
        bank, last word written to PRECHARGE, LOAD MODE to any command.
    cl2, cl3 : float
        Shortest clock period in ns with a CAS latency of 2 and of 3 cycles.
    refresh : float
        Longest average time between refreshes in ns.
    power_up : float
        From a stable clock to the first command, in ns.

    Raises
    ------
    ValueError
        If the geometry is not one of those that the controller can address.
    """

    rows: int = 8192
    columns: int = 512
    rcd: float
    rp: float
    ras: float
    rc: float
    rfc: float
    rrd: float
    wr: float
    mrd: float
    cl2: float
    cl3: float
    refresh: float = 64e6 / 8192
    power_up: float = 200e3

    def __post_init__(self):
        for name, least, most in (("rows", 4, 8192), ("columns", 16, 512)):
            value = getattr(self, name)
            if not least <= value <= most or value & (value - 1):
                raise ValueError(
                    f"{name} must be a power of two from {least} to {most}, not {value!r}")

    @property
    def size(self):
        """Bytes."""
        return 4 * self.rows * self.columns * 2


@dataclass(frozen=True, kw_only=True)
class SdramTiming:
    """An SDRAM's timing in cycles: from one command to the next one that it allows.

    As for :class:`SdramPart`; `cas` is the CAS latency, `refresh` the longest average number of
    cycles between refreshes, `power_up` the cycles before the first command.
    """

    rcd: int
    rp: int
    ras: int
    rc: int
    rfc: int
    rrd: int
    wr: int
    mrd: int
    cas: int
    refresh: int
    power_up: int

    @classmethod
    def of(cls, part, *, frequency, cas=3):
        """The timing of a part at a clock frequency in Hz.

        Raises
        ------
        ValueError
            If the part cannot do that CAS latency at that frequency.
        """
        if cas not in (2, 3):
            raise ValueError(f"CAS latency must be 2 or 3, not {cas!r}")
        period, least = 1e9 / frequency, {2: part.cl2, 3: part.cl3}[cas]
        if period < least * (1 - 1e-9):
            raise ValueError(f"Clock must be at most {1e3 / least:.1f} MHz with a CAS latency of "
                             f"{cas}, not {frequency / 1e6:.1f} MHz")
        names = ("rcd", "rp", "ras", "rc", "rfc", "rrd", "mrd", "power_up")
        cycles = {name: max(1, ceil(getattr(part, name) / period - 1e-9)) for name in names}
        # Two cycles at least: so the data sheets of some makers, whatever the clock.
        return cls(**{**cycles, "mrd": max(2, cycles["mrd"])}, cas=cas,
                   wr=max(2, ceil(part.wr / period - 1e-9)), refresh=floor(part.refresh / period))


#: ISSI, 143 MHz.
IS42S16160G_7 = SdramPart(
    rcd=15, rp=15, ras=37, rc=60, rfc=60, rrd=14, wr=14, mrd=14, cl2=10, cl3=7)
#: Alliance, 143 MHz.
AS4C16M16SA_7 = SdramPart(
    rcd=21, rp=21, ras=42, rc=63, rfc=63, rrd=14, wr=14, mrd=14, cl2=10, cl3=7)
#: Micron, 133 MHz.
MT48LC16M16A2_75 = SdramPart(
    rcd=20, rp=20, ras=44, rc=66, rfc=66, rrd=15, wr=15, mrd=15, cl2=10, cl3=7.5,
    power_up=100e3)
#: The slowest of them in everything: a ULX3S may carry any.
ULX3S_32M = SdramPart(
    rcd=21, rp=21, ras=44, rc=66, rfc=66, rrd=15, wr=15, mrd=15, cl2=10, cl3=7.5)

PARTS = {
    "IS42S16160G-7": IS42S16160G_7, "AS4C16M16SA-7": AS4C16M16SA_7,
    "MT48LC16M16A2-75": MT48LC16M16A2_75, "ULX3S-32M": ULX3S_32M,
}  # fmt: skip
