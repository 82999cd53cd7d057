"""The system around the core, as hardware, so that every back end counts the same cycles."""

from .core_instance import CoreInstance
from .memory import AxiMemory
from .storage import StorageSignature
from .system import System

__all__ = ["AxiMemory", "CoreInstance", "StorageSignature", "System"]
