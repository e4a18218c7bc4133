from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching import Need, Offer, Placement, Problem, Proposal, Step, discover_chains, solve
from wis_engine.matching.chains import joined, supplier_of
from wis_engine.matching.options import Ground
from wis_engine.values import Point, PriceTier, WeekSlots

HERE, FAR = Point(45_460_000, 9_190_000), Point(45_480_000, 9_190_000)
STEPS = (
    Step(service="pickup", minutes=30),
    Step(service="homework", minutes=60, gap_max_minutes=30, distance_max_m=1_000),
    Step(service="ride", minutes=30, gap_max_minutes=0),
)


def offer(name, service, slots, supplier="", *, place=HERE, price=100, quality=50):
    return Offer(
        id=name,
        service=service,
        supplier=supplier or name,
        slots=WeekSlots.parse(slots),
        place=place,
        capacity_minutes=600,
        tiers=[PriceTier(price_cents=price)],
        quality_percent=quality,
    )


PICKUP = offer("o1", "pickup", "mon 16:00-17:00")
HOMEWORK = offer("o2", "homework", "mon 16:00-18:30")
RIDE = offer("o3", "ride", "mon 17:00-20:00")
NEED = Need(id="n", minutes=120, service="afternoon", steps=STEPS)


def served(*offers, need=NEED):
    plan = solve(Problem(needs=[need], offers=offers), "greedy")
    if not plan.pools:
        return str(plan.unmatched[0].reasons[0])
    return [(step.offer, step.offset_slots) for step in plan.chains[0].steps], str(plan.pools[0].starts)


def test_a_composite_need_gets_offers_one_after_the_other():
    assert served(PICKUP, HOMEWORK, RIDE) == ([("o1", 0), ("o2", 1), ("o3", 3)], "mon 16:00-16:30")


@pytest.mark.parametrize(
    ("offers", "reason"),
    [
        ((PICKUP, offer("o2", "homework", "mon 16:00-18:30", supplier="o1"), RIDE), "chain"),
        ((PICKUP, offer("o2", "homework", "mon 16:00-18:30", place=FAR), RIDE), "chain"),
        ((PICKUP, offer("o2", "homework", "mon 18:00-19:00"), RIDE), "chain"),
        ((PICKUP, HOMEWORK, offer("o3", "ride", "mon 19:00-20:00")), "chain"),
        ((PICKUP, HOMEWORK, offer("o3", "ride", "tue 17:00-20:00")), "chain"),
        ((PICKUP, HOMEWORK), "service"),
    ],
)
def test_what_does_not_join_serves_nobody(offers, reason):
    assert served(*offers) == reason


def test_the_whole_chain_lies_in_the_time_of_the_need():
    need = Need(id="n", minutes=120, steps=STEPS, slots=WeekSlots.parse("mon 16:00-17:30"))
    assert served(PICKUP, HOMEWORK, RIDE, need=need) == "chain"


def test_a_chain_does_not_run_into_the_next_day():
    steps = (Step(service="a", minutes=30), Step(service="b", minutes=30))
    need = Need(id="n", minutes=60, steps=steps)
    assert served(offer("o1", "a", "mon 23:30-24:00"), offer("o2", "b", "tue 00:00-00:30"), need=need) == "chain"


def test_each_step_takes_the_capacity_of_its_own_offer():
    two = [Need(id=f"n{k}", minutes=120, service="afternoon", steps=STEPS) for k in range(2)]
    tight = Offer(id="o3", service="ride", supplier="o3", slots=RIDE.slots, capacity_minutes=59)
    for ride, count in ((RIDE, 2), (tight, 1)):
        plan = solve(Problem(needs=two, offers=[PICKUP, HOMEWORK, ride]), "greedy")
        assert len(plan.covered) == count
    assert [str(reason) for reason in plan.unmatched[0].reasons] == ["capacity"]


