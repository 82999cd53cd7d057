"""Ports of vendors' cells whose bits have names of their own."""

__all__ = ["bits"]


def bits(direction, port, value):
    """Arguments of an :class:`Instance`: `port`, numbered from 0, connected to the bits of `value`.

    Parameters
    ----------
    direction : str
        "i" or "o".
    """
    return [(direction, f"{port}{index}", bit) for index, bit in enumerate(value)]
