"""Problems from a seeded generator: the same numbers on any machine.

`city` is a synthetic city, 20 km square. There is a supplier for each fifty
needs and, at most, a dozen services; about a dozen suppliers could serve a
need. The week has twenty slots of an hour: a need takes two to five of them, a
supplier five to eleven, one group in each. Needs are of one to six weekly
hours; suppliers have four hours for each five that are wanted. A group is of
three to six people at least and of twelve to twenty-five at most; it pays an
opening and, from twice the least size on, a lower price. Each firm has a pot
for its eight needs, 30 to 90 % of 7 EUR an hour; the pot pays up to 60 % of a
price, and is needed where a price is over what its household can pay.

A firm's pot is written as the ceiling of one payer: the household of a need is
the pot it draws from.
"""

import datetime as dt
import random
from math import isqrt
from typing import Final

from wis_engine.matching import Budget, Drawn, Need, Offer, Problem
from wis_engine.values import Period, Point, PriceTier, WeekSlots

WEEKS: Final = 6
SERVICES_MAX: Final = 12
NEEDS_A_SUPPLIER: Final = 50
NEEDS_A_FIRM: Final = 8
NEAR_SUPPLIERS: Final = 15
SIDE_M: Final = 20_000
POT_CENTS_AN_HOUR: Final = 700
LIMIT_CENTS_AN_HOUR: Final = 900
CENTRE: Final = Point(45_464_200, 9_190_000)
# Microdegrees of 20 km at the latitude of Milano.
HIGH, WIDE = 179_864, 256_400
SLOTS: Final = tuple(
    WeekSlots.parse(f"{day} {hour:02}:00-{hour + 1:02}:00")
    for day in ("mon", "tue", "wed", "thu", "fri")
    for hour in (8, 10, 15, 17)
)


def city(needs: int, seed: int = 0) -> Problem:
    """Draw a city with so many needs."""
    rng = random.Random(seed)
    start = dt.date(2026, 9, 7)
    period = Period(start, start + dt.timedelta(weeks=WEEKS))
    suppliers = max(1, needs // NEEDS_A_SUPPLIER)
    services = min(SERVICES_MAX, max(1, suppliers // NEAR_SUPPLIERS))
    wanted = [_need(rng, number, services, period) for number in range(needs)]
    offers = _offers(rng, suppliers, services, period, sum(need.minutes for need in wanted))
    return Problem(needs=wanted, offers=offers, budgets=[_pots(rng, wanted)], priority_weights=(1, 2, 3, 4))


def _need(rng: random.Random, number: int, services: int, period: Period) -> Need:
    hours = rng.randint(1, 6)
    return Need(
        id=f"n{number:06}",
        minutes=60 * hours,
        sessions=hours,
        firm=f"f{number // NEEDS_A_FIRM:06}",
        household=f"f{number // NEEDS_A_FIRM:06}",
        service=f"service-{rng.randrange(services):02}",
        slots=_slots(rng, rng.randint(2, 5)),
        period=period,
        place=_place(rng),
        price_limit_cents=LIMIT_CENTS_AN_HOUR * hours * rng.randint(80, 120) // 100,
        priority=rng.randrange(3),
    )


def _offers(rng: random.Random, suppliers: int, services: int, period: Period, wanted_minutes: int) -> list[Offer]:
    sizes = [rng.randint(50, 150) for _ in range(suppliers)]
    each = suppliers // services
    # The circle in which so many of the suppliers of one service lie.
    radius_m = None if each <= NEAR_SUPPLIERS else isqrt(SIDE_M * SIDE_M * NEAR_SUPPLIERS * 100 // (314 * each))
    return [
        _offer(rng, number, services, period, (radius_m, wanted_minutes * 4 * size // (5 * sum(sizes))))
        for number, size in enumerate(sizes)
    ]


def _offer(rng: random.Random, number: int, services: int, period: Period, reach: tuple[int | None, int]) -> Offer:
    price_cents, least = rng.randint(800, 2_700), rng.randint(3, 6)
    opening_cents = rng.randint(300, 1_500)
    return Offer(
        id=f"o{number:05}",
        supplier=f"s{number:05}",
        service=f"service-{number % services:02}",
        capacity_minutes=reach[1],
        slots=_slots(rng, rng.randint(5, 11)),
        period=period,
        place=_place(rng),
        radius_m=reach[0],
        capacity_per_slot=1,
        tiers=[
            PriceTier(price_cents=price_cents),
            PriceTier(people_from=2 * least, price_cents=price_cents - opening_cents // (14 * least)),
        ],
        unit_minutes=60,
        opening_cents=opening_cents,
        group_min=least,
        group_max=rng.randint(12, 25),
        quality_percent=rng.randint(0, 50),
    )


def _pots(rng: random.Random, needs: list[Need]) -> Budget:
    hours: dict[str, int] = {}
    for need in needs:
        hours[need.firm] = hours.get(need.firm, 0) + need.sessions
    pots = {firm: POT_CENTS_AN_HOUR * hours[firm] * rng.randint(30, 90) // 100 for firm in sorted(hours)}
    largest = max(pots.values(), default=0)
    return Budget(
        id="pots",
        cap_cents=sum(pots.values()),
        share_percent=70,
        household_cap_cents=largest,
        drawn=[Drawn(household=firm, cents=largest - pot) for firm, pot in pots.items()],
    )


def _slots(rng: random.Random, count: int) -> WeekSlots:
    return WeekSlots(sum(slots.bits for slots in rng.sample(SLOTS, count)))


def _place(rng: random.Random) -> Point:
    return Point(
        CENTRE.lat_microdegrees + rng.randrange(HIGH) - HIGH // 2,
        CENTRE.lon_microdegrees + rng.randrange(WIDE) - WIDE // 2,
    )
