"""A nearest miss comes true: its change alone serves the need, in a plan that keeps every rule."""

import attrs
import pytest
from acting import acted_on
from hypothesis import given
from hypothesis import strategies as st
from problems import problems

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching import (
    Budget,
    Change,
    Need,
    Offer,
    Option,
    Problem,
    Remedy,
    Step,
    Unserved,
    nearest_miss,
    nearest_misses,
    solve,
)
from wis_engine.values import AgeBand, Channel, Point, PriceTier, WeekSlots

HERE, THERE = Point(45_460_000, 9_190_000), Point(45_469_000, 9_190_000)
APART_M = 1_001
MONDAY, TUESDAY = WeekSlots.parse("mon 16:00-17:00"), WeekSlots.parse("tue 16:00-17:00")
HOUR = {"minutes": 60, "service": "s"}
OPEN = {"capacity_minutes": 600, "service": "s"}
DEAR = PriceTier(price_cents=1_000)


def one(offer, *, budgets=(), others=(), **need):
    return Problem(
        needs=[Need(id="n", **HOUR | need), *others], offers=[Offer(id="o", **OPEN | offer)], budgets=budgets
    )


CASES = {
    Remedy.SLOTS: (
        one({"slots": TUESDAY}, slots=MONDAY),
        Change(remedy=Remedy.SLOTS, need="n", slots=TUESDAY),
        "it were also free Tue 16:00-17:00",
        "fosse libero anche mar 16:00-17:00",
    ),
    Remedy.MEMBERS: (
        one({"group_min": 3}, zone=4),
        Change(remedy=Remedy.MEMBERS, need="n", people=2, service="s", zone=4, slots=WeekSlots.at(0, 0, 2)),
        "2 more families asked for s, Mon 00:00-01:00, in zone 4",
        "altre 2 famiglie chiedessero s, lun 00:00-01:00, nella zona 4",
    ),
    Remedy.COMPANY: (
        one({"group_min": 2}, group_max=1, others=[Need(id="m", **HOUR)]),
        Change(remedy=Remedy.COMPANY, need="n", people=2),
        "it accepted a group of 2",
        "accettasse un gruppo di 2",
    ),
    Remedy.CHANNEL: (
        one({"channel": Channel.WEMI}, channel=Channel.PARTNER),
        Change(remedy=Remedy.CHANNEL, need="n"),
        "it accepted any channel",
        "accettasse qualsiasi canale",
    ),
    Remedy.LANGUAGE: (
        one({"languages": ["it"]}, language="en"),
        Change(remedy=Remedy.LANGUAGE, need="n"),
        "it accepted any language",
        "accettasse qualsiasi lingua",
    ),
    Remedy.REACH: (
        one({"place": THERE}, place=HERE, radius_m=500),
        Change(remedy=Remedy.REACH, need="n", metres=APART_M - 500),
        "it could go 501 m further",
        "potesse andare 501 m più lontano",
    ),
    Remedy.LIMIT: (
        one({"tiers": [DEAR]}, price_limit_cents=349),
        Change(remedy=Remedy.LIMIT, need="n", cents=651),
        "its household could pay 6.51 EUR more",
        "il nucleo potesse pagare 6,51 euro in più",
    ),
    Remedy.CAPACITY: (
        one({"capacity_minutes": 15}),
        Change(remedy=Remedy.CAPACITY, offer="o", minutes=45),
        "offer o had 45 min more",
        "l’offerta o avesse 45 min in più",
    ),
    Remedy.AT_ONCE: (
        one(
            {"capacity_per_slot": 1, "slots": MONDAY, "group_max": 1},
            slots=MONDAY,
            others=[Need(id="m", priority=1, slots=MONDAY, **HOUR)],
        ),
        Change(remedy=Remedy.AT_ONCE, offer="o", sessions=1),
        "offer o held 1 more session at once",
        "l’offerta o tenesse 1 incontro in più allo stesso tempo",
    ),
    Remedy.OFFER_REACH: (
        one({"place": THERE, "radius_m": 900}, place=HERE),
        Change(remedy=Remedy.OFFER_REACH, offer="o", metres=APART_M - 900),
        "offer o went 101 m further",
        "l’offerta o arrivasse 101 m più lontano",
    ),
    Remedy.OFFER_ZONE: (
        one({"zones": [2]}, zone=3),
        Change(remedy=Remedy.OFFER_ZONE, offer="o", zone=3),
        "offer o also served zone 3",
        "l’offerta o servisse anche la zona 3",
    ),
    Remedy.OFFER_AGES: (
        one({"age_bands": [AgeBand.CHILD_3_5]}, age_band=AgeBand.SCHOOL_6_10),
        Change(remedy=Remedy.OFFER_AGES, offer="o", age_band=AgeBand.SCHOOL_6_10),
        "offer o also took another age band",
        "l’offerta o accettasse anche un’altra fascia d’età",
    ),
    Remedy.BUDGET: (
        one({"tiers": [DEAR]}, price_limit_cents=600, budgets=[Budget(id="g", cap_cents=150)]),
        Change(remedy=Remedy.BUDGET, budget="g", cents=250),
        "budget g had 2.50 EUR more",
        "il fondo g avesse 2,50 euro in più",
    ),
}


