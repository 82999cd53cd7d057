"""Quantised ONNX models as programs of the core."""

from ppu.config import MEDIUM

from ..opening import configuration
from .graph import ModelError
from .model import CompiledModel, compile_model

__all__ = ["CompiledModel", "ModelError", "compile", "compile_model"]


def compile(source, *, preset=None, config=None, shapes=None):
    """Compiles a quantised ONNX model: :func:`compile_model` for a preset or another configuration,
    "medium" if there is neither.
    """
    return compile_model(source, configuration(preset, config) or MEDIUM, shapes=shapes)
