"""Small valid inputs of every form that a command reads."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import shutil
from collections.abc import Callable
from pathlib import Path

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.feather as pf
import pyarrow.parquet as pq

from rankeval import calibrate, simulate

SESSIONS, POSITIONS = 8, 3
Writer = Callable[[pa.Table], bytes]


def _written(write: Callable[[pa.BufferOutputStream, pa.Table], object]) -> Writer:
    def written(table: pa.Table) -> bytes:
        sink = pa.BufferOutputStream()
        write(sink, table)
        return bytes(sink.getvalue())

    return written


def _stream(sink: pa.BufferOutputStream, table: pa.Table) -> None:
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


_csv = _written(lambda sink, table: pc.write_csv(table, sink))

#: Extension -> the bytes of a table; a kind of file that holds tables is one line.
KINDS: dict[str, Writer] = {
    "parquet": _written(lambda sink, table: pq.write_table(table, sink, row_group_size=10)),
    "zstd.parquet": _written(lambda sink, table: pq.write_table(table, sink, compression="zstd")),
    "arrow": _written(lambda sink, table: pf.write_feather(table, sink, compression="uncompressed")),
    "feather": _written(lambda sink, table: pf.write_feather(table, sink, compression="lz4")),
    "arrows": _written(_stream),
    "csv": _csv,
    "tsv": _written(lambda sink, table: pc.write_csv(table, sink, pc.WriteOptions(delimiter="\t"))),
    "csv.gz": lambda table: gzip.compress(_csv(table), mtime=0),
    "csv.bz2": lambda table: bz2.compress(_csv(table)),
    "csv.xz": lambda table: lzma.compress(_csv(table)),
    "csv.zst": lambda table: bytes(pa.compress(_csv(table), "zstd", asbytes=True)),
    "jsonl": lambda table: "".join(f"{json.dumps(row)}\n" for row in table.to_pylist()).encode(),
    "json": lambda table: json.dumps(table.to_pylist()).encode(),
}
#: Of those, the ones that cannot hold lists.
FLAT = {kind for kind in KINDS if kind.startswith(("csv", "tsv"))}
#: Folders that are one input, and the file in them that is changed.
PARTS, LAKE = "parts/country=de/0.parquet", "lake/_delta_log/00000000000000000000.json"


def tables() -> dict[str, pa.Table]:
    """Name -> a table that some command reads."""
    rng = np.random.default_rng(5)
    return {
        "run": _run(rng),
        "bandit": _bandit(rng),
        "candidates": _candidates(rng),
        "sessions": (sessions := _sessions(rng)),
        "nested": _nested(sessions),
        "judged": _judged(rng),
    }


def _run(rng: np.random.Generator) -> pa.Table:
    n = 48
    grades = rng.integers(0, 3, n)
    return pa.table(
        {
            "query_id": [f"q{i // 4}" for i in range(n)],
            "item_id": [f"d{i % 4}" for i in range(n)],
            "score": np.round(rng.random(n), 2),
            "relevance": grades,
            "device": [["phone", "desk"][i // 4 % 2] for i in range(n)],
        }
    )


def _bandit(rng: np.random.Generator) -> pa.Table:
    n = 30
    return pa.table(
        {
            "reward": rng.integers(0, 2, n).astype(float),
            "propensity": np.round(0.2 + 0.6 * rng.random(n), 3),
            "target_propensity": np.round(0.2 + 0.6 * rng.random(n), 3),
            "q_logged": np.round(rng.random(n), 3),
            "q_target": np.round(rng.random(n), 3),
            "country": [["de", "fr", None][i % 3] for i in range(n)],
            "user": np.arange(n) // 2,
        }
    )


def _candidates(rng: np.random.Generator) -> pa.Table:
    n = 24
    halves = [[0.5, 0.25, 0.25], [0.25, 0.25, 0.5]]
    return pa.table(
        {
            "action": rng.integers(0, 3, n),
            "reward": rng.integers(0, 2, n).astype(float),
            "candidate_propensities": [halves[i % 2] for i in range(n)],
            "candidate_target_propensities": [halves[(i // 2) % 2] for i in range(n)],
            "candidate_q": [[0.25, 0.5, 0.75]] * n,
            "embedding": rng.integers(0, 2, n),
            "age": rng.integers(18, 70, n).astype(float),
        }
    )


def _sessions(rng: np.random.Generator) -> pa.Table:
    n = SESSIONS * POSITIONS
    chance = np.full(n, 1 / 3)
    session = np.arange(n) // POSITIONS
    return pa.table(
        {
            "session_id": session,
            "query_id": session % 2,
            "item_id": np.concatenate([rng.permutation(POSITIONS) for _ in range(SESSIONS)]),
            "position": np.arange(n) % POSITIONS + 1,
            "click": rng.integers(0, 2, n),
            "propensity": chance,
            "target_propensity": chance[::-1],
            "propensity_list": np.full(n, 1 / 6),
            "target_propensity_list": np.full(n, 1 / 6),
            "shuffled": session % 4 > 0,
            "score": np.round(rng.random(n), 2),
            "team": ["A", "B", "A"] * SESSIONS,
            "price": np.round(rng.normal(size=n), 2),
        }
    )


def _nested(sessions: pa.Table) -> pa.Table:
    names = [name for name in sessions.schema.names if name != "session_id"]
    table = sessions.group_by("session_id", use_threads=False).aggregate([(name, "list") for name in names])
    return table.select(["session_id", *(f"{name}_list" for name in names)]).rename_columns(
        ["session_id", *names]
    )


def _judged(rng: np.random.Generator) -> pa.Table:
    n = 48
    price = np.round(rng.normal(size=n), 2)
    return pa.table(
        {
            "query_id": np.arange(n) // 4,
            "item_id": np.arange(n),
            "relevance": (price > 0).astype(int) + rng.integers(0, 2, n),
            "price": price,
            "stars": rng.integers(0, 5, n),
        }
    )


def write_seeds(folder: Path) -> None:
    """Write all tables in all kinds, texts and models into ``folder``."""
    found = tables()
    for name, table in found.items():
        for kind, write in KINDS.items():
            if not (kind in FLAT and any(pa.types.is_list(field.type) for field in table.schema)):
                (folder / f"{name}.{kind}").write_bytes(write(table))
    _write_texts(folder, found["run"].to_pylist(), found["judged"].to_pylist())
    _write_json(folder, found["run"].to_pylist())
    _write_folders(folder, found["bandit"])
    _write_models(folder, found["judged"])
    calibrate(found["run"], method="platt", scores="raw", folds=3, out=folder / "calibration.json")
    simulate(
        folder / "out", 50, 1, queries=2, items=3, positions=3, logging="fixed", shuffle="full:share=0.5"
    )
    (folder / "out" / "world.json").rename(folder / "world.json")
    shutil.rmtree(folder / "out")


def _write_texts(folder: Path, run: list[dict[str, object]], judged: list[dict[str, object]]) -> None:
    texts = {
        "run.trec": [f"{r['query_id']} Q0 {r['item_id']} 1 {r['score']} tag" for r in run],
        "qrels.txt": [f"{r['query_id']} 0 {r['item_id']} {r['relevance']}" for r in run],
        "judged.letor": [
            f"{r['relevance']} qid:{r['query_id']} 1:{r['price']} 2:{r['stars']} #docid = {r['item_id']}"
            for r in judged
        ],
    }
    for name, lines in texts.items():
        data = "".join(f"{line}\n" for line in lines).encode()
        (folder / name).write_bytes(data)
        (folder / f"{name}.gz").write_bytes(gzip.compress(data, mtime=0))
    curve = {"positions": [1, 2, 3], "examination": [1.0, 0.6, 0.4]}
    (folder / "bias.json").write_text(json.dumps(curve))
    trust = {**curve, "alpha": [0.9, 0.6, 0.4], "beta": [0.1, 0.08, 0.05]}
    (folder / "trust.json").write_text(json.dumps(trust))
    (folder / "curve.json").write_text("[1.0, 0.6, 0.4]")


def _write_json(folder: Path, run: list[dict[str, object]]) -> None:
    by_query: dict[object, dict[object, object]] = {}
    for row in run:
        by_query.setdefault(row["query_id"], {})[row["item_id"]] = row["score"]
    (folder / "by_query.json").write_text(json.dumps(by_query))
    decision = {
        "_label_probability": 0.5, "EventId": "e", "Timestamp": "2024-01-01T00:00:00Z",
        "a": [2, 1], "c": {"User": {"age": 30}, "_multi": [{"x": 1}, {"x": 2}]}, "p": [0.5, 0.5],
        "pdrop": 0.2,
    }  # fmt: skip
    lines = [json.dumps({"_label_cost": -(i % 2), **decision}) for i in range(20)]
    (folder / "decisions.dsjson").write_text("\n".join(lines))


def _write_folders(folder: Path, bandit: pa.Table) -> None:
    from deltalake import write_deltalake

    write_deltalake(folder / LAKE.split("/")[0], bandit)
    for country in ("de", "fr"):
        place = (folder / PARTS).parent.parent / f"country={country}"
        place.mkdir(parents=True)
        pq.write_table(bandit.drop_columns("country"), place / Path(PARTS).name)


def _write_models(folder: Path, judged: pa.Table) -> None:
    features = np.column_stack([judged["price"], judged["stars"]]).astype(float)
    grades = judged["relevance"].to_numpy()
    options = {"objective": "regression", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 2}
    data = lightgbm.Dataset(features, grades, feature_name=["price", "stars"])
    lightgbm.train(options, data, 3).save_model(folder / "model.txt")
    _write_foreign_models(folder, features, grades)


def _write_foreign_models(folder: Path, features: np.ndarray, grades: np.ndarray) -> None:
    import skops.io
    import xgboost
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import LinearRegression

    matrix = xgboost.DMatrix(features, grades, feature_names=["price", "stars"])
    booster = xgboost.train({"max_depth": 2, "nthread": 1}, matrix, 2)
    booster.save_model(folder / "xgb.ubj")
    booster.save_model(folder / "xgb.json")
    linear = LinearRegression().fit(features, grades)
    forest = RandomForestRegressor(2, max_depth=2, random_state=0).fit(features, grades)
    for name, model in (("linear", linear), ("forest", forest)):
        onnx = to_onnx(model, features[:1].astype(np.float32))
        entry = onnx.metadata_props.add()
        entry.key, entry.value = "feature_names", "price,stars"
        (folder / f"{name}.onnx").write_bytes(onnx.SerializeToString())
    linear.feature_names_in_ = np.array(["price", "stars"], object)
    skops.io.dump(linear, folder / "linear.skops")
