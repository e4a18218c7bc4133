"""The firms, people, households and suppliers of a drawn community, as the facts by which they come.

Each is drawn under its own name: a firm more, or another take-up, moves nobody
who is there in both.
"""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from wis_engine.facts import (
    ActionPlanned,
    AgreementSigned,
    Event,
    FirmJoined,
    GrantAwarded,
    HouseholdFormed,
    PersonEnrolled,
    ProjectPlanned,
    SupplierOffered,
    SupplierRegistered,
)
from wis_engine.facts.project import FundLine
from wis_engine.network.parties import FundSource, Gender, Member, Recipient, Role, SupplierKind
from wis_engine.simulation.arrivals import months_of
from wis_engine.simulation.diffusion import firm_names
from wis_engine.simulation.draws import Draws
from wis_engine.simulation.given import Discount, Round, Supply, SupplyKind
from wis_engine.simulation.lots import Lots, keys_of
from wis_engine.simulation.membership import Firms, People
from wis_engine.simulation.scenario import Scenario
from wis_engine.simulation.shares import MILLION
from wis_engine.territory import closed_days, municipio_of
from wis_engine.values import (
    AgreementId,
    Channel,
    FirmId,
    FundId,
    HouseholdId,
    MemberId,
    OfferId,
    Period,
    PersonId,
    PriceTier,
    ProjectId,
    SupplierId,
)

if TYPE_CHECKING:
    from wis_engine.simulation.lots import Numbers

HEADS: Final = (1, 2, 3, 4, 6, 8, 12, 20)
"""Group sizes at which a price falls."""
_HUNDRED: Final = 100


@lru_cache(maxsize=1 << 10)
def power_ppm(base: int, exponent_hundredths: int) -> int:
    """Take `base` to the power of minus `exponent_hundredths` / 100, in millionths, rounded down.

    Exact: n is the largest whole number with n**100 x base**exponent at most
    a million to the 100.

    Examples
    --------
    >>> power_ppm(4, 50), power_ppm(10, 133)
    (500000, 46773)
    """
    most: int = MILLION**_HUNDRED
    base_power = base**exponent_hundredths
    low, high = 0, MILLION
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**_HUNDRED * base_power <= most else (low, middle - 1)
    return low


def size_weights(firms: Firms) -> tuple[int, ...]:
    """Weigh the sizes from `persons_min` to `persons_max`."""
    tails = [
        power_ppm(size, firms.size_exponent_hundredths) for size in range(firms.persons_min, firms.persons_max + 2)
    ]
    return tuple(tail - after for tail, after in pairwise(tails))


def tiers_of(price_cents: int, discount: Discount, group_min: int, group_max: int) -> tuple[PriceTier, ...]:
    """Price a head by the size of the group, from the price alone and the discount."""
    tiers, floor = [], discount.floor_percent
    for heads in HEADS:
        if heads <= group_max:
            ppm = power_ppm(min(heads, discount.heads_max), discount.exponent_hundredths)
            cents = price_cents * (floor * MILLION + (_HUNDRED - floor) * ppm) // (_HUNDRED * MILLION)
            tiers.append(PriceTier(people_from=heads if heads > group_min else 1, price_cents=cents))
    # Below the smallest group nothing is sold: the last of those tiers is the first.
    return tuple({tier.people_from: tier for tier in tiers}.values())


class Population:
    """Who might take part, in columns by firm; people are drawn when they come."""

    def __init__(self, draws: Draws, lots: Lots, firms: Firms, people: People) -> None:
        self.names = firm_names(firms.count)
        self._draws, self._firms, self._people = draws, firms, people
        keys = keys_of(self.names)
        self.persons: Numbers = lots.pick(size_weights(firms), "persons", keys) + firms.persons_min
        self._zone = lots.below(len(firms.zones), "zone", keys)
        self._sector = lots.pick((one.weight for one in firms.sectors), "sector", keys)
        self._kinds = [one.weight for one in people.households]

    def joining(self, number: int) -> Iterator[Event]:
        """A firm joins, and those of its people who take part enrol, each with a household."""
        name, nil = self.names[number], self._firms.zones[self._zone[number]]
        persons = int(self.persons[number])
        sector = self._firms.sectors[self._sector[number]]
        yield FirmJoined(firm=FirmId(name), title=f"Simulated {name}", persons=persons, ateco=sector.ateco, nil=nil)
        tail = name.removeprefix("sim-f")
        for place in range(1, persons + 1):
            person = PersonId(f"sim-p{tail}-{place}")
            if self._draws.chance(self._people.take_up_percent * 10_000, "take up", person):
                yield from self._enrolled(person, FirmId(name), nil, owner=place == 1)

    def _enrolled(self, person: PersonId, firm: FirmId, nil: int, *, owner: bool) -> Iterator[Event]:
        draws, people, zones = self._draws, self._people, self._firms.zones
        role = Role.ENTREPRENEUR if owner else Role.EMPLOYEE
        woman = draws.chance(people.women_percent * 10_000, "woman", person)
        gender = Gender.WOMAN if woman else Gender.MAN
        yield PersonEnrolled(person=person, firm=firm, role=role, gender=gender)
        near = draws.chance(people.near_percent * 10_000, "near", person)
        household = HouseholdId(person.replace("sim-p", "sim-h"))
        kind = people.households[draws.pick(self._kinds, "household", person)]
        yield HouseholdFormed(
            household=household,
            holders=(person,),
            members=tuple(
                Member(id=MemberId(f"{household}-{place}"), age_band=band)
                for place, band in enumerate(kind.members, start=1)
            ),
            nil=nil if near else zones[draws.below(len(zones), "home", person)],
            recipients=(Recipient(role=role, gender=gender),),
        )


