"""What is said about a need is true: acted on, it helps."""

import attrs
import pytest
from hypothesis import given
from problems import problems, timed_problems

from wis_engine.errors import PlanError
from wis_engine.matching import Budget, Need, Offer, Option, Problem, Step, Unserved, solve
from wis_engine.matching.options import STAGES
from wis_engine.matching.pools import Draft
from wis_engine.values import Period, PriceTier, WeekSlots

LOTS = 10**6
FILTERS = (*STAGES, Unserved.CHAIN)


def unmatched(problem, need="n", strategy="exact"):
    return solve(problem, strategy).explain(need)


def options(*pairs, price=100):
    return [Option(need=need, offer=offer, minutes=60, price_cents=price) for need, offer in pairs]


def test_a_full_offer_is_named_capacity():
    needs = [Need(id="m", minutes=60, priority=1), Need(id="n", minutes=60)]
    problem = Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=60)], options=options(("m", "o"), ("n", "o")))
    why = unmatched(problem)
    assert why.reasons == (Unserved.CAPACITY,)
    assert str(why) == "Need n is not served: the offers that could serve it are full."


def test_a_spent_budget_is_named_budget():
    needs = [
        Need(id="m", minutes=60, priority=1, price_limit_cents=60),
        Need(id="n", minutes=60, price_limit_cents=60),
    ]
    problem = Problem(
        needs=needs,
        offers=[Offer(id="o", capacity_minutes=600)],
        options=options(("m", "o"), ("n", "o")),
        budgets=[Budget(id="g", cap_cents=50)],
    )
    assert unmatched(problem).reasons == (Unserved.BUDGET,)


@pytest.mark.parametrize(("group_min", "short"), [(2, 1), (4, 3)])
def test_a_group_is_short_by_so_many(group_min, short):
    offer = Offer(id="o", capacity_minutes=600, group_min=group_min)
    problem = Problem(needs=[Need(id="n", minutes=60)], offers=[offer], options=options(("n", "o")))
    why = unmatched(problem)
    assert (why.reasons, why.short_by) == ((Unserved.GROUP,), short)
    assert str(why) == f"Need n is not served: a group is short by {short}."


def test_a_price_that_only_a_larger_group_reaches_is_short_of_people():
    tiers = [PriceTier(price_cents=100), PriceTier(people_from=3, price_cents=50)]
    offer = Offer(id="o", capacity_minutes=600, tiers=tiers)
    need = Need(id="n", minutes=60, price_limit_cents=60)
    why = unmatched(Problem(needs=[need], offers=[offer]))
    assert (why.reasons, why.short_by) == ((Unserved.GROUP,), 2)


def test_a_price_that_no_group_reaches_is_said_so():
    offer = Offer(id="o", capacity_minutes=600, opening_cents=9_000, group_max=2)
    why = unmatched(Problem(needs=[Need(id="n", minutes=60, price_limit_cents=10)], offers=[offer]))
    assert why.reasons == (Unserved.PRICE,)
    assert str(why) == "Need n is not served: its place stays over its limit in every group that could be."


def test_a_person_elsewhere_is_named_overlap():
    slots = WeekSlots.parse("mon 16:00-17:00")
    needs = [
        Need(id="m", minutes=60, priority=1, slots=slots, beneficiary="b"),
        Need(id="n", minutes=60, slots=slots, beneficiary="b"),
    ]
    problem = Problem(needs=needs, offers=[Offer(id="o", capacity_minutes=600), Offer(id="p", capacity_minutes=600)])
    assert unmatched(problem).reasons == (Unserved.OVERLAP,)


def test_two_blockers_are_named_together():
    needs = [Need(id="m", minutes=60, priority=1), Need(id="n", minutes=60)]
    offers = [Offer(id="o", capacity_minutes=60), Offer(id="p", capacity_minutes=0, group_min=2)]
    problem = Problem(needs=needs, offers=offers, options=options(("m", "o"), ("n", "p")))
    why = unmatched(problem)
    assert (why.reasons, why.short_by) == ((Unserved.CAPACITY, Unserved.GROUP), 1)
    assert str(why) == "Need n is not served: the offers that could serve it are full and a group is short by 1."


