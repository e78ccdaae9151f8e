"""Benchmarks: speed and memory of the main jobs, and statistical checks by simulation."""
