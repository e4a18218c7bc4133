from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import problems

from wis_engine.errors import Malformed, StrategyError
from wis_engine.matching import BlockingPair, Criterion, Need, Offer, Option, Problem, Stable, blocking_pairs, solve
from wis_engine.matching.stable import OUT, deferred_acceptance
from wis_engine.values import Point, PriceTier


@st.composite
def markets(draw, rows_max=4, columns_max=3):
    """Lists of rows, lists of columns (every row, in order), quotas."""
    rows, columns = draw(st.integers(1, rows_max)), draw(st.integers(1, columns_max))
    lists = [draw(st.permutations(range(columns))) for _ in range(rows)]
    lists = [listed[: draw(st.integers(0, columns))] for listed in lists]
    ranks = [draw(st.permutations(range(rows))) for _ in range(columns)]
    return lists, ranks, [draw(st.integers(0, 2)) for _ in range(columns)]


def accepted(lists, ranks, quotas):
    return deferred_acceptance(lists, [{row: place for place, row in enumerate(rank)} for rank in ranks], quotas)


def is_stable(at, lists, ranks, quotas):
    for row, listed in enumerate(lists):
        for column in listed[: listed.index(at[row]) if at[row] != OUT else None]:
            kept = [other for other in range(len(at)) if at[other] == column]
            worse = [other for other in kept if ranks[column].index(other) > ranks[column].index(row)]
            if len(kept) < quotas[column] or worse:
                return False
    return True


def all_stable(lists, ranks, quotas):
    for at in product(*([OUT, *listed] for listed in lists)):
        if all(at.count(column) <= quota for column, quota in enumerate(quotas)) and is_stable(
            at, lists, ranks, quotas
        ):
            yield at


def likes(listed, column):
    return len(listed) if column == OUT else listed.index(column)


@given(markets())
def test_it_is_stable_and_of_all_that_are_the_best_for_every_row(market):
    at = accepted(*market)
    found = list(all_stable(*market))
    assert tuple(at) in found
    lists = market[0]
    for other in found:
        assert all(
            likes(listed, mine) <= likes(listed, its) for listed, mine, its in zip(lists, at, other, strict=True)
        )


@given(markets())
def test_who_is_left_out_and_how_full_a_column_is_are_the_same_in_every_stable_outcome(market):
    # The theorem of the rural hospitals.
    found = list(all_stable(*market))
    assert len({tuple(column == OUT for column in at) for at in found}) == 1
    assert len({tuple(at.count(column) for column in range(len(market[2]))) for at in found}) == 1


@given(markets(rows_max=3))
def test_no_row_gains_by_another_list_than_its_own(market):
    lists, ranks, quotas = market
    honest = accepted(*market)
    columns = range(len(quotas))
    untrue = [listed for size in range(len(quotas) + 1) for listed in permutations(columns, size)]
    for row, listed in enumerate(lists):
        for other in untrue:
            got = accepted([*lists[:row], list(other), *lists[row + 1 :]], ranks, quotas)[row]
            assert likes(listed, honest[row]) <= (likes(listed, got) if got in (OUT, *listed) else len(listed))


@given(markets(), st.randoms(use_true_random=False))
def test_the_order_in_which_rows_ask_changes_nothing(market, rng):
    lists, ranks, quotas = market
    order = list(range(len(lists)))
    rng.shuffle(order)
    moved = accepted([lists[row] for row in order], [[order.index(row) for row in rank] for rank in ranks], quotas)
    assert [moved[order.index(row)] for row in range(len(lists))] == accepted(*market)


@given(problems(needs_max=6))
def test_where_it_is_promised_no_pair_is_blocking(problem):
    try:
        plan = solve(problem, "stable")
    except StrategyError:
        return
    assert not (Stable().promises(problem) and blocking_pairs(problem, plan))


HERE, NEAR, FAR = (Point(45_460_000 + metres * 9, 9_190_000) for metres in (0, 100, 900))


