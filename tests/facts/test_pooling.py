"""Why a plan, a chain or a pool is refused: for each reason two histories that differ in one thing."""

import datetime as dt

import attrs
import pytest
from stories import (
    AFTER_ALL,
    CHAIN,
    FAR_NIL,
    MARCH,
    MONDAY_16,
    MONDAYS,
    NIL,
    YEAR,
    agreement,
    booked,
    cancelled,
    chain,
    chain_need,
    chain_pool,
    delivered,
    granted,
    member,
    need,
    network_of,
    offer,
    pilot,
    plan,
    pool,
    project,
    record,
    refusal,
    replay,
    step,
    supplier,
    voucher,
    why_refused,
)

from wis_engine.facts import (
    ChainBroken,
    ConsentGiven,
    ConsentWithdrawn,
    GrantAwarded,
    NeedDeclared,
    NeedRevised,
    NeedWithdrawn,
    OfferRevised,
    OfferWithdrawn,
    PersonLeft,
    PoolDissolved,
    PoolMemberLeft,
    SupplierReinstated,
    SupplierSuspended,
)
from wis_engine.facts.base import redacted
from wis_engine.facts.matches import LeavingReason
from wis_engine.facts.pooling import Reason
from wis_engine.network import Network
from wis_engine.network.promises import NeedStep
from wis_engine.values import AgeBand, Channel, Period, Place, PriceTier, WeekSlots

BROKEN = ChainBroken(chain="chain-1", offer="ride")
DISSOLVED = PoolDissolved(pool="pool-1", reason=LeavingReason.SUPPLIER)
CARE_ALONE = member("n8", 1_500, sessions=1, minutes=60)
CONSENTED = ConsentGiven(household="h1")
WEEK = Period.parse("2026-03-02/2026-03-23")
LATE_CHAIN = (step("late", "escorted_transport", minutes=30), step("night", offset_slots=1, minutes=60))


def left(need):
    return PoolMemberLeft(pool="pool-1", need=need)


def own_offer(**changes):
    """Put a pool of n1 alone on an offer of its own."""
    return [plan(), offer("o9", **changes), alone_on("o9")]


def alone_on(offer, **changes):
    return pool("pool-9", member("n1", 12_000), **{"steps": (step(offer),)} | changes)


def own_need(offer_changes=None, pool_changes=None, **changes):
    """Pool a need of its own on an offer of its own, alone."""
    return [
        plan(),
        offer("o9", **offer_changes or {}),
        need("n9", "h1", **changes),
        pool("pool-9", member("n9", 12_000), **{"steps": (step("o9"),)} | (pool_changes or {})),
    ]


def care(*before):
    """Pool one hour of care, which takes a consent."""
    return [
        plan(),
        CONSENTED,
        offer("care", supplier="s2", service="social_care", tiers=(PriceTier(price_cents=1_500),)),
        need("n8", "h1", service="social_care", beneficiary="nonna", sessions=1, minutes=60),
        *before,
        pool("pool-9", CARE_ALONE, steps=(step("care", "social_care", minutes=60),)),
    ]


def handed_over(offset_slots=1, nil=NIL, **limits):
    """Chain a ride and a lesson for a need that says how they may join."""
    steps = (
        NeedStep(service="escorted_transport", minutes=30),
        NeedStep(service="homework_support", minutes=90, **limits),
    )
    chained = (CHAIN[0], step("o9", offset_slots=offset_slots))
    return [
        plan(),
        offer("o9", nil=nil),
        chain_need("n9", "h4", steps=steps),
        chain(steps=chained),
        chain_pool(steps=chained, members=(member("n9", 16_000, minutes=480),), price_cents=16_000),
    ]


