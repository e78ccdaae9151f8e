"""Names of trec_eval, ir_measures and ranx for metrics of the catalogue, and the parts of a metric's name.

``ndcg_cut_10`` and ``nDCG@10`` are ``ndcg@10``; ``AP(rel=2)@10`` is ``map@10:rel=2``. Output has the name of
the catalogue.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rankeval.errors import UsageError

#: Names of trec_eval, whose cutoff follows after ``_`` or ``.``: ``P_5``, ``ndcg_cut.10``.
_CUT = {
    "P": "precision",
    "recall": "recall",
    "success": "hit",
    "ndcg_cut": "ndcg",
    "map_cut": "map",
    "iprec_at_recall": "iprec",
}
#: Names of trec_eval that take no cutoff.
_TREC_EVAL = {
    "recip_rank": "mrr",
    "Rprec": "r_precision",
    "infAP": "inf_ap",
    "set_P": "set_precision",
    "set_F": "set_f1",
}
#: Names of ir_measures, and other names that it takes for the same.
_IR_MEASURES = {
    "AP": "map",
    "MAP": "map",
    "RR": "mrr",
    "MRR": "mrr",
    "nDCG": "ndcg",
    "NDCG": "ndcg",
    "P": "precision",
    "Precision": "precision",
    "R": "recall",
    "Recall": "recall",
    "RPrec": "r_precision",
    "Success": "hit",
    "Judged": "judged",
    "Bpref": "bpref",
    "BPref": "bpref",
    "RBP": "rbp",
    "ERR": "err",
    "IPrec": "iprec",
    "SetP": "set_precision",
    "SetR": "set_recall",
    "SetF": "set_f1",
    "INSQ": "insq",
    "Compat": "compat",
    "NumRelRet": "num_rel_ret",
    "alpha_nDCG": "alpha_ndcg",
    "ERR_IA": "err_ia",
}
#: Names of ranx.
_RANX = {"hits": "num_rel_ret", "hit_rate": "hit", "ndcg_burges": "ndcg_exp"}
SYNONYMS = _TREC_EVAL | _IR_MEASURES | _RANX

_FORM = re.compile(
    r"(?P<name>[\w.]+)(?:\((?P<arguments>[^()]*)\))?(?:@(?P<cutoff>[^:()]*))?(?::(?P<rest>.*))?"
)
_TREC_CUTOFF = re.compile(rf"({'|'.join(_CUT)})[_.]([0-9.]+)")
_RANX_PERSISTENCE = re.compile(r"rbp(\.\d+)")
_ARGUMENT = re.compile(r"(\w+)=(\{[^{}]*\}|[^,{}]+)(?:,|$)")


class Parts(NamedTuple):
    """The parts of a metric's name.

    Attributes:
        base: the name in the catalogue, or the text itself where no name is known.
        cutoff: the text after ``@``, None without one.
        settings: the texts ``PARAMETER=VALUE``.
    """

    base: str
    cutoff: str | None
    settings: list[str]


def translated(text: str) -> Parts:
    """The parts of ``NAME[@K][:PARAMETER=VALUE]...`` or of ``NAME[(PARAMETER=VALUE,...)][@K]``.

    Raises:
        UsageError: an argument in parentheses cannot be read, or has no counterpart.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        head, *settings = text.split(":")
        base, at, cutoff = head.partition("@")
        return Parts(base, cutoff if at else None, settings)
    name, cutoff = found["name"], found["cutoff"]
    settings = [] if found["rest"] is None else found["rest"].split(":")
    if cutoff is None and (cut := _TREC_CUTOFF.fullmatch(name)):
        name, cutoff = _CUT[cut[1]], cut[2]
    elif persistence := _RANX_PERSISTENCE.fullmatch(name):
        name, settings = "rbp", [f"p=0{persistence[1]}", *settings]
    base = SYNONYMS.get(name, name)
    if found["arguments"] is None:
        return Parts(base, cutoff, settings)
    return _called(text, name, cutoff, found["arguments"], settings)


def _called(text: str, name: str, cutoff: str | None, arguments: str, settings: list[str]) -> Parts:
    """The parts of a name with arguments in parentheses, as ir_measures writes them."""
    base = "num_rel_ret" if name == "NumRet" and "rel=" in arguments else SYNONYMS.get(name, name)
    for key, value in _arguments(text, arguments.replace(" ", "")):
        if key == "dcg" and base == "ndcg":
            base = _of_gain(text, value.strip("'\""))
        elif key == "judged_only":
            raise UsageError(f"metric '{text}': found judged_only, wanted --judged-only, for all metrics")
        else:
            settings = [*settings, f"{key}={_table(text, value) if key == 'gains' else value}"]
    return Parts(base, cutoff, settings)


def _arguments(text: str, arguments: str) -> list[tuple[str, str]]:
    """The names and values of ``NAME=VALUE,...``."""
    given = [(found[1], found[2]) for found in _ARGUMENT.finditer(arguments)]
    if ",".join(f"{key}={value}" for key, value in given) != arguments:
        raise UsageError(f"metric '{text}': found '({arguments})', wanted (PARAMETER=VALUE,...)")
    return given


def _of_gain(text: str, kind: str) -> str:
    known = {"log2": "ndcg", "exp-log2": "ndcg_exp"}
    if kind not in known:
        raise UsageError(f"metric '{text}': dcg is '{kind}', wanted {' or '.join(known)}")
    return known[kind]


def _table(text: str, value: str) -> str:
    """``{1:1,3:7}`` as ``0/1/2/7``; the gain of a grade that is left out is the grade."""
    pairs = re.findall(r"(\d+):(-?[\d.]+)", value)
    if "{" + ",".join(f"{grade}:{gain}" for grade, gain in pairs) + "}" != value or not pairs:
        raise UsageError(f"metric '{text}': gains is '{value}', wanted such as {{0:0,1:1,2:3}}")
    gains = {int(grade): gain for grade, gain in pairs}
    return "/".join(gains.get(grade, str(grade)) for grade in range(max(gains) + 1))