def test_what_the_strategy_alone_leaves_out_is_said_of_the_strategy():
    offer = Offer(id="o", capacity_minutes=600, group_min=2)
    needs = [Need(id="m", minutes=60, firm="f1"), Need(id="n", minutes=60, firm="f2")]
    problem = Problem(needs=needs, offers=[offer])
    assert unmatched(problem, strategy="by_firm").reasons == (Unserved.STRATEGY,)
    assert solve(problem, "greedy").covered == {"m", "n"}


def test_people_enough_for_the_price_whom_the_strategy_keeps_apart_are_said_of_the_strategy():
    tiers = [PriceTier(price_cents=1_000), PriceTier(people_from=3, price_cents=300)]
    needs = [Need(id=f"n{k}", minutes=60, firm=f"f{k}", price_limit_cents=500) for k in range(3)]
    offer = Offer(id="o", capacity_minutes=600, tiers=tiers)
    for why in solve(Problem(needs=needs, offers=[offer]), "by_firm").unmatched:
        assert (why.reasons, why.short_by) == ((Unserved.STRATEGY,), 0)
    for why in solve(Problem(needs=needs[:2], offers=[offer]), "by_firm").unmatched:
        assert (why.reasons, why.short_by) == ((Unserved.GROUP,), 1)


@given(problems())
def test_a_group_is_too_small_only_when_somebody_lacks(problem):
    for strategy in ("by_firm", "greedy"):
        for why in solve(problem, strategy).unmatched:
            assert (why.short_by > 0) is (Unserved.GROUP in why.reasons)


def test_an_option_for_a_larger_group_than_is_wanted_is_for_others():
    offer = Offer(id="o", capacity_minutes=600, group_min=3)
    problem = Problem(needs=[Need(id="n", minutes=60, group_max=2)], offers=[offer], options=options(("n", "o")))
    assert str(unmatched(problem)) == "Need n is not served: no offer passes the filters (1 for others)."


def test_a_chain_of_offers_for_groups_of_no_common_size_joins_nobody():
    steps = [Step(service="a", minutes=30), Step(service="b", minutes=30)]
    offers = [
        Offer(id="o1", supplier="s1", service="a", capacity_minutes=600, group_max=2),
        Offer(id="o2", supplier="s2", service="b", capacity_minutes=600, group_min=3),
    ]
    problem = Problem(needs=[Need(id="n", minutes=60, steps=steps)], offers=offers)
    assert unmatched(problem, strategy="greedy").reasons == (Unserved.CHAIN,)


def test_full_offers_are_passed_over_without_trying_every_hour(monkeypatch):
    tries = []
    gather = Draft.gather

    def counted(self, *arguments):
        tries.append(arguments)
        return gather(self, *arguments)

    monkeypatch.setattr(Draft, "gather", counted)
    needs = [Need(id=f"n{k:02}", minutes=60, beneficiary=f"b{k}") for k in range(30)]
    offers = [Offer(id=f"o{k}", capacity_minutes=60, capacity_per_slot=1) for k in range(6)]
    plan = solve(Problem(needs=needs, offers=offers), "greedy", effort=50)
    assert {why.reasons for why in plan.unmatched} == {(Unserved.CAPACITY,)}
    assert len(plan.pools) == 6
    assert len(tries) < 1_000


def test_the_first_filter_nobody_passes_is_named_with_counts():
    offers = [
        Offer(id="o1", capacity_minutes=1, service="s"),
        Offer(id="o2", capacity_minutes=1, service="t", zones=[4]),
        Offer(id="o3", capacity_minutes=1, service="t", slots=WeekSlots.NEVER),
    ]
    why = unmatched(Problem(needs=[Need(id="n", minutes=60, service="t")], offers=offers))
    assert why.reasons == (Unserved.TIME,)
    assert [(str(one.stage), one.offers) for one in why.fallen] == [("service", 1), ("distance", 1), ("time", 1)]
    assert str(why) == (
        "Need n is not served: no offer passes the filters (1 of another service, 1 too far, 1 at other times)."
    )
    nobody = unmatched(Problem(needs=[Need(id="n", minutes=60)], offers=[]))
    assert str(nobody) == "Need n is not served: no offer passes the filters (there is no offer)."


