"""The programmer's interface in other languages: C, SystemRDL, and the manual's tables."""
