"""What the core does for one operator."""

from dataclasses import dataclass

import numpy as np

from ppu.isa import StoreFormat

__all__ = ["FORMATS", "Gemm", "Tensor", "Unplaced"]

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
    weight : (N, K) array of int8 or uint8
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
    def shape(self):
        """M, N and K."""
        n, k = self.weight.shape
        return int(np.prod(self.a.shape[:-1], dtype=np.int64)), n, k

    @property
    def limits(self):
        """Least and largest result."""
        if self.y.dtype.kind == "f" or self.scale is None:
            return 0, 0
        info = np.iinfo(self.y.dtype)
        return int(info.min), int(info.max)
