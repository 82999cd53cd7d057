"""Programs: assembler, matrix-product scheduler, random programs."""

from .command import Command, end, execute, fence, load, store
from .matmul import Placement
from .plan import MatmulPlan
from .program import Program
from .random_programs import COMMAND_ERRORS, random_program
from .scheduler import matmul_plan, matmul_program
from .shrink import shrink

__all__ = [
    "COMMAND_ERRORS", "Command", "MatmulPlan", "Placement", "Program", "end", "execute", "fence",
    "load", "matmul_plan", "matmul_program", "random_program", "shrink", "store",
]  # fmt: skip
