"""Problems drawn for the tests of the matcher: small, valid, and full of corners."""

import datetime as dt

from hypothesis import strategies as st

from wis_engine.matching import Budget, Commitment, Need, Offer, Option, Problem, Step
from wis_engine.values import AgeBand, Channel, Occurrence, Period, Point, PriceTier, WeekSlots

FIRST = dt.date(2026, 3, 2)
MONTH = Period(FIRST, FIRST + dt.timedelta(days=28))
FORTNIGHT = Period(FIRST, FIRST + dt.timedelta(days=14))
SERVICES = ("homework", "pickup", "ride")
WINDOWS = tuple(
    WeekSlots.parse(text)
    for text in ("mon 16:00-18:00", "mon 16:00-17:00, wed 16:30-18:00", "mon-tue 16:30-17:30", "wed 17:00-19:00")
)
WIDE = WeekSlots.parse("mon-fri 15:00-20:00")
PLACES = tuple(Point(45_460_000 + 9_000 * step, 9_190_000) for step in range(4))


def maybe(strategy):
    """Mostly nothing, so that most needs meet most offers."""
    return st.one_of(st.none(), st.none(), strategy)


@st.composite
def tiers(draw):
    froms = draw(st.sets(st.sampled_from([1, 2, 3]), max_size=2))
    return tuple(
        PriceTier(
            people_from=people, units_from=draw(st.sampled_from([0, 1, 2])), price_cents=draw(st.integers(0, 900))
        )
        for people in sorted(froms)
    )


@st.composite
def needs(draw, number, composite):
    steps = ()
    if composite and draw(st.sampled_from([False, False, True])):
        services = SERVICES[: draw(st.integers(2, 3))]
        steps = tuple(
            Step(
                service=service,
                minutes=draw(st.sampled_from([20, 30])),
                gap_max_minutes=draw(st.sampled_from([0, 30])),
                distance_max_m=draw(maybe(st.just(1_500))),
            )
            for service in services
        )
    sessions = draw(st.sampled_from([1, 1, 2, 4]))
    return Need(
        id=f"n{number}",
        minutes=sessions * draw(st.sampled_from([30, 45, 60])),
        sessions=sessions,
        household=draw(st.sampled_from(["", "h1", "h2"])),
        firm=draw(st.sampled_from(["", "f1", "f2"])),
        beneficiary=draw(st.sampled_from(["", "", "b1", "b2"])),
        service=draw(st.sampled_from(("homework", "homework", "pickup"))),
        slots=draw(st.sampled_from(WINDOWS)),
        period=draw(st.sampled_from([MONTH, MONTH, FORTNIGHT, None])),
        place=draw(maybe(st.sampled_from(PLACES))),
        zone=draw(maybe(st.integers(1, 2))),
        radius_m=draw(maybe(st.sampled_from([500, 1_500]))),
        price_limit_cents=draw(maybe(st.integers(200, 900))),
        priority=draw(st.integers(0, 3)),
        group_max=draw(maybe(st.integers(1, 3))),
        age_band=draw(maybe(st.just(AgeBand.SCHOOL_6_10))),
        language=draw(maybe(st.just("it"))),
        channel=draw(maybe(maybe(st.just(Channel.WEMI)))),
        steps=steps,
    )


