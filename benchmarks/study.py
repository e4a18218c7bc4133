"""From how many firms do pools pay, which strategy wins where, and at what cost: the tables of `docs/study.md`.

`python -m benchmarks.study` lives 480 autumns of simulated communities in
two processes and writes the tables and pictures of the study again;
`--keep FILE` takes up where a stopped call was. Nobody in it is real.
"""

import argparse
import datetime as dt
import multiprocessing
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import ClassVar

import attrs

from wis_engine import charts
from wis_engine.matching import ByZone, Problem, Proposal
from wis_engine.measures import DEFINITIONS
from wis_engine.simulation import Difference, Ensemble, Scenario, compare, sweep
from wis_engine.simulation.lives import Lived
from wis_engine.territory import zones

SIZES = (3, 10, 30, 100, 300)
SEEDS = 10
UNTIL = dt.datetime(2025, 12, 1, tzinfo=dt.UTC)
"""Three matches: at the end of September, October and November."""
PAGE = Path(__file__).parent.parent / "docs" / "study.md"
TOWN, WIDE, STRANGERS, DEAR = "town", "wide", "strangers", "dear"
"""Nine zones of one municipio; the whole city; nobody brings a colleague along; a group is hardly cheaper."""


@attrs.frozen(kw_only=True)
class Alone:
    """Serve every need alone: what the others are held against."""

    name: ClassVar[str] = "alone"

    def __call__(self, problem: Problem, *, seed: int, effort: int) -> Proposal:
        """Propose pools of one."""
        return ByZone(group_max=1)(problem, seed=seed, effort=effort)


STRATEGIES = (Alone(), "by_firm", "by_zone", "greedy")


def community(kind: str, firms: int) -> Scenario:
    """Firms that are all members, needs of one session, suppliers enough for everybody: what is short is company."""
    base = Scenario.municipio()
    assert base.firms is not None
    assert base.supply is not None
    discount = base.supply.discount
    return attrs.evolve(
        base,
        name=f"{kind}-{firms}",
        firms=attrs.evolve(
            base.firms,
            count=firms,
            members_at_start=firms,
            zones=tuple(one.nil for one in zones()) if kind == WIDE else base.firms.zones,
        ),
        demand=attrs.evolve(
            base.demand,
            kinds=tuple(one for one in base.demand.kinds if not one.steps),
            sessions_max=1,
            weekdays_max=1,
            company_percent=0 if kind == STRANGERS else base.demand.company_percent,
        ),
        supply=attrs.evolve(
            base.supply,
            kinds=tuple(
                attrs.evolve(one, firms_each=1_000, capacity_hours=20_000, sessions_at_once=60)
                for one in base.supply.kinds
            ),
            discount=attrs.evolve(discount, floor_percent=85) if kind == DEAR else discount,
        ),
        matching=attrs.evolve(base.matching, effort=0),
    )


def lived(seeds: int, sizes: Sequence[int], executor: ProcessPoolExecutor | None, keep: Path | None) -> Ensemble:
    """Live everything that the study tells of: towns of every size, and the other communities of the largest."""
    towns = [community(kind, size) for kind in (TOWN, STRANGERS) for size in sizes]
    others = [community(kind, sizes[-1]) for kind in (WIDE, DEAR)]
    return sweep(
        [*towns, *others],
        seeds=range(seeds),
        strategies=STRATEGIES,
        until=UNTIL,
        executor=executor,
        keep=keep,
        on_result=told,
    )


def told(one: Lived) -> None:
    """Say that a run is done."""
    print(f"{one.scenario} {one.strategy} seed {one.seed}: {one.record()['facts']} facts", flush=True)


# What the runs say


class Said:
    """Reads differences off the runs, by scenario."""

    def __init__(self, runs: Ensemble) -> None:
        self.runs = runs

    def only(self, scenario: str) -> Ensemble:
        """Give the runs of one scenario."""
        return attrs.evolve(self.runs, runs=self.runs.runs.where(scenario=scenario))

    def one(self, scenario: str, measure: str, other: str, base: str = "alone") -> Difference:
        """Hold a strategy against another in pairs."""
        return compare(self.only(scenario), base=base, measures=[measure])[measure, other]

    def mean(self, scenario: str, measure: str, strategy: str) -> float:
        """Give a plain mean over the runs."""
        found = self.only(scenario).runs.where(strategy=strategy).numbers(measure)
        return sum(found) / len(found)

    def best(self, scenario: str, measure: str) -> str:
        """Name the strategy that is better than every other, each interval apart from zero; else nobody."""
        names = [name for name in self.runs.strategies if name != "alone"]
        winners = [
            name
            for name in names
            if all(self.one(scenario, measure, name, base=other).better == name for other in names if other != name)
        ]
        return winners[0] if winners else "no clear one"


def points(one: Difference) -> str:
    """Write a difference of shares in points, with its interval."""
    low, high = one.low or 0, one.high or 0
    return f"{float(one.difference) / 10_000:+.1f} ({low / 10_000:+.1f} to {high / 10_000:+.1f})"


