"""The card beside a model that ``train`` has written: whether it is that of this model."""

from __future__ import annotations

import hashlib
import json

from rankeval.notes import Note

#: Bytes of a card; another file of this name may be larger, and is not read.
_CARD_BYTES = 1 << 26


def card_notes(path: str) -> tuple[Note, ...]:
    """A warning if the card beside the model ``path`` tells of another model; none without a card.

    The two are written one after the other, so that a process that is killed in between, or a file that is
    copied without the other, leaves a pair that does not belong together. The card therefore holds the
    SHA-256 of its model.
    """
    card = f"{path}.json"
    told = _told(card)
    if told is None or told == _digest(path):
        return ()
    text = (
        f"{card}: is the card of another model than {path} (its SHA-256 differs): training was broken off, "
        "or one of the two was replaced; train again, or remove the card"
    )
    return (Note("card_of_another_model", text),)


def _told(card: str) -> str | None:
    """The digest that a card holds; None if there is no card of ``train``."""
    try:
        with open(card, "rb") as file:
            content = file.read(_CARD_BYTES)
        told = json.loads(content)["model"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return told if isinstance(told, str) else None


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
