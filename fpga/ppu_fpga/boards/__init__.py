"""Boards: their chips, their platforms and what is built for them."""
