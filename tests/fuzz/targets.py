"""What is changed, and the commands that read it."""

from __future__ import annotations

import random
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from tests.fuzz.mutations import mutated_bytes, mutated_table, mutated_text
from tests.fuzz.seeds import KINDS, LAKE, PARTS, tables

#: Folders, below that of the inputs, with the changed file and with what a command writes.
CHANGED, OUT = "changed", "out"


@dataclass(frozen=True)
class Case:
    """One call.

    Attributes:
        target: the name of what is changed.
        arguments: what follows ``rankeval``; paths are relative to the folder of the inputs.
        file: path of the changed file in the folder ``changed``; "" if only the arguments are changed. If it
            lies in a folder, that folder is the input.
        data: its content.
    """

    target: str
    arguments: tuple[str, ...]
    file: str = ""
    data: bytes = b""


#: What makes training fast.
_SMALL = "--param num_iterations=3 --param num_leaves=3 --param learning_rate=0.3"
#: Table -> commands that read it, at the place of {}.
TABLE_COMMANDS: dict[str, tuple[str, ...]] = {
    "run": (
        "evaluate {} -m ndcg@3,map,auc,log_loss",
        "evaluate run.parquet --judgements {} -m ndcg@3,roc_auc --by device",
        "evaluate a={} b=run.csv --judgements qrels.txt --ties expected --per-query out/values.jsonl",
        "calibrate {} --method platt --folds 3 --out out/map.json",
        "rank run:{} run.parquet --out out/run.parquet",
        "simulate out/world --sessions 20 --judgements {} --positions 2",
    ),
    "bandit": (
        "ope {} -e ips,snips,dr,cips --by country --cluster user",
        "ope {} -e ips,dros:lambda=auto --ci bootstrap --replicates 20 --where 'user > 3'",
        "inspect {} --by country --cluster user",
    ),
    "candidates": (
        "ope {} -e ips,dr,mips",
        "ope {} -e dr --reward-model ridge --features age --folds 2",
        "inspect {}",
    ),
    "sessions": (
        "ope {} -e sips,iips,pi",
        "ope {} -e click_ips,click_dcg@2 --position-bias bias.json --column score=price",
        "uplift {} --candidate new=column:price --position-bias bias.json",
        "uplift {} --candidate new=column:price --user-models pbm_trust --by query_id",
        "propensity {} --method shuffle",
        "inspect {} --null-reward zero",
        "propensity {} --method em",
        "propensity {} --method allpairs --by query_id",
        "fit {} --click-model pbm,dbn --max-iterations 50 --parameters out/parameters.json",
        "interleave analyse {} --by query_id",
        "plan shuffle {} --position-bias bias.json",
        "rank column:score {} --policy plackett_luce:temperature=1 --out out/run.json",
    ),
    "nested": (
        "ope {} -e sips,iips,pi",
        "propensity {} --method shuffle",
        "fit {} --click-model cascade",
        "interleave analyse {}",
    ),
    "judged": (
        "rank model.txt {} --out out/run.json",
        f"train {{}} --time item_id --out out/model.txt {_SMALL}",
    ),
}
#: File of another form -> the same.
FILE_COMMANDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("run.trec", "run.trec.gz"), ("evaluate {} --judgements qrels.txt -m ndcg@3,mrr",)),
    **dict.fromkeys(("qrels.txt", "qrels.txt.gz"), ("evaluate run.trec --judgements {} -m ndcg@3,bpref",)),
    **dict.fromkeys(
        ("judged.letor", "judged.letor.gz"),
        (f"train {{}} --time item_id --out out/model.txt {_SMALL}", "rank column:f1 {} --out out/run.csv"),
    ),
    "by_query.json": ("evaluate {} --judgements qrels.txt -m ndcg@3,mrr",),
    "decisions.dsjson": (
        "ope {} -e ips,snips --column target_propensity=propensity",
        "ope {} -e ips --column candidate_target_propensities=candidate_propensities --by c.User.age",
    ),
    PARTS: ("ope {} -e ips,snips --by country", "ope {} -e dm --where 'country == \"de\"'"),
    LAKE: ("ope delta:{} -e ips,snips --by country",),
    "world.json": (
        "simulate out/world --sessions 20 --world {}",
        "interleave power {} --method team_draft --sample 200",
        "interleave simulate {} out/log.jsonl --sessions 20",
        "plan shuffle {}",
    ),
    **dict.fromkeys(
        ("bias.json", "curve.json"),
        (
            "ope sessions.parquet -e click_ips,click_cips --column score=price --position-bias {}",
            "train sessions.parquet --clicks pairs --time query_id --out out/m.txt --position-bias {} "
            + _SMALL,
            "plan shuffle sessions.parquet --position-bias {}",
        ),
    ),
    "trust.json": ("ope sessions.parquet -e click_affine --column score=price --position-bias {}",),
    **dict.fromkeys(
        ("model.txt", "xgb.json", "xgb.ubj", "linear.onnx", "linear.skops"),
        ("rank {} judged.parquet --out out/run.json",),
    ),
    "calibration.json": ("rank model.txt judged.parquet --calibration {} --out out/run.json",),
}
#: Name -> the commands that take a text at the place of {}, and valid texts.
TEXT_COMMANDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "filter": (
        ("ope bandit.parquet -e ips --where {}", "ope bandit.csv -e ips --where {}"),
        (
            'user <= 3 and country == "de"',
            "not (reward > 0.5 or user in [1, 2, 3]) and country is not None",
            "0 < propensity <= 0.5 and reward != 1e308",
            "user not in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17)",
            'country in ["de", "fr"]',
        ),
    ),
    "reward": (
        ("ope bandit.parquet -e ips --reward {}",),
        ("reward + 5*user - 0.1*q_logged", "-(reward) / 2", "`reward` * (1 - q_target)"),
    ),
    "nested reward": (("ope nested.parquet -e iips --reward {}",), ("click + 2*`position`", "1/position")),
    "metric": (
        ("evaluate run.parquet -m {}",),
        ("ndcg@10,map,mrr", "rbp:p=0.9,ece:bins=5", "recall@5,err@3,f1@1", "ndcg_exp@2,bpref,gauc"),
    ),
    "estimator": (
        ("ope bandit.parquet -e {}",),
        ("ips,snips,cips:max_weight=3", "dros:lambda=auto,switch_dr:tau=2", "sg_dr:lambda=0.1,dm,csnips"),
    ),
    "policy": (
        ("simulate out/world --sessions 10 --queries 2 --items 3 --positions 2 --logging {}",),
        ("plackett_luce:temperature=2", "epsilon:epsilon=0.2", "mixture:rankers=3", "fixed:skill=0.9"),
    ),
}
#: Whole command lines, of which some words are changed.
LINES = Path(__file__).with_name("lines.txt").read_text().splitlines()
_FORMATS = ("json", "json", "table", "markdown", "csv")


