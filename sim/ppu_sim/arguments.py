"""Checks of what a caller gives."""

import operator

import numpy as np

__all__ = ["check_range", "check_span", "checked_shape", "integer"]


def integer(name, value):
    """`value` as an int, also if it is an integer of numpy. TypeError if it is none."""
    if not isinstance(value, bool):
        try:
            return operator.index(value)
        except TypeError:
            pass
    raise TypeError(f"{name} must be an integer, not {value!r}")


def check_range(name, value, low, high):
    """`value` as an int. ValueError if it is not from `low` to `high`."""
    number = integer(name, value)
    if not low <= number <= high:
        raise ValueError(f"{name} must be from {low} to {high}, not {number}")
    return number


def check_span(what, address, size, memory_size, base=0):
    """`address` as an int. ValueError if not all of the `size` bytes there are in the memory."""
    number = integer("address", address)
    end = base + memory_size
    if not base <= number <= end - size:
        raise ValueError(
            f"a {what} of {size} bytes at address {number} is not within the memory, "
            f"addresses {base} to {end - 1}"
        )
    return number


def checked_shape(shape):
    """The shape of an array, given as a tuple or one integer, as a tuple."""
    sides = (shape,) if np.ndim(shape) == 0 else shape
    sides = tuple(integer("shape", side) for side in sides)
    if min(sides, default=0) < 0:
        raise ValueError(f"shape must not be negative, not {sides}")
    return sides
