"""The memory system on a board: on-chip RAM behind AXI4, its sharing, and external SDRAM."""
