"""Queries, users and rankers: worlds, and how files and options describe them."""
