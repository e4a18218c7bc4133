"""`stable` against the `matching` package, where that is installed."""

import random

import pytest

from wis_engine.matching import Need, Offer, Option, Problem, solve
from wis_engine.matching.stable import OUT, deferred_acceptance

games = pytest.importorskip("matching.games")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(20))
def test_the_kernel_is_as_the_peer_says(seed):
    rng = random.Random(seed)
    rows, columns = rng.randint(1, 25), rng.randint(1, 6)
    lists = [rng.sample(range(columns), rng.randint(1, columns)) for _ in range(rows)]
    asking = [[row for row in range(rows) if column in lists[row]] for column in range(columns)]
    for listed in asking:
        rng.shuffle(listed)
    quotas = [rng.randint(1, 4) for _ in range(columns)]
    game = games.HospitalResident.create_from_dictionaries(
        {f"r{row}": [f"c{column}" for column in listed] for row, listed in enumerate(lists)},
        {f"c{column}": [f"r{row}" for row in listed] for column, listed in enumerate(asking) if listed},
        {f"c{column}": quota for column, quota in enumerate(quotas) if asking[column]},
    )
    theirs = {row.name: column.name for column, held in game.solve(optimal="resident").items() for row in held}
    ranks = [{row: rank for rank, row in enumerate(listed)} for listed in asking]
    ours = {f"r{row}": f"c{at}" for row, at in enumerate(deferred_acceptance(lists, ranks, quotas)) if at != OUT}
    assert ours == theirs


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(10))
def test_the_strategy_is_as_the_peer_says(seed):
    rng = random.Random(seed)
    needs = [Need(id=f"n{number:02}", minutes=60, priority=rng.randrange(4)) for number in range(12)]
    offers = [Offer(id=f"o{number}", capacity_minutes=60 * rng.randint(1, 3)) for number in range(4)]
    prices = {(need.id, offer.id): rng.randint(1, 5) for need in needs for offer in offers}
    options = [Option(need=n, offer=o, minutes=60, price_cents=cents) for (n, o), cents in prices.items()]
    plan = solve(Problem(needs=needs, offers=offers, options=options), "stable")
    game = games.HospitalResident.create_from_dictionaries(
        {n.id: sorted((o.id for o in offers), key=lambda o, n=n: (prices[n.id, o], o)) for n in needs},
        {o.id: [n.id for n in sorted(needs, key=lambda n: (-n.priority, n.id))] for o in offers},
        {o.id: o.capacity_minutes // 60 for o in offers},
    )
    theirs = {row.name: column.name for column, held in game.solve(optimal="resident").items() for row in held}
    assert {need: pool.offer for pool in plan.pools for need in pool.needs} == theirs