def three_steps(third_offset):
    """Chain a ride, a lesson and an hour of care that is to follow the lesson at once."""
    steps = (
        NeedStep(service="escorted_transport", minutes=30),
        NeedStep(service="homework_support", minutes=90),
        NeedStep(service="child_minding", minutes=60, gap_max_minutes=0),
    )
    chained = (*CHAIN, step("cm", "child_minding", offset_slots=third_offset, minutes=60))
    members = (member("n9", 22_000, minutes=720),)
    return [
        plan(),
        chain_need("n9", "h4", steps=steps, minutes=720, price_limit_cents=None),
        chain(steps=chained),
        chain_pool(steps=chained, members=members, price_cents=22_000),
    ]


def through_midnight(start):
    """Chain a late ride and a night lesson, the whole of them beginning at one half-hour of Tuesday."""
    always = {"slots": WeekSlots.ALWAYS, "place": Place.REMOTE}
    steps = (
        NeedStep(service="escorted_transport", minutes=30),
        NeedStep(service="homework_support", minutes=60),
    )
    return [
        plan(),
        offer("late", supplier="s3", service="escorted_transport", tiers=(PriceTier(price_cents=0),), **always),
        offer("night", tiers=(PriceTier(price_cents=0),), **always),
        chain_need("n9", "h4", steps=steps, sessions=1, minutes=90, slots=WeekSlots.ALWAYS),
        chain(steps=LATE_CHAIN),
        chain_pool(
            steps=LATE_CHAIN,
            members=(member("n9", 0, sessions=1, minutes=90),),
            price_cents=0,
            starts=WeekSlots.at(1, start),
        ),
    ]


def booked_twice_by(second, **changes):
    """Pool n1 on Mondays and another need of the same household on another offer."""
    return [
        plan(),
        pool("pool-1", member("n1", 12_000)),
        offer("o9"),
        need("n9", "h1", beneficiary=second),
        pool("pool-9", member("n9", 12_000), **{"steps": (step("o9"),)} | changes),
    ]


SELF = {"slots": WeekSlots.parse("mon 15:00-19:00"), "sessions": 2, "minutes": 180}
SELF_MEMBER = member("n9", 6_000, sessions=2, minutes=180)
ONE_DAY = Period.parse("2026-03-02/2026-03-03")
RESUMED = [
    plan(),
    pool("pool-1", member("n1", 12_000)),
    booked(occurrences=MONDAYS[:1]),
    AFTER_ALL,
    delivered(),
    DISSOLVED,
]


def resumed(start):
    """Serve what is left of n1 elsewhere, from a Monday of March on, after one session was delivered."""
    promised = member("n1", 9_000, sessions=3, minutes=270)
    period = Period(start, MARCH.end)
    return [*RESUMED, offer("o9"), pool("pool-9", promised, steps=(step("o9"),), period=period)]


