"""Stage 3b: scratchpad through the array to the accumulator."""
