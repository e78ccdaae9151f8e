"""``rankeval ope``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.cli.options import be_quiet, common_options, inference_options, pairs, show
from rankeval.options import listed
from rankeval.writing import require_no_input

EPILOG = """\b
Example:
  rankeval ope log.parquet --estimator snips,cips:max_weight=5 --by country
  rankeval ope clicks.parquet -e click_ips --position-bias bias.json

\b
Estimators, as NAME[:PARAMETER=VALUE]:
  ips snips dm dr sndr, and with max_weight (10 unless set) cips csnips cdr,
  with tau (10) switch_dr, with lambda dros (100), sg_ips (0.1), sg_dr (0.1);
  mips, by the embedding of actions, with an optional max_weight;
with =auto or =auto_mse for a value the data choose it; after all but dm and
  mips, :loggers=balanced or weighted combines the rounds of several policies;
for rankings, all with an optional max_weight:
  sips iips rips policy_aware pi aips cascade_dr snsips sniips snrips
for clicks on rankings, the logger deterministic but position bias known:
  click_ips click_affine, with max_weight (10, of 1 / theta) click_cips
  click_dr; metrics, on the scale of 1 / theta at the top, with an optional
  max_weight click_dcg@K click_precision@K click_arp; and two indices that
  only compare candidates and estimate no clicks, click_snips replay_ips

A log with a column session_id is a ranking log, any other a bandit log.

A bandit log has the columns reward, propensity, target_propensity, and for dm and all of *dr* also q_logged,
q_target; or candidate sets as lists: action (an index from 0), candidate_propensities,
candidate_target_propensities, candidate_q.

A ranking log has session_id, position, and reward or click, a row an item, or a row a session with lists.
Columns with a target_ twin: propensity_list for sips, snsips; propensity for iips, sniips, pi,
aips; propensity_prefix for rips, snrips, cascade_dr; exposure for policy_aware. And slate_weight for pi,
subset_weight or behaviour for aips (else learned from --features), q_logged and q_target for cascade_dr.

From clicks: score, by which the candidate ranks descending (ties by item_id descending), and --position-bias
or a column examination (alpha and beta for click_affine); q_logged, a relevance, for click_dr. Rows without
position are candidates that were not shown.
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
