"""Whether intervals hold where launches are decided, and whether the output says so where they do not.

``python -m benchmarks.hard_coverage [--rows NAME,...] [--worlds N] [--jobs N]``: rare rewards, heavy weights,
few or uneven clusters, forgotten clusters and weights, fitted models, few queries, many candidates. To add a
row: a function in one of the modules ``*_rows.py`` and a line in ``catalogue.py``.
"""