OTHERS_HOLD = [voucher(f"v{number}", household=f"h{number}", face_cents=30_000) for number in (2, 3, 4)]
PAIRS = [
    (
        Reason.SUPPLIER_SUSPENDED,
        [plan(), SupplierSuspended(supplier="s1"), pool()],
        [plan(), SupplierSuspended(supplier="s1"), SupplierReinstated(supplier="s1"), pool()],
    ),
    (Reason.CHAIN_BROKEN, [plan(), chain(), BROKEN, chain_pool()], [plan(), chain(), chain_pool()]),
    (Reason.CHAIN_BROKEN, [plan(), chain(), BROKEN, BROKEN], [plan(), chain(), BROKEN]),
    (
        Reason.OTHER_STEPS,
        [plan(), chain(), chain_pool(steps=(CHAIN[0], step(offset_slots=2)))],
        [plan(), chain(), chain_pool(steps=CHAIN)],
    ),
    (
        Reason.OTHER_STEPS,
        [plan(), chain(), chain_pool(chain=None)],
        [plan(), chain(), chain_pool(chain="chain-1")],
    ),
    (Reason.OTHER_STEPS, handed_over(offset_slots=3, gap_max_minutes=30), handed_over(2, gap_max_minutes=30)),
    (Reason.OTHER_STEPS, three_steps(third_offset=5), three_steps(third_offset=4)),
    (Reason.OTHER_STEPS, handed_over(nil=FAR_NIL, distance_max_m=10), handed_over(nil=NIL, distance_max_m=10)),
    (
        Reason.ONE_SUPPLIER_TWICE,
        [plan(), offer("o9", supplier="s3"), chain(steps=(CHAIN[0], step("o9", offset_slots=1)), lead="s3")],
        [plan(), offer("o9", supplier="s2"), chain(steps=(CHAIN[0], step("o9", offset_slots=1)), lead="s3")],
    ),
    (Reason.NOT_IN_CHAIN, [plan(), chain(lead="s2")], [plan(), chain(lead="s3")]),
    (Reason.NOT_IN_CHAIN, [plan(), chain(), ChainBroken(chain="chain-1", offer="cm")], [plan(), chain(), BROKEN]),
    (Reason.OFFER_WITHDRAWN, [plan(), OfferWithdrawn(offer="hw"), pool()], [plan(), pool()]),
    (Reason.OFFER_WITHDRAWN, [plan(), OfferWithdrawn(offer="ride"), chain()], [plan(), chain()]),
    (
        Reason.OTHER_SERVICE,
        [plan(), pool(steps=(step(service="child_minding"),))],
        [plan(), pool(steps=(step(service="homework_support"),))],
    ),
    (Reason.OTHER_SERVICE, [plan(), pool(steps=(step(minutes=60),))], [plan(), pool(steps=(step(minutes=90),))]),
    (
        Reason.NO_AGREEMENT,
        [*own_offer(channel=Channel.AGREEMENT)],
        [
            plan(),
            offer("o9", channel=Channel.AGREEMENT),
            agreement("a9", "o9", supplier="s1"),
            alone_on("o9"),
        ],
    ),
    (
        Reason.NO_AGREEMENT,
        [
            plan(),
            offer("o9", channel=Channel.AGREEMENT),
            agreement("a9", "o9", supplier="s1", period=WEEK),
            alone_on("o9"),
        ],
        [
            plan(),
            offer("o9", channel=Channel.AGREEMENT),
            agreement("a9", "o9", supplier="s1", period=MARCH),
            alone_on("o9"),
        ],
    ),
    (Reason.NEED_NOT_OPEN, [plan(), NeedWithdrawn(need="n1"), pool()], [plan(), pool()]),
    (Reason.NEED_NOT_OPEN, [plan(), pool(), pool("pool-2")], [plan(), pool(), DISSOLVED, pool("pool-2")]),
    (
        Reason.NOT_WHOLE,
        [plan(), pool("pool-1", member("n1", 9_000, sessions=3, minutes=270))],
        [plan(), pool("pool-1", member("n1", 12_000))],
    ),
    (Reason.NO_ACTIVE_RECIPIENT, [plan(), PersonLeft(person="p1", firm="f1"), pool()], [plan(), pool()]),
    (Reason.OTHER_CHANNEL, own_need(channel=Channel.PARTNER), own_need(channel=Channel.WEMI)),
    (
        Reason.OTHER_LANGUAGE,
        own_need({"languages": frozenset({"it", "en"})}, language="ar"),
        own_need({"languages": frozenset({"it", "ar"})}, language="ar"),
    ),
    (
        Reason.OTHER_AGE,
        own_need({"age_bands": frozenset({AgeBand.SCHOOL_6_10})}, beneficiary="nonna"),
        own_need({"age_bands": frozenset({AgeBand.SCHOOL_6_10})}, beneficiary="kid"),
    ),
    (Reason.CONSENT_MISSING, care(ConsentWithdrawn(household="h1")), care()),
    (Reason.OUTSIDE_PERIOD, own_offer(period=WEEK), own_offer(period=MARCH)),
    (
        Reason.OUTSIDE_PERIOD,
        [plan(), alone_on("hw", period=Period.parse("2026-03-02/2026-04-02"))],
        [plan(), alone_on("hw", period=Period.parse("2026-03-02/2026-04-01"))],
    ),
    (
        Reason.OUTSIDE_SLOTS,
        own_offer(slots=WeekSlots.parse("mon 16:00-17:00")),
        own_offer(slots=WeekSlots.parse("mon 16:00-17:30")),
    ),
    (
        Reason.OUTSIDE_SLOTS,
        own_need(slots=WeekSlots.parse("mon 16:30-18:00")),
        own_need(slots=WeekSlots.parse("mon 16:00-18:00")),
    ),
    (Reason.OUTSIDE_SLOTS, through_midnight(47), through_midnight(46)),
    (
        Reason.OUTSIDE_PLACE,
        own_offer(municipi=frozenset({need().municipio % 9 + 1})),
        own_offer(municipi=frozenset({need().municipio})),
    ),
    (Reason.OUTSIDE_PLACE, own_offer(nil=FAR_NIL, radius_m=1_000), own_offer(nil=NIL, radius_m=1_000)),
    (Reason.OUTSIDE_PLACE, own_need({"nil": FAR_NIL}, radius_m=1_000), own_need({"nil": NIL}, radius_m=1_000)),
    (
        Reason.OUTSIDE_PLACE,
        own_need({"nil": FAR_NIL, "place": Place.SUPPLIER}, radius_m=1_000),
        own_need({"nil": FAR_NIL, "place": Place.HOME}, radius_m=1_000),
    ),
    (
        Reason.OUTSIDE_PLACE,
        own_offer(nil=FAR_NIL, radius_m=1_000, place=Place.HOME),
        own_offer(nil=FAR_NIL, radius_m=1_000, place=Place.REMOTE),
    ),
    (
        Reason.TOO_FEW_SESSIONS,
        [plan(), alone_on("hw", period=Period.parse("2026-03-02/2026-03-23"))],
        [plan(), alone_on("hw", period=Period.parse("2026-03-02/2026-03-24"))],
    ),
    (Reason.TOO_FEW_SESSIONS, [plan(), alone_on("hw", starts=WeekSlots.NEVER)], [plan(), alone_on("hw")]),
    (
        Reason.TOO_FEW_SESSIONS,
        [project("second", closed_days=frozenset({MONDAYS[0].day, MONDAYS[1].day})), plan(), alone_on("hw")],
        [project("second", closed_days=frozenset({MONDAYS[0].day})), plan(), alone_on("hw")],
    ),
    (Reason.GROUP_SIZE, [plan(), offer("o9", group_max=2), pool(steps=(step("o9"),))], [plan(), pool()]),
    (
        Reason.GROUP_SIZE,
        own_offer(group_min=2, group_max=2),
        own_offer(group_min=1, group_max=2),
    ),
    (
        Reason.GROUP_SIZE,
        [plan(), NeedRevised(need="n1", household="h1", group_max=2), pool()],
        [plan(), NeedRevised(need="n1", household="h1", group_max=3), pool()],
    ),
    (
        Reason.GROUP_SIZE,
        [plan(), offer("o9", group_min=3, group_max=3), pool(steps=(step("o9"),)), left("n1")],
        [plan(), offer("o9", group_min=2, group_max=3), pool(steps=(step("o9"),)), left("n1")],
    ),
    (Reason.GROUP_SIZE, [plan(), pool(), left("n1"), left("n2"), left("n3")], [plan(), pool(), left("n1"), left("n2")]),
    (Reason.OVER_CAPACITY, own_offer(capacity_minutes=359), own_offer(capacity_minutes=360)),
    (
        Reason.OVER_CAPACITY,
        [
            plan(),
            OfferRevised(offer="hw", capacity_minutes=719),
            pool("pool-1", member("n2", 12_000)),
            alone_on("hw", starts=WeekSlots.at(2, 32)),
        ],
        [
            plan(),
            OfferRevised(offer="hw", capacity_minutes=720),
            pool("pool-1", member("n2", 12_000)),
            alone_on("hw", starts=WeekSlots.at(2, 32)),
        ],
    ),
    (
        Reason.OVERBOOKED,
        [plan(), pool("pool-1", member("n2", 12_000)), alone_on("hw", starts=WeekSlots.at(0, 34))],
        [plan(), pool("pool-1", member("n2", 12_000)), alone_on("hw", starts=WeekSlots.at(0, 35))],
    ),
    (
        Reason.OVERBOOKED,
        [
            plan(),
            OfferRevised(offer="hw", capacity_per_slot=1),
            pool("pool-1", member("n2", 12_000)),
            alone_on("hw"),
        ],
        [
            plan(),
            OfferRevised(offer="hw", capacity_per_slot=2),
            pool("pool-1", member("n2", 12_000)),
            alone_on("hw"),
        ],
    ),
    (Reason.IN_TWO_PLACES, booked_twice_by("kid"), booked_twice_by("sister")),
    (
        Reason.IN_TWO_PLACES,
        booked_twice_by("kid", starts=WeekSlots.at(0, 34)),
        booked_twice_by("kid", starts=WeekSlots.at(0, 35)),
    ),
    (
        Reason.IN_TWO_PLACES,
        [plan(), need("n9", "h1"), pool("pool-1", member("n1", 9_000), member("n9", 9_000))],
        [plan(), need("n9", "h2", beneficiary="sister"), pool("pool-1", member("n1", 9_000), member("n9", 9_000))],
    ),
    (
        Reason.IN_TWO_PLACES,
        [
            plan(),
            need("n9", **SELF),
            pool("pool-9", SELF_MEMBER, starts=WeekSlots(MONDAY_16.bits | MONDAY_16.bits << 2), period=ONE_DAY),
        ],
        [
            plan(),
            need("n9", **SELF),
            pool("pool-9", SELF_MEMBER, starts=WeekSlots(MONDAY_16.bits | MONDAY_16.bits << 3), period=ONE_DAY),
        ],
    ),
    (Reason.IN_TWO_PLACES, resumed(dt.date(2026, 3, 2)), resumed(dt.date(2026, 3, 9))),
    (Reason.OTHER_PRICE, [plan(), pool(price_cents=17_999)], [plan(), pool(price_cents=18_000)]),
    (
        Reason.OTHER_PRICE,
        [plan(), pool("pool-1", member("n1", 9_000), member("n2", 8_999), price_cents=18_000)],
        [plan(), pool("pool-1", member("n1", 9_000), member("n2", 9_000), price_cents=18_000)],
    ),
    (Reason.OTHER_PRICE, own_offer(opening_cents=1), own_offer(opening_cents=0)),
    (
        Reason.OVER_SHARE,
        [plan(), pool("pool-1", member("n1", 12_000, grants=granted(12_001)))],
        [plan(), pool("pool-1", member("n1", 12_000, grants=granted(12_000)))],
    ),
    (
        Reason.OTHER_ACTION,
        [plan(), pool("pool-1", member("n1", 12_000, grants=granted(1_000, "c1")))],
        [plan(), pool("pool-1", member("n1", 12_000, grants=granted(1_000, "b1")))],
    ),
    (
        Reason.OVER_FUND,
        [*OTHERS_HOLD, plan(), pool("pool-1", member("n1", 12_000, grants=granted(10_001)))],
        [*OTHERS_HOLD, plan(), pool("pool-1", member("n1", 12_000, grants=granted(10_000)))],
    ),
    (
        Reason.OVER_HOUSEHOLD_CAP,
        [voucher(face_cents=20_000), plan(), pool("pool-1", member("n1", 12_000, grants=granted(10_001)))],
        [voucher(face_cents=20_000), plan(), pool("pool-1", member("n1", 12_000, grants=granted(10_000)))],
    ),
    (Reason.OVER_LIMIT, own_need(price_limit_cents=11_999), own_need(price_limit_cents=12_000)),
    (
        Reason.OVER_LIMIT,
        [
            plan(),
            need("n9", price_limit_cents=10_000),
            pool("pool-9", member("n9", 12_000, grants=granted(1_999))),
        ],
        [
            plan(),
            need("n9", price_limit_cents=10_000),
            pool("pool-9", member("n9", 12_000, grants=granted(2_000))),
        ],
    ),
    (Reason.POOL_NOT_FORMED, [plan(), pool(), DISSOLVED, left("n1")], [plan(), pool(), left("n1")]),
    (Reason.POOL_NOT_FORMED, [plan(), pool(), DISSOLVED, DISSOLVED], [plan(), pool(), DISSOLVED]),
    (Reason.NOT_IN_POOL, [plan(), pool(), left("n4")], [plan(), pool(), left("n3")]),
    (
        Reason.ALREADY_MET,
        [plan(), pool(), booked(), AFTER_ALL, *(delivered(session=number) for number in range(4)), left("n1")],
        [plan(), pool(), booked(), AFTER_ALL, *(delivered(session=number) for number in range(4)), left("n2")],
    ),
    (
        Reason.SESSIONS_WAITING,
        [plan(), pool(), booked(), left("n1")],
        [plan(), pool(), booked(), cancelled(), left("n1")],
    ),
    (
        Reason.SESSIONS_WAITING,
        [plan(), pool(), booked(), DISSOLVED],
        [plan(), pool(), booked(), cancelled(), DISSOLVED],
    ),
]


