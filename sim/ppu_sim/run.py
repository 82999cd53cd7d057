"""How a run ends: what it took, or why the core stopped."""

from dataclasses import dataclass, field

from ppu.lib.states import STATES

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
        Time that the simulator took, or the board with the line to it.
    simulated : int
        Cycles simulated in that time, or counted by the core.
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
    def states(self):
        """Unit -> {state: cycles}; those of each unit add up to `cycles`. Names in lower case."""
        return {
            unit: {
                state.name.lower(): self.counters.get(f"{unit}_{state.name}".upper(), 0)
                for state in states
            }
            for unit, states in STATES.items()
        }

    @property
    def state_table(self):
        """The shares of all states that occur, a line for each unit, the largest first."""
        lines = []
        for unit, states in self.states.items():
            total = sum(states.values())
            if not total:
                continue
            shares = sorted(states.items(), key=lambda item: -item[1])
            cells = [f"{name} {cycles / total:.1%}" for name, cycles in shares if cycles]
            lines.append(f"{unit:<9}" + ", ".join(cells))
        return "\n".join(lines)

    @property
    def cycles_per_second(self):
        """Speed of the simulation, or of a board with the line to it."""
        return self.simulated / self.seconds if self.simulated else None

    def __str__(self):
        if not self.cycles:
            return f"{self.commands:,} commands"
        parts = [f"{self.cycles:,} cycles"]
        if self.macs is not None:
            parts.append(f"{self.macs:,} MACs, {self.utilization:.1%} of peak")
        parts.append(f"{self.cycles_per_second:,.0f} cycles per second")
        return f"{', '.join(parts)}\n{self.state_table}"
