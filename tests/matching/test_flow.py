import pytest
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.errors import StrategyError
from wis_engine.matching import Budget, Flow, Need, Offer, Option, Problem, solve
from wis_engine.matching.certificate import is_proved
from wis_engine.matching.flow import OUT, transport
from wis_engine.values import PriceTier


@st.composite
def networks(draw, rows_max=7, columns_max=4):
    width = draw(st.integers(1, columns_max))
    rows = [
        draw(st.dictionaries(st.integers(0, width - 1), st.integers(0, 30)))
        for _ in range(draw(st.integers(0, rows_max)))
    ]
    quotas = draw(st.lists(st.integers(0, 3), min_size=width, max_size=width))
    worth = [draw(st.sampled_from([5, 20, 20, 100])) for _ in rows]
    return rows, worth, quotas


def sent(rows, worth, quotas):
    starts, columns, costs = [0], [], []
    for row in rows:
        columns += sorted(row)
        costs += [row[column] for column in sorted(row)]
        starts.append(len(columns))
    return transport(starts, columns, costs, worth, quotas)


@given(networks())
def test_prices_prove_that_nothing_is_better(network):
    rows, worth, quotas = network
    column, prices = sent(*network)
    counts = [column.count(number) for number in range(len(quotas))]
    assert all(count <= quota for count, quota in zip(counts, quotas, strict=True))
    reached = sum(worth[row] - rows[row][at] for row, at in enumerate(column) if at != OUT)
    sold = sum(price * quota for price, quota in zip(prices, quotas, strict=True))
    gains = [max(0, *(worth[row] - cost - prices[at] for at, cost in ways.items()), 0) for row, ways in enumerate(rows)]
    # Weak duality holds for any prices of 0 or more: equality makes both the best.
    assert min(prices) >= 0
    assert reached == sold + sum(gains)


@given(networks(), st.integers(0, 6))
def test_worth_that_outweighs_all_costs_leaves_nobody_out_for_a_price(network, seed):
    rows, _, quotas = network
    covered = [sum(at != OUT for at in sent(rows, [worth] * len(rows), quotas).column) for worth in (1_000, 100_000)]
    assert covered[0] == covered[1]


def total(rows, worth, quotas):
    column = sent(rows, worth, quotas).column
    return sum(worth[row] - rows[row][at] for row, at in enumerate(column) if at != OUT)


@given(networks(), st.data())
def test_more_to_choose_from_is_never_worse(network, data):
    rows, worth, quotas = network
    before = total(*network)
    place = data.draw(st.integers(0, len(quotas) - 1))
    assert total(rows, worth, [quota + (at == place) for at, quota in enumerate(quotas)]) >= before
    assert total([*rows, {place: 3}], [*worth, 20], quotas) >= before
    assert total([row | {len(quotas): 7} for row in rows], worth, [*quotas, 1]) >= before


