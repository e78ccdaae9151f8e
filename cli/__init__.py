"""The command line: one command a file, each a thin layer over one call of the Python API."""
