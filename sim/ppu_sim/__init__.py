"""Simulation: golden model, programs, back ends and test benches of the PPU tensor core."""
