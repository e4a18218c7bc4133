"""The life of a need: what its facts leave, and why they are refused."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stories import (
    AFTER_ALL,
    APRIL,
    MONDAYS,
    booked,
    chain_need,
    delivered,
    instant,
    need,
    network_of,
    pilot,
    plan,
    pool,
    project,
    refusal,
    replay,
    why_refused,
)
from strategies import days, periods

from wis_engine.errors import Malformed
from wis_engine.facts import (
    ConsentGiven,
    NeedExpired,
    NeedRevised,
    NeedUnmet,
    NeedWithdrawn,
    PersonLeft,
    PoolMemberLeft,
    needs,
)
from wis_engine.facts.base import redacted
from wis_engine.facts.needs import Reason, UnmetReason
from wis_engine.network import Network
from wis_engine.network.promises import NeedState, NeedStep
from wis_engine.values import Channel, Period, Redacted, WeekSlots, occurrences

WITHDRAWN = NeedWithdrawn(need="n1")
TWO_DELIVERED = [
    plan(),
    pool(),
    booked(occurrences=MONDAYS[:2]),
    AFTER_ALL,
    delivered(session=0),
    delivered(session=1),
    PoolMemberLeft(pool="pool-1", need="n1"),
]
TENDED = (NeedStep(service="escorted_transport", minutes=30), NeedStep(service="elder_care", minutes=90))
SHORT_STEPS = tuple(NeedStep(service="escorted_transport", minutes=20) for _ in range(3))


def revised(name="n1", **changes):
    return NeedRevised(need=name, **{"household": "h1"} | changes)


def monday(window):
    return WeekSlots.parse(f"mon {window}")


PAIRS = [
    (
        Reason.NO_ACTIVE_RECIPIENT,
        [PersonLeft(person="p5", firm="f3"), need("n9", "h4")],
        [PersonLeft(person="p4", firm="f2"), need("n9", "h3")],
    ),
    (Reason.UNKNOWN_BENEFICIARY, [need(beneficiary="uncle")], [need(beneficiary="kid")]),
    (
        Reason.CONSENT_MISSING,
        [need(service="elder_care", beneficiary="nonna")],
        [ConsentGiven(household="h1"), need(service="elder_care", beneficiary="nonna")],
    ),
    (
        Reason.CONSENT_MISSING,
        [chain_need(steps=TENDED)],
        [ConsentGiven(household="h4"), chain_need(steps=TENDED)],
    ),
    (Reason.NEVER_FITS, [need(slots=monday("16:00-17:00"))], [need(slots=monday("16:00-17:30"))]),
    (
        Reason.NEVER_FITS,
        [need(period=Period.parse("2026-03-03/2026-03-04"), sessions=1, minutes=90, slots=monday("15:00-18:00"))],
        [need(period=Period.parse("2026-03-02/2026-03-03"), sessions=1, minutes=90, slots=monday("15:00-18:00"))],
    ),
    (
        Reason.NEVER_FITS,
        [need(slots=monday("16:00-18:00"), sessions=6, minutes=540)],
        [need(slots=monday("16:00-18:00"), sessions=5, minutes=450)],
    ),
    (
        Reason.NEVER_FITS,
        [need(slots=monday("15:00-17:30"), sessions=10, minutes=900)],
        [need(slots=monday("15:00-18:00"), sessions=10, minutes=900)],
    ),
    (
        Reason.NEVER_FITS,
        [need(slots=monday("15:00-18:00"), sessions=1, minutes=90, period=Period.parse("2026-04-06/2026-04-07"))],
        [need(slots=monday("15:00-18:00"), sessions=1, minutes=90, period=Period.parse("2026-04-13/2026-04-14"))],
    ),
    (
        Reason.NEVER_FITS,
        [chain_need(steps=SHORT_STEPS, sessions=1, minutes=60, slots=monday("15:00-16:00"))],
        [chain_need(steps=SHORT_STEPS, sessions=1, minutes=60, slots=monday("15:00-16:30"))],
    ),
    (Reason.NEVER_FITS, [revised(minutes=241 * 4)], [revised(minutes=240 * 4)]),
    (
        Reason.NEVER_FITS,
        [revised("n4", household="h4", sessions=3)],
        [revised("n4", household="h4", sessions=3, minutes=360)],
    ),
    (Reason.NEED_NOT_OPEN, [WITHDRAWN, revised(sessions=3)], [revised(sessions=3)]),
    (Reason.NEED_NOT_OPEN, [WITHDRAWN, WITHDRAWN], [WITHDRAWN]),
    (Reason.NEED_NOT_OPEN, [WITHDRAWN, APRIL, NeedExpired(need="n1")], [APRIL, NeedExpired(need="n1")]),
    (
        Reason.NEED_NOT_OPEN,
        [plan(), pool(), NeedUnmet(need="n1", reason=UnmetReason.TIME)],
        [plan(), NeedUnmet(need="n1", reason=UnmetReason.TIME)],
    ),
    (Reason.LESS_THAN_DELIVERED, [*TWO_DELIVERED, revised(sessions=2)], [*TWO_DELIVERED, revised(sessions=3)]),
    (
        Reason.NOT_YET_OVER,
        [instant("2026-03-31 21:59"), NeedExpired(need="n1")],
        [instant("2026-03-31 22:00"), NeedExpired(need="n1")],
    ),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


@pytest.mark.parametrize("sessions", [1, 2, 3])
def test_a_need_is_declared(sessions):
    network = network_of(need("n9", "h1", sessions=sessions, minutes=90 * sessions, channel=Channel.WEMI))
    declared = network.needs["n9"]
    assert (declared.state, declared.delivered) == (NeedState.OPEN, 0)
    assert (declared.session_minutes, declared.left_sessions, declared.left_minutes) == (90, sessions, 90 * sessions)
    assert (declared.action, declared.step_count) == ("B.1", 1)
    assert declared.municipio == network.households["h1"].municipio
    assert "n9" in network.links.targets("h1", "declares")
    assert "n9" in network.opened("need")


def test_a_composite_need_counts_its_steps():
    network = network_of()
    assert (network.needs["n4"].step_count, network.needs["n4"].session_minutes) == (2, 120)


def test_minutes_that_do_not_divide_round_up_by_session():
    declared = network_of(need("n9", minutes=100, sessions=3)).needs["n9"]
    assert (declared.session_minutes, declared.left_minutes) == (34, 100)


def test_a_need_is_revised_field_by_field():
    changes = {
        "slots": WeekSlots.parse("tue 15:00-18:00"),
        "minutes": 180,
        "sessions": 2,
        "period": Period.parse("2026-03-02/2026-05-01"),
        "radius_m": 900,
        "price_limit_cents": 1,
        "group_max": 2,
    }
    before = network_of().needs["n1"]
    for name, value in changes.items():
        assert network_of(revised(**{name: value})).needs["n1"] == before.replace(**{name: value})
    assert network_of(revised(**changes)).needs["n1"] == before.replace(**changes)


def test_what_was_delivered_counts_towards_what_is_revised():
    left = network_of(*TWO_DELIVERED, revised(sessions=3, minutes=270)).needs["n1"]
    assert (left.delivered, left.left_sessions, left.left_minutes) == (2, 1, 90)


@pytest.mark.parametrize(
    ("history", "state"),
    [
        ([WITHDRAWN], NeedState.WITHDRAWN),
        ([APRIL, NeedExpired(need="n1")], NeedState.EXPIRED),
        ([NeedUnmet(need="n1", reason=UnmetReason.PLACE)], NeedState.UNMET),
    ],
)
def test_a_need_ends(history, state):
    network = network_of(*history)
    assert network.needs["n1"].state is state
    assert "n1" not in network.opened("need")
    assert network.check() == ()


def test_only_its_own_household_revises_a_need():
    assert why_refused(revised(household="h2", sessions=3)) == "unknown-id"


def test_what_is_not_known_of_a_need_is_not_held_against_its_revision():
    network = Network()
    replay(network, map(redacted, pilot()))
    assert refusal(network, revised(sessions=3)) is None
    assert refusal(network, revised("n4", household="h4", sessions=3)) is Reason.NEVER_FITS
    assert network.needs["n1"].slots == Redacted("slots", "h1")


@pytest.mark.parametrize("end", [dt.date(2026, 3, 30), dt.date(2026, 4, 8), dt.date(2126, 3, 1)])
def test_a_need_fits_as_often_as_its_period_has_days(end):
    mondays = (end - dt.date(2026, 3, 2) + dt.timedelta(days=6)).days // 7
    open_mondays = mondays - (end > dt.date(2026, 4, 6))
    often = {"slots": monday("16:00-17:30"), "period": Period(dt.date(2026, 3, 2), end)}
    assert why_refused(need(sessions=open_mondays, minutes=90 * open_mondays, **often)) is None
    too_often = open_mondays + 1
    assert why_refused(need(sessions=too_often, minutes=90 * too_often, **often)) is Reason.NEVER_FITS


@given(
    starts=st.sets(st.integers(0, 335), max_size=6),
    period=periods(longest=40),
    closed=st.frozensets(days(first=dt.date(2026, 1, 1), last=dt.date(2027, 2, 10)), max_size=6),
)
def test_sessions_are_counted_as_they_are_dated(starts, period, closed):
    pattern = WeekSlots(sum(1 << slot for slot in starts))
    assert needs._count(needs._by_weekday(pattern, 1), period, closed) == len(
        occurrences(pattern, 1, period, 1_000, closed)
    )


def test_closed_days_of_any_project_count():
    mondays = frozenset(day.day for day in MONDAYS)
    one = need(slots=monday("16:00-17:30"), sessions=2, minutes=180)
    assert why_refused(project("second", closed_days=mondays), one) is Reason.NEVER_FITS


STEPS = chain_need().steps
UNKNOWN_STEPS = (NeedStep(service="magic", minutes=60), NeedStep(service="magic", minutes=60))


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (need, {"minutes": 0}),
        (need, {"sessions": 0}),
        (need, {"minutes": True}),
        (need, {"minutes": 1.5}),
        (need, {"priority": 4}),
        (need, {"priority": -1}),
        (need, {"slots": WeekSlots.NEVER}),
        (need, {"slots": "always"}),
        (need, {"service": "magic"}),
        (need, {"language": "italian"}),
        (need, {"language": "IT"}),
        (need, {"nil": 100}),
        (need, {"channel": "wemi"}),
        (need, {"period": "2026"}),
        (need, {"beneficiary": "no id!"}),
        (need, {"action": "C.1"}),
        (need, {"municipio": need().municipio % 9 + 1}),
        (need, {"step_count": 2}),
        (chain_need, {"minutes": 479}),
        (chain_need, {"steps": STEPS[:1], "minutes": 120}),
        (chain_need, {"steps": STEPS * 2, "minutes": 960}),
        (chain_need, {"steps": list(STEPS)}),
        (chain_need, {"steps": UNKNOWN_STEPS}),
        (revised, {"minutes": 0}),
        (revised, {"slots": WeekSlots.NEVER}),
        (NeedUnmet, {"need": "n1", "reason": "price"}),
    ],
)
def test_a_fact_of_another_shape_is_malformed(make, changes):
    with pytest.raises(Malformed):
        make(**changes)
