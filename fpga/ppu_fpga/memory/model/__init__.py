"""For simulation: SDRAM chips at the level of their pins, and AXI4 managers to keep them busy."""
