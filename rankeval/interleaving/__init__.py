"""Interleaving: lists mixed from two rankings, credit for clicks on them, and tests of which is better."""
