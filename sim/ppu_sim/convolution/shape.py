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
    """

    images: int
    channels: int
    filters: int
    vertical: Axis
    horizontal: Axis
    lines: int
    reach: int
    pitch: int

    def __post_init__(self):
        for name, axis, room in (("vertical", self.vertical, self.lines),
                                 ("horizontal", self.horizontal, self.reach)):  # fmt: skip
            if axis.extent > room:
                raise ValueError(f"the {name} kernel must stay in {room} pixels, not {axis.extent}")

    @property
    def macs(self):
        """Multiply-accumulates with every channel."""
        outputs = self.images * self.vertical.outputs * self.horizontal.outputs
        return (outputs * self.filters * self.channels
                * self.vertical.kernel * self.horizontal.kernel)  # fmt: skip


class Taps:
    """The K steps of a convolution: where the kernel reads, and which bytes of a pixel.

    A scratchpad row has the bytes of `fold` pixels side by side, where a pixel alone would leave
    much of it empty. Step (line, position, panel) is row `row_bytes` of a pixel, and there are
    `phases` of pixels, one for each that a stride passes over.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    shape : ConvolutionShape
        The convolution.
    """

    def __init__(self, config, shape):
        self.config, self.shape = config, shape
        horizontal, room = shape.horizontal, config.row_bytes // shape.channels
        self.fold = max(1, min(horizontal.kernel, room)) if horizontal.dilation == 1 else 1
        #: Bytes of a row of the image in the scratchpad.
        self.bytes = self.fold * shape.channels
        self.panels = -(-self.bytes // config.row_bytes)
        #: (kernel line, kernel pixel) of each; a fold of pixels begins there.
        self.positions = [(line, pixel) for line in range(shape.vertical.kernel)
                          for pixel in range(0, horizontal.kernel, self.fold)]  # fmt: skip
        offsets = [(line * shape.vertical.dilation, pixel * horizontal.dilation)
                   for line, pixel in self.positions]  # fmt: skip
        stride = shape.vertical.stride, horizontal.stride
        phases = [(y % stride[0], x % stride[1]) for y, x in offsets]
        self.phases = sorted(set(phases))
        #: For each position: its phase, and lines and pixels from the first one of that phase.
        self.places = [(self.phases.index(phase), y // stride[0], x // stride[1])
                       for phase, (y, x) in zip(phases, offsets, strict=True)]  # fmt: skip
        self.reach = tuple(max(place[axis] for place in self.places) for axis in (1, 2))

    def weights(self, weight):
        """(N, KH, KW, C) weights as (positions, panels, N, row_bytes), filled up with zeros."""
        count, _, width, channels = weight.shape
        row_bytes = self.config.row_bytes
        groups = -(-width // self.fold)
        filled = np.zeros((count, weight.shape[1], groups * self.fold, channels), weight.dtype)
        filled[:, :, :width] = weight
        rows = np.zeros((count, len(self.positions), self.panels * row_bytes), weight.dtype)
        rows[:, :, : self.bytes] = filled.reshape(count, len(self.positions), self.bytes)
        rows = rows.reshape(count, len(self.positions), self.panels, row_bytes)
        return rows.transpose(1, 2, 0, 3)