@pytest.mark.parametrize("remedy", CASES)
def test_the_smallest_change_is_found_and_said(remedy):
    problem, change, english, italian = CASES[remedy]
    plan = solve(problem)
    found = {miss.change.remedy: miss for miss in nearest_misses(problem, plan, "n")}
    assert found[remedy].change == change
    assert f" would be served if {english}: " in str(found[remedy])
    assert f" sarebbe servito se {italian}: " in found[remedy].text("it")
    assert acted_on(problem, plan, change, ["n"]).covered >= plan.covered | {"n"}


SIZES = ("cents", "minutes", "metres", "people")


@pytest.mark.parametrize("remedy", CASES)
def test_a_smaller_change_does_not_serve(remedy):
    problem, change, *_ = CASES[remedy]
    for size in SIZES:
        amount = getattr(change, size)
        if amount:
            less = attrs.evolve(change, **{size: amount - 1}).applied(problem)
            assert "n" not in solve(less).covered
    assert "n" not in solve(problem).covered


def test_every_remedy_of_one_need_has_a_case():
    assert {*CASES, Remedy.NOTHING, Remedy.SUPPLIER} == set(Remedy)


@given(problems(), st.sampled_from(["by_firm", "by_zone", "greedy"]), st.sampled_from(["equal", "shapley"]))
def test_acted_on_it_comes_true(problem, strategy, split):
    plan = solve(problem, strategy, split=split)
    for left in plan.unmatched:
        for miss in nearest_misses(problem, plan, left.need):
            again = acted_on(problem, plan, miss.change, [miss.need])
            assert again.covered >= plan.covered | {miss.need}
            got = again.explain(miss.need)
            assert (got.offers, got.people) == (miss.offers, miss.people)
            assert (got.share_cents, got.household_cents) == (miss.share_cents, miss.household_cents)


@given(problems(needs_max=4))
def test_a_better_plan_comes_of_it(problem):
    plan = solve(problem, "exact")
    for left in plan.unmatched:
        miss = nearest_miss(problem, plan, left.need)
        if miss is not None and plan.certificate.enumerated:
            again = solve(miss.change.applied(problem), "exact", effort=5_000)
            if again.certificate.enumerated:
                assert again.certificate.levels[0].value > plan.certificate.levels[0].value


@given(problems(), st.sampled_from(["by_firm", "greedy"]))
def test_nothing_has_to_change_only_where_the_strategy_is_the_reason(problem, strategy):
    plan = solve(problem, strategy)
    for left in plan.unmatched:
        miss = nearest_miss(problem, plan, left.need)
        nothing = miss is not None and miss.change.remedy is Remedy.NOTHING
        assert nothing is (left.reasons == (Unserved.STRATEGY,))


@given(problems(), st.sampled_from(["by_firm", "greedy"]))
def test_a_group_that_is_short_lacks_so_many_families(problem, strategy):
    problem = attrs.evolve(problem, budgets=())
    plan = solve(problem, strategy)
    for left in plan.unmatched:
        if left.reasons == (Unserved.GROUP,):
            found = {miss.change.remedy: miss.change for miss in nearest_misses(problem, plan, left.need)}
            assert found[Remedy.MEMBERS].people <= left.short_by


