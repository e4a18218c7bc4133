"""The life of an engagement: what its facts leave, and why they are refused."""

import datetime as dt

import pytest
from stories import (
    AFTER_ALL,
    AFTER_FIRST,
    LESSONS,
    MONDAYS,
    RIDES,
    booked,
    cancelled,
    chain,
    chain_pool,
    confirmed,
    delivered,
    instant,
    judged,
    network_of,
    plan,
    pool,
    why_refused,
)

from wis_engine.errors import Malformed
from wis_engine.facts import ChainBroken, PersonLeft, PoolDissolved, ServiceCancelled
from wis_engine.facts.engagements import Reason
from wis_engine.facts.matches import LeavingReason
from wis_engine.network.promises import NeedState, PoolState, SessionState
from wis_engine.values import Occurrence

POOLED = [plan(), pool()]
CHAINED = [plan(), chain(), chain_pool()]
FIFTH_MONDAY = Occurrence(dt.date(2026, 3, 30), 32, 90)
GONE = PersonLeft(person="p1", firm="f1")


def ride(name="ride-1", **changes):
    return booked(
        name, **{"pool": "pool-2", "need": "n4", "step": 0, "occurrences": RIDES, "price_cents": 4_000} | changes
    )


def lesson(name="lesson-1", **changes):
    return ride(name, **{"step": 1, "occurrences": LESSONS, "price_cents": 12_000} | changes)


