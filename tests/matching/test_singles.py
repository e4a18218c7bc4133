"""What stands against serving every need by itself, and how needs are placed that are."""

import pytest

from wis_engine.errors import StrategyError
from wis_engine.matching import Budget, Commitment, Drawn, Need, Offer, Option, Problem, Step, solve
from wis_engine.matching.options import ground_of
from wis_engine.matching.singles import singles_of
from wis_engine.values import Occurrence, Period, PriceTier, WeekSlots

MARCH = Period.parse("2026-03-02/2026-03-30")


def explicit(needs, offers, price_cents=100, minutes=60, **more):
    options = [
        Option(need=need.id, offer=offer.id, minutes=minutes, price_cents=price_cents)
        for need in needs
        for offer in offers
    ]
    return Problem(needs=needs, offers=offers, options=options, **more)


def two(**more):
    return [Need(id=name, minutes=60, **more) for name in ("n1", "n2")]


def offer(name="o", capacity_minutes=600, **more):
    return Offer(id=name, capacity_minutes=capacity_minutes, **more)


def timed(needs=None, offers=None, **more):
    return Problem(needs=needs or two(service="s"), offers=offers or [offer(service="s", period=MARCH)], **more)


STEPS = [Step(service="a", minutes=30), Step(service="b", minutes=30)]
BUSY = Commitment(offer="gone", minutes=0, occurrences=[Occurrence(MARCH.start, 30, 60)], beneficiaries=["b"])
REFUSED = {
    "need n1 is a chain": timed([Need(id="n1", minutes=60, steps=STEPS)]),
    "b has more than need n1": timed(two(service="s", beneficiary="b")),
    "b has more than need n3": timed([Need(id="n3", minutes=60, service="s", beneficiary="b")], commitments=[BUSY]),
    "offer o also counts sessions at once": timed(offers=[offer(service="s", capacity_per_slot=1)]),
    "budget g may run out": explicit(two(), [offer()], budgets=[Budget(id="g", cap_cents=199)]),
    "budget h may run out": explicit(
        two(household="h"), [offer()], budgets=[Budget(id="h", cap_cents=900, household_cap_cents=199)]
    ),
    "budget d may run out": explicit(
        two(household="h"),
        [offer()],
        budgets=[
            Budget(id="d", cap_cents=900, household_cap_cents=200, drawn=[Drawn(household="h", cents=1)]),
        ],
    ),
}
TAKEN = (
    timed([Need(id="n1", minutes=60, service="s", beneficiary="b")]),
    timed(two(service="s"), commitments=[BUSY]),
    timed(two(service="none", beneficiary="b")),
    explicit(two(), [offer()], budgets=[Budget(id="g", cap_cents=200)]),
    explicit(two(household="h"), [offer()], budgets=[Budget(id="h", cap_cents=900, household_cap_cents=200)]),
    # What one alone may not have takes nothing from the other.
    explicit(two(), [offer()], budgets=[Budget(id="h", cap_cents=900, household_cap_cents=10)]),
    explicit(two(), [offer(capacity_per_slot=1)]),
)


@pytest.mark.parametrize("strategy", ["flow", "stable"])
@pytest.mark.parametrize("words", REFUSED)
def test_what_touches_two_needs_is_refused_by_name(strategy, words):
    with pytest.raises(StrategyError, match=words):
        solve(REFUSED[words], strategy)


@pytest.mark.parametrize("strategy", ["flow", "stable"])
@pytest.mark.parametrize("problem", TAKEN)
def test_what_touches_one_alone_is_taken(strategy, problem):
    assert solve(problem, strategy).problem == problem.digest


def quotas(minutes, room):
    needs = [Need(id=f"n{place}", minutes=60) for place in range(len(minutes))]
    options = [
        Option(need=need.id, offer="o", minutes=one, price_cents=0) for need, one in zip(needs, minutes, strict=True)
    ]
    problem = Problem(needs=needs, offers=[offer(capacity_minutes=room)], options=options)
    return singles_of(ground_of(problem), "test").quotas()


def test_how_many_fit_is_known_where_any_as_many_do_and_none_more():
    assert quotas([60, 60, 60], 179) == {"o": 2}
    assert quotas([40, 50, 60], 110) == {"o": 2}
    assert quotas([40, 50, 60], 150) == {"o": 3}
    assert quotas([40, 50], 39) == {"o": 0}
    assert quotas([0, 0, 60], 60) == {"o": 1}
    for minutes, room in (([40, 50, 60], 100), ([40, 50, 60], 50), ([40, 50], 45)):
        with pytest.raises(StrategyError, match="offer o: how many"):
            quotas(minutes, room)


def test_commitments_take_their_minutes_first():
    problem = explicit(two(), [offer(capacity_minutes=120)], commitments=[Commitment(offer="o", minutes=30)])
    assert singles_of(ground_of(problem), "test").quotas() == {"o": 1}


def test_the_price_alone_counts_the_opening_the_tier_of_one_and_public_money():
    tiers = [PriceTier(price_cents=1_000), PriceTier(people_from=2, price_cents=10)]
    budgets = [Budget(id="g", cap_cents=9_000, share_percent=50)]
    needs = [Need(id="n1", minutes=60, price_limit_cents=540), Need(id="n2", minutes=60, price_limit_cents=560)]
    problem = explicit(needs, [offer(tiers=tiers, opening_cents=100)], budgets=budgets)
    found = singles_of(ground_of(problem), "test")
    assert found.of["n1"] == ()
    (single,) = found.of["n2"]
    assert (single.household_cents, single.public_cents) == (550, 550)
    assert found.shared == {"o"}


@pytest.mark.parametrize("strategy", ["flow", "stable"])
def test_where_nothing_has_a_time_one_offer_is_one_pool_within_what_needs_allow(strategy):
    limits = {"a": 1, "b": 2, "c": None, "d": 3, "e": None}
    needs = [Need(id=name, minutes=60, group_max=limit) for name, limit in limits.items()]
    (free,) = {frozenset(pool.needs for pool in solve(explicit(needs, [offer()]), strategy).pools)}
    assert free == {("a",), ("b", "d"), ("c", "e")}
    pools = solve(explicit(needs[2:3] * 1 + needs[4:], [offer(group_max=1)]), strategy).pools
    assert [pool.needs for pool in pools] == [("c",), ("e",)]


@pytest.mark.parametrize("strategy", ["flow", "stable"])
def test_in_time_every_need_has_its_own_pool_at_the_first_pattern(strategy):
    slots = WeekSlots.parse("tue 10:00-12:00")
    problem = timed(two(service="s", slots=slots, sessions=4))
    assert [(pool.needs, list(pool.starts)) for pool in solve(problem, strategy).pools] == [
        (("n1",), [68]),
        (("n2",), [68]),
    ]