PROPOSED = {
    "as it should be": (("o1", "o2", "o3"), (0, 1, 3), "mon 16:00-16:30", None),
    "one supplier twice": (("o1", "o4", "o3"), (0, 1, 3), "mon 16:00-16:30", "chain"),
    "a wait too long": (("o1", "o2", "o3"), (0, 2, 5), "mon 16:00-16:30", "chain"),
    "a step before its turn": (("o1", "o2", "o3"), (0, 0, 3), "mon 16:00-16:30", "chain"),
    "too far apart": (("o1", "o5", "o3"), (0, 1, 3), "mon 16:00-16:30", "chain"),
    "a step too few": (("o1", "o2"), (0, 1), "mon 16:00-16:30", "chain"),
    "a late first step": (("o1", "o2", "o3"), (1, 2, 4), "mon 16:00-16:30", "chain"),
    "a step when nobody is there": (("o1", "o2", "o3"), (0, 1, 3), "mon 15:30-16:00", "time"),
}


@pytest.mark.parametrize(("offers", "offsets", "starts", "rule"), PROPOSED.values(), ids=PROPOSED.keys())
def test_a_proposed_chain_is_looked_at_step_by_step(offers, offsets, starts, rule):
    twin = offer("o4", "homework", "mon 16:00-18:30", supplier="o1")
    far = offer("o5", "homework", "mon 16:00-18:30", place=FAR)
    problem = Problem(needs=[NEED], offers=[PICKUP, HOMEWORK, RIDE, twin, far])
    placement = Placement(needs=["n"], offers=offers, offsets=offsets, starts=WeekSlots.parse(starts))

    def strategy(problem, *, seed, effort):
        return Proposal(placements=[placement])

    if rule is None:
        assert solve(problem, strategy).covered == {"n"}
        return
    with pytest.raises(PlanError) as caught:
        solve(problem, strategy)
    assert str(caught.value.rule) == rule


@st.composite
def chain_offers(draw):
    service = draw(st.sampled_from(["pickup", "homework", "ride"]))
    return (
        service,
        draw(st.sampled_from(["mon 16:00-18:00", "mon 16:30-19:00", "mon 16:00-17:00, tue 16:00-19:00"])),
        draw(st.sampled_from(["s1", "s2", "s3", "s4"])),
        draw(st.integers(0, 3)) * 100,
        draw(st.sampled_from([20, 80])),
        draw(st.sampled_from([HERE, FAR])),
    )


def plain_chains(offers):
    """Every chain for the three steps, read from their definition."""
    found = set()
    for chosen in product(*([one for one in offers if one.service == step.service] for step in STEPS)):
        if len({supplier_of(one) for one in chosen}) < 3 or chosen[0].place != chosen[1].place:
            continue
        for start, gap in product(range(336), (0, 1)):
            offsets = (0, 1 + gap, 3 + gap)
            if all(
                one.slots.bits >> slot & 1
                for one, offset, length in zip(chosen, offsets, (1, 2, 1), strict=True)
                for slot in range(start + offset, start + offset + length)
            ):
                found.add((tuple(one.id for one in chosen), offsets, start))
    return found


@given(st.lists(chain_offers(), max_size=7))
def test_pruning_keeps_a_chain_at_least_as_good_as_any_and_invents_none(drawn):
    offers = [
        offer(f"o{k}", service, slots, supplier, place=place, price=price, quality=quality)
        for k, (service, slots, supplier, price, quality, place) in enumerate(drawn)
    ]
    ground = Ground(Problem(needs=[NEED], offers=offers))
    by_step = [[one.id for one in offers if one.service == step.service] for step in STEPS]

    def listed(keep):
        chains = joined(ground, STEPS, by_step, keep).chains
        return {(c.offers, c.offsets, start) for c in chains for start in WeekSlots(c.starts)}

    def goodness(chain):
        chosen = [ground.offers[name] for name in chain[0]]
        return (
            chain[1][-1],
            sum(one.tiers[0].price_cents for one in chosen),
            -min(one.quality_percent for one in chosen),
        )

    everything, kept = listed(None), listed(1)
    assert everything == plain_chains(offers)
    assert kept <= everything
    for chain in everything:
        assert any(
            other[2] == chain[2] and all(a <= b for a, b in zip(goodness(other), goodness(chain), strict=True))
            for other in kept
        )


