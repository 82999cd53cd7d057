"""How a run ends: what it took, or why the core stopped."""

from dataclasses import dataclass, field

__all__ = ["CoreError", "Run"]


class CoreError(RuntimeError):
    """The core stopped.

    Attributes
    ----------
    code : ErrorCode
        Why.
    index : int
        Index of the failing command in the program.
    address : int
        What the error code says it is.
    command : Command or None
        The failing command.
    """

    def __init__(self, code, index, address, command):
        self.code, self.index, self.address, self.command = code, index, address, command
        super().__init__(f"{code.name} at command {index}, address {address:#x}: {command}")


@dataclass(frozen=True)
class Run:
    """What a run took. What the back end does not know is None.

    Parameters
    ----------
    commands : int
        Commands of the program.
    macs : int or None
        Multiply-accumulates that the result needed.
    cycles : int or None
        Clock edges from the one at which the doorbell is written to the one at which the interrupt
        rises.
    peak : int
        Multiply-accumulates per cycle at full use of the array.
    counters : dict
        Performance counters by name.
    seconds : float
        Time that the simulator took.
    simulated : int
        Cycles simulated in that time.
    """

    commands: int
    macs: int | None
    cycles: int | None
    peak: int
    counters: dict = field(repr=False)
    seconds: float
    simulated: int

    @property
    def utilization(self):
        """Share of the array's peak, 0 to 1."""
        if self.macs is None or not self.cycles:
            return None
        return self.macs / (self.cycles * self.peak)

    @property
    def cycles_per_second(self):
        """Speed of the simulation."""
        return self.simulated / self.seconds if self.simulated else None

    def __str__(self):
        if not self.cycles:
            return f"{self.commands:,} commands"
        parts = [f"{self.cycles:,} cycles"]
        if self.macs is not None:
            parts.append(f"{self.macs:,} MACs, {self.utilization:.1%} of peak")
        parts.append(f"{self.cycles_per_second:,.0f} cycles per second")
        counters = ", ".join(f"{name} {count:,}" for name, count in self.counters.items())
        return f"{', '.join(parts)}\n{counters}"