@given(networks(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_changes_nothing_of_what_is_reached(network, rng):
    rows, worth, quotas = network
    order, places = list(range(len(rows))), list(range(len(quotas)))
    rng.shuffle(order)
    rng.shuffle(places)
    moved = [{places.index(at): cost for at, cost in rows[row].items()} for row in order]
    assert total(moved, [worth[row] for row in order], [quotas[at] for at in places]) == total(*network)


@given(networks(rows_max=4))
def test_two_copies_reach_twice_as_much(network):
    rows, worth, quotas = network
    copies = [{at + len(quotas): cost for at, cost in row.items()} for row in rows]
    assert total([*rows, *copies], worth * 2, quotas * 2) == 2 * total(*network)


def test_a_chain_of_moves_makes_room():
    # The last row can only go to column 0; all the others move one on.
    rows = [{0: 1, 1: 2}, {1: 1, 2: 2}, {2: 1, 3: 2}, {0: 1}]
    assert sent(rows, [100] * 4, [1, 1, 1, 1]).column == [1, 2, 3, 0]


def test_of_equal_ways_the_first_column_and_the_first_row_win():
    assert sent([{0: 1, 1: 1}] * 3, [9] * 3, [1, 1]).column == [0, 1, OUT]


def plain(prices, minutes=60, capacity_minutes=60, **more):
    """One need a row, one offer a column."""
    needs = [Need(id=f"n{row}", minutes=60) for row in range(len(prices))]
    offers = [Offer(id=f"o{at}", capacity_minutes=capacity_minutes, **more) for at in range(len(prices[0]))]
    options = [
        Option(need=f"n{row}", offer=f"o{at}", minutes=minutes, price_cents=cents)
        for row, line in enumerate(prices)
        for at, cents in enumerate(line)
    ]
    return Problem(needs=needs, offers=offers, options=options)


def test_the_best_plan_comes_with_a_certificate_without_gaps():
    problem = plain([[300, 500], [100, 900], [100, 950]])
    plan = solve(problem, "flow")
    assert [level.value for level in plan.certificate.levels] == [120, 600, 0]
    assert [level.gap for level in plan.certificate.levels] == [0, 0, 0]
    assert is_proved(problem, (120, 600, 0), plan.certificate)
    assert {need: pool.offer for pool in plan.pools for need in pool.needs} == {"n0": "o1", "n1": "o0"}


def test_the_rate_is_just_so_high_that_covering_pays():
    household = Flow()(plain([[300, 500], [100, 900], [100, 950]]), seed=0, effort=0).proofs[1]
    # The third need would bring its 60 minutes and the price of a place: no rate is needed beyond the dearest swap.
    assert household.rate.cents <= 60 * 1_000


def test_what_takes_no_minutes_is_never_full():
    problem = plain([[100]] * 3, minutes=0, capacity_minutes=0)
    assert [level.value for level in solve(problem, "flow").certificate.levels] == [180, 300, 0]


def test_households_come_before_the_public_and_both_are_cheapest():
    needs = [Need(id="n", minutes=60, service="s")]
    offers = [
        Offer(id=name, service="s", capacity_minutes=60, tiers=[PriceTier(price_cents=cents)])
        for name, cents in (("a", 1_000), ("b", 400), ("c", 800))
    ]
    # Half is paid, up to 400: of the household's 600, 200 and 400 the 200 are least.
    budgets = [Budget(id="g", cap_cents=400, share_percent=50)]
    plan = solve(Problem(needs=needs, offers=offers, budgets=budgets), "flow")
    assert [level.value for level in plan.certificate.levels] == [60, 200, 200]
    whole = [Budget(id="g", cap_cents=1_000)]
    plan = solve(Problem(needs=needs, offers=offers, budgets=whole), "flow")
    assert [level.value for level in plan.certificate.levels] == [60, 0, 400]


@pytest.mark.parametrize(
    "more",
    [
        {"group_min": 2},
        {"opening_cents": 100},
        {"tiers": [PriceTier(price_cents=50), PriceTier(people_from=2, price_cents=40)]},
    ],
)
def test_company_that_counts_is_refused(more):
    with pytest.raises(StrategyError, match="at offer o0 a price or a place depends on company"):
        solve(plain([[1], [2]], capacity_minutes=120, **more), "flow")


@pytest.mark.parametrize(
    "more", [{"opening_cents": 100, "group_max": 1}, {"tiers": [PriceTier(people_from=3, price_cents=50)]}]
)
def test_company_that_cannot_be_is_not_refused(more):
    assert solve(plain([[1], [2]], capacity_minutes=120, **more), "flow").certificate.gap == 0


def test_minutes_that_make_it_a_knapsack_are_refused():
    used = {"a": 30, "b": 50, "c": 60}
    options = [Option(need=name, offer="o", minutes=minutes, price_cents=1) for name, minutes in used.items()]
    needs = [Need(id=name, minutes=60) for name in used]
    problem = Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=85)], options=options)
    with pytest.raises(StrategyError, match="offer o: how many needs it takes depends on which"):
        solve(problem, "flow")


def test_neither_seed_nor_effort_changes_the_plan():
    problem = plain([[300, 500], [100, 900], [100, 950]])
    proposals = {Flow()(problem, seed=seed, effort=effort) for seed, effort in ((0, 0), (7, 1_000))}
    assert len(proposals) == 1
