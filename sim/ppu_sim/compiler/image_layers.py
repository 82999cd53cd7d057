"""What the core does for one operator on images."""

from dataclasses import dataclass

import numpy as np

from ..convolution.shape import Axis
from .layers import Tensor, limits_of
from .layout import Border, image_shape

__all__ = ["Convolution", "ImageLayer", "MaxPool", "Window"]


@dataclass(frozen=True)
class Window:
    """How a kernel moves over an image.

    Parameters
    ----------
    vertical, horizontal : Axis
    top, left : int
        Pixels that the first output reaches beyond the image.
    """

    vertical: Axis
    horizontal: Axis
    top: int = 0
    left: int = 0

    def border(self, shape):
        """The border that it needs around an image tensor."""
        _, _, height, width = image_shape(shape)
        return Border(self.top, self.left, max(0, self.vertical.extent - self.top - height),
                      max(0, self.horizontal.extent - self.left - width))  # fmt: skip

    def __str__(self):
        return f"{self.vertical.kernel} x {self.horizontal.kernel}"


@dataclass(frozen=True, kw_only=True)
class ImageLayer:
    """An operator with a window.

    Parameters
    ----------
    name : str
        Of the operator.
    a, y : Tensor
        8-bit images.
    window : Window
    fill : int
        What is beyond the image.
    """

    name: str
    a: Tensor
    y: Tensor
    window: Window
    fill: int

    @property
    def operands(self):
        """Tensors that it takes."""
        return (self.a,)

    @property
    def border(self):
        """The border that it needs around its operand."""
        return self.window.border(self.a.shape)

    @property
    def limits(self):
        """Least and largest result."""
        return limits_of(self.y)

    def _sizes(self):
        (_, c, *image), (_, n, *result) = self.a.shape, self.y.shape
        return f"{c} x {_times(image)} to {n} x {_times(result)}, kernel {self.window}"


def _times(sizes):
    return " x ".join(map(str, sizes))


@dataclass(frozen=True, kw_only=True)
class Convolution(ImageLayer):
    """``result(convolution(a, weight) + bias)``; an average, too.

    Parameters
    ----------
    weight : (N, KH, KW, C) array of int8, uint8, or int16 from -255 to 254
        Groups are zeros.
    bias : (N,) array of int32 or None
        Zero points of the operands are in it.
    scale : (N,) array of float32
    zero_point : int
    groups : int
    """

    weight: np.ndarray
    bias: np.ndarray | None
    scale: np.ndarray
    zero_point: int = 0
    groups: int = 1

    @property
    def macs(self):
        """Multiply-accumulates, without those of other groups."""
        return int(np.prod(self.y.shape)) * (self.weight[0].size // self.groups)

    def __str__(self):
        groups = f", {self.groups} groups" if self.groups > 1 else ""
        return self._sizes() + groups


@dataclass(frozen=True, kw_only=True)
class MaxPool(ImageLayer):
    """The largest number under a window. What is beyond the image is the least there is."""

    #: Comparing is no work of the array's.
    macs = 0

    def __str__(self):
        return f"largest of {self._sizes()}"
