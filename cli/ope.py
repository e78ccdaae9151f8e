"""``rankeval ope``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rankeval.cli.options import (
    be_quiet,
    click_log_options,
    common_options,
    engine_option,
    fail_under_option,
    first_action_option,
    inference_options_with,
    many_options,
    pairs,
    report_option,
    require_level,
    require_outputs,
    show,
    side_option,
)
from rankeval.options import listed

EPILOG = """\b
Examples:
  rankeval ope log.parquet -e snips,cips:max_weight=5 --by country
  rankeval ope log.parquet --target new=p_new --target other=p_other
  rankeval ope log.parquet -e dr --reward-model lightgbm --features age,hour
  rankeval ope slates.parquet -e iips,rips --reward 'click + 5*purchase'
  rankeval ope log.parquet -e dm --reward-model ridge --features x --ci refit
  rankeval ope clicks.parquet -e click_ips --position-bias bias.json
  rankeval ope clicks.parquet -e click_ips --position-bias learn:em

A log with a column session_id is a ranking log; any other log is a bandit log. Use --column for columns
with other names. LOG is a file, folder, glob, URL, - (standard input), delta:PATH or iceberg:PATH; folders
called KEY=VALUE are columns.

\b
Columns of a bandit log (one row per round):
  reward, propensity, target_propensity    of the logged action; or
  importance_weight                        target over logging probability
  q_logged, q_target                       predictions, for dm, dros and *dr
or lists, from which the other columns are computed:
  action                                   index into the lists, from 0 (or
                                           from 1: --first-action 1), or a
                                           name in the list candidates
  candidate_propensities, candidate_target_propensities, candidate_q
A number that stands in a column and in a list must be the same in both.

\b
A target policy (--target NAME=COLUMN) of a bandit log is a column of
  lists or numbers     its propensities of all candidates, or of the logged
                       action; propensity:COLUMN if it holds integers
  texts                the names of the actions that it chooses
  action:COLUMN        the actions that it chooses, also as indices
  weight:COLUMN        ready-made importance weights

\b
Estimators for bandit logs, as NAME[:PARAMETER=VALUE] (default):
  ips snips dm dr sndr
  cips csnips cdr      largest weight: max_weight (10)
  switch_dr dros       tau (10) for switch_dr, lambda (100) for dros
  sg_ips sg_dr         lambda (0.1)
  mips                 weights from an embedding; max_weight is optional
=auto (auto_slope, auto_mse) chooses a value from the data: dros:lambda=auto.
:loggers=balanced or :loggers=weighted combines rounds of several logging
policies, given by a column logger; not for dm and mips.

\b
Columns of a ranking log (one row per item, or per session with lists):
  session_id, position, item_id, reward or click
  session_reward                           of the whole list, the same in all
                                           rows; for sips, snsips, pi

\b
Estimators for rankings and their columns. Columns propensity* and exposure
also need the same column with the prefix target_. max_weight is optional:
  sips snsips          propensity_list of the whole list
  iips sniips          propensity of the item at its position
  rips snrips          propensity_prefix of the items up to its position
  policy_aware         exposure of the item
  pi                   propensity, or slate_weight
  aips                 subset_weight; or propensity and behaviour, which can
                       be learned from --features
  cascade_dr           propensity_prefix, q_logged, q_target

\b
Estimators for clicks. The candidate ranks by descending score (ties by
item_id). Examination comes from --position-bias or a column examination:
  click_ips            clicks
  click_cips click_dr  clicks, with 1 / examination at most max_weight (10);
                       click_dr also needs q_logged or --reward-model
  click_affine         clicks under trust bias, with alpha and beta
  click_dcg@K click_precision@K click_arp
                       metrics, in units of 1 / examination of position 1
  click_snips replay_ips
                       indices that only compare candidates
Rows without a position are candidates that were not shown.

\b
A target policy of a ranking log is a column of its propensities or, for
clicks, of scores; score:COLUMN gives scores to all estimators.

\b
Weights of rows, in either kind of log:
  weight               number of equal rows that a row stands for, all logged
  sampling_weight      1 / probability that the row was kept in a thinned log;
                       standard errors are those of the rows that are left
