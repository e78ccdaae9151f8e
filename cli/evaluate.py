"""``rankeval evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.atomic_files import require_no_input
from rankeval.cli.options import be_quiet, common_options, inference_options, pairs, show
from rankeval.errors import UsageError
from rankeval.options import listed

EPILOG = """\b
Example:
  rankeval evaluate old=old.parquet new=new.parquet \\
    --judgements qrels.txt -m ndcg@10,map

\b
Metrics, as NAME[@K][:PARAMETER=VALUE]:
  dcg ndcg ndcg_exp precision recall hit f1 map map_min mrr r_precision
  rbp err judged bpref arp auc gauc

A run has the columns query_id, item_id, score; judgements have query_id, item_id, relevance, or relevance
stands in the run itself. --column bm25.score=f25 names a column for the run bm25 alone.

Files: Parquet, Arrow IPC, CSV, TREC run and qrels, LETOR; a file, a folder, a glob or a URL.
"""


@click.command(epilog=EPILOG)
@click.argument("runs", nargs=-1, required=True, metavar="[NAME=]RUN...")
@click.option(
    "--judgements",
    metavar="FILE",
    help="Relevance by query and item; without it the runs have a relevance column.",
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
    help="Items of equal score: by id descending or ascending, exact expectation, bounds.",
)
@click.option(
    "--empty",
    type=click.Choice(["zero", "skip", "one"]),
    default="zero",
    show_default=True,
    help="What a query without relevant items counts.",
)
@click.option(
    "--missing",
    type=click.Choice(["zero", "skip", "error"]),
    default="zero",
    show_default=True,
    help="What a judged query that a run lacks counts.",
)
@click.option(
    "--relevance-threshold",
    type=float,
    default=1.0,
    show_default=True,
    help="Grade from which an item is relevant.",
)
@click.option(
    "--score-type",
    type=click.Choice(["float64", "float32"]),
    default="float64",
    show_default=True,
    help="Precision in which scores are compared.",
)
@click.option(
    "--permutations",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    help="Permutations of the randomisation test.",
)
@click.option(
    "--per-query",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write run, metric, query_id, value as Parquet.",
)
@inference_options
@common_options
def command(
    runs: tuple[str, ...],
    metrics: tuple[str, ...],
    ci: str,
    columns: tuple[str, ...],
    format_: str,
    out: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Ranking metrics of one or several runs, each mean with its interval.

    Several runs are compared in pairs: difference with interval, paired t-test and randomisation test,
    p-values adjusted by Holm and by Benjamini and Hochberg.
    """
    be_quiet(quiet)
    named = _named(runs)
    require_no_input(out, *named.values(), options["judgements"])
    from rankeval import evaluate

    result = evaluate(
        named, metrics=listed(metrics), ci=listed(ci), columns=pairs("--column", columns), **options
    )
    show(result, format_, out)


def _named(runs: tuple[str, ...]) -> dict[str, str]:
    """Runs by name: ``NAME=FILE``, or the file's name without its endings."""
    named: dict[str, str] = {}
    for run in runs:
        name, equals, path = run.partition("=")
        if not equals or "/" in name or "." in name or "*" in name:
            name, path = Path(run.rstrip("/")).name.split(".")[0] or run, run
        if name in named:
            raise UsageError(f"two runs are named {name!r}; name them, as in old={named[name]} new={path}")
        named[name] = path
    return named
