"""What the 22 people of the pilot come to need: a year of wishes, drawn by lot.

A wish is a need before anybody declared it. Whether a member of a household
comes to need a service in a month follows from the templates of
`wis_demand.toml`: a rate by age, a season, an intensity. Nothing here looks at
the community, so that every strategy meets the same wishes.
"""

import datetime as dt
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import attrs
from attrs import frozen

from wis_engine import catalogue
from wis_engine.facts import NeedDeclared
from wis_engine.network.promises import NeedStep
from wis_engine.simulation.card import Table, members_of, period, table
from wis_engine.simulation.draws import Draws
from wis_engine.territory import closed_days
from wis_engine.values import (
    SLOTS_A_DAY,
    AgeBand,
    FirmId,
    HouseholdId,
    MemberId,
    Minutes,
    NeedId,
    Period,
    ServiceCode,
    WeekSlots,
    occurrences,
    slots_for,
)

_MONTHS: Final = 12
_LAST_DAYS: Final = 6
"""Who comes late comes on one of so many days before the month ends."""
_WEEK: Final = dt.timedelta(days=7)
_DAY: Final = dt.timedelta(days=1)


@frozen(kw_only=True)
class Wish:
    """One need to come: when it will be declared, and what will be said.

    `origin` names it by what it was drawn from; later luck is drawn under this
    name, which no other wish changes.
    """

    origin: str
    declared: dt.date
    need: NeedDeclared

    def named(self, name: str) -> NeedDeclared:
        """Give the need its id."""
        return attrs.evolve(self.need, need=NeedId(name))


@frozen(kw_only=True)
class _Person:
    """A member of a household, and the firm through which the household takes part."""

    id: MemberId
    household: HouseholdId
    age_band: AgeBand
    firm: FirmId
    holds: bool
    home_nil: int
    work_nil: int
    language: str | None


def intensity_percent() -> int:
    """How much of the rates in the data the pilot lives at."""
    value: int = table("demand")["demand"]["intensity_percent"]
    return value


def wishes(draws: Draws, *, intensity_percent: int) -> tuple[Wish, ...]:
    """Draw the wishes of a year, in order of declaration."""
    found = [wish for month in _months() for wish in _month(draws, month, intensity_percent)]
    return tuple(sorted(found, key=lambda wish: (wish.declared, wish.origin)))


