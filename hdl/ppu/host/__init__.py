"""Stage 1: registers, doorbell and command fetch."""
