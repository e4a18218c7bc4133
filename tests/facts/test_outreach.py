"""Campaigns, what the project hands over, and paternity leave: what they leave, and why they are refused."""

import datetime as dt

import pytest
from stories import (
    AFTER_ALL,
    campaign,
    household,
    instant,
    leave,
    leave_taken,
    network_of,
    person,
    product,
    reached,
    replay,
    why_refused,
)

from wis_engine.errors import Malformed
from wis_engine.facts import PaternityLeavePlanned, PersonLeft
from wis_engine.facts.base import redacted
from wis_engine.facts.outreach import Reason
from wis_engine.network import Network
from wis_engine.network.guidance import CampaignFocus, ProductKind
from wis_engine.values import Redacted

MARCH_10 = dt.date(2026, 3, 10)


def working_days(count, first=MARCH_10):
    days = (first + dt.timedelta(days=number) for number in range(60))
    return tuple([day for day in days if day.weekday() < 5][:count])


def on(*days):
    return {"days": days}


TAKEN = [leave(), AFTER_ALL, leave_taken()]
PAIRS = [
    (Reason.OUTSIDE_PROJECT, [instant("2026-12-31 23:00"), campaign()], [instant("2026-12-31 22:59"), campaign()]),
    (Reason.OTHER_HOUSEHOLD, [leave(father="p2")], [leave(father="p1")]),
    (
        Reason.OTHER_HOUSEHOLD,
        [leave(), AFTER_ALL, leave_taken(household="h2")],
        [leave(), AFTER_ALL, leave_taken(household="h1")],
    ),
    (Reason.NOT_EMPLOYED, [leave(household="h2", father="p2")], [leave(household="h3", father="p3")]),
    (Reason.NOT_EMPLOYED, [PersonLeft(person="p1", firm="f1"), leave()], [leave()]),
    (Reason.TOO_MANY_DAYS, [leave(**on(*working_days(11)))], [leave(**on(*working_days(10)))]),
    (
        Reason.TOO_MANY_DAYS,
        [leave(multiple=True, **on(*working_days(21)))],
        [leave(multiple=True, **on(*working_days(20)))],
    ),
    (Reason.OUTSIDE_WINDOW, [leave(**on(dt.date(2026, 1, 9)))], [leave(**on(dt.date(2026, 1, 10)))]),
    (Reason.OUTSIDE_WINDOW, [leave(**on(dt.date(2026, 8, 11)))], [leave(**on(dt.date(2026, 8, 10)))]),
    (
        Reason.OUTSIDE_WINDOW,
        [leave(birth=dt.date(2022, 8, 12), **on(dt.date(2022, 8, 11)))],
        [leave(birth=dt.date(2022, 8, 13), **on(dt.date(2022, 8, 11)))],
    ),
    (
        Reason.OUTSIDE_WINDOW,
        [leave(), AFTER_ALL, leave_taken(**on(dt.date(2026, 1, 9)))],
        [leave(), AFTER_ALL, leave_taken(**on(dt.date(2026, 1, 10)))],
    ),
    (Reason.ALREADY_TAKEN, [*TAKEN, leave_taken()], TAKEN),
    (Reason.NOT_YET_OVER, [leave(), leave_taken()], [leave(), AFTER_ALL, leave_taken()]),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


def test_a_campaign_counts_whom_it_reached():
    network = network_of(campaign(), reached(), reached(people=3, fathers=0))
    held = network.campaigns["camp-1"]
    assert (held.focus, held.people, held.fathers) == (CampaignFocus.NEW_FATHERS, 33, 12)


@pytest.mark.parametrize("kind", list(ProductKind))
def test_a_product_is_released(kind):
    network = network_of(product(kind=kind))
    assert (network.products["kit-1"].product_kind, network.products["kit-1"].release) == (kind, "1.0")
    assert network.links.targets("wis", "releases") == ["kit-1"]


def test_a_leave_is_planned_then_taken_perhaps_on_fewer_days():
    planned = network_of(leave())
    assert (planned.leaves["leave-1"].day_count, planned.leaves["leave-1"].taken) == (2, False)
    taken = network_of(leave(), AFTER_ALL, leave_taken(**on(MARCH_10)))
    assert (taken.leaves["leave-1"].day_count, taken.leaves["leave-1"].taken) == (1, True)


def test_a_leave_of_a_household_that_was_forgotten_is_still_counted():
    network = network_of()
    replay(network, [redacted(leave())], AFTER_ALL)
    gone = leave_taken(**on(dt.date(2026, 1, 1)))
    gone.check(network)
    replay(network, [redacted(gone)], AFTER_ALL)
    assert (network.leaves["leave-1"].day_count, network.leaves["leave-1"].taken) == (1, True)
    assert isinstance(network, Network)


def test_the_last_day_of_a_month_is_as_far_as_a_month_goes():
    told = [person("p9"), household("h9", "p9")]
    planned = {"household": "h9", "father": "p9", "birth": dt.date(2026, 9, 30)}
    assert why_refused(*told, leave(**planned, **on(dt.date(2027, 2, 28)))) is None
    assert why_refused(*told, leave(**planned, **on(dt.date(2027, 3, 1)))) is Reason.OUTSIDE_WINDOW


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (reached, {"people": 3, "fathers": 4}),
        (product, {"items": ()}),
        (product, {"items": ("a", "a")}),
        (product, {"kind": "kit"}),
        (leave, {"days": ()}),
        (leave, {"days": (dt.date(2026, 3, 13), dt.date(2026, 3, 12))}),
        (leave, {"days": (dt.date(2026, 3, 12), dt.date(2026, 3, 12))}),
        (leave, {"day_count": 3}),
        (leave_taken, {"day_count": 1}),
        (leave, {"father": "p 1"}),
    ],
)
def test_a_fact_of_another_shape_is_malformed(make, changes):
    with pytest.raises(Malformed):
        make(**changes)


def test_days_that_are_gone_are_counted_by_what_stayed():
    gone = redacted(leave())
    assert isinstance(gone, PaternityLeavePlanned)
    assert (gone.days, gone.day_count) == (Redacted("days", "h1"), 2)