def funded(scenario: Scenario, number: int, one: Round) -> tuple[Event, ...]:
    """Plan the project of a round of funding, and award its grant."""
    project = ProjectId(f"sim-project-{number}")
    period = Period(one.day, scenario.period.end)
    total_cents = sum(line.amount_cents for line in one.lines)
    actions = [
        ActionPlanned(
            project=project,
            action=line.action,
            title=f"Simulated {line.action}",
            phase=1,
            period=period,
            budget_cents=line.amount_cents,
            staff_minutes=0,
        )
        for line in one.lines
    ]
    funds = tuple(
        FundLine(
            fund=FundId(f"sim-{line.action}"),
            action=line.action,
            source=FundSource.CONTRIBUTION,
            amount_cents=line.amount_cents,
            share_percent=line.share_percent,
            household_cap_cents=line.household_cap_cents,
        )
        for line in one.lines
    )
    planned = ProjectPlanned(
        project=project,
        title=scenario.title,
        period=period,
        lead="simulated lead",
        public_body="simulated public body",
        closed_days=closed_days(scenario.period) if number == 1 else frozenset(),
        simulated=True,
    )
    return (
        planned,
        *actions,
        GrantAwarded(project=project, contribution_cents=total_cents, cofinancing_cents=0, funds=funds),
    )


def registered(firms: Firms, supply: Supply) -> Iterator[Event]:
    """Register every supplier."""
    for kind, number in _suppliers(firms, supply):
        name = f"{kind.kind}-{number}"
        yield SupplierRegistered(
            supplier=SupplierId(f"sim-s-{name}"), title=f"Simulated {name}", kind=SupplierKind.COOPERATIVE
        )


def offered(draws: Draws, firms: Firms, supply: Supply, period: Period) -> Iterator[Event]:
    """Let every supplier offer for a period, and sign the agreements."""
    municipi = sorted({municipio_of(nil) for nil in firms.zones})
    for kind, number in _suppliers(firms, supply):
        name = f"{kind.kind}-{number}"
        municipio = municipi[number % len(municipi)] if supply.local else None
        near = [nil for nil in firms.zones if municipio in (None, municipio_of(nil))]
        nil = near[draws.below(len(near), "seat", f"sim-s-{name}")]
        yield from _offer(supply, kind, name, period, nil)


def terms(scenario: Scenario, supply: Supply) -> list[Period]:
    """Divide the period of a scenario into those for which offers are made."""
    months = [scenario.period.start, *months_of(scenario.period)]
    starts = months[:: supply.offer_months] if supply.offer_months else months[:1]
    return [Period(start, end) for start, end in pairwise([*starts, scenario.period.end])]


def _suppliers(firms: Firms, supply: Supply) -> Iterator[tuple[SupplyKind, int]]:
    for kind in supply.kinds:
        for number in range(1, max(1, firms.count // kind.firms_each) + 1):
            yield kind, number


def _offer(supply: Supply, kind: SupplyKind, name: str, period: Period, nil: int) -> Iterator[Event]:
    supplier, offer = SupplierId(f"sim-s-{name}"), OfferId(f"sim-o-{name}-{period.start:%y%m}")
    yield SupplierOffered(
        offer=offer,
        supplier=supplier,
        service=kind.service,
        place=kind.place,
        slots=kind.windows,
        period=period,
        nil=nil,
        radius_m=kind.radius_m,
        municipi=frozenset({municipio_of(nil)} if supply.local else ()),
        capacity_minutes=kind.capacity_hours * 60,
        capacity_per_slot=kind.sessions_at_once,
        tiers=tiers_of(kind.price_cents, supply.discount, kind.group_min, kind.group_max),
        opening_cents=kind.opening_cents,
        group_min=kind.group_min,
        group_max=kind.group_max,
        quality_percent=kind.quality_percent,
        channel=kind.channel,
        age_bands=frozenset(kind.age_bands),
        languages=frozenset(kind.languages),
    )
    if kind.channel is Channel.AGREEMENT:
        agreement = AgreementId(f"sim-a-{name}-{period.start:%y%m}")
        yield AgreementSigned(agreement=agreement, supplier=supplier, offers=(offer,), period=period)


def last_day(draws: Draws, supply: Supply, offer: str, period: Period) -> dt.date | None:
    """Draw the day on which an offer ends before its time, if it does."""
    if period.days < 2 or not draws.chance(supply.leaving_percent * 10_000, "offer ends", offer):  # noqa: PLR2004 - a day in between
        return None
    return period.start + dt.timedelta(days=draws.between(1, period.days - 1, "last day", offer))
