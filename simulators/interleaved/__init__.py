"""Sessions with lists of two rankings, simulated, and what methods can tell."""
