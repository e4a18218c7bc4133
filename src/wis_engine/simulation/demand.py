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
_FIRST_WEEKS: Final = 2
"""A need begins on one of so many first Mondays of its month."""
_WEEKS_WITH_PLAY: Final = 3
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


def calibrated_percent() -> int:
    """How much of the rates in the data the pilot lives at, so that it reaches the accesses of its card."""
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


def _month(draws: Draws, month: dt.date, intensity: int) -> Iterator[Wish]:
    """Draw the needs that begin in a month, and those that they bring with them."""
    for person in _people():
        for template in _templates():
            expected = _expected(template, person, month, intensity)
            if not expected:
                continue
            about = (template["kind"], person.id, month.isoformat())
            count = expected // 1_000_000 + draws.chance(expected % 1_000_000, "arrival", *about)
            for number in range(count):
                origin = ".".join((*about, str(number)))
                wish = _Drawn(draws=draws, template=template, month=month, shape=origin, origin=origin)
                yield from wish.of(person)
                yield from _together(wish, person, intensity)
                if draws.chance(table("demand")["demand"]["cluster_percent"] * 10_000, "cluster", origin):
                    yield from _brought(draws, person.household, month, intensity, f"{origin}+")


def _together(wish: "_Drawn", person: _Person, intensity: int) -> Iterator[Wish]:
    """Draw the colleagues who come along: the same service, days and hours, each with a purse of their own."""
    asked = {person.household}
    percent = wish.template.get("company_percent", table("demand")["demand"]["company_percent"])
    while wish.shares() and wish.draws.chance(percent * 10_000, "company", wish.origin):
        others = [
            other
            for other in _people()
            if other.firm == person.firm
            and other.household not in asked
            and _expected(wish.template, other, wish.month, intensity)
        ]
        if not others:
            return
        wish = attrs.evolve(wish, origin=f"{wish.origin}~")
        other = others[wish.draws.below(len(others), "colleague", wish.origin)]
        asked.add(other.household)
        yield from wish.of(other)


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
    yield from _Drawn(draws=draws, template=template, month=month, shape=origin, origin=origin).of(person)


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


@frozen(kw_only=True)
class _Drawn:
    """The luck of one wish: when and how often are drawn under `shape`, the rest under `origin`.

    Colleagues who come along share the shape of the first.
    """

    draws: Draws
    template: Table
    month: dt.date
    shape: str
    origin: str

    def shares(self) -> bool:
        """Say whether the household would share the service with others."""
        return self.draws.chance(self.template["share_percent"] * 10_000, "share", self.origin)

    def of(self, person: _Person) -> Iterator[Wish]:
        """Make it a person's wish; none when the project would be over before its shortest time.

        Needs begin on a Monday early in the month, so that those of a month
        can meet.
        """
        draws, template = self.draws, self.template
        monday = self.month + (-self.month.weekday() % _WEEK.days) * _DAY
        first = monday + draws.below(_FIRST_WEEKS, "first", self.shape) * _WEEK
        weeks = draws.between(*template["weeks"], "weeks", self.shape)
        end = min(first + weeks * _WEEK, period().end)
        if end - first < template["weeks"][0] * _WEEK:
            return
        when = Period(first, end)
        windows = template["windows"]
        slots = WeekSlots.parse(windows[draws.below(len(windows), "window", self.shape)])
        asked = draws.between(*template["sessions"], "sessions", self.shape)
        sessions = asked_in(when, slots, template["minutes"], asked, closed_days(period()))
        if sessions:
            need = self._need(person, slots, when, sessions)
            yield Wish(origin=self.origin, declared=self._declared(first), need=need)

    def _declared(self, first: dt.date) -> dt.date:
        """Draw the day of declaration.

        Needs are matched when a month ends: who would come too late for the
        match before the first session hurries. Nobody comes before the
        suppliers have.
        """
        notice = self.draws.between(*table("demand")["demand"]["notice_days"], "notice", self.origin)
        hurried = self.month - (1 + self.draws.below(_LAST_DAYS, "hurry", self.origin)) * _DAY
        earliest: dt.date = table("card")["opening"]["offered"]
        return max(min(first - notice * _DAY, hurried), earliest)

    def _need(self, person: _Person, slots: WeekSlots, when: Period, sessions: int) -> NeedDeclared:
        draws, template = self.draws, self.template
        limit_cents = draws.between(*template["limit_cents"], "limit", self.origin)
        steps = (step | {"service": ServiceCode(step["service"])} for step in template.get("steps", ()))
        return NeedDeclared(
            need=NeedId("need"),
            household=person.household,
            service=ServiceCode(template["service"]),
            beneficiary=person.id,
            slots=slots,
            nil=person.home_nil if template["at"] == "home" else person.work_nil,
            language=person.language if template.get("speaks") else None,
            steps=tuple(NeedStep(**step) for step in steps),
            minutes=template["minutes"] * sessions,
            sessions=sessions,
            period=when,
            radius_m=template.get("radius_m"),
            price_limit_cents=limit_cents * sessions,
            priority=draws.pick(template["priority"], "priority", self.origin),
            group_max=template["group_max"] if self.shares() else 1,
        )


def asked_in(when: Period, slots: WeekSlots, minutes: Minutes, sessions: int, closed: frozenset[dt.date]) -> int:
    """Count the sessions that a household asks for in a period, of those it would like.

    As many every week, one a day at most, and one week of play where there are
    three or more: nobody insists on the very days. Zero when the windows have
    no day left.
    """
    weeks = max(1, (when.days - sum(day in when for day in closed)) // _WEEK.days)
    weeks -= weeks >= _WEEKS_WITH_PLAY
    days = {slot // SLOTS_A_DAY: slot for slot in slots.starts(slots_for(minutes))}
    weekly = min(max(1, sessions // weeks), len(days))
    pattern = WeekSlots(sum(1 << slot for slot in days.values()))
    return len(occurrences(pattern, minutes, when, min(sessions, weekly * weeks), closed))


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
