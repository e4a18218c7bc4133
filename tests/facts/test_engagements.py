"""The life of an engagement: what its facts leave, and why they are refused."""

import datetime as dt

import attrs
import pytest
from stories import (
    AFTER_ALL,
    AFTER_FIRST,
    LESSONS,
    MONDAYS,
    RIDES,
    answered,
    booked,
    cancelled,
    chain,
    chain_pool,
    confirmed,
    delivered,
    disputed,
    instant,
    judged,
    member,
    missed,
    network_of,
    plan,
    pool,
    redeemed,
    request,
    resolved,
    reversed_,
    voucher,
    why_refused,
)

from wis_engine.errors import Malformed
from wis_engine.facts import (
    ChainBroken,
    NeedExpired,
    PersonLeft,
    PoolDissolved,
    PoolMemberLeft,
    ServiceCancelled,
    SupplierReinstated,
    SupplierSuspended,
)
from wis_engine.facts.engagements import NoShowBy, Reason
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


SUSPENDED = SupplierSuspended(supplier="s1")
DELIVERED = [*POOLED, booked(), AFTER_ALL, delivered(), delivered(session=1)]
DISPUTED = [*DELIVERED, disputed()]
PAID = [*DELIVERED, confirmed(session=1), voucher(), redeemed(amount_cents=3_000), disputed()]
PAIRS = [
    (
        Reason.SUPPLIER_SUSPENDED,
        [*POOLED, SUSPENDED, booked()],
        [*POOLED, SUSPENDED, SupplierReinstated(supplier="s1"), booked()],
    ),
    (
        Reason.REQUEST_NOT_ACCEPTED,
        [*POOLED, request(), booked()],
        [*POOLED, request(), answered(), booked()],
    ),
    (Reason.SESSION_NOT_DISPUTED, [*DISPUTED, resolved(session=1)], [*DISPUTED, resolved(session=0)]),
    (Reason.SESSION_NOT_DISPUTED, [*DISPUTED, resolved(), resolved()], [*DISPUTED, resolved()]),
    (Reason.PAID_BEYOND, [*PAID, resolved()], [*PAID, resolved(upheld=False)]),
    (Reason.PAID_BEYOND, [*PAID, resolved()], [*PAID, reversed_(amount_cents=1_500), resolved()]),
    (
        Reason.PAID_BEYOND,
        [*PAID, reversed_(amount_cents=1_499), resolved()],
        [*PAID, reversed_(amount_cents=1_500), resolved()],
    ),
    (
        Reason.SESSION_NOT_DELIVERED,
        [*DELIVERED, disputed(session=2)],
        [*DELIVERED, disputed(session=1)],
    ),
    (Reason.SESSION_NOT_DELIVERED, [*DELIVERED, confirmed(), disputed()], [*DELIVERED, disputed()]),
    (Reason.SESSION_NOT_DELIVERED, [*DISPUTED, confirmed()], [*DISPUTED, confirmed(session=1)]),
    (Reason.SESSION_NOT_BOOKED, [*DELIVERED, missed()], [*DELIVERED, missed(session=2)]),
    (
        Reason.SESSION_NOT_BOOKED,
        [*DELIVERED, missed(session=2), delivered(session=2)],
        [*DELIVERED, delivered(session=2)],
    ),
    (
        Reason.BEFORE_ITS_TIME,
        [*POOLED, booked(), instant("2026-03-02 14:59"), missed()],
        [*POOLED, booked(), instant("2026-03-02 15:00"), missed()],
    ),
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


@pytest.mark.parametrize("by", list(NoShowBy))
def test_a_session_that_was_missed_was_not_delivered_and_is_waited_for(by):
    network = network_of(*POOLED, booked(), AFTER_FIRST, missed(by=by))
    engagement, need = network.engagements["e1"], network.needs["n1"]
    assert engagement.states[0] is SessionState.MISSED
    assert (engagement.payable_cents, need.delivered, need.state) == (0, 0, NeedState.POOLED)
    assert MONDAYS[0] not in engagement.unbroken()
    assert network.check() == ()


def test_no_voucher_pays_for_what_is_disputed():
    assert network_of(*DELIVERED).engagements["e1"].payable_cents == 3_000
    engagement = network_of(*DISPUTED).engagements["e1"]
    assert (engagement.payable_cents, engagement.delivered_cents) == (1_500, 3_000)
    paid = [*DELIVERED, confirmed(session=1), voucher(), disputed()]
    assert why_refused(*paid, redeemed(amount_cents=1_501)) == "over-price"
    assert why_refused(*paid, redeemed(amount_cents=1_500)) is None


def test_a_dispute_that_is_not_upheld_confirms_the_session():
    network = network_of(*DISPUTED, resolved(upheld=False))
    assert network.engagements["e1"].states[0] is SessionState.CONFIRMED
    assert network.needs["n1"].delivered == 2
    assert why_refused(*DISPUTED, resolved(upheld=False), judged()) is None


def test_a_session_that_failed_is_taken_back_and_the_suppliers_time_is_spent():
    network = network_of(*DISPUTED, resolved())
    engagement, need = network.engagements["e1"], network.needs["n1"]
    assert (engagement.states[0], engagement.delivered_minutes[0]) == (SessionState.FAILED, 0)
    assert (need.delivered, need.state) == (1, NeedState.POOLED)
    assert network.check() == ()
    left = network_of(*DISPUTED, resolved(), cancelled(), PoolMemberLeft(pool="pool-1", need="n1"))
    assert left.offers["hw"].committed_minutes == network.offers["hw"].committed_minutes - 180
    assert left.check() == ()


ALONE = [plan(), pool("pool-1", member("n1", 12_000)), booked(price_cents=12_000), AFTER_ALL]
MET = [*ALONE, *(delivered(session=number) for number in range(4))]


def test_a_need_that_was_met_waits_again_when_its_last_session_failed():
    assert network_of(*MET).pools["pool-1"].state is PoolState.DONE
    network = network_of(*MET, disputed(session=3), resolved(session=3))
    assert (network.needs["n1"].state, network.needs["n1"].left_sessions) == (NeedState.OPEN, 1)
    assert network.check() == ()
    late = instant("2026-04-01 08:00")
    assert why_refused(*MET, disputed(session=3), resolved(session=3), late, NeedExpired(need="n1")) is None


def test_a_need_that_was_met_in_a_pool_that_stands_is_in_it_again():
    met = [*POOLED, booked(), AFTER_ALL, *(delivered(session=number) for number in range(4)), disputed(session=3)]
    assert network_of(*met).needs["n1"].state is NeedState.MET
    network = network_of(*met, resolved(session=3))
    assert network.needs["n1"].state is NeedState.POOLED
    assert network.check() == ()


def test_of_a_chain_only_the_last_step_is_counted_and_taken_back():
    told = [*CHAINED, ride(), lesson(), AFTER_ALL, delivered("ride-1", minutes=30), delivered("lesson-1")]
    first = network_of(*told, disputed("ride-1"), resolved("ride-1"))
    assert first.needs["n4"].delivered == 1
    last = network_of(*told, disputed("lesson-1"), resolved("lesson-1"))
    assert last.needs["n4"].delivered == 0
    assert first.check() == last.check() == ()


@pytest.mark.parametrize(
    "changes",
    [{"life_before": 2}, {"climate_after": 2}, {"life_before": 0, "life_after": 5}, {"saved_minutes": -1}],
)
def test_a_judgement_of_another_shape_is_malformed(changes):
    with pytest.raises(Malformed):
        attrs.evolve(judged(), **changes)


def test_a_judgement_may_say_how_it_was_before_and_after():
    said = attrs.evolve(judged(), life_before=2, life_after=4, climate_before=3, climate_after=3, saved_minutes=120)
    assert why_refused(*DELIVERED, confirmed(), said) is None