"""


@click.command(epilog=EPILOG)
@click.argument("log")
@click.option(
    "-e",
    "--estimator",
    "estimators",
    multiple=True,
    metavar="NAME,...",
    help="Estimators. Default: ips, snips, and dr if there are model predictions; for rankings, those of "
    "sips, iips, rips, policy_aware, cascade_dr, pi (by slate_weight) whose columns the log has; for clicks, "
    "click_ips. Repeatable.",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="NAME=COLUMN",
    help="Target policy and the column of its propensities (a list for all candidates, or one number for the "
    "logged action), of the actions that it chooses or, for clicks, of its scores. Repeat to compare "
    "policies on the same rounds.",
)
@click.option(
    "--position-bias",
    metavar="FILE|learn:METHOD",
    help='Examination by position, for clicks: JSON file with {"positions": [...], "examination": [...]} or '
    "a list (click_affine also needs alpha, beta); or learn:em, learn:allpairs, learn:shuffle, ... "
    "(methods of rankeval propensity), which learns it from LOG and finds joint errors by refits.",
)
@click.option(
    "--estimand",
    metavar="rerank|full",
    default="rerank",
    show_default=True,
    help="For clicks: the candidate ranks the shown items (rerank) or all logged candidates (full).",
)
@click.option(
    "--reward",
    metavar="EXPR",
    help="Reward as arithmetic over columns, such as 'click + 5*purchase - 0.1*return'; put `my column` in "
    "back-quotes.",
)
@click.option(
    "--reward-range",
    metavar="LOW,HIGH",
    help="Range of rewards. A reward outside is an error, a model prediction or a value outside a warning. "
    "Default for values: the range of the logged rewards.",
)
@click.option(
    "--weight-range",
    metavar="LOW,HIGH",
    help="Range of possible importance weights, for intervals that need it (HIGH may be inf). A weight "
    "outside is an error.",
)
@first_action_option
@click.option(
    "--reward-model",
    metavar="KIND",
    help="Fit a reward model by cross-fitting: lightgbm, logistic or ridge. Needs candidate lists; for "
    "click_dr, it predicts relevance.",
)
@click.option(
    "--features",
    metavar="COLUMN,...",
    default="",
    help="Feature columns of the reward model, or of the behaviour tree of aips.",
)
@click.option(
    "--folds",
    type=click.IntRange(2, 100),
    default=5,
    show_default=True,
    help="Number of cross-fitting folds.",
)
@click.option(
    "--model-weighting",
    type=click.Choice(["uniform", "mrdr"]),
    default="uniform",
    show_default=True,
    help="mrdr minimises the variance of dr.",
)
@click.option(
    "--embedding",
    metavar="COLUMN,...",
    default="",
    help="For mips: columns that describe an action. Default: column embedding.",
)
@click.option(
    "--path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the running intervals of --ci betting to this file (.parquet .csv .json .jsonl .arrow).",
)
@click.option(
    "--refits",
    type=int,
    default=200,
    show_default=True,
    help="Number of refits for --ci refit: the interval and the standard error from fitting everything anew "
    "to draws of the log.",
)
@click_log_options
@inference_options_with(
    "auto",
    "Interval methods: auto (normal where it holds, else what does), normal, student, bootstrap, "
    "bootstrap_t; from stated ranges: hoeffding, bernstein, clopper_pearson, likelihood, betting; of "
    "fitted models: refit.",
)
@side_option
@many_options
@click.option(
    "--pessimistic",
    is_flag=True,
    help="Report the worst end of the bounds where the target policy does what the log never shows.",
)
@fail_under_option
@report_option
@engine_option
@common_options
def command(
    log: str,
    estimators: tuple[str, ...],
    targets: tuple[str, ...],
    position_bias: str | None,
    ci: str,
    columns: tuple[str, ...],
    fail_under: str | None,
    format_: str,
    out: Path | None,
    report: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Estimate the value of a target policy from a log of another policy, with gain and diagnostics."""
    be_quiet(quiet)
    require_outputs({"--out": out, "--report": report, "--path": options["path"]}, log, position_bias)
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
    show(result, format_, out, report)
    require_level(result, fail_under)
