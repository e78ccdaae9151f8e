"""The conclusion of ``ope``, and of ``uplift``, whose results have the same form."""

from __future__ import annotations

from rankeval.notes import LEVELS
from rankeval.reports.documents import Document, estimator, short, whole
from rankeval.reports.sentences import Range, percent_of, told

#: Estimators from clicks, whose values are clicks.
_CLICKS = frozenset({"click_ips", "click_cips", "click_dr", "click_affine"})
#: Estimators of rankings, whose values are means per session, as those from clicks are.
_SESSIONS = (
    frozenset(
        ["sips", "snsips", "iips", "sniips", "rips", "snrips", "policy_aware", "pi", "aips", "cascade_dr"]
    )
    | _CLICKS
)
#: What tells that the value is no reward.
_INDEX = "estimator_caution"


def conclude(document: Document) -> str:
    """The first requested estimator of a reward: what the target policy would earn, and if the log can tell.

    With several target policies: the one with the highest estimate, by its interval that is corrected for the
    choice. A direction is named only if the intervals of all estimators of the same quantity agree on it.
    """
    rows = whole(document["results"])
    named = list(dict.fromkeys(one["target"] for one in rows))
    main = next((one for one in rows if not is_index(one)), rows[0])
    if len(named) > 1:
        best = next(
            (b for b in document["best"] if _same(b, main) and b["gain"]["ci"]["low"] is not None), None
        )
        if best is None:
            return f"None of {len(named)} policies is shown to be best. " + told(
                main["verdict"]["level"], False
            )
        main = next(one for one in rows if _same(one, main) and one["target"] == best["target"])
        share = Range.of(best["gain"].get("relative_ci"), percent=True)
        change = share if share.known else Range.of(best["gain"]["ci"])
        return _sentence(
            document,
            main,
            change,
            f"{short(main['target'])}, with the highest estimate of {len(named)} policies,",
        )
    subject = _subject(main)
    return _sentence(document, main, gain_range(main), subject)


def _subject(main: Document) -> str:
    if main["target"] is not None:
        return short(main["target"])
    return "The new ranking" if main["name"] in _CLICKS else "The target policy"


def _sentence(document: Document, main: Document, change: Range, subject: str) -> str:
    worst, noun = main["verdict"]["level"], _noun(document, main)
    index = is_index(main)
    verb, *ways = ("score", "higher", "lower", "") if index else ("earn", "more", _fewer(noun), noun)
    what = ways[0] if index else f"{ways[0]} {noun}"
    if worst == "do not trust" or not change.known:
        start = subject[0].lower() + subject[1:] if main["target"] is None else subject
        return f"This log cannot tell whether {start} would {verb} {what} than the logging policy. " + (
            told(worst, False) if worst == "do not trust" else "The interval is not known."
        )
    unit = "" if change.percent or index else f" a {'session' if main['name'] in _SESSIONS else 'round'}"
    than = f"{unit} than the logging policy" + (
        f" by {estimator(main)}, which only orders candidates" if index else ""
    )
    sentence = f"{subject} would {verb} {change.more(*ways)}{than}{percent_of(_ci(main))}."
    if change.sign and not _agree(document, main, change):
        return f"{sentence} But not all estimators agree, so that the log cannot tell."
    others = LEVELS.index(document["verdict"]["level"]) > LEVELS.index(worst)
    return f"{sentence} {told(worst, bool(change.sign))}" + (
        " Other estimates below are to be trusted less." if others else ""
    )


def _fewer(noun: str) -> str:
    return "fewer" if noun == "clicks" else "less"


def gain_range(one: Document) -> Range:
    """What is known of a gain: its bounds, where actions have no support, else its relative interval."""
    gain = one["gain"]
    if _apart(gain["bounds"]):
        return Range.of(gain["bounds"]["ci"])
    share = Range.of(gain["relative_ci"], percent=True)
    return share if share.known else Range.of(gain["ci"])


def _apart(bounds: Document | None) -> bool:
    """Whether bounds leave anything open beyond rounding."""
    if bounds is None:
        return False
    low, high = bounds["low"], bounds["high"]
    return low is None or high is None or high - low > 1e-12 * max(abs(low), abs(high))


def _ci(main: Document) -> Document:
    gain = main["gain"]
    found: Document = gain["bounds"]["ci"] if _apart(gain["bounds"]) else gain["ci"]
    return found


def _agree(document: Document, main: Document, change: Range) -> bool:
    """Whether the other estimators of the same quantity show the same direction."""
    others = [
        gain_range(one)
        for one in whole(document["results"])
        if one["target"] == main["target"] and _noun(document, one) == _noun(document, main)
    ]
    return all(other.sign == change.sign for other in others)


def is_index(main: Document) -> bool:
    """Whether an estimate only orders candidates: a metric by clicks, or an index."""
    return any(reason["code"] == _INDEX for reason in main["verdict"]["reasons"])


def _noun(document: Document, main: Document) -> str:
    """What is earned: clicks, unless the caller gave another reward."""
    if is_index(main):
        return estimator(main)
    own = document.get("inputs", {}).get("reward") is not None
    return "clicks" if main["name"] in _CLICKS and not own else "reward"


def _same(one: Document, other: Document) -> bool:
    return (one["name"], one["params"]) == (other["name"], other["params"]) and one.get("segment") is None
