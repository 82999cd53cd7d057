"""Convolutions as programs: the image stays in the scratchpad while the kernel moves over it."""

from .emitter import ResultImage
from .prepared import PreparedConvolution
from .shape import ConvolutionShape

__all__ = ["ConvolutionShape", "PreparedConvolution", "ResultImage"]
