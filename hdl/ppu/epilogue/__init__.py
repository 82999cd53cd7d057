"""Arithmetic between the accumulator and memory: float32, rounded to nearest, ties to even."""