def _months() -> list[dt.date]:
    """First days of the months in which needs may begin: from the second on, the first is for enrolling."""
    first = period().start
    months = [dt.date(first.year + (first.month + k - 1) // 12, (first.month + k - 1) % 12 + 1, 1) for k in range(12)]
    return months[1:]


def _next_month(first: dt.date) -> dt.date:
    return (first + dt.timedelta(days=31)).replace(day=1)


def _month(draws: Draws, month: dt.date, intensity: int) -> Iterator[Wish]:
    """Draw the needs that begin in a month, and those that they bring with them."""
    cluster = table("demand")["demand"]["cluster_percent"] * 10_000
    for person in _people():
        for template in _templates():
            expected = _expected(template, person, month, intensity)
            if not expected:
                continue
            about = (template["kind"], person.id, month.isoformat())
            count = expected // 1_000_000 + draws.chance(expected % 1_000_000, "arrival", *about)
            for number in range(count):
                origin = ".".join((*about, str(number)))
                yield from _wished(draws, template, person, month, origin)
                if draws.chance(cluster, "cluster", origin):
                    yield from _brought(draws, person.household, month, intensity, f"{origin}+")


def _brought(draws: Draws, household: str, month: dt.date, intensity: int, origin: str) -> Iterator[Wish]:
    """Draw a second need of the same household, as likely as each of its needs is that month."""
    ways = [
        (person, template, expected)
        for person in _people()
        if person.household == household
        for template in _templates()
        if (expected := _expected(template, person, month, intensity))
    ]
    person, template, _ = ways[draws.pick([expected for *_, expected in ways], "brought", origin)]
    yield from _wished(draws, template, person, month, origin)


def _expected(template: Table, person: _Person, month: dt.date, intensity: int) -> int:
    """Needs of this kind that this person is expected to have in this month, in millionths."""
    rate = template["rate"].get(person.age_band, 0)
    if template["who"] == "holder" and not person.holds:
        return 0
    if person.firm not in template.get("firms", (person.firm,)):
        return 0
    if month not in _action_period(template["service"]):
        return 0
    season = table("demand")["seasons"][template["season"]][month.month - 1]
    return int(rate * 1_000 * season * intensity // (_MONTHS * 100 * 100))


def _wished(draws: Draws, template: Table, person: _Person, month: dt.date, origin: str) -> Iterator[Wish]:
    """Draw one wish; none when the project would be over before its shortest time."""
    first = month + draws.below((_next_month(month) - month).days, "first", origin) * _DAY
    weeks = draws.between(*template["weeks"], "weeks", origin)
    end = min(first + weeks * _WEEK, period().end)
    if end - first < template["weeks"][0] * _WEEK:
        return
    when = Period(first, end)
    windows = template["windows"]
    slots = WeekSlots.parse(windows[draws.below(len(windows), "window", origin)])
    # Nobody asks for more sessions than the days that are left have room for.
    sessions = draws.between(*template["sessions"], "sessions", origin)
    sessions = min(sessions, room(slots, template["minutes"], when, closed_days(period())))
    if not sessions:
        return
    notice = draws.between(*table("demand")["demand"]["notice_days"], "notice", origin)
    # Needs are matched when a month ends: who would come too late for the match before the first session hurries,
    # and nobody comes before all are enrolled.
    hurried = month - (1 + draws.below(_LAST_DAYS, "hurry", origin)) * _DAY
    declared = max(min(first - notice * _DAY, hurried), table("card")["opening"]["offered"])
    shares = draws.chance(template["share_percent"] * 10_000, "share", origin)
    need = NeedDeclared(
        need=NeedId("need"),
        household=person.household,
        service=ServiceCode(template["service"]),
        beneficiary=person.id,
        slots=slots,
        nil=person.home_nil if template["at"] == "home" else person.work_nil,
        language=person.language if template.get("speaks") else None,
        steps=tuple(
            NeedStep(**(step | {"service": ServiceCode(step["service"])})) for step in template.get("steps", ())
        ),
        minutes=template["minutes"] * sessions,
        sessions=sessions,
        period=when,
        radius_m=template.get("radius_m"),
        price_limit_cents=draws.between(*template["limit_cents"], "limit", origin) * sessions,
        priority=draws.pick(template["priority"], "priority", origin),
        group_max=template["group_max"] if shares else 1,
    )
    yield Wish(origin=origin, declared=declared, need=need)


def room(slots: WeekSlots, minutes: Minutes, when: Period, closed: frozenset[dt.date]) -> int:
    """Count the sessions, one a day, that a period has room for on a weekly pattern, closed days left out."""
    days = {slot // SLOTS_A_DAY: slot for slot in slots.starts(slots_for(minutes))}
    pattern = WeekSlots(sum(1 << slot for slot in days.values()))
    weeks = max(1, (when.days - sum(day in when for day in closed)) // _WEEK.days)
    return len(occurrences(pattern, minutes, when, len(days) * weeks, closed))


@cache
def _templates() -> tuple[dict[str, Any], ...]:
    return tuple(table("demand")["templates"])


@cache
def _action_period(service: str) -> Period:
    """When the action that pays for a service runs."""
    action = catalogue.service(service).action
    [found] = [Period.parse(row["period"]) for row in table("card")["actions"] if row["code"] == action]
    return found


@cache
def _people() -> tuple[_Person, ...]:
    """Everyone of every household, in order."""
    card = table("card")
    firm_of = {person: firm for person, firm, *_ in card["population"]["people"]}
    nil_of = {firm["id"]: firm["nil"] for firm in card["firms"]}
    found = []
    for row in card["households"]:
        for number, (name, age_band) in enumerate(members_of(row)):
            holds = number < len(row["holders"])
            firm = firm_of[row["holders"][number if holds else 0]]
            found.append(
                _Person(
                    id=name,
                    household=HouseholdId(row["id"]),
                    age_band=age_band,
                    firm=FirmId(firm),
                    holds=holds,
                    home_nil=row["nil"],
                    work_nil=nil_of[firm],
                    language=row.get("language"),
                )
            )
    return tuple(found)
