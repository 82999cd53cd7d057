"""The core in standard cells: area by block, timing, and its memories for a memory compiler."""