def crowd(services, count):
    """As many offers of each service, at all times, of different suppliers."""
    return [
        Offer(id=f"{service}{k}", service=service, supplier=f"{service}{k}", capacity_minutes=1_000)
        for service in services
        for k in range(count)
    ]


WAITING = [
    Step(service="a", minutes=30),
    Step(service="b", minutes=30, gap_max_minutes=120),
    Step(service="c", minutes=30, gap_max_minutes=120),
]


def test_a_search_for_chains_ends_and_says_whether_it_saw_all():
    need = Need(id="n", minutes=90, steps=WAITING)
    ground = Ground(Problem(needs=[need], offers=crowd("abc", 5)))
    by_step = ground.offers_by_step([need])
    whole = joined(ground, need.steps, by_step, None)
    assert (len(whole.chains), whole.complete) == (5 * 25 * 25, True)
    assert whole.looked_at == 5 + 5 * 25 + 5 * 25 * 25
    part = joined(ground, need.steps, by_step, None, limit=1_000)
    assert (part.complete, part.looked_at) == (False, 1_000)
    assert set(part.chains) <= set(whole.chains)


def test_exact_serves_a_chain_with_more_ways_than_it_can_see_and_says_so():
    needs = [Need(id="n", minutes=90, steps=WAITING)]
    plan = solve(Problem(needs=needs, offers=crowd("abc", 10)), "exact", effort=50)
    assert plan.covered == {"n"}
    assert not plan.certificate.enumerated


def test_discovery_stops_at_its_effort_and_says_so():
    needs = [Need(id=service, minutes=30, service=service, household="h") for service in "abcd"]
    problem = Problem(needs=needs, offers=crowd("abcd", 3))
    whole, part = discover_chains(problem), discover_chains(problem, effort=200)
    assert whole.complete
    assert not part.complete
    assert part.chains
    many = [Need(id=f"s{k}", minutes=30, service=f"s{k}", household="h") for k in range(9)]
    assert not discover_chains(Problem(needs=many, offers=[])).complete


def test_discovery_ranks_chains_by_the_needs_they_could_serve():
    needs = [
        Need(id="a1", minutes=30, service="pickup", household="h1"),
        Need(id="a2", minutes=60, service="homework", household="h1"),
        Need(id="b1", minutes=30, service="pickup", beneficiary="b"),
        Need(id="b2", minutes=60, service="homework", beneficiary="b"),
        Need(id="c1", minutes=30, service="ride", household="h1"),
        Need(id="d1", minutes=30, service="ride", household="h4"),
    ]
    found, complete = discover_chains(Problem(needs=needs, offers=[PICKUP, HOMEWORK, RIDE]))
    assert complete
    assert found[0].services == ("pickup", "homework")
    assert found[0].offers == ("o1", "o2")
    assert found[0].needs == ("a1", "a2", "b1", "b2")
    assert {one.services for one in found} >= {("pickup", "homework", "ride"), ("homework", "ride")}
    assert all("d1" not in one.needs for one in found)
    assert len(discover_chains(Problem(needs=needs, offers=[PICKUP, HOMEWORK, RIDE]), limit=2).chains) == 2


def test_discovery_counts_a_need_that_is_itself_a_chain():
    found = discover_chains(Problem(needs=[NEED], offers=[PICKUP, HOMEWORK, RIDE])).chains
    assert [(one.offers, one.offsets, one.needs) for one in found] == [(("o1", "o2", "o3"), (0, 1, 3), ("n",))]


def test_discovery_finds_nothing_that_nobody_wants_together():
    needs = [Need(id="a", minutes=30, service="pickup", household="h1")]
    assert discover_chains(Problem(needs=needs, offers=[PICKUP, HOMEWORK, RIDE])) == ((), True)


@pytest.mark.parametrize(
    "bad", [{"steps_max": 1}, {"steps_max": 4}, {"limit": 0}, {"gap_max_minutes": -1}, {"effort": -1}]
)
def test_discovery_takes_parameters_in_range(bad):
    with pytest.raises(Malformed):
        discover_chains(Problem(needs=[], offers=[]), **bad)
