"""Many runs beside each other: the same scenario under several strategies and seeds, on any executor."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from pathlib import Path
from typing import Any, Final, Protocol

from attrs import field, frozen

from wis_engine.errors import Malformed
from wis_engine.matching import Strategy
from wis_engine.measures import DEFINITIONS, Table
from wis_engine.measures.shares import mean_milli
from wis_engine.measures.table import Cell
from wis_engine.measures.wanted import MONTHS
from wis_engine.simulation.kept import Kept, key_of
from wis_engine.simulation.lives import RUNS, Contender, Job, Lived, contenders, live, live_packed, packed, told_of
from wis_engine.simulation.run import Run
from wis_engine.simulation.scenario import Scenario

WHOSE: Final = ("scenario", "strategy", "seed")


class Executes(Protocol):
    """Anything that runs calls: an executor of `concurrent.futures`, of Dask, or one's own."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any call
        """Run a call somewhere; answer something whose `result()` waits for what it gives."""


OnResult = Callable[[Lived], object]
"""Told of each run as it arrives, in whatever order."""


@frozen(kw_only=True)
class Ensemble:
    """What came of many runs, as columns; of the runs themselves nothing else is kept.

    Attributes
    ----------
    runs
        One row for each run: scenario, strategy, seed, facts, the digests of
        its log and of its demand, and every measure of `DEFINITIONS`.
    months, pool_sizes
        These tables of the measures, after scenario, strategy and seed.
    """

    runs: Table
    months: Table = field(repr=False)
    pool_sizes: Table = field(repr=False)

    @classmethod
    def of(cls, runs: Mapping[str, Iterable[Run]]) -> "Ensemble":
        """Gather runs that were lived already, such as those of what-ifs, under names that stand for scenarios.

        Raises
        ------
        Malformed
            Two runs of one name have the same strategy and seed.
        """
        found = []
        for name, some in runs.items():
            found += [told_of(run, name, contenders([run.strategy])[0].label) for run in some]
        if len({(one.scenario, one.strategy, one.seed) for one in found}) < len(found):
            raise Malformed("runs: two of one name, strategy and seed")
        return _gathered(found)

    @property
    def strategies(self) -> tuple[str, ...]:
        """Names of the strategies, in order."""
        return tuple(dict.fromkeys(str(one) for one in self.runs["strategy"]))

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the scenarios, in order."""
        return tuple(dict.fromkeys(str(one) for one in self.runs["scenario"]))

    @property
    def columns(self) -> dict[str, tuple[Cell, ...]]:
        """The columns of the runs."""
        return self.runs.columns

    def __getitem__(self, name: str) -> tuple[Cell, ...]:
        """Give one column of the runs."""
        return self.runs[name]

    def __len__(self) -> int:
        """How many runs."""
        return len(self.runs)

    def records(self) -> list[dict[str, Cell]]:
        """List the runs as records."""
        return self.runs.records()

    def means(self) -> Table:
        """Each measure by scenario and strategy: how many runs have it, its mean in thousandths, least and most."""
        names = ("scenario", "strategy", "measure", "unit", "runs", "mean_milli", "least", "most")
        rows: list[tuple[Cell, ...]] = []
        for scenario in self.scenarios:
            for strategy in self.strategies:
                mine = self.runs.where(scenario=scenario, strategy=strategy)
                for one in DEFINITIONS.values():
                    found = mine.numbers(one.name)
                    spread = (mean_milli(found), min(found, default=None), max(found, default=None))
                    rows.append((scenario, strategy, one.name, one.unit, len(found), *spread))
        return Table.of("means", names, rows)

    def _repr_html_(self) -> str:
        """Draw the means for a notebook, a column for each scenario and strategy."""
        means = self.means()
        several = len(self.scenarios) > 1
        heads = {
            (scenario, strategy): f"{scenario}, {strategy}" if several else strategy
            for scenario in self.scenarios
            for strategy in self.strategies
        }
        columns = [means.where(scenario=scenario, strategy=strategy)["mean_milli"] for scenario, strategy in heads]
        titles = [one.title for one in DEFINITIONS.values()]
        units = [one.unit for one in DEFINITIONS.values()]
        shown = [tuple(_thousandths(cell) for cell in column) for column in columns]
        rows = zip(titles, units, *shown, strict=True)
        return Table.of(f"means of {len(self)} runs", ("measure", "unit", *heads.values()), rows)._repr_html_()


def _thousandths(cell: Cell) -> str | None:
    return None if not isinstance(cell, int) else f"{cell / 1_000:,.3f}".rstrip("0").rstrip(".")


def ensemble(
    scenario: Scenario,
    *,
    seeds: Iterable[int],
    strategies: Sequence[str | Strategy] | None = None,
    until: dt.datetime | None = None,
    executor: Executes | None = None,
    batch: int | None = None,
    on_result: OnResult | None = None,
    keep: str | Path | None = None,
) -> Ensemble:
    """Live a scenario under several strategies with several seeds.

    With one seed every strategy meets the same needs, byte for byte (common
    random numbers): `compare` looks at the differences in pairs.

    Parameters
    ----------
    strategies
        Names or values; the scenario's own when None.
    until
        Where each run stops, an aware instant; at its end when None.
    executor
        Runs the lives: `ProcessPoolExecutor`, `Client.get_executor(pure=False)`
        of Dask, or anything that has `submit`. None lives them one after the
        other here. What comes of it is the same.
    batch
        How many lives go to the executor at a time; one when None. More where
        a life is shorter than a hundred times what sending it costs.
    on_result
        Told of each run as it arrives, of those kept from before at first.
    keep
        A file to which each run is written when it is finished. The same
        call with the same file takes up where it was stopped. A strategy is
        known by its name, its home and its parameters: after a change of its
        code begin another file.

    Raises
    ------
    Malformed
        A seed is no whole number or comes twice, or there is none.
    StrategyError
        One is no strategy, or cannot be sent to another process.
    FormatError, IntegrityError, StorageUnavailable
        The file of kept results is none, is damaged, cannot be used.

    Notes
    -----
    What the executor itself raises, and what a strategy does, stops the
    ensemble; what arrived before is kept.
    """
    return sweep(
        (scenario,),
        seeds=seeds,
        strategies=strategies,
        until=until,
        executor=executor,
        batch=batch,
        on_result=on_result,
        keep=keep,
    )


def sweep(
    scenarios: Sequence[Scenario],
    *,
    seeds: Iterable[int],
    strategies: Sequence[str | Strategy] | None = None,
    until: dt.datetime | None = None,
    executor: Executes | None = None,
    batch: int | None = None,
    on_result: OnResult | None = None,
    keep: str | Path | None = None,
) -> Ensemble:
    """Live several scenarios, each with a name of its own, as `ensemble` does one; without strategies each its own."""
    jobs, pairs = _jobs(scenarios, seeds, strategies)
    if batch is not None and (type(batch) is not int or batch < 1):
        raise Malformed("batch: not a whole number of 1 or more")
    if until is not None and until.utcoffset() is None:
        raise Malformed("until: not an aware instant")
    kept = None if keep is None else Kept(keep)
    keys = {job: key_of(*_of(pairs, job), until) for job in jobs}
    found: dict[Job, Lived] = {}

    def arrived(job: Job, lived: Lived, *, new: bool) -> None:
        found[job] = lived
        if new and kept is not None:
            kept.add(keys[job], lived)
        if on_result is not None:
            on_result(lived)

    for job in jobs:
        if kept is not None and keys[job] in kept.found:
            arrived(job, _renamed(kept.found[keys[job]], *_of(pairs, job)[:2]), new=False)
    left = [job for job in jobs if job not in found]
    for job, lived in _lived(left, pairs, until, executor, batch or 1):
        arrived(job, lived, new=True)
    return _gathered([found[job] for job in sorted(jobs)])


Pairs = tuple[tuple[Scenario, ...], tuple[Contender, ...]]


def _jobs(
    scenarios: Sequence[Scenario], seeds: Iterable[int], strategies: Sequence[str | Strategy] | None
) -> tuple[list[Job], Pairs]:
    """List the runs, seed by seed, so that what is finished early can be compared."""
    if not scenarios or not all(isinstance(one, Scenario) for one in scenarios):
        raise Malformed("scenarios: not one or more of them")
    if len({one.name for one in scenarios}) < len(scenarios):
        raise Malformed("scenarios: two of one name")
    numbers = list(seeds)
    if not numbers or any(type(seed) is not int or seed < 0 for seed in numbers) or len(set(numbers)) < len(numbers):
        raise Malformed("seeds: not one or more whole numbers, each once")
    own = [one.matching.strategy for one in scenarios]
    rivals = contenders(list(dict.fromkeys(own)) if strategies is None else strategies)
    places = range(len(rivals))
    theirs = [[_own_place(rivals, name)] if strategies is None else places for name in own]
    jobs = [
        (scenario, place, seed) for seed in numbers for scenario in range(len(scenarios)) for place in theirs[scenario]
    ]
    return jobs, (tuple(scenarios), rivals)


def _own_place(rivals: Sequence[Contender], name: str) -> int:
    """Find the strategy of a scenario among those named."""
    return next(place for place, one in enumerate(rivals) if one.strategy == name)


def _of(pairs: Pairs, job: Job) -> tuple[Scenario, Contender, int]:
    return pairs[0][job[0]], pairs[1][job[1]], job[2]


def _renamed(lived: Lived, scenario: Scenario, contender: Contender) -> Lived:
    """Call a kept run as this ensemble calls it: beside others a strategy may have needed a longer name."""
    numbers = (scenario.name, contender.label, *lived.numbers[2:])
    return Lived(
        scenario=scenario.name,
        strategy=contender.label,
        seed=lived.seed,
        numbers=numbers,
        months=lived.months,
        pool_sizes=lived.pool_sizes,
    )


def _lived(
    jobs: list[Job], pairs: Pairs, until: dt.datetime | None, executor: Executes | None, batch: int
) -> Iterator[tuple[Job, Lived]]:
    """Live runs here or elsewhere, and give them as they arrive."""
    if executor is None:
        for job in jobs:
            yield job, live(*_of(pairs, job), until)
        return
    pack = packed(*pairs, until)
    parts = [tuple(jobs[first : first + batch]) for first in range(0, len(jobs), batch)]
    running = {executor.submit(live_packed, pack, part): part for part in parts}
    try:
        for done in _arriving(list(running)):
            yield from zip(running[done], done.result(), strict=True)
    finally:
        for one in running:
            if hasattr(one, "cancel"):
                one.cancel()


def _arriving(running: list[Any]) -> Iterator[Any]:
    """Give futures as they are done; others than those of the standard library in order."""
    return as_completed(running) if all(isinstance(one, Future) for one in running) else iter(running)


def _gathered(found: list[Lived]) -> Ensemble:
    def whose(one: Lived) -> tuple[Cell, ...]:
        return one.scenario, one.strategy, one.seed

    return Ensemble(
        runs=Table.of("runs", RUNS, [one.numbers for one in found]),
        months=Table.of("months", (*WHOSE, *MONTHS), [(*whose(one), *row) for one in found for row in one.months]),
        pool_sizes=Table.of(
            "pool sizes",
            (*WHOSE, "pool_size", "needs", "pools"),
            [(*whose(one), *row) for one in found for row in one.pool_sizes],
        ),
    )