def plain(one: Difference) -> str:
    """Write a difference in its own unit, with its interval."""
    return f"{float(one.difference):+,.1f} ({one.low or 0:+,.1f} to {one.high or 0:+,.1f})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table, numbers to the right."""
    lines = [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def paying(said: Said, sizes: Sequence[int]) -> str:
    """From how many firms do pools pay?"""
    head = ("firms", "people", "needs", "served together", "pool of", "saved", "strangers saved", "needs served, more")
    rows = []
    for size in sizes:
        name = f"{TOWN}-{size}"
        rows.append(
            (
                f"{size:,}",
                f"{said.mean(name, 'people', 'greedy'):,.0f}",
                f"{said.mean(name, 'needs', 'greedy'):,.0f}",
                f"{said.mean(name, 'together_ppm', 'greedy') / 10_000:.0f} %",
                f"{said.mean(name, 'pool_size_milli', 'greedy') / 1_000:.1f}",
                points(said.one(name, "saving_ppm", "greedy")),
                points(said.one(f"{STRANGERS}-{size}", "saving_ppm", "greedy")),
                points(said.one(name, "coverage_ppm", "greedy")),
            )
        )
    return table(head, rows)


def winning(said: Said, names: Sequence[str], measure: str) -> str:
    """Which strategy wins where?"""
    head = ("community", "alone", "by firm", "by zone", "greedy", "best")
    rows = [
        (
            name,
            f"{round(said.mean(name, measure, 'alone') / 1_000) / 10:.1f} %".replace("-0.0", "0.0"),
            *(points(said.one(name, measure, other)) for other in ("by_firm", "by_zone", "greedy")),
            said.best(name, measure).replace("_", " "),
        )
        for name in names
    ]
    return table(head, rows)


COSTS = ("wait_days_median", "walk_m_median", "gini_household_ppm", "gini_size_ppm", "gini_zone_ppm")


def costing(said: Said, name: str) -> str:
    """What does it cost?"""
    head = ("measure", "unit", "alone", "by firm", "by zone", "greedy")
    rows = []
    for measure in COSTS:
        found = [said.one(name, measure, other) for other in ("by_firm", "by_zone", "greedy")]
        gini = measure.startswith("gini")
        write = hundredths if gini else plain
        base = float(found[0].base_mean)
        shown = f"{base / 1_000_000:.2f}" if gini else f"{base:,.0f}"
        unit = "0 to 1" if gini else DEFINITIONS[measure].unit
        rows.append((DEFINITIONS[measure].title, unit, shown, *map(write, found)))
    return table(head, rows)


def hundredths(one: Difference) -> str:
    """Write a difference of Gini coefficients, with its interval."""
    low, high = one.low or 0, one.high or 0
    return f"{float(one.difference) / 1e6:+.2f} ({low / 1e6:+.2f} to {high / 1e6:+.2f})"


def tables(runs: Ensemble) -> dict[str, str]:
    """Make every table of the study, by the name of its place on the page."""
    said = Said(runs)
    sizes = [firms_of(name) for name in runs.scenarios if name.startswith(TOWN)]
    towns = [f"{TOWN}-{size}" for size in sorted(sizes)]
    varied = [f"{kind}-{max(sizes)}" for kind in (WIDE, STRANGERS, DEAR)]
    counts = len(runs.scenarios), len(runs.strategies), len(set(runs["seed"]))
    return {
        "seeds": f"{len(runs)} runs: {counts[0]} communities, {counts[1]} strategies, {counts[2]} seeds.",
        "paying": paying(said, sorted(sizes)),
        "coverage": winning(said, [*towns, *varied], "coverage_ppm"),
        "saving": winning(said, [*towns, *varied], "saving_ppm"),
        "costs": costing(said, f"{TOWN}-{max(sizes)}"),
    }


def firms_of(scenario: str) -> int:
    """Read the number of firms off the name of a community."""
    return int(scenario.partition("-")[2])


def pictures(runs: Ensemble, folder: Path) -> None:
    """Draw what the study shows."""
    folder.mkdir(exist_ok=True)
    largest = max(firms_of(name) for name in runs.scenarios)
    rows = [row for row in runs.records() if str(row["scenario"]).startswith(TOWN)]
    columns = {name: [row[name] for row in rows] for name in ("strategy", "saving_ppm")}
    columns["firms"] = [firms_of(str(row["scenario"])) for row in rows]
    middle = runs.runs.where(scenario=f"{TOWN}-{largest}")
    drawn = {
        "saving": charts.along(columns, "firms", "saving_ppm", language="en"),
        "paired": charts.paired(middle, "coverage_ppm", language="en"),
        "frontier": charts.frontier(middle, "walk_m_median", "coverage_ppm", language="en"),
    }
    for name, axes in drawn.items():
        axes.figure.savefig(folder / f"{name}.png", dpi=80, metadata={"Software": None})


def written(page: str, found: dict[str, str]) -> str:
    """Put each table in its place on the page: between its mark and the next."""
    for name, text in found.items():
        begin = page.index(f"<!-- {name} -->\n") + len(f"<!-- {name} -->")
        page = f"{page[:begin]}\n{text}{page[page.index(chr(10) + '<!-- end -->', begin) :]}"
    return page


def main(arguments: Sequence[str] | None = None) -> None:
    """Live it, and write the page again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--keep", type=Path, help="a file that takes every run as it is finished")
    asked = parser.parse_args(arguments)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        runs = lived(asked.seeds, SIZES, executor, asked.keep)
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), tables(runs)), encoding="utf-8")
    pictures(runs, PAGE.with_suffix(""))


if __name__ == "__main__":
    # A kept run names the module of its strategy, which is not the one that was started.
    from benchmarks import study  # noqa: PLW0406 - under the name that it has when it is imported

    study.main()
