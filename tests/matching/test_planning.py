"""What a plan says less of where nobody asks, and what stays as it is."""

import attrs
import pytest

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching import Need, Offer, Option, Plan, Problem, solve

NAMES = [f"n{place}" for place in range(6)]
FULL = Problem(
    needs=[Need(id=name, minutes=60, price_limit_cents=500) for name in NAMES],
    offers=[Offer(id="o", capacity_minutes=150)],
    options=[Option(need=name, offer="o", minutes=60, price_cents=100) for name in NAMES],
)


@pytest.mark.parametrize("strategy", ["greedy", "by_zone", "exact"])
def test_a_brief_plan_has_the_same_pools_and_is_checked(strategy):
    whole = solve(FULL, strategy)
    brief = solve(FULL, strategy, certified=False, explained=[])
    assert [attrs.evolve(one, id="") for one in brief.pools] == [attrs.evolve(one, id="") for one in whole.pools]
    brief.check(FULL)
    assert Plan.from_dict(brief.to_dict()) == brief


def test_without_a_proof_the_bounds_are_those_that_need_none():
    whole, brief = solve(FULL), solve(FULL, certified=False)
    assert [one.value for one in brief.certificate.levels] == [one.value for one in whole.certificate.levels]
    assert [one.bound for one in brief.certificate.levels] == [6 * 60 * FULL.priority_weights[0], 0, 0]
    assert not brief.certificate.proofs
    assert brief.certificate.gap > 0


@pytest.mark.parametrize("place", range(3))
def test_better_bounds_than_those_are_not_taken_without_a_proof(place):
    brief = solve(FULL, certified=False)
    levels = list(brief.certificate.levels)
    levels[place] = attrs.evolve(levels[place], bound=levels[place].bound + 1)
    forged = attrs.evolve(brief, certificate=attrs.evolve(brief.certificate, levels=tuple(levels))).sealed()
    with pytest.raises(PlanError) as caught:
        forged.check(FULL)
    assert caught.value.rule == "certificate"


def test_who_was_asked_about_is_explained_as_ever_and_the_others_are_named():
    whole = solve(FULL)
    asked = whole.unmatched[0].need
    brief = solve(FULL, explained=[asked])
    assert brief.unmatched[0] == whole.unmatched[0]
    assert [one.need for one in brief.unmatched] == [one.need for one in whole.unmatched]
    assert not any(one.reasons for one in brief.unmatched[1:])
    assert str(brief.unmatched[-1]) == f"Need {brief.unmatched[-1].need} is not served: nobody asked why."


def test_who_is_served_is_not_left_out_for_being_asked_about():
    whole = solve(FULL)
    assert solve(FULL, explained=NAMES) == whole


@pytest.mark.parametrize("wrong", ["n1", ["nobody"], 3])
def test_who_is_asked_about_is_a_need(wrong):
    with pytest.raises(Malformed):
        solve(FULL, explained=wrong)
