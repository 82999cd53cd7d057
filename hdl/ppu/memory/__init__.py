"""Shared: banked on-chip memories."""
