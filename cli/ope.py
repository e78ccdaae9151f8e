"""``rankeval ope``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.atomic_files import require_no_input
from rankeval.cli.options import be_quiet, common_options, inference_options, pairs, show
from rankeval.options import listed

EPILOG = """\b
Examples:
  rankeval ope log.parquet -e snips,cips:max_weight=5 --by country
  rankeval ope log.parquet --target new=p_new --target other=p_other
  rankeval ope log.parquet -e dr --reward-model lightgbm --features age,hour
  rankeval ope slates.parquet -e iips,rips --reward 'click + 5*purchase'
  rankeval ope clicks.parquet -e click_ips --position-bias bias.json

A log with a column session_id is a ranking log, any other a bandit log. --column names columns that are
called otherwise.

\b
Columns of a bandit log, a row a round:
  reward, propensity, target_propensity    of the logged action
  q_logged, q_target                       a model's, for dm and all of *dr
or lists, from which the others follow:
  action                                   an index from 0 into the lists
  candidate_propensities, candidate_target_propensities, candidate_q

\b
Estimators from bandit logs, as NAME[:PARAMETER=VALUE]:
  ips snips dm dr sndr
  cips csnips cdr      weights of at most max_weight (10)
  switch_dr dros       tau (10), lambda (100)
  sg_ips sg_dr         lambda (0.1)
  mips                 by an embedding of actions; max_weight if wanted
With =auto (auto_slope, auto_mse) the data choose: dros:lambda=auto.
With :loggers=balanced or weighted, rounds that several policies logged are
combined, by a column logger; not for dm and mips.

\b
Columns of a ranking log, a row an item, or a row a session with lists:
  session_id, position, item_id, reward or click

\b
Estimators from rankings, by columns that have a target_ twin; max_weight if
wanted:
  sips snsips          propensity_list, of the whole list
  iips sniips          propensity, of the item at its position
  rips snrips          propensity_prefix, of the items down to there
  policy_aware         exposure, of the item
  pi                   propensity, or slate_weight
  aips                 propensity, and subset_weight or behaviour, else
                       learned from --features
  cascade_dr           propensity_prefix, and q_logged, q_target

\b
Estimators from clicks, by score, which the candidate ranks descending (ties
by item_id), and --position-bias or a column examination:
  click_ips            clicks
  click_cips click_dr  clicks, max_weight (10) of 1 / examination; click_dr
                       with a model's relevance in q_logged
  click_affine         clicks under trust bias, by alpha and beta
  click_dcg@K click_precision@K click_arp
                       metrics, on the scale of 1 / examination at the top
  click_snips replay_ips
                       indices that only compare candidates
Rows without position are candidates that were not shown.
"""


@click.command(epilog=EPILOG)
@click.argument("log")
@click.option(
    "-e",
    "--estimator",
    "estimators",
    multiple=True,
    metavar="NAME,...",
    help="By default ips, snips, and dr where there are predictions of a model; for rankings those of sips, "
    "iips, rips, policy_aware, cascade_dr that the log can feed, pi where it has slate_weight; from clicks "
    "click_ips. Repeatable.",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="NAME=COLUMN",
    help="A target policy by the column of its propensities, of all candidates as a list or of the logged "
    "action; from clicks by that of its scores. Repeatable: several are compared on the same rounds.",
)
@click.option(
    "--position-bias",
    metavar="FILE",
    help='Examination by position, for estimators from clicks: JSON of {"positions": [...], "examination": '
    "[...]}, or a list; with alpha and beta for click_affine.",
)
@click.option(
    "--estimand",
    metavar="rerank|full",
    default="rerank",
    show_default=True,
    help="From clicks: the candidate orders the items that were shown, or all candidates in the log.",
)
@click.option(
    "--reward",
    metavar="EXPR",
    help="The reward as arithmetic over columns, such as 'click + 5*purchase - 0.1*return'; `my column` in "
    "back-quotes.",
)
@click.option(
    "--reward-range",
    metavar="LOW,HIGH",
    help="Rewards that there can be: one outside is an error, a model's prediction outside a warning.",
)
@click.option(
    "--reward-model",
    metavar="KIND",
    help="Predictions q of a model fitted by cross-fitting: lightgbm, logistic or ridge. Wants candidate "
    "lists; for click_dr the relevance of items.",
)
@click.option(
    "--features",
    metavar="COLUMN,...",
    default="",
    help="Columns that the model reads, or for aips the tree of users' behaviours.",
)
@click.option(
    "--folds", type=click.IntRange(2, 100), default=5, show_default=True, help="Folds of the cross-fitting."
)
@click.option(
    "--model-weighting",
    type=click.Choice(["uniform", "mrdr"]),
    default="uniform",
    show_default=True,
    help="mrdr fits for the least variance of dr.",
)
@click.option(
    "--embedding",
    metavar="COLUMN,...",
    default="",
    help="Columns that say what an action is, for mips; by default the column embedding.",
)
@inference_options
@common_options
def command(
    log: str,
    estimators: tuple[str, ...],
    targets: tuple[str, ...],
    position_bias: str | None,
    ci: str,
    columns: tuple[str, ...],
    format_: str,
    out: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Value of a target policy from another one's log, its gain over that log, and how its weights look."""
    be_quiet(quiet)
    require_no_input(out, log, position_bias)
    from rankeval import ope

    result = ope(
        log,
        listed(estimators),
        target=targets,
        position_bias=position_bias,
        ci=listed(ci),
        columns=pairs("--column", columns),
        **options,
    )
    show(result, format_, out)
