"""Experiments that randomise the order of lists: what they show, and how many sessions they need."""
