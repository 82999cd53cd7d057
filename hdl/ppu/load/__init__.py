"""Stage 3a: memory to scratchpad and accumulator."""
