"""The command line: one file per command, each a thin layer over one function of the Python API.

May import: the public names of ``rankeval``, and its simulators for ``demo``.
To add a command, add a file here and a line in ``COMMANDS`` (``main.py``).
"""
