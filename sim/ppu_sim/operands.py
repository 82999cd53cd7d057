"""The operands of a matrix product, checked and as the core wants them."""

from dataclasses import dataclass

import numpy as np

from ppu.config import Signs

__all__ = ["Product", "matrix_sizes", "product_of"]

_TYPES = (np.dtype(np.int8), np.dtype(np.uint8))


@dataclass(frozen=True)
class Product:
    """``a @ b.T`` with `a` of shape (m, k) and `b` of shape (n, k)."""

    a: np.ndarray
    b: np.ndarray

    @property
    def m(self):
        """Rows of the result."""
        return self.a.shape[0]

    @property
    def n(self):
        """Columns of the result."""
        return self.b.shape[0]

    @property
    def k(self):
        """Products in each sum."""
        return self.a.shape[1]

    @property
    def sizes(self):
        """Bytes of `a`, of `b` and of the result."""
        return matrix_sizes(self.m, self.n, self.k)

    @property
    def a_signed(self):
        """Whether `a` is INT8."""
        return self.a.dtype == np.int8

    @property
    def b_signed(self):
        """Whether `b` is INT8."""
        return self.b.dtype == np.int8

    @property
    def expected(self):
        """The result by numpy: exact, then wrapped to INT32."""
        sums = np.empty((self.m, self.n), np.int32)
        columns = self.b.T.astype(np.float64)  # sums stay far below 2**53
        for start in range(0, self.m, 256):
            part = self.a[start : start + 256].astype(np.float64) @ columns
            sums[start : start + 256] = part.astype(np.int64).astype(np.int32)
        return sums


def matrix_sizes(m, n, k):
    """Bytes of the two operands and of the result of a product."""
    return m * k, n * k, 4 * m * n


def product_of(config, **operands):
    """The product of two operands: ``a`` and ``b`` of a matmul, or ``x`` and ``weight``.

    Raises
    ------
    TypeError, ValueError
        If they cannot be multiplied on a core with this configuration.
    """
    for name, array in operands.items():
        if isinstance(array, np.ma.MaskedArray):
            raise TypeError(f"{name} must not be a masked array: fill it, {name}.filled(0)")
        if not isinstance(array, np.ndarray) or array.dtype not in _TYPES:
            found = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
            raise TypeError(f"{name} must be an array of int8 or uint8, not {found}")
        if array.ndim != 2 or 0 in array.shape:
            raise ValueError(f"{name} must have 2 dimensions of at least 1, not {array.shape}")
        if config.signs is Signs.SIGNED and array.dtype != np.int8:
            raise ValueError(
                f"{name} must be int8 on a core built with signs = signed, not {array.dtype}"
            )
    (first, a), (second, b) = operands.items()
    transposed = b.T if second == "b" else b
    if a.shape[1] != transposed.shape[1]:
        raise ValueError(
            f"{first} and {second} must have the same K, not {a.shape[1]} and "
            f"{transposed.shape[1]}: shapes {a.shape} and {b.shape}"
        )
    return Product(a, transposed)
