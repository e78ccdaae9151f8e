"""What the verdict of ``ope`` is worth: verdict against coverage, sign and error, in random worlds.

``python -m benchmarks.verdict_study [--families NAME,...] [--worlds N] [--jobs N]``: bandits, slates and
clicks, with strong and weak overlap, heavy tails, gaps of the support, faults of propensities, forgotten
users and shuffles, and users whom estimators do not expect. Every world has one log, whose truth is exact.
Thresholds are fitted to worlds of even number, and judged in those of odd number. To add a family: a function
in one of the modules ``*_worlds.py`` and a line in ``catalogue.py``.
"""
