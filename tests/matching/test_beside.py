"""Where else a need could be, and who has the place that another lacks: acted upon, both come true."""

import pytest
from acting import matched_again
from hypothesis import given
from hypothesis import strategies as st
from problems import problems

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching import Need, Offer, Option, Problem, Why, next_best, rival_of, solve
from wis_engine.matching.standing import Standing
from wis_engine.values import PriceTier, WeekSlots

HOUR = {"minutes": 60, "service": "s"}


@given(problems(), st.sampled_from(["by_firm", "greedy"]))
def test_the_next_best_place_can_be_had_at_its_price(problem, strategy):
    plan = solve(problem, strategy)
    for need in sorted(plan.covered):
        other = next_best(problem, plan, need)
        if other is None:
            continue
        was = plan.explain(need)
        draft = Standing.of(problem, plan).draft
        number = draft.pool_of[need]
        assert draft.leave(number, need) is not other.parts
        if other.parts:
            draft.close(number)
        standing = Standing(draft.ground, draft, plan.split)
        seats = standing.openings.seats(draft.ground.needs[need])
        others = [seat for seat in seats if seat.joins != number]
        others = [seat for seat in others if seat.joins is not None or seat.pool.shape.offers != was.offers]
        shares = [seat.pool.shares[seat.pool.members.index(need)] for seat in others]
        chosen = [
            seat for seat in others if (seat.pool.shape.offers, len(seat.pool.members)) == (other.offers, other.people)
        ]
        assert min(shares) in [seat.pool.shares[seat.pool.members.index(need)] for seat in chosen]
        standing.openings.take(min(chosen, key=lambda seat: seat.pool.shares[seat.pool.members.index(need)]))
        again = matched_again(problem, plan, draft)
        got = again.explain(need)
        assert (got.offers, got.people, got.share_cents) == (other.offers, other.people, other.share_cents)
        assert got.household_cents == other.household_cents
        assert other.more_cents == got.share_cents - was.share_cents


@given(problems(), st.sampled_from(["by_firm", "greedy"]))
def test_without_its_rival_a_need_is_served(problem, strategy):
    plan = solve(problem, strategy)
    for left in plan.unmatched:
        rival = rival_of(problem, plan, left.need)
        if rival is None:
            continue
        draft = Standing.of(problem, plan).draft
        assert draft.leave(draft.pool_of[rival.taker], rival.taker)
        standing = Standing(draft.ground, draft, plan.split)
        need = draft.ground.needs[left.need]
        seat = next(seat for seat in standing.openings.seats(need) if rival.taker not in seat.pool.members)
        standing.openings.take(seat)
        again = matched_again(problem, plan, draft)
        assert left.need in again.covered
        values = [each.certificate.levels[0].value for each in (plan, again)]
        needs = draft.ground.needs
        match rival.why:
            case Why.CLASS:
                assert needs[rival.taker].priority > need.priority
            case Why.VALUE:
                assert problem.value(needs[rival.taker]) > problem.value(need)
            case Why.HOUSEHOLD | Why.PUBLIC:
                assert values[0] == values[1]
            case Why.ID:
                assert rival.taker < left.need
        assert rival.why is Why.STRATEGY or values[0] >= values[1]


@given(problems(needs_max=4))
def test_whoever_looked_at_every_plan_has_a_reason(problem):
    plan = solve(problem, "exact")
    if plan.certificate.enumerated:
        for left in plan.unmatched:
            rival = rival_of(problem, plan, left.need)
            assert rival is None or rival.why is not Why.STRATEGY


def two(first, second, **offer):
    """Two needs for one place."""
    needs = [Need(id="m", **HOUR | first), Need(id="n", **HOUR | second)]
    return Problem(needs=needs, offers=[Offer(id="o", service="s", capacity_minutes=60, **offer)])


@pytest.mark.parametrize(
    ("first", "second", "why", "said"),
    [
        ({"priority": 1}, {}, Why.CLASS, "which is of a higher class"),
        ({}, {"minutes": 30}, Why.VALUE, "which covers more minutes"),
        ({}, {}, Why.ID, "whose id comes first"),
    ],
)
def test_why_one_comes_before_another(first, second, why, said):
    problem = two(first, second)
    rival = rival_of(problem, solve(problem), "n")
    assert (rival.taker, rival.why) == ("m", why)
    assert str(rival) == f"The place of need n is that of need m, {said}."
    assert rival.text().startswith("Il posto del bisogno n è del bisogno m, ")


def test_who_costs_less_comes_first():
    options = [Option(need=name, offer="o", minutes=60, price_cents=cents) for name, cents in (("m", 900), ("n", 100))]
    problem = Problem(
        needs=[Need(id="m", minutes=60), Need(id="n", minutes=60)],
        offers=[Offer(id="o", capacity_minutes=60)],
        options=options,
    )
    rival = rival_of(problem, solve(problem), "m")
    assert (rival.taker, rival.why) == ("n", Why.HOUSEHOLD)


def test_nobody_has_a_place_that_there_is_not():
    problem = two({}, {}, group_min=5)
    assert rival_of(problem, solve(problem), "n") is None


def test_the_next_best_place_is_said_with_what_it_would_cost():
    offers = [
        Offer(id="o", service="s", capacity_minutes=600, tiers=[PriceTier(price_cents=500)]),
        Offer(id="p", service="s", capacity_minutes=600, tiers=[PriceTier(price_cents=800)]),
    ]
    problem = Problem(needs=[Need(id="n", **HOUR)], offers=offers)
    other = next_best(problem, solve(problem), "n")
    assert str(other) == "Otherwise need n would be served alone by p: its place would cost 8.00 EUR, 3.00 EUR more."
    assert other.text() == (
        "Altrimenti il bisogno n sarebbe servito da solo da p: il suo posto costerebbe 8,00 euro, 3,00 euro in più."
    )


def test_a_group_that_would_not_stand_without_it_is_said_so():
    offers = [
        Offer(id="o", service="s", capacity_minutes=600, group_min=2, slots=WeekSlots.parse("mon 16:00-17:00")),
        Offer(id="p", service="s", capacity_minutes=60, slots=WeekSlots.parse("mon 16:00-17:00")),
    ]
    problem = Problem(needs=[Need(id="m", **HOUR), Need(id="n", **HOUR)], offers=offers)
    other = next_best(problem, solve(problem), "n")
    assert other.parts
    assert str(other).endswith("the same price; its group of now would not stand without it.")
    assert other.text().endswith("lo stesso prezzo; il suo gruppo di ora non reggerebbe senza di esso.")


def test_the_same_offer_at_another_time_is_no_other_place():
    problem = Problem(needs=[Need(id="n", **HOUR)], offers=[Offer(id="o", service="s", capacity_minutes=60)])
    assert next_best(problem, solve(problem), "n") is None


def test_what_is_asked_must_fit_the_plan():
    problem = two({"priority": 1}, {})
    plan = solve(problem)
    with pytest.raises(Malformed, match="n is not served"):
        next_best(problem, plan, "n")
    with pytest.raises(Malformed, match="m is served"):
        rival_of(problem, plan, "m")
    for ask in (next_best, rival_of):
        with pytest.raises(PlanError):
            ask(problem, plan, "x")
