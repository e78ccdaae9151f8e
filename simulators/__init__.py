"""Worlds whose truth is known exactly, and the logs that they produce."""
