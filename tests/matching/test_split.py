from fractions import Fraction
from itertools import permutations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from problems import problems

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching import Budget, Need, Offer, Option, Problem, Rule, Split, solve
from wis_engine.matching.plan import Plan
from wis_engine.matching.split import Bill, Seat, _average_savings, _exact_savings, in_core, savings_of, shares_of
from wis_engine.values import PriceTier

FAIR = (Split.PROPORTIONAL, Split.SHAPLEY)


def bill_of(alone, heads=(), opening=0, froms=(1,), **bounds):
    """Equal list shares where no other are given; `heads` by member, then by range."""
    heads = heads or [(0,)] * len(alone)
    parts = [opening // len(alone) + (place < opening % len(alone)) for place in range(len(alone))]
    seats = [Seat(cents, tuple(own), own[-1] + part) for cents, own, part in zip(alone, heads, parts, strict=True)]
    return Bill(tuple(seat._replace(**bounds.get(f"s{place}", {})) for place, seat in enumerate(seats)), froms, opening)


@st.composite
def bills(draw, most=6):
    count = draw(st.integers(1, most))
    froms = tuple(sorted(draw(st.sets(st.integers(1, count), min_size=1, max_size=3))))
    cents = st.integers(0, 500)
    opening = draw(st.sampled_from([0, 100, 401]))
    own = [draw(st.lists(cents, min_size=len(froms), max_size=len(froms))) for _ in range(count)]
    return bill_of([draw(cents) for _ in range(count)], own, opening, froms)


def by_orders(bill):
    """The Shapley value by its definition: every order in which the group could come together."""
    count = len(bill.seats)
    total = [0] * count
    orders = list(permutations(range(count)))

    def saving(part):
        place = bill.range_of(len(part))
        if place < 0:
            return 0
        return max(0, sum(bill.seats[k].alone_cents - bill.seats[k].heads[place] for k in part) - bill.opening_cents)

    for order in orders:
        for place, member in enumerate(order):
            total[member] += saving(order[: place + 1]) - saving(order[:place])
    return tuple(Fraction(cents, len(orders)) for cents in total)


def core_by_parts(bill, shares):
    """Every part of the group, one after the other."""
    seats = bill.seats
    for part in range(1, 1 << len(seats)):
        members = [k for k in range(len(seats)) if part >> k & 1]
        place = bill.range_of(len(members))
        costs = [sum(seats[k].alone_cents for k in members)]
        if place >= 0:
            costs.append(sum(seats[k].heads[place] for k in members) + bill.opening_cents)
        if sum(shares[k] for k in members) > min(costs):
            return False
    return True


def test_an_opening_of_three_is_shared_by_what_each_would_pay_alone():
    # Alone 300, 600, 900; together 1,200.
    bill = bill_of([300, 600, 900], opening=1_200)
    assert shares_of(bill, Split.EQUAL) == (400, 400, 400)
    assert shares_of(bill, Split.PROPORTIONAL) == (200, 400, 600)
    # 2 and 3 together save 300, all three 600: 1 brings 300 when it comes last, and so on.
    assert savings_of(bill) == (100, 250, 250)
    assert shares_of(bill, Split.SHAPLEY) == (200, 350, 650)


@given(bills())
def test_the_savings_are_the_average_over_every_order(bill):
    assert savings_of(bill) == by_orders(bill)


@given(bills(), st.sampled_from(Split))
def test_shares_are_the_price_and_by_the_fair_splits_nobody_pays_more_than_alone(bill, split):
    shares = shares_of(bill, split)
    assert sum(shares) == bill.price_cents
    assert min(shares) >= 0
    alone = [seat.alone_cents for seat in bill.seats]
    if split is not Split.EQUAL and len(shares) > 1:
        together = sum(alone) >= sum(shares)
        assert all(share <= cents if together else share >= cents for share, cents in zip(shares, alone, strict=True))


@given(bills(), st.sampled_from(Split), st.data())
def test_who_is_alike_pays_alike_up_to_a_cent_that_goes_to_the_first(bill, split, data):
    place = data.draw(st.integers(0, len(bill.seats) - 1))
    twins = Bill((*bill.seats, bill.seats[place]), bill.froms, bill.opening_cents)
    shares = shares_of(twins, split)
    assert 0 <= shares[place] - shares[-1] <= 1


@given(bills(), st.sampled_from(Split))
def test_the_core_is_that_of_every_part(bill, split):
    shares = shares_of(bill, split)
    assert in_core(bill, shares) is core_by_parts(bill, shares)


def test_a_group_in_which_two_would_do_better_without_the_third_is_not_in_the_core():
    # The tier from three on is dearer for all: any two would pay 100 each.
    bill = bill_of([300] * 3, [(100, 250)] * 3, froms=(2, 3))
    assert not in_core(bill, shares_of(bill, Split.SHAPLEY))
    assert in_core(bill_of([300] * 3, [(100, 90)] * 3, froms=(2, 3)), (90, 90, 90))


def test_nobody_is_paid_for_coming():
    # The second spares 495 by the tier, and an equal half of it would be more than the first pays alone.
    bill = bill_of([10, 1_000], [(10, 5), (1_000, 500)], froms=(1, 2))
    assert savings_of(bill) == (Fraction(505, 2), Fraction(505, 2))
    assert shares_of(bill, Split.SHAPLEY) == (0, 505)


def test_what_a_group_costs_more_than_its_members_alone_is_borne_equally():
    bill = bill_of([100, 200], [(150,), (250,)])
    assert {split: shares_of(bill, split) for split in FAIR} == dict.fromkeys(FAIR, (150, 250))


def test_limits_and_grants_bound_a_share_and_the_others_bear_it():
    bill = bill_of([300, 600, 900], opening=1_200, s0={"least_cents": 290}, s2={"most_cents": 500})
    assert shares_of(bill, Split.PROPORTIONAL) == (290, 410, 500)
    # At its limits even those who would pay less alone.
    over = bill_of([300, 300, 900], opening=1_200, s2={"most_cents": 400})
    assert shares_of(over, Split.PROPORTIONAL) == (400, 400, 400)


def test_large_groups_are_averaged_size_by_size():
    alone = [400 + 10 * k for k in range(13)]
    bill = bill_of(alone, [(300, 200)] * 13, froms=(2, 5), opening=100)
    found = savings_of(bill)
    assert sum(found) == sum(alone) - 13 * 200 - 100
    assert list(found) == sorted(found)
    # Every part of two or more saves something: the closed form is then the value itself.
    small = Bill(bill.seats[:6], bill.froms, bill.opening_cents)
    assert savings_of(small) == by_orders(small)
    for size in (2, 3, 6):
        part = Bill(bill.seats[:size], bill.froms, bill.opening_cents)
        assert _average_savings(part) == _exact_savings(part)


@given(problems(), st.sampled_from(FAIR))
def test_a_split_changes_who_pays_and_nothing_else(problem, split):
    plain, fair = solve(problem, effort=100), solve(problem, effort=100, split=split)
    fair.check(problem)
    assert (fair.split, fair.certificate, fair.unmatched) == (split, plain.certificate, plain.unmatched)
    for before, after in zip(plain.pools, fair.pools, strict=True):
        assert (before.needs, before.price_cents, before.grants) == (after.needs, after.price_cents, after.grants)
    assert Plan.from_dict(fair.to_dict()) == fair


def shared_problem(limits=(None, None, None), budgets=()):
    alone = [900, 600, 300]
    needs = [Need(id=f"n{k}", minutes=60, price_limit_cents=limit) for k, limit in enumerate(limits)]
    offers = [
        Offer(id="group", capacity_minutes=180, opening_cents=1_200, group_min=2),
        Offer(id="one", capacity_minutes=0),
    ]
    options = [Option(need=f"n{k}", offer="one", minutes=60, price_cents=cents) for k, cents in enumerate(alone)]
    options += [Option(need=f"n{k}", offer="group", minutes=60, price_cents=0) for k in range(3)]
    return Problem(needs=needs, offers=offers, options=options, budgets=budgets)


def test_solve_takes_a_split_by_name_or_value_and_refuses_others():
    problem = shared_problem()
    (pool,) = solve(problem, split="shapley").pools
    assert pool.shares == {"n0": 650, "n1": 350, "n2": 200}
    assert pool.core
    (listed,) = solve(problem).pools
    assert listed.shares == {"n0": 400, "n1": 400, "n2": 400}
    assert not listed.core
    for wrong in ("fair", None, 3):
        with pytest.raises(Malformed, match="split"):
            solve(problem, split=wrong)


def test_the_explanation_says_when_a_part_of_the_group_would_pay_less_by_itself():
    problem = shared_problem()
    words = "; a part of its group would pay less by itself."
    assert str(solve(problem).explain("n0")).endswith(words)
    assert words not in str(solve(problem, split=Split.SHAPLEY).explain("n0"))


def test_nobody_is_moved_over_a_limit_and_no_grant_over_its_part():
    budgets = [Budget(id="b", cap_cents=100, share_percent=25)]
    problem = shared_problem(limits=(420, None, 300), budgets=budgets)
    listed, fair = (solve(problem, split=split).pools[0] for split in (Split.EQUAL, Split.SHAPLEY))
    assert fair.grants == listed.grants == {"n0": {}, "n1": {}, "n2": {"b": 100}}
    # 400 carry the grant of 100, 420 are the limit, the second bears the rest.
    assert fair.shares == {"n0": 420, "n1": 380, "n2": 400}


@pytest.mark.parametrize("split", Split)
def test_a_share_that_was_moved_is_found(split):
    problem = shared_problem()
    plan = solve(problem, split=split)
    (pool,) = plan.pools
    for giver, taker in permutations(range(3), 2):
        for cents in (1, 50):
            members = list(pool.members)
            for place, more in ((giver, cents), (taker, -cents)):
                one = members[place]
                members[place] = attrs.evolve(
                    one, share_cents=one.share_cents + more, household_cents=one.household_cents + more
                )
            forged = attrs.evolve(plan, pools=[attrs.evolve(pool, members=tuple(members))])
            with pytest.raises(PlanError) as raised:
                attrs.evolve(forged, pools=tuple(forged.pools)).sealed().check(problem)
            assert raised.value.rule is Rule.SHARES


def test_another_split_than_the_shares_are_made_by_is_found():
    problem = shared_problem()
    plan = solve(problem, split=Split.SHAPLEY)
    for other in (Split.EQUAL, Split.PROPORTIONAL):
        with pytest.raises(PlanError) as raised:
            attrs.evolve(plan, split=other).sealed().check(problem)
        assert raised.value.rule is Rule.SHARES


def test_a_core_that_is_none_is_found():
    problem = shared_problem()
    plan = solve(problem)
    forged = attrs.evolve(plan, pools=tuple(attrs.evolve(pool, core=True) for pool in plan.pools)).sealed()
    with pytest.raises(PlanError) as raised:
        forged.check(problem)
    assert raised.value.rule is Rule.SHARES


def test_large_groups_are_checked_by_the_closed_form_too():
    needs = [Need(id=f"n{k:02}", minutes=60 + 30 * (k % 3)) for k in range(14)]
    tiers = [PriceTier(people_from=2, price_cents=300), PriceTier(people_from=8, price_cents=200)]
    offers = [Offer(id="g", capacity_minutes=9_999, tiers=tiers, unit_minutes=60, opening_cents=101)]
    options = [Option(need=need.id, offer="g", minutes=60, price_cents=700) for need in needs]
    (pool,) = solve(Problem(needs=needs, offers=offers, options=options), split=Split.SHAPLEY).pools
    assert len(pool.needs) == 14
    assert len(set(pool.shares.values())) > 2
