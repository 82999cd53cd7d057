"""Chooses the plan of a matrix product by the cost model, and makes its program."""

from functools import lru_cache
from heapq import nsmallest

from ppu.config import Signs
from ppu.isa import StoreFormat

from ..cycles import MemoryTiming
from .matmul import Matrix, emit
from .search import Search
from .shapes import Strides, rough_cycles, shapes

__all__ = ["matmul_plan", "matmul_program"]

#: Shapes that are played through after a first choice by sums of cycles.
_CANDIDATES = 8
#: Of these, the shapes that are improved.
_FINALISTS = 2


@lru_cache(maxsize=1024)
def _best_plan(config, m, n, k, strides, memory):
    rough = nsmallest(_CANDIDATES, shapes(config, m, n, k),
                      key=lambda plan: rough_cycles(config, memory, plan, strides))  # fmt: skip
    search = Search(config, memory, strides)
    finalists = nsmallest(_FINALISTS, rough, key=search.cycles)
    return min((search.improved(plan) for plan in finalists), key=search.full_cycles)


def matmul_plan(config, m, n, k, a_stride=None, b_stride=None, c_stride=None, memory=None,
                result=StoreFormat.INT32):  # fmt: skip
    """The plan that takes the fewest cycles by the cost model.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    m, n, k : int
        The product: A (M x K) times the transpose of B (N x K). At least 1.
    a_stride, b_stride, c_stride : int
        Bytes from a row to the next; without gaps by default.
    memory : MemoryTiming, optional
        The memory; 100 cycles of latency if not given.
    result : StoreFormat
        What the results are.
    """
    for name, value in (("m", m), ("n", n), ("k", k)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value!r}")
    strides = Strides(a_stride or k, b_stride or k, c_stride or 4 * n, result)
    return _best_plan(config, m, n, k, strides, memory or MemoryTiming())


def matmul_program(config, m, n, k, a_address, a_stride, b_address, b_stride, c_address, c_stride,
                   a_signed=True, b_signed=True, *, plan=None, memory=None,
                   placement=None):  # fmt: skip
    """The program of C = A * B^T, for any size that fits the memory. END is left to the caller.

    Parameters
    ----------
    config : Config
        The configuration of the core.
    m, n, k : int
        A is M x K, B is N x K, both of 8-bit numbers; C is M x N of INT32. All row-major.
    a_address, a_stride, b_address, b_stride, c_address, c_stride : int
        Byte address of each matrix, any alignment, and bytes from a row to the next. C must not
        overlap A or B, nor its own rows.
    a_signed, b_signed : bool
        INT8 or UINT8 operands.
    plan : MatmulPlan
        How to cut it; chosen by `matmul_plan` if not given.
    memory : MemoryTiming, optional
        The memory for which it is chosen.
    placement : Placement, optional
        The same for products that are queued behind one another, see :class:`Placement`.

    Raises
    ------
    ValueError
        If the core has no such signs, or a matrix lies beyond its address width.
    """
    if config.signs is Signs.SIGNED and not (a_signed and b_signed):
        raise ValueError("a core with signs = signed multiplies signed operands only")
    matrices = (
        ("a", m, k, Matrix(a_address, a_stride, a_signed)),
        ("b", n, k, Matrix(b_address, b_stride, b_signed)),
        ("c", m, 4 * n, Matrix(c_address, c_stride)),
    )
    for name, rows, size, matrix in matrices:
        end = matrix.address + (rows - 1) * matrix.stride + size
        if matrix.address < 0 or end > 1 << config.axi_address_width:
            raise ValueError(
                f"{name} must lie in {config.axi_address_width} address bits, "
                f"not at {matrix.address:#x} to {end - 1:#x}"
            )
    plan = plan or matmul_plan(config, m, n, k, a_stride, b_stride, c_stride, memory)
    return emit(config, plan, *(matrix for *_, matrix in matrices), placement)
