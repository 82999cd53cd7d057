"""The core on FPGAs: vendor parts, place and route, host bridge, memories, boards."""
