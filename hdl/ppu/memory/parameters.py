"""Parameters of the epilogue, as LOAD writes them."""

from amaranth.lib import data

__all__ = ["ParameterWriteLayout"]


def ParameterWriteLayout(rows, columns):
    """A row of parameters to write: `columns` words."""
    return data.StructLayout({"row": range(rows), "data": data.ArrayLayout(32, columns)})