PAIRS = [
    (
        Reason.POOL_NOT_FORMED,
        [*POOLED, PoolDissolved(pool="pool-1", reason=LeavingReason.SUPPLIER), booked()],
        [*POOLED, booked()],
    ),
    (Reason.NOT_IN_POOL, [*POOLED, booked(need="n4")], [*POOLED, booked(need="n3")]),
    (Reason.CHAIN_BROKEN, [*CHAINED, ChainBroken(chain="chain-1", offer="hw"), ride()], [*CHAINED, ride()]),
    (Reason.NO_SUCH_STEP, [*POOLED, booked(step=1)], [*POOLED, booked(step=0)]),
    (
        Reason.NOT_PROMISED,
        [*POOLED, booked(occurrences=(*MONDAYS[:3], FIFTH_MONDAY))],
        [*POOLED, booked(occurrences=MONDAYS)],
    ),
    (
        Reason.ALREADY_BOOKED,
        [*POOLED, booked(price_cents=0), booked("e2", occurrences=MONDAYS[3:], price_cents=0)],
        [*POOLED, booked(price_cents=0), cancelled(), booked("e2", occurrences=MONDAYS[3:], price_cents=0)],
    ),
    (Reason.OVER_SHARE, [*POOLED, booked(price_cents=6_001)], [*POOLED, booked(price_cents=6_000)]),
    (
        Reason.OVER_SHARE,
        [*CHAINED, ride(), lesson(price_cents=12_001)],
        [*CHAINED, ride(), lesson(price_cents=12_000)],
    ),
    (Reason.NO_ACTIVE_RECIPIENT, [*POOLED, GONE, booked()], [*POOLED, booked()]),
    (
        Reason.NO_ACTIVE_RECIPIENT,
        [*POOLED, booked(), GONE, AFTER_FIRST, delivered()],
        [*POOLED, booked(), AFTER_FIRST, delivered()],
    ),
    (
        Reason.NO_SUCH_SESSION,
        [*POOLED, booked(), AFTER_ALL, delivered(session=4)],
        [*POOLED, booked(), AFTER_ALL, delivered(session=3)],
    ),
    (
        Reason.SESSION_NOT_BOOKED,
        [*POOLED, booked(), AFTER_ALL, delivered(), delivered()],
        [*POOLED, booked(), AFTER_ALL, delivered(), delivered(session=1)],
    ),
    (
        Reason.SESSION_NOT_DELIVERED,
        [*POOLED, booked(), AFTER_ALL, delivered(), confirmed(session=1)],
        [*POOLED, booked(), AFTER_ALL, delivered(), confirmed(session=0)],
    ),
    (
        Reason.BEFORE_ITS_TIME,
        [*POOLED, booked(), instant("2026-03-02 14:59"), delivered()],
        [*POOLED, booked(), instant("2026-03-02 15:00"), delivered()],
    ),
    (
        Reason.OVER_BOOKED_MINUTES,
        [*POOLED, booked(), AFTER_ALL, delivered(minutes=91)],
        [*POOLED, booked(), AFTER_ALL, delivered(minutes=90)],
    ),
    (Reason.NOTHING_WAITS, [*POOLED, booked(), cancelled(), cancelled()], [*POOLED, booked(), cancelled()]),
    (
        Reason.NOTHING_DELIVERED,
        [*POOLED, booked(), AFTER_ALL, delivered(), judged()],
        [*POOLED, booked(), AFTER_ALL, delivered(), confirmed(), judged()],
    ),
    (
        Reason.ALREADY_JUDGED,
        [*POOLED, booked(), AFTER_ALL, delivered(), confirmed(), judged(score=1), judged(score=5)],
        [*POOLED, booked(), AFTER_ALL, delivered(), confirmed(), judged(score=5)],
    ),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_sessions_are_booked(count):
    network = network_of(*POOLED, booked(occurrences=MONDAYS[:count]))
    engagement = network.engagements["e1"]
    assert engagement.states == (SessionState.BOOKED,) * count
    assert engagement.delivered_minutes == (0,) * count
    assert (engagement.open, engagement.confirmed, engagement.offer) == (True, False, "hw")
    assert network.links.targets("e1", "within") == ["pool-1"]
    assert network.links.targets("e1", "fulfils") == ["n1"]
    assert network.links.sources("e1", "delivers") == ["hw"]
    assert network.check() == ()


def test_a_session_is_delivered_then_confirmed():
    network = network_of(*POOLED, booked(), AFTER_ALL, delivered(session=1, minutes=60), confirmed(session=1))
    engagement = network.engagements["e1"]
    states = [SessionState.BOOKED, SessionState.CONFIRMED, SessionState.BOOKED, SessionState.BOOKED]
    assert list(engagement.states) == states
    assert engagement.delivered_minutes == (0, 60, 0, 0)
    assert (network.needs["n1"].delivered, network.needs["n1"].state) == (1, NeedState.POOLED)


def everything_delivered(name, need):
    return [booked(name, need=need), AFTER_ALL, *(delivered(name, session) for session in range(4))]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_last_session_meets_the_need_and_the_last_need_finishes_the_pool(count):
    needs = ["n1", "n2", "n3"][:count]
    history = [one for number, need in enumerate(needs) for one in everything_delivered(f"e{number}", need)]
    network = network_of(*POOLED, *history)
    assert [network.needs[need].state for need in needs] == [NeedState.MET] * count
    done = count == 3
    assert network.pools["pool-1"].state is (PoolState.DONE if done else PoolState.FORMED)
    assert network.links.targets("hw", "serves") == ([] if done else ["pool-1"])
    assert network.links.sources("pool-1", "joins") == ([] if done else ["n1", "n2", "n3"])
    assert network.check() == ()


def test_a_chain_is_met_when_the_last_step_of_the_last_session_is():
    rides = [ride(), lesson(), AFTER_ALL, *(delivered("ride-1", session, minutes=30) for session in range(4))]
    lessons = [delivered("lesson-1", session) for session in range(4)]
    almost = network_of(*CHAINED, *rides, *lessons[:3])
    assert (almost.needs["n4"].state, almost.needs["n4"].left_sessions) == (NeedState.POOLED, 1)
    done = network_of(*CHAINED, *rides, *lessons)
    assert (done.needs["n4"].state, done.pools["pool-2"].state) == (NeedState.MET, PoolState.DONE)
    assert done.check() == ()


def test_what_waited_is_cancelled_and_what_was_delivered_stays():
    network = network_of(*POOLED, booked(), AFTER_FIRST, delivered(), cancelled())
    engagement = network.engagements["e1"]
    assert engagement.states == (SessionState.DELIVERED, *(SessionState.CANCELLED,) * 3)
    assert engagement.unbroken() == MONDAYS[:1]
    assert network.check() == ()


def test_what_was_cancelled_may_be_booked_again_at_the_same_price():
    again = network_of(*POOLED, booked(), cancelled(), booked("e2"))
    assert again.engagements["e2"].price_cents == 6_000
    once = [*POOLED, booked(), AFTER_FIRST, delivered(), cancelled()]
    assert why_refused(*once, booked("e2", occurrences=MONDAYS[1:], price_cents=4_500)) is None
    assert why_refused(*once, booked("e2", occurrences=MONDAYS[1:], price_cents=4_501)) is Reason.OVER_SHARE


def test_one_session_costs_no_more_than_its_part():
    assert why_refused(*POOLED, booked(occurrences=MONDAYS[:1], price_cents=1_500)) is None
    assert why_refused(*POOLED, booked(occurrences=MONDAYS[:1], price_cents=1_501)) is Reason.OVER_SHARE


def test_a_delivered_minute_is_payable_as_a_minute():
    network = network_of(*POOLED, booked(), AFTER_ALL, delivered(minutes=1))
    assert network.engagements["e1"].payable_cents == 6_000 // 360


@pytest.mark.parametrize("score", [1, 3, 5])
def test_a_household_judges(score):
    network = network_of(*POOLED, booked(), AFTER_ALL, delivered(), confirmed(), judged(score=score))
    assert network.engagements["e1"].score == score


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (booked, {"occurrences": ()}),
        (booked, {"occurrences": list(MONDAYS)}),
        (booked, {"occurrences": MONDAYS[::-1]}),
        (booked, {"occurrences": MONDAYS[:1] * 2}),
        (booked, {"occurrences": (MONDAYS[0].day,)}),
        (booked, {"step": -1}),
        (booked, {"price_cents": -1}),
        (delivered, {"minutes": 0}),
        (delivered, {"session": -1}),
        (judged, {"score": 0}),
        (judged, {"score": 6}),
        (ServiceCancelled, {"engagement": "e1", "reason": "household"}),
    ],
)
def test_a_fact_of_another_shape_is_malformed(make, changes):
    with pytest.raises(Malformed):
        make(**changes)