@pytest.mark.parametrize(("reason", "refused", "accepted"), PAIRS)
def test_refused_for_a_reason_and_accepted_without_it(reason, refused, accepted):
    assert why_refused(*refused) is reason
    assert why_refused(*accepted) is None


def test_every_reason_has_a_pair():
    assert {reason for reason, *_ in PAIRS} == set(Reason)


def test_what_is_not_known_of_a_need_is_not_held_against_its_pool():
    """Only the household's public facts are left, as when one fact of it is erased before the others."""
    network = Network()
    replay(network, [redacted(fact) if isinstance(fact, NeedDeclared) else fact for fact in pilot()])
    record(network, plan(), need("n9", "h1"))
    anywhen = pool(steps=(step(minutes=60),))
    assert refusal(network, anywhen) is None
    with_one_known = pool("pool-9", member("n9", 12_000), starts=MONDAY_16)
    assert refusal(network, PoolDissolved(pool="pool-1", reason=LeavingReason.SUPPLIER), with_one_known) is None
    assert network.check() == ()


def test_an_unknown_supplier_is_no_matter_of_the_chain():
    assert why_refused(supplier("s9"), plan(), chain(lead="s9")) is Reason.NOT_IN_CHAIN


def test_an_offer_under_two_agreements_needs_one_that_covers_the_pool():
    history = [
        plan(),
        offer("o9", channel=Channel.AGREEMENT),
        agreement("a8", "o9", supplier="s1", period=WEEK),
        agreement("a9", "o9", supplier="s1", period=YEAR),
    ]
    assert why_refused(*history, alone_on("o9")) is None


def test_a_fund_grants_only_its_part_of_a_share():
    half = [
        attrs.evolve(fact, funds=tuple(attrs.evolve(line, share_percent=50) for line in fact.funds))
        if isinstance(fact, GrantAwarded)
        else fact
        for fact in pilot()
    ]
    network = network_of(plan(), given=half)
    assert refusal(network, pool("pool-1", member("n1", 12_000, grants=granted(6_001)))) is Reason.OVER_SHARE
    assert refusal(network, pool("pool-1", member("n1", 12_000, grants=granted(6_000)))) is None