def test_a_place_beside_the_pools_is_said_as_it_is():
    needs = [Need(id="m", firm="f1", **HOUR), Need(id="n", firm="f2", **HOUR)]
    problem = Problem(needs=needs, offers=[Offer(id="o", group_min=2, **OPEN)])
    (miss,) = nearest_misses(problem, solve(problem, "by_firm"), "n")
    assert str(miss) == "There is a place for need n beside the pools of the plan: with 1 more by o, at 0.00 EUR."
    assert miss.text("it") == "Per il bisogno n c’è posto accanto ai gruppi del piano: con 1 altro da o, a 0,00 euro."


def test_no_single_change_serves_a_need_for_two_reasons():
    problem = one({"languages": ["it"], "channel": Channel.WEMI}, language="en", channel=Channel.PARTNER)
    assert nearest_miss(problem, solve(problem), "n") is None


def test_time_comes_before_money():
    offers = [Offer(id="o", **OPEN, slots=MONDAY, tiers=[DEAR]), Offer(id="p", **OPEN, slots=TUESDAY)]
    problem = Problem(needs=[Need(id="n", slots=MONDAY, price_limit_cents=1, **HOUR)], offers=offers)
    assert nearest_miss(problem, solve(problem), "n").change.remedy is Remedy.SLOTS


def test_a_chain_lacks_minutes_of_one_step():
    steps = [Step(service="a", minutes=30), Step(service="b", minutes=30)]
    offers = [
        Offer(id="o1", supplier="s1", service="a", capacity_minutes=600),
        Offer(id="o2", supplier="s2", service="b", capacity_minutes=10),
    ]
    problem = Problem(needs=[Need(id="n", minutes=60, steps=steps)], offers=offers)
    miss = nearest_miss(problem, solve(problem), "n")
    assert miss.change == Change(remedy=Remedy.CAPACITY, offer="o2", minutes=20)
    assert str(miss).endswith(": alone by o1 then o2, at 0.00 EUR.")


def test_given_options_have_only_what_they_know():
    offers = [Offer(id="o", capacity_minutes=30, opening_cents=500)]
    options = [Option(need="n", offer="o", minutes=60, price_cents=100)]
    problem = Problem(needs=[Need(id="n", minutes=60)], offers=offers, options=options)
    (miss,) = nearest_misses(problem, solve(problem), "n")
    assert (miss.change, miss.starts) == (Change(remedy=Remedy.CAPACITY, offer="o", minutes=30), None)
    assert miss.share_cents == 600


def test_what_is_asked_for_must_be_left_out_of_this_plan():
    problem = one({"capacity_minutes": 60}, others=[Need(id="m", priority=1, **HOUR)])
    plan = solve(problem)
    with pytest.raises(Malformed, match="m is served"):
        nearest_miss(problem, plan, "m")
    with pytest.raises(PlanError, match="no need x"):
        nearest_miss(problem, plan, "x")
    with pytest.raises(PlanError, match="another problem"):
        nearest_miss(one({}), plan, "n")
    with pytest.raises(Malformed):
        nearest_miss(plan, problem, "n")
    with pytest.raises(Malformed):
        nearest_miss(problem, plan, "n").text("fr")


@pytest.mark.parametrize("remedy", [remedy for remedy in Remedy if remedy is not Remedy.NOTHING])
def test_a_change_of_what_is_not_there_is_refused(remedy):
    with pytest.raises(Malformed):
        Change(remedy=remedy).applied(one({}))


@pytest.mark.parametrize("remedy", [Remedy.REACH, Remedy.LIMIT, Remedy.SLOTS, Remedy.AT_ONCE, Remedy.OFFER_REACH])
def test_a_change_of_what_has_no_limit_is_refused(remedy):
    name = {"offer": "o"} if remedy in (Remedy.AT_ONCE, Remedy.OFFER_REACH) else {"need": "n"}
    with pytest.raises(Malformed, match=f"nothing to change by «{remedy}»"):
        Change(remedy=remedy, **name).applied(one({}))


def test_new_families_have_ids_of_their_own_and_their_options():
    needs = [Need(id="n", minutes=60, firm="f", household="h", beneficiary="b"), Need(id="n.more-1", minutes=60)]
    options = [Option(need="n", offer="o", minutes=60, price_cents=100)]
    problem = Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=600)], options=options)
    more = Change(remedy=Remedy.MEMBERS, need="n", people=2).applied(problem)
    assert [need.id for need in more.needs] == ["n", "n.more-1", "n.more-2", "n.more-3"]
    assert {need.beneficiary for need in more.needs[2:]} == {""}
    assert [option.need for option in more.options] == ["n", "n.more-2", "n.more-3"]
