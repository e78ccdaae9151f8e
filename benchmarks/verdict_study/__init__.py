"""What the verdict of ``ope`` is worth: verdict against coverage, sign and error, in random worlds.

``python -m benchmarks.verdict_study [--families NAME,...] [--worlds N] [--jobs N]``: bandits, slates and clicks, with
strong and weak overlap, heavy tails, gaps of the support, faults of propensities, forgotten users and
shuffles, and users whom the estimator does not expect. Every world has one log, whose truth is exact. Worlds of
even number are those to which thresholds are fitted, worlds of odd number judge them. To add a family: a
function in one of the modules ``*_worlds.py`` and a line in ``catalogue.py``.
"""
