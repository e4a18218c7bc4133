"""What two processes, common random numbers and a branch gain: `python -m benchmarks ensemble`.

CPU time throughout. Two processes take as long as the one that is busy longer,
its start and imports included, and what the caller does meanwhile: on two idle
cores that is the time on the clock.
"""

import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import attrs

from benchmarks import Row, number, table
from wis_engine.simulation import Ensemble, Run, Scenario, compare, ensemble, simulate, what_if

STRATEGIES = ("by_firm", "by_zone", "greedy")
SEEDS = 12
MEASURES = ("coverage_ppm", "saving_ppm", "delivered_ppm", "together_ppm", "utilisation_ppm")
SPEED_UP = 1.7


def village() -> Scenario:
    """Forty firms of the district, all members, with needs of one session."""
    district = Scenario.district()
    assert district.firms is not None
    assert district.supply is not None
    return attrs.evolve(
        district,
        name="village",
        firms=attrs.evolve(district.firms, count=40, members_at_start=40),
        demand=attrs.evolve(district.demand, sessions_max=1, weekdays_max=1),
        matching=attrs.evolve(district.matching, effort=0),
    )


class Told:
    """What comes of a call elsewhere, and how much CPU time that process has taken since it began."""

    def __init__(self, future: "Future[tuple[int, float, Any]]", spent: dict[int, float]) -> None:
        self._future, self._spent = future, spent

    def result(self) -> Any:
        process, seconds, found = self._future.result()
        self._spent[process] = max(seconds, self._spent.get(process, 0.0))
        return found


class Timed:
    """An executor whose workers say what they have spent."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool, self.spent = pool, dict[int, float]()

    def submit(self, call: Callable[..., Any], /, *arguments: Any) -> Told:
        return Told(self._pool.submit(timed, call, *arguments), self.spent)


def timed(call: Callable[..., Any], *arguments: Any) -> tuple[int, float, Any]:
    found = call(*arguments)
    return os.getpid(), time.process_time(), found


def lived(executor: Timed | None = None) -> Ensemble:
    return ensemble(village(), seeds=range(SEEDS), strategies=STRATEGIES, executor=executor)


def beside() -> tuple[list[Row], Ensemble]:
    """The same ensemble here, and on two processes."""
    simulate(village(), seed=0)  # what is imported once is not counted
    start = time.process_time()
    serial = lived()
    here = time.process_time() - start
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        start, timer = time.process_time(), Timed(pool)
        other = lived(timer)
        caller = time.process_time() - start
    there = caller + max(timer.spent.values())
    row = Row(
        measure=f"{len(serial)} runs, {sum(map(int, serial['facts'])):,} facts, serial beside 2 processes"
        + (", same results" if other == serial else ", OTHER RESULTS"),
        unit="s",
        ours=there,
        peer=here,
        goal=f"at least {SPEED_UP}x, same results",
        reached=other == serial and here >= SPEED_UP * there,
    )
    return [row, Row(measure="of that, the caller", unit="s", ours=caller)], serial


def common(runs: Ensemble) -> list[Row]:
    """Variance of a difference between strategies with different luck and with the same."""
    return [
        Row(
            measure=f"{one.measure}, {one.other} against {one.base}, {one.pairs} pairs: variance",
            unit="of the unit, squared",
            ours=float(one.paired_variance),
            peer=float(one.independent_variance),
        )
        for one in compare(runs, measures=MEASURES).differences
        if one.paired_variance
    ]


def branch(run: Run) -> list[Row]:
    """A what-if at the quarters of a year, beside living that year again."""
    simulate(run.scenario, seed=run.seed, strategy=run.strategy)
    start = time.process_time()
    simulate(run.scenario, seed=run.seed, strategy=run.strategy)
    again = time.process_time() - start
    start, times = time.process_time(), 200
    for _ in range(times):
        run.community.branch()
    alone = (time.process_time() - start) / times
    facts = run.community.position
    rows = [
        Row(measure=f"branch of {facts:,} facts, beside living them", unit="ms", ours=alone * 1e3, peer=again * 1e3)
    ]
    days = [one.day for one in run.days]
    for quarter in (1, 2, 3):
        position = next(one.position for one in run.days if one.day == days[len(days) * quarter // 4 - 1])
        start = time.process_time()
        what_if(run, at=position, change=lambda _network, _run: ())
        took = time.process_time() - start
        measure = f"what-if after {quarter} of 4 quarters (position {position:,}), beside the whole year again"
        rows.append(Row(measure=measure, unit="ms", ours=took * 1e3, peer=again * 1e3))
    return rows


def main() -> None:
    rows, runs = beside()
    print(table([*rows, *common(runs), *branch(simulate(village(), seed=1))], peer="beside"))
    print(f"\nMean of the gains of common random numbers: {number(mean_gain(runs))}x.")


def mean_gain(runs: Ensemble) -> float:
    """Geometric mean of how many times fewer runs pairs take, over all differences that vary."""
    gains = [one.fewer_runs for one in compare(runs, measures=MEASURES).differences if one.fewer_runs]
    product = 1.0
    for gain in gains:
        product *= float(gain) ** (1 / len(gains))
    return product


if __name__ == "__main__":
    main()
