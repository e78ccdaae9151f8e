"""What schemas are made of, and the parts that results of several commands share."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def text(description: str) -> Schema:
    """A string."""
    return {"type": "string", "description": description}


def number(description: str) -> Schema:
    """A number that is null where it cannot be computed."""
    return {"type": ["number", "null"], "description": description}


def count(description: str) -> Schema:
    """A whole number from 0."""
    return {"type": "integer", "minimum": 0, "description": description}


def size(description: str) -> Schema:
    """A number of units, which may be weighted."""
    return {"type": "number", "minimum": 0, "description": description}


def flag(description: str) -> Schema:
    """True or false."""
    return {"type": "boolean", "description": description}


def anything(description: str) -> Schema:
    """A value whose form depends on the data or the options."""
    return {"description": description}


def array(items: Schema, description: str) -> Schema:
    """A list."""
    return {"type": "array", "items": items, "description": description}


def numbers(description: str) -> Schema:
    """A list of numbers."""
    return array({"type": ["number", "null"]}, description)


def texts(description: str) -> Schema:
    """A list of strings."""
    return array({"type": "string"}, description)


def fields(description: str = "", optional: tuple[str, ...] = (), /, **entries: Schema) -> Schema:
    """An object with these entries, all there but the optional ones."""
    required = [name for name in entries if name not in optional]
    said = {"description": description} if description else {}
    return {"type": "object", **said, "properties": entries, "required": required}


def by_name(values: Schema, description: str) -> Schema:
    """An object whose keys are names of the data."""
    return {"type": "object", "additionalProperties": values, "description": description}


def nullable(schema: Schema, when: str) -> Schema:
    """A part that is null in a case."""
    return {"anyOf": [schema, {"type": "null"}], "description": f"null {when}"}


def document(command: str, title: str, optional: tuple[str, ...] = (), /, **entries: Schema) -> Schema:
    """The schema of a result: the head that all have, and the entries of a command."""
    head: dict[str, Schema] = {
        "schema": {"const": 1, "description": "version of this form"},
        "command": {"const": command},
        "command_line": text("the command that made it, but for options that change no number"),
        "conclusion": text("what the result says, in one or two sentences"),
        "inputs": {"type": "object", "description": "the inputs and options of the call"},
    }
    tail = {"warnings": texts("what a reader must know of the numbers")}
    body = fields("", ("conclusion", "command_line", *optional), **head, **entries, **tail)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **body}


INTERVAL = fields(
    "a confidence interval",
    method=text("how it was computed"),
    level=size("confidence level"),
    low=number("lower end; null where it is open or there is no interval"),
    high=number("upper end; the same"),
    reason={"type": ["string", "null"], "description": "why there is no interval"},
    side={"enum": ["two", "lower", "upper"], "description": "two ends, or one"},
    why={"type": ["string", "null"], "description": "why this method was taken, with auto"},
)
INTERVALS = array(INTERVAL, "an interval by each method that was asked for")
SEGMENT = {
    "type": ["string", "number", "boolean", "null"],
    "description": "value of the column of --by; null: all",
}
LEVEL = {"enum": ["trust", "caution", "do not trust"], "description": "how far the result can be trusted"}
REASON = fields(
    "a reason of the verdict",
    code=text("its name in docs/verdict.md"),
    level=LEVEL,
    text=text("what was found"),
    value=number("the number that was compared"),
    threshold=number("with this one"),
    advice=text("what to do"),
)
VERDICT = fields("the worst level of its reasons", level=LEVEL, reasons=array(REASON, "worst first"))
P_VALUES = {
    "p_value": number("two-sided, of this difference alone"),
    "p_adjusted": number("adjusted over the family (Holm)"),
}
CORRECTED = fields(
    "of the best, as it is and corrected for its having been chosen",
    ("over", "relative", "relative_ci"),
    over=text("what the gain is over"),
    naive=number("as it is"),
    naive_ci=nullable(INTERVAL, "where there is no estimate"),
    corrected=number("corrected"),
    ci=INTERVAL,
    relative=number("of a gain: corrected, as a share of what it is over"),
    relative_ci=nullable(INTERVAL, "where there is no relative gain"),
)
COMPARISON = {
    "a": text("first of the pair"),
    "b": text("second of the pair"),
    "segment": SEGMENT,
    "difference": number("of a from b, on the same units"),
    "std_error": number("its standard error"),
    "ci": INTERVAL,
    "intervals": INTERVALS,
    "n": size("number of units"),
    **P_VALUES,
    "p_adjusted_bh": number("adjusted over the family (Benjamini-Hochberg)"),
    "tests": count("size of the family"),
}
