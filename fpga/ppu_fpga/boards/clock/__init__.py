"""The clock of a board: its PLL, and the reset that belongs to it."""
