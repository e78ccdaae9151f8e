"""Simulated sessions, and the files they are written to."""
