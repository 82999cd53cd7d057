"""Random programs on the RTL, held against the model."""

from .case import Case, Outcome, check, random_case, run_case

__all__ = ["Case", "Outcome", "check", "random_case", "run_case"]
