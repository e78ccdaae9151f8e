"""``rankeval evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.cli.options import (
    be_quiet,
    common_options,
    engine_option,
    fail_under_option,
    inference_options_with,
    many_options,
    pairs,
    relevance_threshold_option,
    report_option,
    require_level,
    require_outputs,
    show,
    side_option,
)
from rankeval.errors import UsageError
from rankeval.options import listed, listed_calls

#: Options that name files to read.
FILES = ("judgements", "embedding", "popularity", "exclude")
EPILOG = """\b
Example:
  rankeval evaluate old=old.parquet new=new.parquet \\
    --judgements qrels.txt -m ndcg@10,map

\b
Metrics, as NAME[@K][:PARAMETER=VALUE]:
  dcg ndcg ndcg_exp precision recall hit f1 map map_min gm_map mrr
  r_precision iprec@R set_precision set_recall set_f1 num_rel_ret rbp
  insq err compat judged bpref inf_ap arp auc gauc alpha_ndcg err_ia
  category_ndcg
Of all shown items, judged or not, with a cutoff:
  ild@K novelty@K coverage@K gini@K
A threshold of one metric, the gains of grades, and names of other tools:
  map:rel=2  ndcg:gains=0/1/3/7  ndcg_cut_10  AP(rel=2)@10
Of all items together, for scores that are probabilities:
  log_loss brier ece:bins=10 ece_mass:bins=10; for any score: roc_auc pr_auc

A run has the columns query_id, item_id, score; or rank (1 is best) in place of score. Judgements have
query_id, item_id, relevance; the run itself can hold relevance instead. --column bm25.score=f25 applies to
the run bm25 only. Usual names, such as qid, docno and label, need no --column. Integers join texts: 7 is
the text 7, and not 07.

Inputs are files, folders, globs, URLs or - (standard input) of Parquet, Arrow IPC, CSV, JSON, TREC run,
TREC qrels or LETOR; delta:PATH and iceberg:PATH are tables of Delta Lake and Iceberg. Folders called
KEY=VALUE are columns.
"""


@click.command(epilog=EPILOG)
@click.argument("runs", nargs=-1, required=True, metavar="[NAME=]RUN...")
@click.option(
    "--judgements",
    metavar="FILE",
    help="Relevance per query and item, also the folder of a BEIR data set; by default each run has a "
    "column relevance.",
)
@click.option(
    "-m",
    "--metric",
    "metrics",
    multiple=True,
    default=["ndcg@10"],
    show_default=True,
    metavar="METRIC,...",
    help="Metrics, such as ndcg@10,map. Repeatable.",
)
@click.option(
    "--ties",
    type=click.Choice(["trec", "item", "expected", "best", "worst"]),
    default="trec",
    show_default=True,
    help="Equal scores: by id descending, by id ascending, exact expectation, best or worst order.",
)
@click.option(
    "--empty",
    type=click.Choice(["zero", "skip", "one"]),
    default="zero",
    show_default=True,
    help="Value of a query without relevant items.",
)
@click.option(
    "--missing",
    type=click.Choice(["zero", "skip", "error"]),
    default="zero",
    show_default=True,
    help="Value of a judged query that a run lacks.",
)
@relevance_threshold_option
@click.option(
    "--score-type",
    type=click.Choice(["float64", "float32"]),
    default="float64",
    show_default=True,
    help="Precision for comparing scores.",
)
@click.option(
    "--judged-only",
    is_flag=True,
    help="Leave unjudged items out of every list before it is scored (condensed lists).",
)
@click.option(
    "--category",
    metavar="COLUMN",
    help="Column with the category of each item: of the runs for ild, of judgements for category_ndcg.",
)
@click.option(
    "--embedding",
    metavar="FILE",
    help="item_id and the vector of each item, for ild: a column embedding of lists, or all other columns.",
)
@click.option(
    "--popularity",
    metavar="FILE",
    help="item_id and popularity, the share of users who know the item, for novelty; the catalogue of "
    "coverage and gini.",
)
@click.option(
    "--exclude",
    metavar="FILE",
    help="query_id and item_id that are left out of lists and judgements, such as what a user has seen.",
)
@click.option(
    "--agree",
    is_flag=True,
    help="Agreement of each pair of runs: rank-biased overlap, Kendall's tau, tau-AP.",
)
@click.option(
    "--permutations",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    help="Permutations in the randomisation test.",
)
@click.option(
    "--per-query",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write run, metric, query_id and value to this file (.parquet .csv .json .jsonl .arrow).",
)
@click.option(
    "--reliability",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write mean score and share of relevant items per bin of scores to this file, likewise.",
)
@inference_options_with(
    "auto",
    "Interval methods: auto, normal (Student's t), augmented (for metrics in [0, 1]), bootstrap "
    "(percentile), bootstrap_t (studentised). auto: augmented in [0, 1], else normal.",
)
@side_option
@many_options
@fail_under_option
@report_option
@engine_option
@common_options
def command(
    runs: tuple[str, ...],
    metrics: tuple[str, ...],
    ci: str,
    columns: tuple[str, ...],
    fail_under: str | None,
    format_: str,
    out: Path | None,
    report: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Compute ranking metrics of one or several runs, with an interval for each mean.

    Several runs are compared in pairs: difference with interval, paired t-test, randomisation test, and
    p-values adjusted by Holm and by Benjamini and Hochberg. The best run by each metric has an estimate
    and an interval that are corrected for its having been chosen.
    """
    be_quiet(quiet)
    named = _named(runs)
    tables = {f"--{name.replace('_', '-')}": options[name] for name in ("per_query", "reliability")}
    require_outputs(
        {"--out": out, "--report": report, **tables}, *named.values(), *(options[name] for name in FILES)
    )
    from rankeval import evaluate

    result = evaluate(
        named, metrics=listed_calls(metrics), ci=listed(ci), columns=pairs("--column", columns), **options
    )
    show(result, format_, out, report)
    require_level(result, fail_under)


def _named(runs: tuple[str, ...]) -> dict[str, str]:
    """Runs by name: from ``NAME=FILE``, or else the file name up to its first dot."""
    named: dict[str, str] = {}
    for run in runs:
        name, equals, path = run.partition("=")
        if not equals or "/" in name or "." in name or "*" in name:
            name, path = Path(run.rstrip("/")).name.split(".")[0] or run, run
        if name in named:
            raise UsageError(f"two runs are named {name!r}; name them, as in old={named[name]} new={path}")
        named[name] = path
    return named
