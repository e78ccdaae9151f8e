"""``rankeval demo``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import fill
from typing import Any

import click

from rankeval.atomic_files import write_text
from rankeval.cli.demo_summary import MethodRow, Summary, percent
from rankeval.cli.demo_world import FEATURES, POSITIONS, DemoWorld, scores_of
from rankeval.cli.options import be_quiet, quiet_option, say
from rankeval.errors import UsageError
from rankeval.notes import Note
from rankeval.temporary_files import is_temporary

SEED, WIDTH = 1, 80
LEARN, ESTIMATE, DAILY = 10_000, 250_000, 1_000
TRAINING = {"num_leaves": 15, "learning_rate": 0.1, "num_iterations": 200, "early_stopping_round": 20}
NAIVE, CLIPPED, MODELLED = "click_cips:max_weight=1", "click_cips:max_weight=4", "click_dr:max_weight=4"
#: The folder that a demo writes first, and the names of all it writes.
FIRST = "last_week"
WRITTEN = (
    *(FIRST, "last_week.parquet", "this_week", "this_week.parquet", "bias.json", "model.txt"),
    *("model.txt.json", "uplift.json", "plan.json", "test", "summary.json"),
)

EPILOG = """\b
Example:
  rankeval demo --out demo
"""


@click.command(epilog=EPILOG)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="rankeval-demo",
    show_default=True,
    help="Folder of the files: new, empty, or of an earlier demo.",
)
@quiet_option
def command(out: Path, quiet: bool) -> None:
    """From a click log to an A/B test, on simulated users whose true clicks are known.

    A ranker is trained from clicks, its gain is estimated, and an A/B test is planned and run. In the end
    every estimate stands beside the exact truth.
    """
    be_quiet(quiet)
    _require_own(out)
    out.mkdir(parents=True, exist_ok=True)
    demo = Demo(DemoWorld.of(SEED), out)
    demo.write_logs()
    curve = demo.learn_bias()
    demo.train(curve)
    gains = demo.estimate()
    test, truth = demo.test()
    summary = demo.summary(gains, test, truth)
    demo.conclude(summary, curve)


def _require_own(out: Path) -> None:
    """Check that no file of anyone else is replaced.

    Raises:
        UsageError: the folder holds files that no demo wrote.
    """
    found = {path.name for path in out.iterdir() if not is_temporary(path.name)} if out.is_dir() else set()
    if found and not (FIRST in found and found <= set(WRITTEN)):
        raise UsageError(f"--out: found files in {out}, wanted a new or empty folder, or an earlier demo")


def _tell(text: str) -> None:
    """A paragraph of at most 80 columns, in which no number is parted from its sign of percent."""
    say(fill(text.replace(" %", "\0%"), WIDTH).replace("\0", " ") + "\n\n")


def _show(command: str, result: Any) -> None:
    """A command and what it prints."""
    say(f"  {command}\n\n{result.render('table', WIDTH)}\n")


def _write(path: Path, result: Any) -> None:
    write_text(result.render("json"), path)


@dataclass(frozen=True)
class Demo:
    """The steps of the demo, whose files are in ``folder``."""

    world: DemoWorld
    folder: Path

    def _path(self, name: str) -> str:
        return str(self.folder / name)

    def write_logs(self) -> None:
        """Two weeks of production: one to learn from, one to estimate with."""
        _tell(
            f"A shop ranks {POSITIONS} items for each of its queries. Its users are simulated: they look at "
            "position k with probability 1 / k, and click an item that they look at with a probability of "
            "its own. The commands below see logs alone; the truth stands in the last table."
        )
        _tell(
            f"1. Production writes a log: {LEARN:,} sessions last week and {ESTIMATE:,} this week, 1 % of "
            "them in random order (column shuffled)."
        )
        for week, (name, sessions) in enumerate((("last_week", LEARN), ("this_week", ESTIMATE))):
            self.world.write_log(self.folder / f"{name}.parquet", sessions, SEED + week)

    def learn_bias(self) -> Any:
        """The position-bias curve."""
        from rankeval import propensity

        _tell("2. Where do users look? In random order every position shows equally good items.")
        curve = propensity(self._path("this_week.parquet"), "shuffle")
        _write(self.folder / "bias.json", curve)
        _show("rankeval propensity this_week.parquet --method shuffle", curve)
        return curve

    def train(self, curve: Any) -> None:
        """A ranker from the clicks of last week."""
        from rankeval import train

        _tell("3. Train LambdaMART from last week's clicks, each weighted by 1 / examination.")
        model = train(
            self._path("last_week.parquet"),
            self._path("model.txt"),
            clicks="pairs",
            position_bias=curve.to_dict(),
            features=FEATURES,
            time="session_id",
            param=TRAINING,
            where="not shuffled",
        )
        _show("rankeval train last_week.parquet --clicks pairs --position-bias bias.json ...", model)

    def estimate(self) -> list[MethodRow]:
        """The gain of the new ranker by all methods that need no test."""
        from rankeval import uplift

        log, new = self._path("this_week.parquet"), {"new": f"lightgbm:{self._path('model.txt')}"}
        _tell("4. What would the new ranker gain? Nobody has seen it yet.")
        found = uplift(log, new, estimators="click_ips")
        _write(self.folder / "uplift.json", found)
        _show("rankeval uplift this_week.parquet --candidate new=lightgbm:model.txt", found)
        others = uplift(
            log, new, estimators=[NAIVE, CLIPPED, MODELLED], reward_model="logistic", features=FEATURES
        )
        (ips,), (naive, clipped, modelled) = (one.to_dict()["results"] for one in (found, others))
        return [
            replace(MethodRow.of("naive click rate", naive), verdict=None),
            self._replay(found.to_dict()["logged"]["value"]),
            MethodRow.of("IPS", ips),
            MethodRow.of("clipped IPS", clipped),
            MethodRow.of("DR, clipped", modelled),
        ]

    def _replay(self, production: float) -> MethodRow:
        """Clicks of the random sessions where the new ranker has the same item at the same position."""
        import numpy as np
        import pyarrow.parquet as pq

        from rankeval import ope

        log = self._path("this_week.parquet")
        scores = scores_of(self.folder / "model.txt", log, "shuffled")
        table = pq.read_table(log, filters=[("shuffled", "=", True)])
        order = np.argsort(-scores.reshape(-1, POSITIONS), axis=1)
        places = np.argsort(order, axis=1).ravel() + 1
        columns = {name: table.column(name) for name in ("session_id", "position", "click")}
        agreed = (places == table.column("position").to_numpy()).astype(float)
        columns |= {"propensity": np.full(len(agreed), 1.0 / POSITIONS), "target_propensity": agreed}
        row = ope(columns, "iips").to_dict()["results"][0]
        gain, low, high = (x / production - 1.0 for x in (row["value"], row["ci"]["low"], row["ci"]["high"]))
        return MethodRow("replay of the random 1 %", gain, low, high, row["verdict"]["level"])

    def test(self) -> tuple[MethodRow, float]:
        """The A/B test, as large as the low end of the gain needs it, and the exact gain."""
        from rankeval import ab, plan_ab

        _tell(f"5. Plan the A/B test for this gain (--sessions-per-day {DAILY}).")
        log, gain = self._path("this_week.parquet"), self._path("uplift.json")
        plan = plan_ab(log, metric="clicks=click", gain=gain, sessions_per_day=DAILY, where="not shuffled")
        _write(self.folder / "plan.json", plan)
        _show("rankeval plan ab this_week.parquet --metric clicks=click --gain uplift.json", plan)
        sessions = max(row.sessions or 0 for row in plan.results) or 10 * DAILY
        _tell(f"6. Run it on {sessions:,} new sessions, enough for the low end of the gain.")
        scores = self.world.scores(self.folder / "model.txt")
        truth = self.world.run_test(self.folder / "test", scores, sessions, SEED)
        found = ab(self._path("test/log.parquet"), "arm", control="logging", metric="clicks=click")
        _show("rankeval ab test/log.parquet --arm arm --control logging --metric clicks=click", found)
        row = found.to_dict()["results"][0]
        method = f"A/B test, {sessions:,} sessions"
        interval = row["relative_ci"]
        new, old = (of["expected_clicks"] for of in (truth["candidates"]["new"], truth["arms"]["logging"]))
        return MethodRow(method, row["relative"], interval["low"], interval["high"], None), new / old - 1.0

    def summary(self, gains: list[MethodRow], test: MethodRow, truth: float) -> Summary:
        """The last table."""
        inputs = {"seed": SEED, "sessions": ESTIMATE, "folder": str(self.folder)}
        model = "DR has no interval: its model was fitted to the same log; --ci refit counts that, in minutes"
        naive = "the naive click rate leaves position bias out of account, so that no verdict applies to it"
        notes = (Note("no_interval", model), Note("no_verdict", naive))
        summary = Summary(inputs, (*gains, test), truth, notes)
        _write(self.folder / "summary.json", summary)
        _tell("7. Was it right? Every method beside the truth, which the simulator computes exactly.")
        say(summary.render("table", WIDTH) + "\n")
        return summary

    def conclude(self, summary: Summary, curve: Any) -> None:
        """Why the naive figure is wrong, the conclusion, and the next commands."""
        first, last = (curve.to_dict()["examination"][place] for place in (0, -1))
        naive, ips, test = (summary.methods[place] for place in (0, 2, -1))
        _tell(
            "Why the naive figure is wrong: it takes a click for the same evidence wherever it was made. But "
            f"users look at position 1 about {first / last:.0f} times as often as at position {POSITIONS} "
            "(step 2), so that clicks gather where production put its items, and any other order seems "
            "worse. IPS divides each click by how often its position is looked at."
        )
        held = all(row.holds(summary.truth) for row in (ips, test))
        buried = "a better ranker" if naive.gain < 0.0 < summary.truth else "the difference"
        _tell(
            f"Conclusion: without showing the new ranker to anyone, IPS put its gain at {percent(ips.gain)}, "
            f"the A/B test found {percent(test.gain)}, and the truth is {percent(summary.truth)}"
            f"{', which both intervals hold' if held else '; not both intervals hold it'}; the naive figure, "
            f"{percent(naive.gain)}, would have buried {buried}."
        )
        say(NEXT.format(folder=self.folder))


NEXT = """The files are in {folder}. With your own log (session_id, query_id,
item_id, position, click, features, and shuffled where you randomise):

  rankeval inspect log.parquet
  rankeval propensity log.parquet --method shuffle --format json --out bias.json
  rankeval train log.parquet --clicks pairs --position-bias bias.json \\
      --out model.txt
  rankeval uplift log.parquet --candidate new=lightgbm:model.txt \\
      --format json --out uplift.json
  rankeval plan ab log.parquet --metric clicks=click --gain uplift.json
  rankeval ab test.parquet --arm arm --metric clicks=click
"""
