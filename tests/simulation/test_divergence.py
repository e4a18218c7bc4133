import pytest
from hamlet import SEED, hamlet, instant, year

from wis_engine.errors import Malformed
from wis_engine.simulation import causes, diverge, firms_join, simulate, what_if

WINTER = instant("2026-01-20T12:00")


def test_a_history_does_not_part_from_itself():
    found = diverge(year().community, year().community.branch())
    assert found.same
    assert (found.shared, found.only_first, found.only_second, found.steps) == (year().community.position, 0, 0, ())
    assert str(found).startswith("the same history")


def test_one_that_ends_earlier_parts_where_it_ends():
    early = simulate(hamlet(), seed=SEED, until=instant("2025-12-05T00:00")).community
    found = diverge(early, year().community)
    assert (found.shared, found.first, found.only_first) == (early.position, None, 0)
    assert found.second.position == early.position + 1
    assert found.only_second == year().community.position - early.position


def test_the_first_fact_that_differs_is_told_with_what_stands_beside_it():
    changed = what_if(year(), at=WINTER, change=firms_join(1))
    found = changed.divergence()
    assert found.shared == changed.position
    assert found.second.fact.name == "firm-joined"
    facts = [list(one.community.events()) for one in (changed.base, changed.other)]
    assert [one.fact for one in facts[0][: found.shared]] == [one.fact for one in facts[1][: found.shared]]
    assert found.first.fact == facts[0][found.shared].fact
    row = found.side.where(position=found.shared + 1).records()[0]
    assert row["second"] == f"firm-joined {found.second.fact.firm}"
    assert found.side["first"][:2] == found.side["second"][:2]


def test_a_pool_that_both_have_is_no_difference_whatever_its_plan():
    changed = what_if(year(), at=WINTER, change=firms_join(1))
    found = changed.divergence()
    # Nothing was lost by one firm more, so that the first history has nothing but its plans for itself.
    assert {step.name for step in found.steps if step.history == "first"} <= {"plan-adopted"}
    pools = [
        {tuple(sorted(member.need for member in one.members)) for one in run.community.network.pools.values()}
        for run in (changed.base, changed.other)
    ]
    assert pools[0] <= pools[1]


def test_steps_hold_every_fact_that_differs():
    found = what_if(year(), at=WINTER, strategy="exact").divergence()
    for history, count in (("first", found.only_first), ("second", found.only_second)):
        mine = [step for step in found.steps if step.history == history]
        assert sum(step.facts + sum(many for _, many in step.followed) for step in mine) == count
    assert [step.day for step in found.steps] == sorted(step.day for step in found.steps)
    plans = [step for step in found.steps if step.name == "plan-adopted"]
    assert plans
    assert len(found.table()) == len(found.steps)
    assert "side by side" in found._repr_html_()
    assert str(found).count("\n") >= 4


def test_causes_lead_back_to_the_plan():
    booked = next(year().community.events(types=["service-booked"]))
    chain = causes(year().community, booked.position)
    assert [one.fact.name for one in chain] == ["service-booked", "plan-adopted"]
    assert chain[1].fact.plan == booked.cause
    with pytest.raises(Malformed):
        causes(year().community, 100_000)


def test_what_is_no_community_is_told():
    with pytest.raises(Malformed):
        diverge(year(), year().community)
