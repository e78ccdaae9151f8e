"""Behaviours of users of rankings: which positions a reward depends on, and a tree over sessions."""
