"""Matching again after one event: `python -m benchmarks.rematch [needs] [events]`.

A city (`benchmarks.instances`) is matched once; then one thing after the other
happens, drawn from a seed, and each time the plan before is gone on from. The
clock is that of the processor. «Search» is what is looked for: from the pools
that stand to the new proposal. «Reading» is what comes before it: hashing the
new problem, its ways, opening the pools that stand. At the end the same
problem is matched from scratch, by the same strategy with the same effort.

With `whole` for events: one event through `solve`, certificate, explanations and
check in it, and how long it takes from scratch.
"""

import random
import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from statistics import quantiles

import attrs

from benchmarks import Row, table
from benchmarks.instances import city
from wis_engine.matching import Greedy, Plan, Problem, solve
from wis_engine.matching.basis import basis_of
from wis_engine.matching.certificate import Certificate
from wis_engine.matching.drafting import drafted
from wis_engine.matching.options import ground_of
from wis_engine.matching.planning import pools_of
from wis_engine.matching.pools import Draft
from wis_engine.matching.progress import Watch
from wis_engine.matching.rematch import Rematch
from wis_engine.matching.split import Split
from wis_engine.matching.strategies import rules_of

NEEDS = 10_000
EVENTS = 200
EFFORT = 300
WORKERS = 2
MEDIAN_MS, LONGEST_MS = 50, 250
KINDS = ("new", "gone", "other hours", "less room", "more room", "offer gone", "offer new")
WEIGHTS = (40, 35, 10, 5, 5, 2, 3)


def events(problem: Problem, seed: int) -> Iterator[tuple[str, Problem]]:
    """Give one state of the city after the other, each with what happened."""
    rng = random.Random(seed)
    strangers = city(len(problem.needs), seed + 1)
    for number in range(1_000_000):
        kind = rng.choices(KINDS, WEIGHTS)[0]
        needs, offers = {need.id: need for need in problem.needs}, {offer.id: offer for offer in problem.offers}
        match kind:
            case "new":
                needs["x"] = attrs.evolve(rng.choice(strangers.needs), id=f"x{number}")
            case "gone":
                del needs[rng.choice(sorted(needs))]
            case "other hours":
                name = rng.choice(sorted(needs))
                needs[name] = attrs.evolve(needs[name], slots=rng.choice(strangers.needs).slots)
            case "less room" | "more room":
                name = rng.choice(sorted(offers))
                part = 3 if kind == "less room" else 5
                offers[name] = attrs.evolve(offers[name], capacity_minutes=offers[name].capacity_minutes * part // 4)
            case "offer gone":
                del offers[rng.choice(sorted(offers))]
            case "offer new":
                offers["x"] = attrs.evolve(rng.choice(strangers.offers), id=f"x{number}", supplier=f"x{number}")
        problem = attrs.evolve(problem, needs=needs.values(), offers=offers.values())
        yield kind, problem


def as_plan(problem: Problem, draft: Draft) -> Plan:
    """Write what a match again goes on from, without what it does not read."""
    chains, pools = pools_of(draft, Split.EQUAL)
    return Plan(
        problem=problem.digest,
        strategy="greedy",
        seed=0,
        effort=EFFORT,
        pools=pools,
        chains=chains,
        unmatched=(),
        certificate=Certificate(levels=()),
        basis=basis_of(problem),
    )


def from_scratch(problem: Problem) -> Draft:
    return drafted(ground_of(problem), Greedy()(problem, seed=0, effort=EFFORT))


def stream(plan: Plan, problem: Problem, number: int, move_minutes: int | None) -> tuple[list[Row], int, Problem]:
    """Let so many things happen; give the figures, the value at the end, and the problem at the end."""
    what = f"{len(problem.needs):,} needs, {number} events"
    searching, reading = [], []
    later = events(problem, seed=7)
    for _ in range(number):
        _, problem = next(later)
        start = time.process_time()
        ground = ground_of(problem, plan.problem)
        again = Rematch(ground, plan, rules_of(Greedy()), move_minutes)
        draft = again.standing()
        read = time.process_time()
        again.search(draft, EFFORT, Watch(problem, EFFORT))
        searching.append(1_000 * (time.process_time() - read))
        reading.append(1_000 * (read - start))
        plan = as_plan(problem, draft)
    cuts = quantiles(searching, n=100)
    what += ", nobody moves" if move_minutes is None else f", moves at {move_minutes} minutes"
    goals = (("median", cuts[49], MEDIAN_MS), ("99th percentile", cuts[98], LONGEST_MS))
    rows = [
        Row(measure=f"{what}: search, {name}", unit="ms", ours=ms, goal=f"at most {goal}", reached=ms <= goal)
        for name, ms, goal in goals
    ]
    rows.append(Row(measure=f"{what}: reading, median", unit="ms", ours=quantiles(reading, n=100)[49]))
    return rows, draft.value, problem


def streams(count: int, number: int) -> list[Row]:
    """Let the same things happen twice, once where nobody moves and once where one may; then match from scratch."""
    first = city(count)
    plan = as_plan(first, from_scratch(first))
    rows, values, last = [], {}, first
    for moves, minutes in (("nobody moves", None), ("moves at 60 minutes", 60)):
        more, values[moves], last = stream(plan, first, number, minutes)
        rows += more
    scratch = from_scratch(last).value
    what = f"{count:,} needs, {number} events"
    return rows + [
        Row(measure=f"{what}, {moves}: value at the end", unit="", ours=value, peer=scratch)
        for moves, value in values.items()
    ]


def whole(count: int) -> list[Row]:
    """One event through `solve`; then with two processes that explain beside each other: ours and half of theirs."""
    problem = city(count)
    before = solve(problem, effort=EFFORT)
    _, later = next(events(problem, seed=7))
    start = time.process_time()
    solve(later, effort=EFFORT, previous=before)
    again = time.process_time() - start
    solve(later, effort=EFFORT)
    scratch = time.process_time() - start - again
    start = time.process_time()
    with ProcessPoolExecutor(WORKERS) as executor:
        solve(later, effort=EFFORT, previous=before, executor=executor)
    lent = time.process_time() - start
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN)
    lent += (theirs.ru_utime + theirs.ru_stime) / WORKERS
    return [
        Row(measure=f"{count:,} needs: the whole of a match again", unit="s", ours=again, peer=scratch),
        Row(measure=f"{count:,} needs: the same, {WORKERS} processes explain", unit="s", ours=lent, peer=scratch),
    ]


def main() -> None:
    given = sys.argv[1:] if sys.argv[0].endswith("rematch.py") else []
    count = int(given[0]) if given else NEEDS
    if given[1:] == ["whole"]:
        print(table(whole(count), peer="from scratch"))
        return
    number = int(given[1]) if given[1:] else EVENTS
    print(table(streams(count, number), peer="from scratch"))


if __name__ == "__main__":
    main()
