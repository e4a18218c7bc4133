"""Matching again after something changed: what stays, what moves, what is proved."""

import datetime as dt
import random

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import MONTH, problems

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching import Need, Offer, Option, Plan, Problem, Proposal, solve
from wis_engine.matching.basis import basis_of, changes
from wis_engine.matching.options import Ground
from wis_engine.values import PriceTier, WeekSlots

FEW = settings().max_examples // 2
STRATEGIES = ("by_firm", "by_zone", "greedy")


def town(count, seed):
    """Needs of two services and offers for groups of two or more, too few for all."""
    rng = random.Random(seed)
    hours = [f"{day} {hour}:00-{hour + 1}:00" for day in ("mon", "tue", "wed") for hour in (15, 16, 17)]

    def slots(most):
        return WeekSlots.parse(", ".join(rng.sample(hours, rng.randint(2, most))))

    needs = [
        Need(
            id=f"n{number}",
            minutes=60 * (size := rng.randint(1, 4)),
            sessions=size,
            service=f"s{rng.randrange(2)}",
            slots=slots(4),
            period=MONTH,
            priority=rng.randrange(3),
        )
        for number in range(count)
    ]
    offers = [
        Offer(
            id=f"o{number}",
            supplier=f"s{number}",
            service=f"s{number % 2}",
            capacity_minutes=1_500,
            slots=slots(7),
            period=MONTH,
            capacity_per_slot=1,
            tiers=[PriceTier(price_cents=rng.randint(800, 2_000))],
            unit_minutes=60,
            opening_cents=500,
            group_min=rng.randint(1, 3),
            group_max=6,
        )
        for number in range(count // 12)
    ]
    return Problem(needs=needs, offers=offers)


def without(problem, need):
    options = problem.options
    return attrs.evolve(
        problem,
        needs=[one for one in problem.needs if one.id != need],
        options=None if options is None else [option for option in options if option.need != need],
    )


def places(plan):
    """Where each need is: offer or chain, and when."""
    links = {chain.id: chain.steps for chain in plan.chains}
    return {need: (pool.offer, links.get(pool.chain), pool.starts) for pool in plan.pools for need in pool.needs}


def values(plan):
    return [level.value for level in plan.certificate.levels]


def pool_bytes(plan):
    """Pools but for their numbers, and for public money, which is a matter of the whole."""
    links = {chain.id: chain.steps for chain in plan.chains}
    return {
        (pool.needs, pool.offer, links.get(pool.chain), pool.starts, pool.price_cents, tuple(pool.shares.items()))
        for pool in plan.pools
    }


@st.composite
def events(draw, problem):  # noqa: PLR0911 - one answer for each thing that may happen
    """A problem after something happened in it."""
    kind = draw(st.sampled_from(["gone", "new", "changed", "offer gone", "offer new", "offer less", "money", "day"]))
    needs, offers = list(problem.needs), list(problem.offers)
    if kind == "gone" and needs:
        return without(problem, draw(st.sampled_from(needs)).id)
    if kind == "new" and needs and problem.options is None:
        return attrs.evolve(problem, needs=[*needs, attrs.evolve(draw(st.sampled_from(needs)), id="n9")])
    if kind == "changed" and needs:
        at = draw(st.integers(0, len(needs) - 1))
        needs[at] = attrs.evolve(needs[at], priority=(needs[at].priority + 1) % 4, minutes=needs[at].minutes + 15)
        return attrs.evolve(problem, needs=needs)
    if kind == "offer gone" and offers:
        gone = draw(st.sampled_from(offers)).id
        options = problem.options
        return attrs.evolve(
            problem,
            offers=[one for one in offers if one.id != gone],
            options=None if options is None else [option for option in options if option.offer != gone],
        )
    if kind == "offer new" and offers:
        return attrs.evolve(problem, offers=[*offers, attrs.evolve(draw(st.sampled_from(offers)), id="o9")])
    if kind == "offer less" and offers:
        at = draw(st.integers(0, len(offers) - 1))
        offers[at] = attrs.evolve(offers[at], capacity_minutes=offers[at].capacity_minutes // 2, opening_cents=150)
        return attrs.evolve(problem, offers=offers)
    if kind == "money" and problem.budgets:
        poorer = [attrs.evolve(one, cap_cents=one.cap_cents // 2) for one in problem.budgets]
        return attrs.evolve(problem, budgets=poorer)
    if kind == "day":
        return attrs.evolve(problem, closed_days=[dt.date(2026, 3, 3)])
    return problem


@settings(max_examples=FEW)
@given(problems().flatmap(lambda problem: st.tuples(st.just(problem), events(problem), st.sampled_from(STRATEGIES))))
def test_whatever_happens_the_plan_is_legal_certified_and_explained(drawn):
    problem, later, strategy = drawn
    before = solve(problem, strategy)
    plan = solve(later, strategy, previous=before, move_minutes=30)
    plan.check(later)
    assert plan.covered | {one.need for one in plan.unmatched} == {need.id for need in later.needs}
    assert plan.since.plan == before.digest
    assert Plan.from_dict(plan.to_dict()) == plan


@settings(max_examples=FEW)
@given(problems().flatmap(lambda problem: st.tuples(st.just(problem), events(problem), st.sampled_from(STRATEGIES))))
def test_a_pool_that_nothing_touches_stays_to_the_byte(drawn):
    problem, later, strategy = drawn
    if problem.budgets or later.closed_days != problem.closed_days:
        return  # public money is a matter of the whole, and closed days of everything
    before = solve(problem, strategy)
    plan = solve(later, strategy, previous=before)
    now = {one.id: one for one in (*later.needs, *later.offers)}
    chains = {chain.id: chain.steps for chain in before.chains}
    links = {chain.id: chain.steps for chain in plan.chains}
    at = {need: pool for pool in plan.pools for need in pool.needs}
    same = {one.id for one in (*problem.needs, *problem.offers) if now.get(one.id) == one}
    if problem.options is not None and problem.options != later.options:
        return
    for pool in before.pools:
        offers = {pool.offer} - {None} | {link.offer for link in chains.get(pool.chain, ())}
        if same.issuperset(pool.needs) and same.issuperset(offers):
            mine = at[pool.needs[0]]
            assert (mine.offer, links.get(mine.chain), mine.starts) == (
                pool.offer,
                chains.get(pool.chain),
                pool.starts,
            )
            # Others may join; nobody leaves, and with nobody more all is as it was.
            assert set(mine.needs) >= set(pool.needs)
            if mine.needs == pool.needs:
                assert attrs.evolve(mine, id="", chain=None) == attrs.evolve(pool, id="", chain=None)


@settings(max_examples=FEW)
@given(problems().flatmap(lambda problem: st.tuples(st.just(problem), events(problem))))
def test_exact_again_is_as_good_as_from_scratch(drawn):
    problem, later = drawn
    whole = solve(later, "exact")
    again = solve(later, "exact", previous=solve(problem, "exact"))
    assert values(again) == values(whole)
    assert again.certificate.enumerated == whole.certificate.enumerated


@settings(max_examples=FEW)
@given(problems(), st.sampled_from([*STRATEGIES, "exact"]))
def test_where_nothing_happened_nothing_happens(problem, strategy):
    before = solve(problem, strategy)
    plan = solve(problem, strategy, previous=before)
    assert pool_bytes(plan) >= pool_bytes(before)
    assert plan.since.moved == ()
    assert plan.since.kept == len(before.pools)
    assert plan.drift_ppm == 0


@settings(max_examples=FEW)
@given(problems(), st.integers(0, 99), st.sampled_from(STRATEGIES))
def test_who_cancels_and_comes_back_moves_nobody(problem, number, strategy):
    if not problem.needs:
        return
    name = problem.needs[number % len(problem.needs)].id
    first = solve(problem, strategy)
    cancelled = solve(without(problem, name), strategy, previous=first)
    back = solve(problem, strategy, previous=cancelled)
    if name in first.covered and len(next(pool for pool in first.pools if name in pool.needs).needs) > 1:
        # Without it the others' pool may have been too small, or too dear: they were to be placed anew.
        assert set(cancelled.since.moved) <= {need for pool in first.pools if name in pool.needs for need in pool.needs}
    else:
        assert cancelled.since.moved == ()
    assert back.since.moved == ()
    assert {need: at for need, at in places(cancelled).items() if places(back).get(need) != at} == {}


@settings(max_examples=FEW)
@given(problems().flatmap(lambda problem: st.tuples(st.just(problem), events(problem))))
def test_a_ground_that_takes_over_what_it_can_is_the_same(drawn):
    problem, later = drawn
    new, derived = Ground(later), Ground(later, Ground(problem))
    for name in ("ways", "step_ways", "dear", "fallen", "kinds", "ranked", "budgets", "value"):
        assert getattr(derived, name) == getattr(new, name)


@settings(max_examples=FEW)
@given(problems().flatmap(lambda problem: st.tuples(st.just(problem), events(problem))))
def test_a_basis_tells_what_is_new_gone_or_different(drawn):
    problem, later = drawn
    found = changes(basis_of(problem), basis_of(later))
    before, now = ({one.id: one for one in (*which.needs, *which.offers)} for which in (problem, later))
    assert {name for name in now if now[name] != before.get(name)} <= found.needs | found.offers
    assert before.keys() - now.keys() == found.needs_gone | found.offers_gone
    assert found.everything == (problem.closed_days != later.closed_days)
    if problem == later:
        assert not any(found)


@pytest.fixture
def full():
    """Two offers with one place each: the first is for both, the second for the first need alone."""
    return Problem(
        needs=[Need(id="n1", minutes=60), Need(id="n2", minutes=60)],
        offers=[Offer(id="o1", capacity_minutes=60), Offer(id="o2", capacity_minutes=60)],
        options=[
            Option(need="n1", offer="o1", minutes=60, price_cents=100),
            Option(need="n1", offer="o2", minutes=60, price_cents=300),
            Option(need="n2", offer="o1", minutes=60, price_cents=100),
        ],
    )


def test_who_has_a_place_keeps_it_unless_it_may_be_moved(full):
    before = solve(without(full, "n2"))
    assert places(before)["n1"][0] == "o1"
    assert solve(full, previous=before).covered == {"n1"}
    assert solve(full, previous=before, move_minutes=60).covered == {"n1"}
    moved = solve(full, previous=before, move_minutes=59)
    assert {need: at[0] for need, at in places(moved).items()} == {"n1": "o2", "n2": "o1"}
    assert moved.since == attrs.evolve(moved.since, plan=before.digest, move_minutes=59, kept=0, moved=("n1",))


def test_nobody_is_moved_out(full):
    alone = attrs.evolve(full, offers=full.offers[:1], options=[one for one in full.options if one.offer == "o1"])
    before = solve(without(alone, "n2"))
    worth_more = attrs.evolve(alone, needs=[alone.needs[0], attrs.evolve(alone.needs[1], priority=3)])
    assert solve(worth_more, previous=before, move_minutes=0).covered == {"n1"}
    assert solve(worth_more).covered == {"n2"}


def test_a_place_that_becomes_free_is_filled(full):
    one = attrs.evolve(full, offers=full.offers[:1], options=[one for one in full.options if one.offer == "o1"])
    before = solve(one)
    (served,) = before.covered
    after = solve(without(one, served), previous=before)
    assert after.covered == {"n1", "n2"} - {served}
    assert (after.since.kept, after.since.moved) == (0, ())


def test_an_event_in_one_part_moves_nobody_in_another():
    """Two towns that share nothing: what happens in one is not seen in the other."""
    one, other = town(60, seed=1), town(60, seed=2)
    far = [attrs.evolve(need, id=f"z{need.id}", service=f"far-{need.service}") for need in other.needs]
    there = [attrs.evolve(offer, id=f"z{offer.id}", service=f"far-{offer.service}") for offer in other.offers]
    problem = Problem(needs=[*one.needs, *far], offers=[*one.offers, *there])
    before = solve(problem, effort=50)
    after = solve(attrs.evolve(problem, offers=problem.offers[1:]), effort=50, previous=before, move_minutes=0)
    assert {pool for pool in pool_bytes(before) if pool[0][0].startswith("z")} == {
        pool for pool in pool_bytes(after) if pool[0][0].startswith("z")
    }
    assert after.since.moved
    assert not [need for need in after.since.moved if need.startswith("z")]


def test_a_stream_of_events_never_falls_below_what_stands():
    problem, rng = town(80, seed=3), random.Random(0)
    plan, gap_ppm = solve(problem, effort=50), None
    spare = {need.id: need for need in town(80, seed=4).needs}
    for number in range(12):
        if number % 2:
            name = rng.choice(sorted(need.id for need in problem.needs))
            problem = without(problem, name)
        else:
            need = attrs.evolve(spare[rng.choice(sorted(spare))], id=f"x{number}")
            problem = attrs.evolve(problem, needs=[*problem.needs, need])
        left = {need.id: problem.value(need) for need in problem.needs}
        stands = sum(left.get(need, 0) for need in plan.covered)
        broken = {need for pool in plan.pools if not left.keys() >= set(pool.needs) for need in pool.needs}
        after = solve(problem, effort=50, previous=plan)
        assert values(after)[0] >= stands - sum(left.get(need, 0) for need in broken)
        assert set(after.since.moved) <= broken
        gap_ppm = gap_ppm or plan.base_gap_ppm
        assert after.base_gap_ppm == gap_ppm
        assert after.drift_ppm == max(0, after.certificate.levels[0].gap_ppm - gap_ppm)
        assert after.full_solve_advised == (after.drift_ppm > 20_000)
        plan = after


def test_proofs_of_a_search_are_taken_over():
    problem = town(24, seed=5)
    before = solve(problem, "optimal", effort=2)
    after = solve(without(problem, problem.needs[7].id), "optimal", effort=2, previous=before)
    assert len(after.certificate.proofs[0].needs) == len(before.certificate.proofs[0].needs) - 1
    assert after.certificate.levels[0].bound <= before.certificate.levels[0].bound + problem.value(problem.needs[7])


def test_a_rule_for_all_that_changes_is_a_full_solve(full):
    before = solve(full)
    heavier = attrs.evolve(full, priority_weights=(2, 4, 8, 16))
    plan = solve(heavier, previous=before)
    assert pool_bytes(plan) == pool_bytes(solve(heavier))
    assert plan.drift_ppm == 0


def test_flow_keeps_what_is_as_good_and_stable_is_stable(full):
    shares = attrs.evolve(full, options=[attrs.evolve(option, price_cents=100) for option in full.options])
    before = solve(without(shares, "n2"), "flow")
    for strategy in ("flow", "stable"):
        assert values(solve(shares, strategy, previous=before)) == values(solve(shares, strategy))


def test_who_moves_to_another_zone_leaves_a_pool_of_its_zone():
    offer = Offer(id="o", capacity_minutes=600, tiers=[PriceTier(price_cents=100)], group_min=2)
    problem = Problem(needs=[Need(id=f"n{k}", minutes=60, zone=1) for k in range(3)], offers=[offer])
    before = solve(problem, "by_zone")
    assert len(before.pools) == 1
    moved = attrs.evolve(problem, needs=[*problem.needs[:2], attrs.evolve(problem.needs[2], zone=2)])
    assert solve(moved, "by_zone", previous=before).covered == {"n0", "n1"}
    assert solve(moved, "greedy", previous=before).covered == {"n0", "n1", "n2"}


def test_nobody_but_a_plan_goes_before(full):
    with pytest.raises(Malformed, match="previous"):
        solve(full, previous=full)
    with pytest.raises(Malformed, match="move_minutes"):
        solve(full, previous=solve(full), move_minutes=-1)


def test_a_plan_that_lies_about_its_basis_is_refused(full):
    plan = solve(full)
    with pytest.raises(PlanError, match="other things"):
        attrs.evolve(plan, basis=attrs.evolve(plan.basis, needs=plan.basis.needs[1:])).sealed().check(full)


def test_a_plan_without_a_basis_is_solved_whole(full):
    plan = solve(full)
    data = plan.to_dict()
    del data["basis"]
    assert pool_bytes(solve(full, previous=Plan.from_dict(data))) == pool_bytes(plan)


def test_a_tier_that_is_lost_dissolves_only_its_pool():
    tiers = [PriceTier(price_cents=900), PriceTier(people_from=2, price_cents=100)]
    needs = [Need(id=f"n{k}", minutes=60, price_limit_cents=100) for k in range(4)]
    problem = Problem(
        needs=needs,
        offers=[Offer(id=f"o{k}", capacity_minutes=120, tiers=tiers, group_max=2, group_min=2) for k in range(2)],
        options=[Option(need=f"n{k}", offer=f"o{k // 2}", minutes=60, price_cents=900) for k in range(4)],
    )
    before = solve(problem)
    assert before.covered == {"n0", "n1", "n2", "n3"}
    after = solve(without(problem, "n0"), previous=before)
    assert after.covered == {"n2", "n3"}
    assert (after.since.kept, after.since.moved) == (1, ("n1",))


def test_matching_again_can_be_stopped_and_leaves_what_stands(full):
    def interrupted(_progress):
        raise KeyboardInterrupt

    before = solve(without(full, "n2"))
    plan = solve(full, previous=before, move_minutes=0, progress=interrupted)
    plan.check(full)
    assert (plan.covered, plan.stopped) == ({"n1"}, 1)
    assert solve(full, previous=before, move_minutes=0, progress=lambda _: True).covered == {"n1"}


def test_an_outside_strategy_is_gone_on_from_as_well(full):
    def nobody(problem, *, seed, effort):
        return Proposal(placements=())

    before = solve(without(full, "n1"), "greedy")
    plan = solve(full, nobody, previous=before)
    assert (plan.strategy, plan.covered) == ("function", {"n1", "n2"})


def test_without_effort_only_what_stands_is_left(full):
    before = solve(without(full, "n1"))
    assert solve(full, previous=before, effort=0).covered == {"n2"}
