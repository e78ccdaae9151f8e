"""The result of ``uplift``: that of ``ope`` with candidates by name, and gains under other users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from rankeval.candidates.alternatives import BASE, Alternative
from rankeval.inference import Estimate, adjusted_over, best_table
from rankeval.notes import Level, Note
from rankeval.off_policy import EstimateRow, OffPolicyEvaluation
from rankeval.results import Table, counted, interval_text, number, p_text, percent, segment_text, signed

#: Less of the top of the logged lists that a candidate keeps, and how far its gain can be trusted.
LOW_OVERLAP: tuple[tuple[Level, float], ...] = (("do not trust", 0.2), ("caution", 0.3))


@dataclass(frozen=True, repr=False)
class Uplift(OffPolicyEvaluation):
    """What candidate rankers would gain over the ranker of a log.

    The JSON is that of ``ope``, where ``results[].target`` is the name of the candidate, with
    ``user_models``.

    Attributes:
        users: the gains under other models of users, fitted to the log; empty if none were.
    """

    users: tuple[Alternative, ...] = ()
    command = "uplift"

    @classmethod
    def of(
        cls,
        found: OffPolicyEvaluation,
        inputs: Mapping[str, Any],
        users: Sequence[Alternative],
        notes: Sequence[Note],
        learned_curve: Mapping[str, Any] | None,
    ) -> Uplift:
        """The result of ``ope`` for the candidates, with what the other stages tell."""
        parts = {field.name: getattr(found, field.name) for field in fields(found)}
        shared = [note for note in notes if note.level]
        rows = tuple(row.because([*_of_overlap(row), *shared]) for row in found.estimates)
        reasons = list(_overlaps(rows))
        return cls(
            **{
                **parts,
                "estimates": rows,
                "inputs": {**found.inputs, **inputs},
                "notes": (*reasons, *_of_clicks_alone(found.notes, rows), *notes),
                "users": tuple(users),
                "learned_curve": found.learned_curve or learned_curve,
            }
        )

    def content(self) -> dict[str, Any]:
        """See ``OffPolicyEvaluation``; ``user_models`` are the gains under other models of users."""
        return {**super().content(), "user_models": [each.to_dict() for each in self.users]}

    def tables(self) -> list[Table]:
        """Gains, metrics by clicks, differences and the best, what the gains rest on, and other users."""
        rewards, metrics = self._parts
        parts = [self._gain_table(rewards)] if rewards else []
        parts += [self._metric_table(metrics)] if metrics else []
        if len(self._candidates) > 1:
            shown = {row.asked for row in rewards or metrics}
            parts.append(self._difference_table([c for c in self.comparisons if c.asked in shown]))
            best = [each for each in self.best if any(each.criterion == row.label for row in rewards)]
            parts += [best_table(best)] if best else []
        parts.append(self._rest_table(rewards or metrics))
        return [*parts, *([self._user_table()] if self.users else [])]

    @property
    def _parts(self) -> tuple[list[EstimateRow], list[EstimateRow]]:
        """The estimates of rewards, and those of metrics by clicks and of indices."""
        rewards = [row for row in self.estimates if row.estimator.definition.is_reward]
        return rewards, [row for row in self.estimates if not row.estimator.definition.is_reward]

    @property
    def _candidates(self) -> list[str]:
        return list(dict.fromkeys(row.target or "" for row in self.estimates))

    def _gain_table(self, rows: Sequence[EstimateRow]) -> Table:
        several, bounded = len({row.label for row in rows}) > 1, any(row.bounds for row in rows)
        header = ["candidate", *self._segment_header, *(["estimator"] if several else []), ">value", ">gain"]
        header += [f">{self._level} interval", ">relative", f">{self._level} interval"]
        header += [">gain with unshown"] if bounded else []
        logged = [
            ["logged", *self._segment(row), *(["-"] if several else []), number(row.reward.value)]
            for row in self._of_segments
        ]
        cells = [
            [
                row.target or "",
                *self._segment(row),
                *([row.label] if several else []),
                number(row.value.value),
                signed(row.gain.value),
                _interval(row.gain),
                _percent(row.relative.value, " %"),
                _percents(row.relative),
                *([_bounds(row)] if bounded else []),
            ]
            for row in rows
        ]
        blank = len(header) - len(logged[0])
        of = "" if several else f", {rows[0].label}"
        n = f", {counted(self.logged.n)} sessions{_ESTIMANDS[rows[0].estimand or '']}"
        table = [*([*line, *[""] * blank] for line in logged), *cells]
        return Table(f"Gain over the logged ranker{of}{n}", header, table)

    def _metric_table(self, rows: Sequence[EstimateRow]) -> Table:
        header = ["candidate", *self._segment_header, "metric", ">logged", ">value", ">gain"]
        header += [f">{self._level} interval"]
        cells = [
            [
                row.target or "",
                *self._segment(row),
                row.label,
                number(row.logged.value),
                number(row.value.value),
                signed(row.gain.value),
                _interval(row.gain),
            ]
            for row in rows
        ]
        lower = [row.label for row in rows if row.estimator.definition.lower_is_better]
        low = f"; of {lower[0]} the lowest is best" if lower else ""
        return Table(f"Metrics by clicks, to compare candidates{low}", header, cells)

    @property
    def _level(self) -> str:
        return percent(self.estimates[0].value.intervals[0].level)

    def _difference_table(self, shown: Sequence[Any]) -> Table:
        several = len({c.asked for c in shown}) > 1
        header = [*(["estimator"] if several else []), "difference", *self._segment_header, ">mean"]
        header += [f">{self._level} interval", ">p", ">Holm", ">BH"]
        cells = [
            [
                *([c.estimator.label] if several else []),
                f"{c.a} - {c.b}",
                *([] if self.inputs["by"] is None else [segment_text(c.segment)]),
                signed(c.difference.value),
                _interval(c.difference),
                *map(p_text, (c.p_value, c.adjusted.holm, c.adjusted.bh)),
            ]
            for c in shown
        ]
        return Table(f"Differences ({adjusted_over([c.adjusted for c in shown])})", header, cells)

    def _rest_table(self, rows: Sequence[EstimateRow]) -> Table:
        """What a gain rests on: overlap, weights, and the curve under which it would have another sign."""
        several = len({row.label for row in rows}) > 1
        header = ["candidate", *self._segment_header, *(["estimator"] if several else []), ">overlap"]
        header += [">effective", ">top weight"]
        sensitive = any(row.sensitivity is not None and row.sensitivity.gains for row in rows)
        header += [">gain at eta / 2", ">at eta x 2", ">0 at eta x"] if sensitive else []
        cells = [
            [
                row.target or "",
                *self._segment(row),
                *([row.label] if several else []),
                number(row.diagnostics["overlap"], 3),
                _share(row.diagnostics["ess"], row.logged.n),
                number(row.diagnostics["max_weight"], 3),
                *(_sensitivity(row) if sensitive else []),
            ]
            for row in rows
        ]
        why = ", and if position bias (eta) were weaker or stronger" if sensitive else ""
        return Table(f"What the gains rest on{why}", header, cells)

    def _user_table(self) -> Table:
        header = ["users", "candidate", ">logged", ">gain", f">held out - {BASE}", ">std error"]
        cells = [
            [
                each.users,
                name,
                number(each.logged),
                signed(each.gains[name]),
                signed(each.log_likelihood),
                number(each.std_error, 3),
            ]
            for each in self.users
            for name in self._candidates
        ]
        return Table("Gain by click models, and log-likelihood of a held-out session", header, cells)


_ESTIMANDS = {"rerank": ", shown items (rerank)", "full": ", all logged items (full)", "": ""}


def _interval(estimate: Estimate) -> str:
    first = estimate.intervals[0]
    text = interval_text(first.to_dict(), 3)
    return text if first.method in ("auto", "normal") or text == "-" else f"{text} ({first.method})"


def _bounds(row: EstimateRow) -> str:
    found = row.gain_bounds
    return interval_text(None if found is None else {"low": found.low, "high": found.high}, 3)


def _share(part: float | None, whole: float) -> str:
    return "-" if part is None else f"{100.0 * part / whole:.0f} %"


def _percent(share: float | None, unit: str = "") -> str:
    return "-" if share is None else f"{100.0 * share:+.1f}{unit}"


def _percents(relative: Estimate) -> str:
    """The interval of a relative gain in per cent."""
    first = relative.intervals[0]
    return "-" if first.low is first.high is None else f"{_percent(first.low)} .. {_percent(first.high)}"


def _sensitivity(row: EstimateRow) -> list[str]:
    found = row.sensitivity
    if found is None or not found.gains:
        return ["-", "-", "-"]
    changes = "none to 16" if found.factor is None else number(found.factor, 3)
    return [*(signed(gain) for _, gain in found.gains), changes]


def _of_overlap(row: EstimateRow) -> Iterator[Note]:
    """The reason that a candidate keeps so little of the logged top that the curve decides its gain."""
    share = row.diagnostics["overlap"]
    crossed = next((one for one in LOW_OVERLAP if share is not None and share < one[1]), None)
    if share is not None and crossed is not None:
        text = (
            f"the candidate keeps {100.0 * share:.3g} % of the top of the logged lists, under "
            f"{100.0 * crossed[1]:.0f} %: a small error of the curve becomes a large one of the gain"
        )
        yield Note(
            "low_overlap", text, {"overlap": share, "threshold": crossed[1]}, level=crossed[0], value=share
        )


def _overlaps(rows: Sequence[EstimateRow]) -> Iterator[Note]:
    """The reasons of all candidates, each once, with its name."""
    seen: dict[str | None, Note] = {}
    for row in rows:
        if row.segment is None:
            for note in _of_overlap(row):
                seen.setdefault(row.target, note)
    for target, note in seen.items():
        yield note.under(target or "candidate") if len({row.target for row in rows}) > 1 else note


def _of_clicks_alone(notes: Sequence[Note], rows: Sequence[EstimateRow]) -> Iterator[Note]:
    """The notes, without the verdict of metrics by clicks where rewards are estimated too.

    Their table says what the reason would; it is no doubt of the clicks.
    """
    rewards = any(row.estimator.definition.is_reward for row in rows)
    for note in notes:
        if rewards and note.code == "estimator_caution":
            continue
        yield note
