from collections import Counter

from wis_engine.facts import CostIncurred, CostReversed, StaffHoursLogged, StaffHoursReversed
from wis_engine.network.parties import CostClass
from wis_engine.simulation.card import table
from wis_engine.simulation.draws import Draws
from wis_engine.simulation.office import bookkeeping, evidence


def written(event, seed=0):
    return [fact for act in bookkeeping(Draws(seed)) for fact in act.facts if isinstance(fact, event)]


def standing_hours():
    wrong = {fact.timesheet for fact in written(StaffHoursReversed)}
    return [fact for fact in written(StaffHoursLogged) if fact.timesheet not in wrong]


def standing_costs():
    wrong = {fact.cost for fact in written(CostReversed)}
    return [fact for fact in written(CostIncurred) if fact.cost not in wrong]


def test_hours_come_near_the_card_s_and_never_beyond():
    given = Counter()
    for sheet in standing_hours():
        given[sheet.action] += sheet.minutes
    for action in table("card")["actions"]:
        assert action["staff_minutes"] * 9 // 10 < given[action["code"]] <= action["staff_minutes"]


def test_hours_are_those_of_the_staff_of_each_action():
    staff = table("card")["staff"]
    worked = {(sheet.staff, sheet.action) for sheet in standing_hours()}
    assert worked == {(name, action) for name, row in staff.items() for action in row["actions"]}


def test_nobody_writes_two_sheets_of_one_day():
    days = [(sheet.staff, sheet.day) for sheet in standing_hours()]
    assert len(set(days)) == len(days)


def test_costs_come_near_the_plan_and_never_beyond():
    rows = table("programme")["costs"]["rows"]
    planned, paid = Counter(), Counter()
    for action, _, cost_class, source, cents in rows:
        planned[action, cost_class, source] += cents
    for cost in standing_costs():
        paid[cost.action, cost.cost_class, cost.source] += cost.net_cents
    assert set(paid) == set(planned)
    assert all(planned[line] * 9 // 10 < paid[line] <= planned[line] for line in planned)


def test_personnel_is_the_card_s_and_goods_stay_under_their_cap():
    classes = Counter()
    for _, _, cost_class, _, cents in table("programme")["costs"]["rows"]:
        classes[cost_class] += cents
    lines = sum(fund["budget_cents"] for fund in table("card")["funds"])
    assert classes["personnel"] == table("card")["costs"]["personnel_cents"]
    assert classes["services"] + classes["goods"] + lines == table("card")["costs"]["other_cents"]
    assert classes["goods"] <= table("card")["grant"]["contribution_cents"] * 15 // 100


def test_work_bears_no_tax_and_what_is_sold_does():
    for cost in written(CostIncurred):
        assert bool(cost.vat_cents) == (cost.cost_class is not CostClass.PERSONNEL)


def test_what_was_wrong_is_written_again_with_another_paper():
    sheets = {sheet.timesheet: sheet for sheet in written(StaffHoursLogged)}
    wrong = written(StaffHoursReversed)
    assert wrong
    for fact in wrong:
        before, after = sheets[fact.timesheet], sheets[f"{fact.timesheet}-again"]
        assert (before.day, before.minutes) == (after.day, after.minutes)
        assert before.evidence != after.evidence == evidence(after.timesheet)


def test_another_seed_spends_otherwise_on_the_same_papers():
    one, other = written(CostIncurred), written(CostIncurred, seed=5)
    assert {fact.cost.removesuffix("-again") for fact in one} == {fact.cost.removesuffix("-again") for fact in other}
    assert sum(fact.net_cents for fact in one) != sum(fact.net_cents for fact in other)
