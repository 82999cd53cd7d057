"""What the core does for one operator."""

from dataclasses import dataclass

import numpy as np

from ppu.isa import StoreFormat

__all__ = ["BYTES", "FORMATS", "Elementwise", "Gemm", "Tensor", "Unplaced", "limits_of"]

#: Types of operands.
BYTES = (np.dtype(np.int8), np.dtype(np.uint8))
#: Type of a tensor -> format in which STORE writes it.
FORMATS = {
    np.dtype(np.int8): StoreFormat.INT8, np.dtype(np.uint8): StoreFormat.UINT8,
    np.dtype(np.float32): StoreFormat.FLOAT32, np.dtype(np.int32): StoreFormat.INT32,
}  # fmt: skip


class Unplaced(Exception):
    """The core cannot do an operator; the message says why."""


@dataclass(frozen=True)
class Tensor:
    """What a node takes or gives: row-major, contiguous."""

    name: str
    shape: tuple
    dtype: np.dtype

    @property
    def bytes(self):
        """Bytes in memory."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize


@dataclass(frozen=True, kw_only=True)
class Gemm:
    """``result(a @ weight.T + bias)``, of tensors whose last axis is K and N.

    Parameters
    ----------
    name : str
        Of the operator.
    a, y : Tensor
        8-bit operand and result.
    weight : (N, K) array of int8, uint8, or int16 from -255 to 254
    bias : (N,) array of int32 or None
        Zero points of the operands are in it.
    scale : (N,) array of float32 or None
        None: the result is the sums.
    zero_point : int
    """

    name: str
    a: Tensor
    y: Tensor
    weight: np.ndarray
    bias: np.ndarray | None
    scale: np.ndarray | None
    zero_point: int = 0

    @property
    def operands(self):
        """Tensors that it takes."""
        return (self.a,)

    @property
    def shape(self):
        """M, N and K."""
        n, k = self.weight.shape
        return int(np.prod(self.a.shape[:-1], dtype=np.int64)), n, k

    @property
    def macs(self):
        """Multiply-accumulates."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def limits(self):
        """Least and largest result."""
        return (0, 0) if self.scale is None else limits_of(self.y)

    def __str__(self):
        return " x ".join(map(str, self.shape)) + " (M x N x K)"


@dataclass(frozen=True, kw_only=True)
class Elementwise:
    """``table[round(a * scale + residual[b])]``, for each element.

    Parameters
    ----------
    name : str
        Of the operator.
    a, b, y : Tensor
        8-bit operands and result, of the same shape; `b` may be None.
    scale : float
        A float32 number.
    residual : (256,) array of float32 or None
        What is added, for each byte of `b`.
    table : (256,) array of uint8 or None
        Results, for each byte.
    """

    name: str
    a: Tensor
    b: Tensor | None = None
    y: Tensor
    scale: float = 1.0
    residual: np.ndarray | None = None
    table: np.ndarray | None = None

    #: Those that count as work: taking elements as they are is none.
    macs = 0

    @property
    def operands(self):
        """Tensors that it takes."""
        return (self.a,) if self.b is None else (self.a, self.b)

    @property
    def rounded(self):
        """What STORE makes of the sums: it looks up entries of the table as it finds them in `a`.
        """
        return self.y if self.table is None else self.a

    @property
    def limits(self):
        """Least and largest result before it is looked up."""
        return limits_of(self.rounded)

    def __str__(self):
        return f"{self.a.bytes:,} elements"


def limits_of(tensor):
    """Least and largest number of a tensor of integers; 0 and 0 of others."""
    if tensor.dtype.kind == "f":
        return 0, 0
    info = np.iinfo(tensor.dtype)
    return int(info.min), int(info.max)
