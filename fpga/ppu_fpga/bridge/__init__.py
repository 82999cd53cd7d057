"""Host bridge: a serial line in front of the core's AXI4 and AXI4-Lite buses."""
