"""Stage 2: decodes commands and issues them to the units without hazards."""
