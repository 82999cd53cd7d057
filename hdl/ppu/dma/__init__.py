"""Shared: byte ranges to AXI4 bursts, read and write engines."""
