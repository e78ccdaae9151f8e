"""``open_ranker``: the ranker that a text names."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Sequence
from typing import Any

from rankeval.errors import UsageError
from rankeval.options import listed
from rankeval.rankers import Ranker
from rankeval.rankers.kinds.catalogue import KINDS
from rankeval.rankers.kinds.contents import kind_of_content, refuse_pickle
from rankeval.rankers.kinds.plugins import checked, installed, load_installed, load_object

_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def open_ranker(spec: Any, *, trust: str | Sequence[str] = ()) -> Ranker:
    """The ranker that a text names; an object that keeps the protocol ``Ranker`` is returned as it is.

    Args:
        spec: one of

            - ``lightgbm:FILE`` (text), ``xgboost:FILE`` (JSON or UBJSON), ``onnx:FILE``, ``sklearn:FILE``
              (skops): a model file;
            - ``column:NAME``: a column of the data; ``run:FILE``: the scores of a run by query and item;
            - ``module:object``: a Python object, or a class or function without arguments that makes one.
              Importing the module runs its code;
            - the name of an installed entry point of the group ``rankeval.rankers``;
            - the path of a model file, if its content shows its kind (``./NAME`` if a ranker of this name is
              installed).
        trust: types that a ``sklearn`` file may hold beside those that skops trusts.

    Raises:
        DataError: a file cannot be read, is no sound model of its kind, has more than one score for each
            item, or is a pickle (which is never loaded: loading runs the code in it).
        UsageError: no such kind or installed ranker; an object that is no ranker; a package is missing.

    Example:
        >>> import rankeval
        >>> rankeval.open_ranker("column:score").columns
        ('score',)
    """
    if isinstance(spec, os.PathLike):
        spec = os.fspath(spec)
    if not isinstance(spec, str):
        return checked(spec, candidate_name(spec))
    trusted = listed(trust)
    kind, colon, rest = spec.partition(":")
    if colon and kind in KINDS:
        return _of_kind(kind, rest, trusted)
    names = {} if colon else installed()
    if spec in names:
        return load_installed(names[spec])
    if os.path.exists(spec):
        return _of_path(spec, trusted)
    if colon and _DOTTED.fullmatch(kind) and _DOTTED.fullmatch(rest):
        return load_object(kind, rest, spec, _hint(kind, list(KINDS)))
    near = _hint(kind if colon else spec, [*KINDS, *names])
    listing = f" (installed: {', '.join(sorted(names))})" if names else ""
    raise UsageError(f"{spec}: no such ranker or file{near}, wanted {_wanted()}{listing}")


def candidate_name(spec: Any) -> str:
    """The name of a candidate for messages: its text, or the type of the object."""
    if isinstance(spec, str | os.PathLike):
        return os.fspath(spec)
    return spec.__name__ if isinstance(spec, type) else type(spec).__name__


def _of_kind(name: str, rest: str, trust: Sequence[str]) -> Ranker:
    kind = KINDS[name]
    if not rest:
        raise UsageError(f"{name}: found nothing after the colon, wanted {name}:{kind.wanted}")
    if kind.model:
        refuse_pickle(rest)
    return kind.open(rest, trust)


def _of_path(path: str, trust: Sequence[str]) -> Ranker:
    name = kind_of_content(path)
    if name is None:
        wanted = ", ".join(f"{name}:{path}" for name, kind in KINDS.items() if kind.wanted == "FILE")
        raise UsageError(f"{path}: its content does not show its kind, wanted one of {wanted}")
    return KINDS[name].open(path, trust)


def _hint(found: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(found, known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _wanted() -> str:
    kinds = [f"{name}:{kind.wanted}" for name, kind in KINDS.items()]
    return f"{', '.join(kinds)}, module:object or the name of an installed ranker"
