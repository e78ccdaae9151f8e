"""What the readers of a log have to tell: notes for its result, and ids that they made up."""

from __future__ import annotations

from collections.abc import Iterator

from rankeval.errors import DataError
from rankeval.logs.log import Log
from rankeval.notes import Note, distinct


def reader_notes(*logs: Log | None) -> list[Note]:
    """The usual names that were taken, the null rewards that count as 0, and the notes of all files.

    Files with notes of one kind share one.

    Each log must have been read to its end, for that is when the notes of text files are complete.
    """
    notes: dict[str, dict[str, Note]] = {}
    for log in (log for log in logs if log is not None):
        for note in log.filled.notes():
            notes.setdefault(note.code, {})[log.origin] = note
        for source in log.sources:
            for note in source.notes:
                notes.setdefault(note.code, {})[source.name] = note
    usual = [note for log in logs if log is not None for note in _usual_names(log)]
    return [*distinct(usual), *(_together(list(files.values())) for files in notes.values())]


def _usual_names(log: Log) -> Iterator[Note]:
    """What role took which column with a usual name, among the roles that were read."""
    taken = {role: name for role, name in log.usual.items() if log.name(role) == name}
    taken = {role: name for role, name in taken.items() if role in log.roles_read}
    if taken:
        (role, name), *others = taken.items()
        more = "".join(f", {role} from {name!r}" for role, name in others)
        text = f"{log.origin}: {role} is taken from column {name!r}{more}"
        yield Note("usual_columns", text, {"columns": len(taken)})


def _together(notes: list[Note]) -> Note:
    first = notes[0]
    if len(notes) == 1:
        return first
    numbers = {name: sum(note.numbers[name] for note in notes) for name in first.numbers}
    told = ", ".join(f"{number:,} {name}" for name, number in numbers.items())
    return Note(first.code, f"{first.text} ({told} in {len(notes)} files)", numbers)


def unused_weights(*logs: Log) -> Iterator[Note]:
    """A warning for each column of sampling weights, by which a command does not weigh."""
    for name in dict.fromkeys(log.name("sampling_weight") for log in logs if log.has("sampling_weight")):
        text = f"column {name!r} is not used: rows count as if none had been left out of the log"
        yield Note("column_unused", text)


def made_up_notes(log: Log, written: str) -> Iterator[Note]:
    """A warning for each file whose ids of items the reader made up.

    ``written`` is what gets the ids, in words.
    """
    for file, reason in _made_up(log):
        text = f"{file}: {reason}; the item ids of {written} are numbers of rows, and fit no other file"
        yield Note("made_up_ids", text)


def require_own_ids(log: Log, other: str) -> None:
    """Check that the ids of items stand in the files, and so mean the same in another file.

    Args:
        log: the log.
        other: what the items are joined with, in words.

    Raises:
        DataError: the reader of a file made the ids up.
    """
    for file, reason in _made_up(log):
        raise DataError(f"{file}: {reason}, wanted one on every line to join it with {other}")


def _made_up(log: Log) -> Iterator[tuple[str, str]]:
    """``(file, reason)`` for each file whose ids of items the reader made up."""
    for source in log.sources:
        if reason := source.made_up.get(log.name("item_id")):
            yield source.name, reason
