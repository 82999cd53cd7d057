"""The geometry of a convolution over an image in memory."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Axis", "ConvolutionShape", "Taps"]


@dataclass(frozen=True)
class Axis:
    """One spatial axis of a convolution.

    Parameters
    ----------
    outputs, kernel, stride, dilation : int
        Their number along this axis, and the distances in pixels.
    """

    outputs: int
    kernel: int
    stride: int = 1
    dilation: int = 1

    @property
    def span(self):
        """Pixels that a kernel reaches over."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def extent(self):
        """Pixels that all outputs need."""
        return (self.outputs - 1) * self.stride + self.span


@dataclass(frozen=True)
class ConvolutionShape:
    """A convolution over images of 8-bit pixels, line after line, with their borders.

    Parameters
    ----------
    images : int
    channels : int
        Bytes of a pixel.
    filters : int
        Channels of the result.
    vertical, horizontal : Axis
    lines, reach : int
        Lines and pixels that there are in memory where the kernel begins. It never leaves them.
    pitch : int
        Pixels from a line to the next.
    may_fold : bool
        Outputs of neighbouring pixels may be computed as one: nothing is between them.
    """

    images: int
    channels: int
    filters: int
    vertical: Axis
    horizontal: Axis
    lines: int
    reach: int
    pitch: int
    may_fold: bool = True

    def __post_init__(self):
        for name, axis, room in (("vertical", self.vertical, self.lines),
                                 ("horizontal", self.horizontal, self.reach)):  # fmt: skip
            if axis.extent > room:
                raise ValueError(f"the {name} kernel must stay in {room} pixels, not {axis.extent}")


class Taps:
    """The K steps of a convolution, for `fold` outputs side by side as one row of more filters.

    A scratchpad row has the pixels by which the kernel moves on then, which leaves no gaps between
    rows in memory. Where pixels are narrow, or filters few, that fills the array better. Lines that
    a stride passes over are kept apart, in *phases*.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    shape : ConvolutionShape
        The convolution.
    fold : int
        Outputs of a row.
    copies : int
        2 if weights have 16 bits.

    Attributes
    ----------
    bytes, panels : int
        Of a row of the image.
    filters : int
        Columns of the result.
    phases : list of int
        First line of each.
    places : list of (phase, line, row)
        Where the rows of each position begin: number of a phase, and lines and rows in it.
    reach : (lines, rows)
        The largest of them.
    """

    def __init__(self, config, shape, fold, copies=1):
        self.config, self.shape, self.fold = config, shape, fold
        vertical, horizontal = shape.vertical, shape.horizontal
        self.pixels = fold * horizontal.stride
        self.bytes = self.pixels * shape.channels
        self.panels = -(-self.bytes // config.row_bytes)
        self.filters = fold * shape.filters
        rows = (horizontal.span + (fold - 1) * horizontal.stride - 1) // self.pixels + 1
        lines = [line * vertical.dilation for line in range(vertical.kernel)]
        self.phases = sorted({line % vertical.stride for line in lines})
        self.places = [
            (self.phases.index(line % vertical.stride), line // vertical.stride, row)
            for line in lines for row in range(rows)] * copies  # fmt: skip
        self.reach = max(line for _, line, _ in self.places), rows - 1

    def rows(self, outputs):
        """Rows of so many outputs of a line."""
        return -(-outputs // self.fold)

    def weights(self, weight):
        """(N, KH, KW, C) weights as (positions, panels, filters, row_bytes), filled up with zeros.

        Those of 16 bits become sums of two of 8 bits: all positions are there twice.
        """
        if weight.dtype == np.int16:
            low = np.clip(weight, -128, 127)
            return np.concatenate([self.weights(part.astype(np.int8))
                                   for part in (low, weight - low)])  # fmt: skip
        count, lines, width, channels = weight.shape
        horizontal, rows = self.shape.horizontal, self.reach[1] + 1
        moved = np.zeros((self.fold, count, lines, rows * self.pixels, channels), weight.dtype)
        for output in range(self.fold):
            for pixel in range(width):
                place = output * horizontal.stride + pixel * horizontal.dilation
                moved[output, :, :, place] = weight[:, :, pixel]
        row_bytes = self.config.row_bytes
        filled = np.zeros((self.filters, lines * rows, self.panels * row_bytes), weight.dtype)
        filled[..., : self.bytes] = moved.reshape(self.filters, lines * rows, self.bytes)
        filled = filled.reshape(self.filters, lines * rows, self.panels, row_bytes)
        return filled.transpose(1, 2, 0, 3)

    def used(self, rows):
        """(positions, panels, column tiles) of bool: which of :meth:`weights` are not all zero."""
        columns = self.config.columns
        tiles = -(-self.filters // columns)
        filled = np.zeros((*rows.shape[:2], tiles * columns), bool)
        filled[:, :, : self.filters] = rows.any(axis=3)
        return filled.reshape(*rows.shape[:2], tiles, columns).any(axis=3)