def targets(seeds: Path) -> dict[str, Callable[[random.Random], Case]]:
    """Name -> a function that draws a case. ``seeds`` is the folder of valid inputs."""
    found: dict[str, Callable[[random.Random], Case]] = {}
    for name, table in tables().items():
        for kind in KINDS:
            if (seeds / f"{name}.{kind}").exists():
                found[f"{name}.{kind}"] = _table_target(seeds, name, table, kind)
    for file, commands in FILE_COMMANDS.items():
        found[file] = _file_target(file, (seeds / file).read_bytes(), commands)
    for name, (commands, texts) in TEXT_COMMANDS.items():
        found[name] = _text_target(name, commands, texts)
    found["line"] = _line
    return found


def _table_target(seeds: Path, name: str, table: pa.Table, kind: str) -> Callable[[random.Random], Case]:
    seed = (seeds / f"{name}.{kind}").read_bytes()

    def draw(rng: random.Random) -> Case:
        data = seed
        if values := rng.random() < 0.6:
            data = _written(mutated_table(table, rng), kind) or data
        if not values or rng.random() < 0.1:
            data = mutated_bytes(data, rng)
        return _case(f"{name}.{kind}", rng.choice(TABLE_COMMANDS[name]), f"{name}.{kind}", data, rng)

    return draw


def _written(table: pa.Table, kind: str) -> bytes | None:
    """The table as a file; None if this kind cannot hold it."""
    try:
        return KINDS[kind](table)
    except (pa.ArrowException, ValueError, TypeError):
        return None


def _file_target(file: str, seed: bytes, commands: tuple[str, ...]) -> Callable[[random.Random], Case]:
    return lambda rng: _case(file, rng.choice(commands), file, mutated_bytes(seed, rng), rng)


def _case(target: str, command: str, file: str, data: bytes, rng: random.Random) -> Case:
    words = [word.replace("{}", f"{CHANGED}/{file.split('/')[0]}") for word in shlex.split(command)]
    return Case(target, (*words, "--format", rng.choice(_FORMATS)), file, data)


def _text_target(
    name: str, commands: tuple[str, ...], texts: tuple[str, ...]
) -> Callable[[random.Random], Case]:
    def draw(rng: random.Random) -> Case:
        text = mutated_text(rng.choice(texts), rng)
        if rng.random() < 0.2:
            text = f"{text} {rng.choice(('and', 'or', '+', '*', ',', ''))} {rng.choice(texts)}"
        words = [text if word == "{}" else word for word in shlex.split(rng.choice(commands))]
        return Case(name, (*words, "--format", rng.choice(_FORMATS)))

    return draw


def _line(rng: random.Random) -> Case:
    words = shlex.split(rng.choice(LINES))
    for _ in range(rng.choice((1, 1, 2))):
        at = rng.randrange(1, len(words))
        changed = words[at] if words[at].startswith(f"{OUT}/") else mutated_text(words[at], rng)
        words[at : at + 1] = rng.choice(
            ([changed], [changed], [changed], [], [words[at]] * 2, [rng.choice(words)])
        )
    words = [word for word in words if not word.startswith(("/", "~")) and ".." not in word]
    return Case("line", (*words, "--format", rng.choice(_FORMATS)))