def choice(**more):
    offers = [
        Offer(id="cheap", service="s", capacity_minutes=60, place=FAR, tiers=[PriceTier(price_cents=1)]),
        Offer(id="good", service="s", capacity_minutes=60, tiers=[PriceTier(price_cents=9)], quality_percent=90),
        Offer(id="near", service="s", capacity_minutes=60, place=NEAR, tiers=[PriceTier(price_cents=9)]),
    ]
    return Problem(needs=[Need(id="n", minutes=60, service="s", place=HERE)], offers=offers, **more)


@pytest.mark.parametrize(
    ("by", "offer"),
    [
        (("price", "distance", "quality"), "cheap"),
        (("distance", "price", "quality"), "near"),
        (("quality",), "good"),
        ((), "cheap"),
    ],
)
def test_a_need_looks_at_price_distance_and_quality_in_the_order_given(by, offer):
    strategy = Stable(by=[Criterion(name) for name in by])
    (pool,) = solve(choice(), strategy).pools
    assert pool.offer == offer


def test_an_offer_prefers_priority_then_the_nearer_then_the_smaller_id():
    common = {"minutes": 60, "service": "s"}
    offer = Offer(id="o", service="s", capacity_minutes=60, place=HERE)
    needs = [
        Need(id="a", place=FAR, **common),
        Need(id="b", place=NEAR, **common),
        Need(id="c", place=NEAR, **common),
        Need(id="d", **common),
        Need(id="e", priority=1, **common),
    ]
    left = needs
    for expected in ("e", "b", "c", "a", "d"):
        (pool,) = solve(Problem(needs=left, offers=[offer]), "stable").pools
        assert pool.needs == (expected,)
        left = [need for need in left if need.id != expected]


def test_a_need_that_takes_nothing_is_never_sent_away():
    needs = [Need(id="a", minutes=60), Need(id="b", minutes=60, priority=3)]
    options = [Option(need=name, offer="o", minutes=used, price_cents=1) for name, used in (("a", 0), ("b", 60))]
    plan = solve(Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=0)], options=options), "stable")
    assert plan.covered == {"a"}


def unequal(**priorities):
    used = {"a": 90, "b": 30, "c": 60}
    needs = [Need(id=name, minutes=60, priority=priority) for name, priority in priorities.items()]
    options = [Option(need=name, offer="o", minutes=used[name], price_cents=1) for name in priorities]
    return Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=100)], options=options)


def test_where_minutes_differ_nothing_is_promised():
    problem = unequal(a=1, b=0, c=2)
    assert not Stable().promises(problem)
    plan = solve(problem, "stable")
    assert plan.covered == {"c"}
    # The second was sent away by the first, who then made room for the third.
    assert blocking_pairs(problem, plan) == (BlockingPair(need="b", offer="o"),)


def test_who_does_not_fit_sends_nobody_away_who_does():
    assert solve(unequal(a=1, b=0, c=2), "stable").covered == {"c"}
    problem = unequal(a=0, b=1, c=2)
    assert solve(problem, "stable").covered == {"b", "c"}
    held = deferred_acceptance([[0]] * 3, [{0: 0, 1: 2, 2: 1}], [100], [[60], [30], [90]])
    assert held == [0, 0, OUT]


def test_nobody_is_served_where_company_is_asked_for_and_all_alone_where_it_is_dearer_alone():
    needs = [Need(id=name, minutes=60) for name in ("a", "b")]
    for least, pools in ((2, []), (1, [("a",), ("b",)])):
        offer = Offer(id="o", capacity_minutes=120, group_min=least, opening_cents=10)
        options = [Option(need=need.id, offer="o", minutes=60, price_cents=1) for need in needs]
        plan = solve(Problem(needs=needs, offers=[offer], options=options), "stable")
        assert [pool.needs for pool in plan.pools] == pools


def test_a_criterion_stands_once():
    with pytest.raises(Malformed):
        Stable(by=[Criterion.PRICE, Criterion.PRICE])
    with pytest.raises(Malformed):
        Stable(by=["price"])
