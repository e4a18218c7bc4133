from collections import Counter

import attrs
import pytest
from hamlet import SEED, hamlet, instant, year

from wis_engine.errors import Malformed, Refused
from wis_engine.facts import ConsentGiven, FirmLeft, NeedDeclared
from wis_engine.simulation import firms_join, simulate, supplier_leaves, what_if

WINTER = instant("2026-01-20T12:00")


def nothing(_network, _run):
    return ()


def needs(run):
    return {one.fact.need: one.fact for one in run.community.events(types=[NeedDeclared])}


def busiest(run, after):
    """The supplier with most engagements that begin after a day."""
    network = run.community.network
    begun = (one for one in network.engagements.values() if one.occurrences[0].day > after.date())
    return Counter(network.offers[one.offer].supplier for one in begun).most_common(1)[0][0]


@pytest.mark.parametrize("at", [0, 94, 257, 300, WINTER, instant("2026-06-30T18:00")])
def test_where_nothing_changes_nothing_does(at):
    other = what_if(year(), at=at, change=nothing).other
    assert other.digest() == year().digest()
    assert other.days == year().days


def test_of_a_run_that_was_stopped_the_other_is_lived_as_far():
    run = simulate(hamlet(), seed=SEED, until=instant("2025-12-05T00:00"))
    found = what_if(run, at=instant("2025-10-10T00:00"), change=nothing)
    assert found.other.digest() == run.digest()
    assert found.other.resume().digest() == year().digest()


def test_a_supplier_that_leaves_serves_nobody_new_and_no_need_moves():
    supplier = busiest(year(), WINTER)
    found = what_if(year(), at=WINTER, change=supplier_leaves(supplier))
    assert (str(found.day), found.changes) == ("2026-01-20", 1)
    assert needs(found.other) == needs(year())
    network = found.other.community.network
    assert not network.links.targets(supplier, "serves")
    formed = list(found.other.community.events(types=["pool-formed"], after=found.position))
    assert not [one for one in formed for step in one.fact.steps if network.offers[step.offer].supplier == supplier]
    assert network.check() == ()
    difference = {row["measure"]: row["difference"] for row in found.table().records()}
    assert difference["served"] < 0
    assert (difference["needs"], difference["asked_minutes"]) == (0, 0)


def test_firms_that_join_bring_needs_and_move_no_other():
    found = what_if(year(), at=WINTER, change=firms_join(3))
    more, before = needs(found.other), needs(year())
    assert {name: more[name] for name in before} == before
    assert len(more) > len(before)
    joined = [one.fact.firm for one in found.other.community.events(types=["firm-joined"], after=found.position)]
    assert len(joined) >= 3
    assert not set(joined[:3]) & set(year().community.as_of(found.position).network.firms)


def test_a_later_round_may_be_cut():
    first, second = (attrs.evolve(hamlet().rounds[0], lines=(line,)) for line in hamlet().rounds[0].lines)
    winter = attrs.evolve(second, day=WINTER.date().replace(day=25))
    scenario = attrs.evolve(hamlet(), rounds=(first, winter))
    run = simulate(scenario, seed=SEED)
    lines = tuple(attrs.evolve(line, amount_cents=1_000) for line in winter.lines)
    cut = attrs.evolve(scenario, rounds=(first, attrs.evolve(winter, lines=lines)))
    found = what_if(run, at=WINTER, scenario=cut)
    difference = {row["measure"]: row["difference"] for row in found.table().records()}
    assert difference["budget_cents"] == 1_000 - hamlet().rounds[0].lines[1].amount_cents
    assert difference["granted_cents"] < 0
    assert needs(found.other) == needs(run)


def test_another_strategy_from_then_on():
    found = what_if(year(), at=WINTER, strategy="by_firm")
    plans = list(found.other.community.events(types=["plan-adopted"]))
    assert {one.fact.strategy for one in plans if one.position <= found.position} == {"by_zone"}
    assert {one.fact.strategy for one in plans if one.position > found.position} == {"by_firm"}


def test_facts_may_be_given_as_they_are():
    household = min(year().community.as_of(WINTER).network.households)
    found = what_if(year(), at=WINTER, change=[ConsentGiven(household=household)])
    assert found.changes == 1
    assert "as_it_was" in found._repr_html_()


def test_the_run_stays_as_it_was():
    position, digest = year().community.position, year().digest()
    what_if(year(), at=WINTER, change=firms_join(1))
    assert (year().community.position, year().digest()) == (position, digest)


def test_what_history_makes_impossible_is_refused():
    with pytest.raises(Refused):
        what_if(year(), at=WINTER, change=[FirmLeft(firm="nobody")])


@pytest.mark.parametrize(
    "arguments",
    [
        {"at": WINTER},
        {"at": 10_000, "change": nothing},
        {"at": -1, "change": nothing},
        {"at": True, "change": nothing},
        {"at": WINTER.replace(tzinfo=None), "change": nothing},
        {"at": WINTER, "change": supplier_leaves("nobody")},
        {"at": WINTER, "change": firms_join(1_000)},
    ],
)
def test_a_wrong_argument_is_told(arguments):
    with pytest.raises(Malformed):
        what_if(year(), **arguments)


def test_a_change_after_the_end_is_told():
    run = simulate(hamlet(), seed=SEED, until=instant("2025-10-10T00:00"))
    with pytest.raises(Malformed, match="after the end"):
        what_if(run, at=WINTER, change=nothing)
    with pytest.raises(Malformed, match="count"):
        firms_join(0)
