"""Ranking logs: one list of items per session, in long layout (row per item) or nested (row per session)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from rankeval.array_types import Floats, Ints
from rankeval.arrays import as_float64, read_only, to_arrow
from rankeval.errors import DataError
from rankeval.estimators import RankingBlock, SampleBlock, TargetViews
from rankeval.logs import (
    FINITE_TERMS,
    RANGES,
    Candidates,
    Log,
    Sessions,
    base,
    largest,
    order_by_position,
    own,
    parted,
    placed,
    position_of,
    position_roles,
    within_range,
)
from rankeval.off_policy.samples.click_views import AS_LOGGED, ClickViews
from rankeval.off_policy.samples.column_sources import ColumnSources, click_columns
from rankeval.off_policy.samples.list_sums import ListSums
from rankeval.off_policy.samples.nuisance_protocols import BehaviourModel, ItemModel
from rankeval.off_policy.samples.prefixes import require_first_items
from rankeval.off_policy.samples.ranked_targets import FROM_SCORES, ranked_by_score
from rankeval.off_policy.samples.setting import LOGGED, under_moved
from rankeval.off_policy.user_behaviour import behaviour_codes, subset_weights

#: Columns with one value per session.
ONCE = frozenset({"propensity_list", "target_propensity_list", "slate_weight", "session_reward"})


class Rankings:
    """Reads the checked columns, from which terms are computed, out of a ranking log.

    If all estimators are from clicks, an item may have a null position: it was a candidate, but not shown.

    Args:
        sources: the columns to read from the log.
        columns: the columns from which terms are computed.
        relevance: the model that predicts ``q_logged`` of each item; None: the log has the predictions.
        behaviours: target policy -> the model of user behaviour, if the log has no column ``behaviour``.

    Raises:
        DataError: a column is missing or of the wrong type; from :meth:`units`, a propensity outside (0, 1],
            a target propensity outside [0, 1], a null, NaN or infinity, an invalid position
            (:func:`~rankeval.logs.positions.placed`), a propensity or reward of the whole list that changes
            within a session, propensities that contradict each other, or an error of
            :class:`~rankeval.off_policy.samples.click_views.ClickViews`.
    """

    id = "session_id"

    def __init__(
        self,
        sources: ColumnSources,
        columns: Sequence[str],
        relevance: ItemModel | None = None,
        behaviours: Mapping[str, BehaviourModel] = MappingProxyType({}),
    ) -> None:
        log, derived = sources.log, click_columns(sources.log, sources.setting)
        self._columns, self._setting, self._behaviours = columns, sources.setting, behaviours
        self._relevance = relevance if "q_logged" in columns else None
        self._from_clicks = not derived.keys().isdisjoint(columns)
        self._ranked = sources.setting.scored and not FROM_SCORES.keys().isdisjoint(columns)
        self._some_unshown = self._ranked or (self._from_clicks and set(columns) <= {*derived, *AS_LOGGED})
        predicted = ["q_logged"] if self._relevance is not None else []
        unweighed = [target for target in sources.targets if not log.has(own("subset_weight", target))]
        self._weighed = unweighed if "subset_weight" in columns else []
        plain = [column for column in columns if column not in derived]
        self._of_target = {
            target: _logged_roles(sources, plain, target) | dict(zip(predicted, predicted, strict=True))
            for target in sources.targets
        }
        read = sources.roles(columns)
        self._items = [role for role in [*read, *predicted] if base(role) not in ONCE | {"score"}]
        self._once = [role for role in read if base(role) in ONCE]
        places = position_roles(log)
        # The item id orders equal scores. Without it the order of unshown items would depend on the rows.
        full = self._setting.estimand == "full"
        orders = self._from_clicks or self._ranked
        ids = ["item_id"] if orders and (full or log.has("item_id")) else []
        self.roles = list(dict.fromkeys([self.id, *places, *ids, *read, *self._of_models(log)]))

    def _of_models(self, log: Log) -> list[str]:
        """Roles of the columns that only nuisance models read."""
        roles = list(self._relevance.roles) if self._relevance is not None else []
        if self._weighed and log.has("behaviour"):
            roles.append("behaviour")
        elif self._weighed:
            models = [self._behaviours[target] for target in self._weighed if target in self._behaviours]
            roles += [role for model in models for role in model.roles]
        return roles

    def units(self, sessions: Sessions) -> SampleBlock:
        """The columns of each target policy: one float64 per item, by position, or one per session."""
        shown, unshown = self._parted(sessions)
        order, positions = placed(shown)
        block = self._block(shown, order)
        require_first_items(shown, order, block)
        views = {target: _seen(block, roles) for target, roles in self._of_target.items()}
        for target in self._weighed:
            views[target] = self._with_subset_weights(target, shown, views[target])
        candidates = Candidates(shown, order, unshown)
        if self._ranked:
            views = {
                target: ranked_by_score(view, read_only(candidates.ranks(own("score", target))[0]))
                for target, view in views.items()
            }
        if self._from_clicks:
            views[LOGGED] = next(iter(views.values()))
            curve = self._setting.position_bias
            clicks = ClickViews(self._columns, block, candidates, curve, positions)
            seen = {target: clicks.seen(target, view) for target, view in views.items()}
            for direction, curve in enumerate(self._setting.moved_curves):
                clicks = ClickViews(self._columns, block, candidates, curve, positions)
                for target, view in views.items():
                    seen[under_moved(target, direction)] = clicks.seen(target, view)
            views = seen
        return views[""] if len(views) == 1 and "" in views else TargetViews(views)

    def read(self, sessions: Sessions) -> tuple[SampleBlock, ListSums]:
        """The columns as :meth:`units` returns them; a ranking log has no lists of candidates."""
        return self.units(sessions), ListSums()

    def _parted(self, sessions: Sessions) -> tuple[Sessions, Sessions | None]:
        """The sessions with the items that were shown, and with the other items if they are ranked too."""
        if self._relevance is not None:
            sessions = sessions.with_items("q_logged", to_arrow(self._relevance.q(sessions)))
        if not self._some_unshown:
            return sessions, None
        shown, unshown = parted(sessions, "reward" if "reward" in sessions else "click")
        return shown, unshown if self._setting.estimand == "full" else None

    def _with_subset_weights(self, target: str, sessions: Sessions, view: RankingBlock) -> RankingBlock:
        """Add ``subset_weight``: the weight of the items on which the reward at each position depends."""
        codes = (
            behaviour_codes(sessions, "behaviour")
            if "behaviour" in sessions
            else self._behaviours[target].codes(sessions)
        )
        items = view.items["target_propensity"] / view.items["propensity"]
        weights = subset_weights(view.offsets, items, codes)
        return RankingBlock(view.offsets, {**view.items, "subset_weight": weights}, view.sessions)

    def block(self, sessions: Sessions) -> RankingBlock:
        """All columns under their roles, by position, for a log whose items were all shown."""
        return self._block(sessions, order_by_position(sessions))

    def _block(self, sessions: Sessions, order: Ints | None) -> RankingBlock:
        """All columns under their roles, put into ``order``; without scores and item ids."""
        items = {role: _checked(sessions, role) for role in self._items}
        if order is not None:
            items = {role: values[order] for role, values in items.items()}
        if "click" in items:
            items["reward"] = items.pop("click")
        once = {role: _checked_once(sessions, role) for role in self._once}
        return RankingBlock(sessions.offsets, items, once)

    def not_finite(self, sessions: Sessions) -> DataError:
        """The error for a term that is not finite; it names the session and column of the largest number."""
        sessions, _ = self._parted(sessions)
        order = order_by_position(sessions)
        block = self._block(sessions, order)
        columns = {**block.items, **block.sessions}
        name, index = largest(columns)
        item = index if order is None else int(order[index])
        if name in block.sessions:
            item = int(sessions.offsets[index])
        role = name if name in sessions else "click"
        return sessions.error(role, item, f"{columns[name][index]}", FINITE_TERMS)


def _logged_roles(sources: ColumnSources, columns: Sequence[str], target: str) -> dict[str, str]:
    """Column -> the role that contains it for a target policy."""
    every = [role for column in columns for role in sources.sources(column, target)]
    return {base(role): role for role in every}


def _seen(block: RankingBlock, roles: Mapping[str, str]) -> RankingBlock:
    """The block with the columns of one target policy, under their plain names."""
    roles = {**roles, "reward": "reward"}
    items = {column: block.items[role] for column, role in roles.items() if role in block.items}
    once = {column: block.sessions[role] for column, role in roles.items() if role in block.sessions}
    return RankingBlock(block.offsets, items, once)


def _checked(sessions: Sessions, role: str) -> Floats:
    """(items,) float64, a column with every value within its range."""
    numbers = sessions.numbers(role)
    values, bad = within_range(role, numbers)
    if bad is not None:
        found = f"{numbers[bad]} at position {position_of(sessions, bad)}"
        raise sessions.error(role, bad, found, RANGES[base(role)].wanted)
    return values


def _checked_once(sessions: Sessions, role: str) -> Floats:
    """(sessions,) float64, a column with every value within its range.

    A session without items has weight 1 and reward 0, unless its row holds the value once.
    """
    values, empty = as_float64(sessions.per_session(role)), 0.0 if role == "session_reward" else 1.0
    values = np.where(sessions.lengths == 0, empty, values) if role in sessions.items else values
    if not np.isfinite(values).all():
        sessions.numbers(role) if role in sessions.items else sessions.numbers_per_session(role)
    fitting, bad = within_range(role, values)
    if bad is not None:
        raise sessions.error_once(role, bad, values[bad], RANGES[base(role)].wanted)
    return fitting
