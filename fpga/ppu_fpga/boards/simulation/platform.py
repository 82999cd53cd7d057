"""A platform whose pins are signals."""

from types import SimpleNamespace

from amaranth.build import Pins, Subsignal
from amaranth.lib import io

__all__ = ["SimulationPlatform"]


class SimulationPlatform:
    """Gives the pins of a board as signals, as wide and as inverted as they are there.

    It has no buffers, no memories and no lowering of its own: everything is as in simulation.

    Parameters
    ----------
    board : Board
        Whose pins.
    """

    def __init__(self, board):
        self._platform, self._ports = board.platform(), {}

    def request(self, name, number=0, *, dir="-"):
        """A resource's pins: a :class:`~amaranth.lib.io.SimulationPort`, or one for each part.

        The same ones each time. `dir` must be "-", as for what has no buffer yet.
        """
        if dir != "-":
            raise ValueError(f"dir must be '-', not {dir!r}")
        if (name, number) not in self._ports:
            resource = self._platform.lookup(name, number)
            self._ports[name, number] = _port(resource.ios, f"{name}_{number}")
        return self._ports[name, number]


def _port(ios, name):
    for each in ios:
        if isinstance(each, Pins):
            return io.SimulationPort(each.dir, len(each.names), invert=each.invert, name=name)
    return SimpleNamespace(**{
        each.name: _port(each.ios, f"{name}_{each.name}")
        for each in ios if isinstance(each, Subsignal)})
