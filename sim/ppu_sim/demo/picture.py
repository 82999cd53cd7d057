"""Digits in a terminal."""

import numpy as np

__all__ = ["picture"]

_SHADES = " .:-=+*#%@"


def picture(images, labels, found):
    """Some 8 x 8 images side by side, with what they were taken for, as lines of text.

    Parameters
    ----------
    images : (N, 64) array of float32
        0 to 1.
    labels, found : (N,) array of int
        The digits, and what they were taken for.
    """
    steps = np.rint(np.clip(images, 0, 1) * (len(_SHADES) - 1)).astype(int).reshape(-1, 8, 8)
    lines = ["  " + "   ".join("".join(2 * _SHADES[step] for step in image[line])
                               for image in steps).rstrip() for line in range(8)]  # fmt: skip
    told = [f"{digit}" if digit == label else f"{digit}, is {label}"
            for digit, label in zip(found, labels, strict=True)]  # fmt: skip
    return [*lines, "  " + "   ".join(f"{text:^16}" for text in told).rstrip()]
