"""The version of rankeval, and the versions of libraries that a saved model or map depends on."""

from __future__ import annotations

__version__ = "0.1.0"


def versions_of(*libraries: str) -> dict[str, str]:
    """Name -> version of rankeval, of these distributions, and of Python."""
    import platform
    from importlib.metadata import version

    return {
        "rankeval": __version__,
        **{name: version(name) for name in libraries},
        "python": platform.python_version(),
    }
