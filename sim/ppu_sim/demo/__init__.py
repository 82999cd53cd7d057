"""A digits classifier whose matrix products run on the core: ``python -m ppu_sim.demo``."""
