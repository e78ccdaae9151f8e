"""Ranking logs and bandit logs: the roles of their columns, and passes over batches of whole sessions.

A ``Log`` maps roles to columns. ``scan`` and ``fold`` make one pass over a log. Units, impressions,
positions, and pairs of query and item each have a module.

May import: ``readers``, ``spark``, ``arrays`` and the top modules of ``rankeval``.
To add a role: add its name to ``roles.py`` and, if its values are restricted, their range to ``ranges.py``.
To add a usual name of a column: add it to the table of ``synonyms.py``.
"""

from __future__ import annotations

from rankeval.logs.column_checks import check_columns, check_grouping
from rankeval.logs.computed_columns import Computed, Expression, Locate
from rankeval.logs.impressions import (
    Impressions,
    checked_clicks,
    impression_roles,
    impressions_of,
    marked_shuffled,
    parted,
)
from rankeval.logs.layout import Stretch, first_rows, list_parts, run_starts, unnested
from rankeval.logs.leaf_pass import over_leaves
from rankeval.logs.log import Log
from rankeval.logs.log_inputs import as_log, as_ranking_log, on_engine, stated
from rankeval.logs.ordering import (
    OrderRole,
    contradicted,
    contradicted_note,
    has_ranks_too,
    order_role,
    scores_of,
)
from rankeval.logs.other_sources import read_from
from rankeval.logs.pair_index import PairIndex
from rankeval.logs.passes import fold, grouped, scan
from rankeval.logs.peek import peek
from rankeval.logs.positions import (
    from_one,
    item_positions,
    order_by_position,
    placed,
    position_of,
    position_roles,
    require_no_gaps,
)
from rankeval.logs.query_item_counts import MAX_CELLS, PairCounts, PairRows, PairTable, pair_roles, pair_rows
from rankeval.logs.ranges import FINITE_TERMS, RANGES, ROUNDED, largest, within_range
from rankeval.logs.reader_notes import made_up_notes, reader_notes, require_own_ids, unused_weights
from rankeval.logs.repeated_rounds import RepeatedRounds
from rankeval.logs.reranking import LONGEST_TOP, Candidates, at_ranks, overlaps
from rankeval.logs.resampling import resampled
from rankeval.logs.roles import base, own, require_scores, role_names
from rankeval.logs.sessions import Draw, Sessions, counting, differ
from rankeval.logs.synonyms import usual_columns
from rankeval.logs.units import (
    MAX_BUCKETED_SEGMENTS,
    Grouping,
    Units,
    nothing_counts,
    sampling_roles,
    sampling_weights,
    unit_counts,
    unit_keys,
    unit_weights,
    weight_roles,
)
from rankeval.logs.users import first_values, user_column, user_keys

__all__ = [
    "FINITE_TERMS",
    "LONGEST_TOP",
    "MAX_BUCKETED_SEGMENTS",
    "MAX_CELLS",
    "RANGES",
    "ROUNDED",
    "Candidates",
    "Computed",
    "Draw",
    "Expression",
    "Grouping",
    "Impressions",
    "Locate",
    "Log",
    "OrderRole",
    "PairCounts",
    "PairIndex",
    "PairRows",
    "PairTable",
    "RepeatedRounds",
    "Sessions",
    "Stretch",
    "Units",
    "as_log",
    "as_ranking_log",
    "at_ranks",
    "base",
    "check_columns",
    "check_grouping",
    "checked_clicks",
    "contradicted",
    "contradicted_note",
    "counting",
    "differ",
    "first_rows",
    "first_values",
    "fold",
    "from_one",
    "grouped",
    "has_ranks_too",
    "impression_roles",
    "impressions_of",
    "item_positions",
    "largest",
    "list_parts",
    "made_up_notes",
    "marked_shuffled",
    "nothing_counts",
    "on_engine",
    "order_by_position",
    "order_role",
    "over_leaves",
    "overlaps",
    "own",
    "pair_roles",
    "pair_rows",
    "parted",
    "peek",
    "placed",
    "position_of",
    "position_roles",
    "read_from",
    "reader_notes",
    "require_no_gaps",
    "require_own_ids",
    "require_scores",
    "resampled",
    "role_names",
    "run_starts",
    "sampling_roles",
    "sampling_weights",
    "scan",
    "scores_of",
    "stated",
    "unit_counts",
    "unit_keys",
    "unit_weights",
    "unnested",
    "unused_weights",
    "user_column",
    "user_keys",
    "usual_columns",
    "weight_roles",
    "within_range",
]
