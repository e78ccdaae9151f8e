"""The position-bias curve of a ranking log: methods, errors, tests, and what they return."""