def test_a_served_need_is_told_what_it_got(rich_plan):
    assert str(rich_plan.explain("n0")) == (
        "Need n0 is served with 2 more by o-group: its place costs 35.34 EUR, 14.66 EUR less than alone, "
        "of which public money pays 3.34 EUR."
    )
    assert str(rich_plan.explain("n3")) == "Need n3 is served alone by o-pickup then o-play: its place costs 7.00 EUR."
    with pytest.raises(PlanError):
        rich_plan.explain("n9")


def without(problem, why):
    """The problem with the named blockers out of the way."""
    offers, budgets, needs = list(problem.offers), list(problem.budgets), list(problem.needs)
    blocked = next(need for need in needs if need.id == why.need)
    if Unserved.CAPACITY in why.reasons:
        offers = [attrs.evolve(offer, capacity_minutes=LOTS, capacity_per_slot=None) for offer in offers]
    if Unserved.BUDGET in why.reasons:
        budgets = [attrs.evolve(budget, cap_cents=LOTS) for budget in budgets]
        needs = [attrs.evolve(need, household="") for need in needs]
    if Unserved.OVERLAP in why.reasons:
        needs = [attrs.evolve(need, beneficiary="") if need is blocked else need for need in needs]
    blocked = next(need for need in needs if need.id == why.need)
    options = None if problem.options is None else list(problem.options)
    for number in range(why.short_by):
        like = attrs.evolve(blocked, id=f"like-{number}", beneficiary="", household="", price_limit_cents=None)
        needs.append(like)
        if options is not None:
            options += [attrs.evolve(one, need=like.id) for one in problem.options if one.need == why.need]
    return attrs.evolve(problem, offers=offers, budgets=budgets, needs=needs, options=options)


@given(timed_problems(needs_max=4, composite=False) | problems(needs_max=4))
def test_removing_the_named_blockers_serves_more(problem):
    plan = solve(problem, "exact")
    for why in plan.unmatched:
        assert why.reasons
        if why.reasons[0] in FILTERS or not plan.certificate.enumerated:
            continue
        assert Unserved.STRATEGY not in why.reasons
        helped = solve(without(problem, why), "exact", effort=5_000)
        if helped.certificate.enumerated:
            assert helped.certificate.levels[0].value > plan.certificate.levels[0].value


@given(problems())
def test_every_explanation_is_one_sentence(problem):
    plan = solve(problem, "by_zone")
    for need in problem.needs:
        sentence = str(plan.explain(need.id))
        assert sentence.startswith(f"Need {need.id} is ")
        assert sentence.endswith(".")
        assert "\n" not in sentence


def test_a_group_that_is_there_is_not_too_small_though_the_search_for_one_passes_it_over():
    """One who has no day in common with the others is tried first, and the price is too high for two."""
    slots = WeekSlots.parse("mon 09:00-12:00")
    first, whole, last = (
        Period.parse(f"2026-03-{days}") for days in ("02/2026-03-09", "02/2026-03-16", "09/2026-03-30")
    )
    wants = {"slots": slots, "service": "parcels_at_work", "minutes": 30}
    needs = [
        Need(id="n", firm="f", period=whole, price_limit_cents=210, **wants),
        Need(id="m", firm="g", period=first, price_limit_cents=150, priority=3, **wants),
        *(Need(id=f"n{k}", firm=f"f{k}", period=last, price_limit_cents=205, **wants) for k in range(3)),
    ]
    offer = Offer(
        id="o",
        service="parcels_at_work",
        slots=slots,
        period=Period.parse("2026-03-02/2026-03-30"),
        capacity_minutes=600,
        opening_cents=400,
        tiers=[PriceTier(price_cents=100)],
        unit_minutes=30,
    )
    budget = Budget(id="b", cap_cents=10_000, share_percent=10)
    why = solve(Problem(needs=needs, offers=[offer], budgets=[budget]), "by_firm").explain("n")
    assert (why.reasons, why.short_by) == ((Unserved.STRATEGY,), 0)
