"""``train``: a LightGBM ranker from judgements or from clicks, with an honest split."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rankeval.atomic_files import replacing, require_folder, require_separate
from rankeval.errors import DataError, UsageError
from rankeval.logs import reader_notes
from rankeval.options import listed, require_types
from rankeval.parallel import default_threads
from rankeval.rankers.training.boosting import Recipe
from rankeval.rankers.training.clicks import check_clicks
from rankeval.rankers.training.examples import Examples, Reading
from rankeval.rankers.training.fitting import Fitted, Fitting, Stop
from rankeval.rankers.training.importance import importances
from rankeval.rankers.training.parameters import default_parameters
from rankeval.rankers.training.request import Request
from rankeval.rankers.training.result import Training, described
from rankeval.rankers.training.splits import UNIT, Split, fold_parts, shared_queries, unit_count
from rankeval.rankers.training.training_notes import training_notes
from rankeval.rankers.training.tuning import Search


def train(
    data: Any,
    out: str | Path,
    *,
    objective: str | None = None,
    clicks: str | None = None,
    position_bias: Any = None,
    valid: Any = None,
    folds: int | None = None,
    split: str | None = None,
    train: str | Sequence[str] | None = None,
    time: str | None = None,
    features: str | Sequence[str] = (),
    param: Mapping[str, Any] | Sequence[str] = (),
    tune: int | None = None,
    seed: int = 0,
    level: float = 0.95,
    columns: Mapping[str, str] | None = None,
    where: str | None = None,
    null_reward: str = "error",
    first_position: int = 1,
    threads: int | None = None,
) -> Training:
    """Train a ranker with LightGBM and write it, with a model card beside it.

    Training stops early on NDCG at 10 as :func:`evaluate` computes it (queries without a relevant item
    count 0); for clicks on DCG at 10 of clicks over examination. Queries are never split: the rows of one
    query all train, all stop the training, or all test. The same data, options, seed and version of LightGBM
    give the same model, byte for byte, for any number of threads and any order of the rows. Training data is
    held in memory: 8 bytes a row and feature, and as much again while it is read.

    Args:
        data: judged items (``query_id, item_id, relevance`` and features), or with ``clicks`` a click log
            (``session_id, item_id, position, click``, ``query_id`` if known, and features). A negative grade
            means unjudged; such rows do not train.
        out: path of the model, in LightGBM's text format. The card is ``OUT.json``.
        objective: ``lambdarank`` (default), ``rank_xendcg`` (listwise), ``binary`` (grade of at least 1) or
            ``regression``.
        clicks: how to learn from clicks. ``naive``: clicks as grades. ``position``: LightGBM's own factors by
            position, learned beside the model. ``pairs``: pairwise lambdas weighted by 1 / examination
            (Joachims et al. 2017), with its own objective. ``rows``: rows weighted by 1 / examination,
            clicked or not, which does not take examination out of the clicks.
        position_bias: examination by position, as :func:`propensity` returns it: weights for ``pairs`` and
            ``rows``. With it, held-out clicks are weighted too.
        valid: data whose queries stop the training; with ``split`` the values of its column that do. With
            ``clicks`` it may hold grades.
        folds: 3 to 100. Fold i tests the model that the others trained, one of which stops the training. The
            model of all data gets the mean number of trees. Default up to 2,000 queries: 5.
        split: column with the part of each query: ``train``, ``valid``, any other value tests.
        train: with ``split``, the values that train.
        time: column with the time of each query, or session: the earliest 80 % train, the latest stop the
            training. Without any split, from 2,001 queries on, a random fifth of them finds the number of
            trees, and the model learns from all.
        features: columns of numbers, booleans or text (categories). Default: all columns of numbers that
            play no role.
        param: LightGBM's parameters, a dict or texts ``NAME=VALUE``. Defaults follow the number of queries:
            7 leaves and rate 0.02 below 2,000, 15 and 0.05 below 20,000, or 31 and 0.05 where that is better
            by a standard error; 31 and 0.05 below 100,000, else 63 and 0.1. 50 rows a leaf, at most 3,000
            trees, 100 trees without a better metric.
        tune: number of trials of a search for parameters (Optuna, extra ``tune``), with the folds. The
            metrics are then those of nested folds: parameters are chosen without the fold that tests them.
        seed: seed of the split, of LightGBM and of the search.
        level: level of the intervals, between 0 and 1.
        columns: role -> column name.
        where: row filter, such as ``market == "de"``.
        null_reward: of a click log: ``zero``: a null or NaN click counts as 0; ``error``: it is an error.
        first_position: of a click log: the number of the first position, 0 or 1.
        threads: number of threads; the model does not depend on it.

    Returns:
        A :class:`Training`: metrics with intervals, features and their importance, the card.

    Raises:
        DataError: the data is wrong; the message names file, query, value found and value wanted.
        UsageError: the call is wrong, or LightGBM refuses a parameter.

    Example:
        >>> import numpy as np
        >>> import rankeval
        >>> ids = {"query_id": np.repeat(np.arange(60), 5), "item_id": np.tile(np.arange(5), 60)}
        >>> price = np.random.default_rng(0).random(300)
        >>> data = {**ids, "relevance": (3 * price).astype(int), "price": price}
        >>> found = rankeval.train(data, "model.txt", features="price", param=["num_iterations=5"], threads=1)
        >>> found.to_dict()["model"]["features"]
        ['price']
    """
    require_types({**locals(), "folds": 0 if folds is None else folds})
    if out is None:
        raise UsageError("out: found None, wanted the path of the model")
    wanted = Request.of(
        {"objective": objective, "clicks": clicks, "position_bias": position_bias},
        Split.of(valid, folds, split, train, time),
        param,
        listed(features),
        tune=tune,
        seed=seed,
        level=level,
    )
    model, card = Path(out), Path(f"{out}.json")
    require_separate({"out": model, "the card of out": card}, data, valid, position_bias)
    require_folder(model)
    threads = default_threads() if threads is None else threads
    if threads < 1:
        raise UsageError(f"threads: found {threads}, wanted at least 1")
    reading = wanted.reading(
        data, columns or {}, where, null_reward=null_reward, first_position=first_position
    )
    examples = reading.read(threads)
    if wanted.learning.clicks is not None:
        check_clicks(examples)
        if UNIT in examples.fields:
            examples.once(UNIT, reading.log.name(UNIT))
    wanted = replace(wanted, split=wanted.split.settled(examples))
    stop = _stop(wanted, reading, examples, threads)
    fitted = _fitted(wanted, examples, stop, threads)
    text = fitted.model.text(fitted.train)
    result = Training(
        inputs=described(wanted, reading, None if stop is None else stop.examples.origin, where),
        examples=examples,
        fitted=fitted,
        importance=tuple(importances(fitted)),
        out=str(out),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        notes=(
            *reader_notes(reading.log, None if stop is None else stop.log),
            *training_notes(wanted, examples, fitted, stop),
        ),
    )
    with replacing(model) as beside, replacing(card) as card_beside:
        beside.write_text(text, encoding="utf-8")
        card_beside.write_text(result.render("json"), encoding="utf-8")
    return result


def _stop(wanted: Request, reading: Reading, examples: Examples, threads: int) -> Stop | None:
    """The queries that the caller gives beside the data to stop the training.

    Raises:
        DataError: they are in the training data too, or have no positive grade.
    """
    if wanted.split.valid is None:
        return None
    other = wanted.valid_reading(reading)
    learning = replace(wanted.learning, clicks=None) if other.grade == "relevance" else wanted.learning
    valid = other.read(threads, examples.categories)
    shared = shared_queries(examples, valid)
    if shared and wanted.learning.clicks is None:
        raise DataError(
            f"{valid.origin}: found query {shared[0]!r} and {len(shared) - 1} more that are in "
            f"{examples.origin} too, wanted other queries than those that train"
        )
    return Stop(valid, learning, len(shared), other.log)


def _fitted(wanted: Request, examples: Examples, stop: Stop | None, threads: int) -> Fitted:
    """The model and what it is worth, in the way of the split."""
    if stop is not None:
        return _fitting(wanted, examples, threads).with_valid(examples, stop, None)
    if wanted.split.folds is not None:
        fitting = _fitting(wanted, examples, threads)
        folds = fold_parts(examples, wanted.split.folds, wanted.seed)
        if wanted.tune is None:
            return fitting.with_folds(examples, folds)
        return Search(wanted.tune, wanted.parameters).fitted(fitting, examples, folds)
    parts = wanted.split.parts(examples, wanted.seed)
    train = examples.only(parts.train)
    test = examples.only(parts.test) if len(parts.test) else None
    fitting = _fitting(wanted, train, threads)
    fitted = fitting.with_valid(train, Stop(examples.only(parts.valid), wanted.learning), test)
    # A random fifth was held out to find the number of trees alone; the model may learn from it too.
    return fitting.refitted(fitted, examples) if wanted.split.way == "hash" else fitted


def _fitting(wanted: Request, train: Examples, threads: int) -> Fitting:
    """How models are fitted to these examples, with the defaults for their number."""
    defaults = default_parameters(unit_count(train), len(train.grades))
    if wanted.tune is not None or {"num_leaves", "learning_rate"} & wanted.parameters.keys():
        defaults = defaults[:1]  # the caller, or a search, chooses
    recipes = tuple(
        Recipe(wanted.learning.kind, {**each, **wanted.parameters}, wanted.seed, threads) for each in defaults
    )
    return Fitting(wanted.learning, recipes, wanted.level)
