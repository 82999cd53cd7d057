"""SDRAM (single data rate, 16 bits) behind AXI4."""
