import datetime as dt

from wis_engine.facts import ConsultationHeld, PersonalPlanApproved, PersonalPlanDrafted, PersonalPlanRevised
from wis_engine.simulation.draws import Draws
from wis_engine.simulation.guidance import Guidance

FIRST = dt.date(2023, 3, 1)


def lived(declared, days=120, seed=0):
    """Live some days in which needs are declared, as (day number, household, need)."""
    guidance, told = Guidance(Draws(seed)), []
    for number in range(days):
        day = FIRST + dt.timedelta(days=number)
        told += [(number, fact) for fact in guidance.due(day)]
        for on, household, need in declared:
            if on == number:
                guidance.declared(household, need, day)
    return told


def kinds(told):
    return [type(fact) for _, fact in told]


def test_nobody_is_asked_in_for_one_need():
    assert lived([(0, "h1", "n1")]) == []


def test_two_needs_make_a_consultation_and_a_draft_and_most_are_approved():
    told = lived([(0, "h1", "n1"), (2, "h1", "n2")])
    assert kinds(told)[:2] == [ConsultationHeld, PersonalPlanDrafted]
    assert told[1][1].needs == ("n1", "n2")
    approved = [seed for seed in range(40) if len(lived([(0, "h1", "n1"), (2, "h1", "n2")], seed=seed)) == 3]
    assert 25 < len(approved) < 40


def test_a_later_need_revises_an_approved_plan_once():
    seed = next(s for s in range(40) if PersonalPlanApproved in kinds(lived([(0, "h1", "a"), (0, "h1", "b")], seed=s)))
    told = lived([(0, "h1", "a"), (0, "h1", "b"), (40, "h1", "c"), (41, "h1", "d")], seed=seed)
    revised = [fact for _, fact in told if isinstance(fact, PersonalPlanRevised)]
    assert [fact.needs for fact in revised] == [("a", "b", "c", "d")]


def test_one_household_does_not_change_another_s_luck():
    alone = lived([(0, "h1", "a"), (0, "h1", "b")])
    beside = lived([(0, "h1", "a"), (0, "h1", "b"), (0, "h2", "c"), (0, "h2", "d")])
    assert [fact for fact in beside if "h1" in str(fact)] == alone