@st.composite
def offers(draw, number):
    group_min = draw(st.sampled_from([1, 1, 1, 2]))
    return Offer(
        id=f"o{number}",
        capacity_minutes=draw(st.sampled_from([60, 120, 240, 960, 960])),
        supplier=draw(st.sampled_from(["", "s1", "s2", "s3"])),
        service=SERVICES[number % 3] if number % 2 else draw(st.sampled_from(SERVICES[:2])),
        slots=draw(st.sampled_from([WINDOWS[1], WINDOWS[2], WeekSlots.ALWAYS, WIDE, WIDE])),
        period=draw(st.sampled_from([None, MONTH, FORTNIGHT])),
        place=draw(maybe(st.sampled_from(PLACES))),
        radius_m=draw(maybe(st.just(1_500))),
        mobile=draw(st.booleans()),
        zones=draw(st.sampled_from([frozenset()] * 4 + [frozenset((1,))])),
        capacity_per_slot=draw(maybe(st.integers(1, 2))),
        tiers=draw(tiers()),
        unit_minutes=draw(st.sampled_from([0, 60])),
        opening_cents=draw(st.sampled_from([0, 0, 100, 101])),
        group_min=group_min,
        group_max=draw(maybe(st.integers(group_min, 3))),
        quality_percent=draw(st.sampled_from([0, 80])),
        channel=draw(st.sampled_from([None, Channel.WEMI])),
        age_bands=draw(st.sampled_from([frozenset()] * 4 + [frozenset((AgeBand.SCHOOL_6_10,))])),
        languages=draw(st.sampled_from([frozenset(), frozenset(("it",)), frozenset(("en",))])),
    )


@st.composite
def budgets(draw, number):
    return Budget(
        id=f"g{number}",
        cap_cents=draw(st.sampled_from([0, 300, 1_000])),
        services=draw(st.sampled_from([frozenset(), frozenset(("homework",))])),
        share_percent=draw(st.sampled_from([30, 50, 100])),
        household_cap_cents=draw(maybe(st.integers(0, 400))),
    )


@st.composite
def commitments(draw, offer_ids):
    day = FIRST + dt.timedelta(days=draw(st.sampled_from([0, 1, 2, 7])))
    return Commitment(
        offer=draw(st.sampled_from([*offer_ids, "gone"])),
        minutes=draw(st.sampled_from([0, 60])),
        occurrences=(Occurrence(day, draw(st.sampled_from([32, 33, 34])), 60),),
        beneficiaries=draw(st.sampled_from([frozenset(), frozenset(("b1",))])),
    )


@st.composite
def timed_problems(draw, needs_max=5, offers_max=3, *, composite=True):
    count = draw(st.integers(1, needs_max))
    offer_count = draw(st.integers(1, offers_max))
    return Problem(
        needs=[draw(needs(number, composite)) for number in range(count)],
        offers=[draw(offers(number)) for number in range(offer_count)],
        budgets=[draw(budgets(number)) for number in range(draw(st.integers(0, 2)))],
        commitments=[
            draw(commitments([f"o{number}" for number in range(offer_count)])) for _ in range(draw(st.integers(0, 1)))
        ],
        closed_days=draw(st.sampled_from([frozenset(), frozenset((FIRST,))])),
    )


@st.composite
def explicit_problems(draw, needs_max=5, offers_max=3):
    count, offer_count = draw(st.integers(0, needs_max)), draw(st.integers(0, offers_max))
    listed = [
        Need(
            id=f"n{number}",
            minutes=draw(st.integers(1, 90)),
            household=draw(st.sampled_from(["", "h1"])),
            firm=draw(st.sampled_from(["", "f1"])),
            priority=draw(st.integers(0, 3)),
            price_limit_cents=draw(maybe(st.integers(200, 900))),
            group_max=draw(maybe(st.integers(1, 3))),
        )
        for number in range(count)
    ]
    available = [
        Offer(
            id=f"o{number}",
            capacity_minutes=draw(st.integers(0, 250)),
            opening_cents=draw(st.sampled_from([0, 0, 100])),
            group_min=draw(st.sampled_from([1, 1, 2])),
            group_max=draw(maybe(st.just(3))),
            tiers=draw(tiers()),
        )
        for number in range(offer_count)
    ]
    options = [
        Option(need=need.id, offer=offer.id, minutes=draw(st.integers(0, 120)), price_cents=draw(st.integers(0, 900)))
        for need in listed
        for offer in available
        if draw(st.integers(0, 3))
    ]
    money = [draw(budgets(number)) for number in range(draw(st.integers(0, 1)))]
    return Problem(needs=listed, offers=available, options=options, budgets=money)


def problems(needs_max=5, offers_max=3):
    return timed_problems(needs_max, offers_max) | explicit_problems(needs_max, offers_max)
