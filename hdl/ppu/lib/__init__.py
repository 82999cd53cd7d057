"""Shared: stream parts, AXI signatures, arithmetic."""
