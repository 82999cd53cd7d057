"""Stage 3c: accumulator to memory."""
