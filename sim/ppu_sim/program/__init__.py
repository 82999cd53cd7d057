"""Programs: assembler, matrix-product scheduler, random programs."""

from .command import Command, end, execute, fence, load, store
from .cost import estimate
from .plan import MatmulPlan
from .program import Program
from .scheduler import matmul_plan, matmul_program

__all__ = [
    "Command", "MatmulPlan", "Program", "end", "estimate", "execute", "fence", "load",
    "matmul_plan", "matmul_program", "store",
]  # fmt: skip
