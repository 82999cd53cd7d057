"""Quantised ONNX models as programs of the core."""

from .model import CompiledModel, compile_model
from .reader import ModelError

__all__ = ["CompiledModel", "ModelError", "compile_model"]
