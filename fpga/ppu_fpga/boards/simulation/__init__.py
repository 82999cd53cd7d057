"""Boards without a board: the whole top in Verilator, its line at a pseudo-terminal."""
