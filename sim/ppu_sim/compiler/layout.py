"""How tensors lie in memory: images as NHWC with a border that a kernel may reach into."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

__all__ = ["NO_BORDER", "Border", "Layout", "image_shape"]


class Border(NamedTuple):
    """Pixels around an image."""

    top: int = 0
    left: int = 0
    bottom: int = 0
    right: int = 0

    def __or__(self, other):
        return Border(*map(max, self, other))


#: None at all.
NO_BORDER = Border()


def image_shape(shape):
    """Batch, channels, height and width of (N, C, W) or (N, C, H, W)."""
    return (*shape[:2], 1, shape[2]) if len(shape) == 3 else tuple(shape)


@dataclass(frozen=True)
class Layout:
    """An image tensor of 8-bit numbers, line after line: pixels with all their channels.

    Parameters
    ----------
    shape : tuple of int
        (N, C, W) or (N, C, H, W), as ONNX has it.
    border : Border
        Pixels around each image.
    """

    shape: tuple
    border: Border = NO_BORDER

    @property
    def batch(self):
        return self.shape[0]

    @property
    def channels(self):
        """Bytes of a pixel."""
        return self.shape[1]

    @property
    def height(self):
        return image_shape(self.shape)[2]

    @property
    def width(self):
        return image_shape(self.shape)[3]

    @property
    def lines(self):
        """Lines of an image with its border."""
        return self.border.top + self.height + self.border.bottom

    @property
    def pitch(self):
        """Pixels of a line with its border."""
        return self.border.left + self.width + self.border.right

    @property
    def line(self):
        """Bytes from a line to the next."""
        return self.pitch * self.channels

    @property
    def image(self):
        """Bytes from an image to the next."""
        return self.lines * self.line

    @property
    def bytes(self):
        """Bytes of the tensor."""
        return self.batch * self.image

    def offset(self, y=0, x=0):
        """Byte of a pixel of the first image; (0, 0) is the first one inside the border."""
        return ((self.border.top + y) * self.pitch + self.border.left + x) * self.channels

    def _inside(self, array):
        top, left = self.border[:2]
        return array[:, top : top + self.height, left : left + self.width]

    def arranged(self, values):
        """An array as ONNX has it, as it lies in memory; the border is zero."""
        found = np.zeros((self.batch, self.lines, self.pitch, self.channels), values.dtype)
        self._inside(found)[...] = values.reshape(image_shape(self.shape)).transpose(0, 2, 3, 1)
        return found

    def restored(self, data):
        """Memory as an array as ONNX has it, contiguous."""
        inside = self._inside(data.reshape(self.batch, self.lines, self.pitch, self.channels))
        return np.ascontiguousarray(inside.transpose(0, 3, 1, 2)).reshape(self.shape)

    def columns(self, weight):
        """(N, C * H * W) weights of a flattened image, as (N, bytes of an image)."""
        filters = weight.reshape(len(weight), *image_shape(self.shape)[1:])
        found = np.zeros((len(weight), self.lines, self.pitch, self.channels), weight.dtype)
        self._inside(found)[...] = filters.transpose(0, 2, 3, 1)
        return found.reshape(len(weight), -1)
