"""What it costs to explain a plan of `greedy` for a synthetic city, in seconds of the processor."""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

from benchmarks.instances import city
from wis_engine.matching import (
    fairness,
    nearest_miss,
    nearest_misses,
    next_agreements,
    next_best,
    opportunities,
    rival_of,
    solve,
)
from wis_engine.matching.reasons import Reasons
from wis_engine.matching.standing import Standing

NEEDS: Final = 1_000
SAMPLE: Final = 10


def rows(needs: int) -> Iterator[tuple[str, int, float]]:
    """Yield what is asked, how often, and seconds each."""
    problem = city(needs)
    plan = solve(problem, "greedy")
    draft = Standing.of(problem, plan).draft
    step = max(1, len(plan.unmatched) // SAMPLE)
    left = [one.need for one in plan.unmatched][::step][:SAMPLE]
    served = sorted(plan.covered)[:: max(1, len(plan.covered) // SAMPLE)][:SAMPLE]
    yield f"the reasons of all {len(plan.unmatched)} needs left out, in `solve`", 1, _cpu(Reasons(draft).of_all)
    for ask in (nearest_miss, nearest_misses, rival_of):
        yield (
            f"`{ask.__name__}`",
            len(left),
            _cpu(lambda ask=ask: [ask(problem, plan, need) for need in left]) / len(left),
        )
    yield "`next_best`", len(served), _cpu(lambda: [next_best(problem, plan, need) for need in served]) / len(served)
    yield "`opportunities`", 1, _cpu(lambda: opportunities(problem, plan))
    yield "`next_agreements`", 1, _cpu(lambda: next_agreements(problem, plan))
    yield "`fairness`", 1, _cpu(lambda: fairness(problem, plan))


def _cpu(job: Callable[[], object]) -> float:
    begin = time.process_time()
    job()
    return time.process_time() - begin


def main(needs: int = NEEDS) -> None:
    print("| asked | times | CPU s each |\n| --- | ---: | ---: |")
    for what, times, seconds in rows(needs):
        print(f"| {what} | {times} | {seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else NEEDS)
