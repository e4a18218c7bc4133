"""What people come to need, month by month, before anybody has said it.

Whether somebody needs a service in a month is drawn in columns, under the name
of the member, the kind of need and the month; what exactly is drawn under the
name of the need. Nothing here looks at pools, prices or plans, so that every
strategy meets the same needs.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import attrs
from attrs import field, frozen

from wis_engine import catalogue
from wis_engine.facts import NeedDeclared
from wis_engine.network.parties import Action
from wis_engine.simulation.card import table
from wis_engine.simulation.demand import asked_in
from wis_engine.simulation.draws import Draws
from wis_engine.simulation.lots import Lots
from wis_engine.simulation.roster import Person, Roster
from wis_engine.simulation.scenario import Frame, Scenario
from wis_engine.simulation.shares import MILLION, MONTHS
from wis_engine.simulation.wanted import At, Demand, NeedKind, Who
from wis_engine.territory import closed_days
from wis_engine.values import SLOTS_A_DAY, ActionCode, AgeBand, NeedId, Period, WeekSlots

if TYPE_CHECKING:
    from wis_engine.simulation.lots import Numbers

_DAY: Final = dt.timedelta(days=1)
_WEEK: Final = dt.timedelta(days=7)
_LAST_DAYS: Final = 6
"""Who comes late comes on one of so many days before the month ends."""
_FIRST_WEEKS: Final = 2
"""A need begins on one of so many first Mondays of its month."""
_PERCENT: Final = 10_000


class Wish(NamedTuple):
    """One need to come: when it will be declared, and what will be said."""

    declared: dt.date
    need: NeedDeclared


def months_of(period: Period) -> list[dt.date]:
    """First days of the months in which needs begin: every one after the first day, which is for enrolling."""
    month = next_month(period.start)
    found = []
    while month < period.end:
        found.append(month)
        month = next_month(month)
    return found


def next_month(day: dt.date) -> dt.date:
    """First day of the month after a date's."""
    return (day.replace(day=1) + 32 * _DAY).replace(day=1)


def drawn_on(month: dt.date, period: Period) -> dt.date:
    """Day on which the needs that begin in a month are drawn: the first of the month before, of those who are there."""
    return max((month - _DAY).replace(day=1), period.start)


class Arrivals:
    """The needs that begin in each month of a scenario, for the people of a roster."""

    def __init__(self, draws: Draws, lots: Lots, scenario: Scenario, roster: Roster) -> None:
        self.draws, self.roster = draws, roster
        self.closed = closed_days(scenario.period)
        self.demand: Demand = scenario.demand
        self.period = scenario.period
        self._lots = lots
        self._seasons = {season.name: season.percents for season in self.demand.seasons}
        self._rates = {kind.kind: {rate.age_band: rate.per_mille for rate in kind.rates} for kind in self.demand.kinds}
        self._factors: dict[tuple[str, dt.date], int] = {}
        self._running: list[NeedKind] = []
        self._languages = _languages() if scenario.frame is Frame.CARD else {}

    def of(self, month: dt.date, actions: Mapping[ActionCode, Action]) -> list[Wish]:
        """Draw the needs that begin in a month, in order of declaration, ties by id.

        Nobody comes with a need outside the time of the action that pays for
        it, where one is planned.
        """
        there_on = drawn_on(month, self.period)
        found: list[Wish] = []
        self._running = [
            kind
            for kind in self.demand.kinds
            if (action := actions.get(catalogue.service(kind.service).action)) is None or month in action.period
        ]
        for kind in self._running:
            rates = self._rates[kind.kind]
            factor = self._factor(kind, month)
            for place, count in self._counts(kind, rates, factor, month, there_on):
                person = self.roster.people[place]
                for number in range(count):
                    origin = f"{kind.kind}.{person.id}.{month.isoformat()}.{number}"
                    drawn = Drawn(arrivals=self, kind=kind, month=month, shape=origin, origin=origin)
                    found += drawn.of(person)
                    found += self._together(drawn, person, there_on)
                    if self.draws.chance(self.demand.cluster_percent * _PERCENT, "cluster", origin):
                        found += self._brought(person, month, f"{origin}+")
        found.sort(key=lambda wish: (wish.declared, wish.need.need))
        return found

    def _factor(self, kind: NeedKind, month: dt.date) -> int:
        """Millionths of a need that one of a thousand person-years makes in a month."""
        key = kind.kind, month
        if key not in self._factors:
            self._factors[key] = self._factor_of(kind, month)
        return self._factors[key]

    def _factor_of(self, kind: NeedKind, month: dt.date) -> int:
        days = [month + number * _DAY for number in range((next_month(month) - month).days)]
        spells = [spell for spell in self.demand.spells if not spell.seasons or kind.season in spell.seasons]
        hundredths = 0
        for day in days:
            percent = 100
            for spell in spells:
                percent = percent * spell.percent // 100 if day in spell.period else percent
            hundredths += percent
        season = self._seasons[kind.season][month.month - 1]
        return 1_000 * season * self.demand.intensity_percent * hundredths // (MONTHS * 100 * 100 * 100 * len(days))

    def _counts(
        self, kind: NeedKind, rates: dict[AgeBand, int], factor: int, month: dt.date, there_on: dt.date
    ) -> Iterator[tuple[int, int]]:
        """Draw how many needs of a kind each person has in a month: (place in the roster, count), none left out."""
        import numpy as np  # noqa: PLC0415 - heavy

        columns = self.roster.columns()
        for band, per_mille in rates.items():
            rows: Numbers = columns.of_age(band)
            rows = rows[columns.since[rows] <= there_on.toordinal()]
            if kind.who is Who.HOLDER:
                rows = rows[columns.holds[rows]]
            if kind.sectors:
                kept = [place for place in rows if self.roster.people[place].sector.startswith(kind.sectors)]
                rows = np.array(kept, dtype=np.int64)
            whole, part = divmod(per_mille * factor, MILLION)
            drawn = self._lots.below(MILLION, f"arrival {kind.kind} {month.isoformat()}", columns.keys[rows])
            counts = whole + (drawn < part)
            some = counts > 0
            yield from zip(rows[some].tolist(), counts[some].tolist(), strict=True)

    def expected(self, kind: NeedKind, person: Person, month: dt.date) -> int:
        """Needs of a kind that a person is expected to have in a month, in millionths."""
        if (kind.who is Who.HOLDER and not person.holds) or not person.sector.startswith(kind.sectors or ("",)):
            return 0
        rate = self._rates[kind.kind].get(person.age_band, 0)
        return rate * self._factor(kind, month) if rate else 0

    def language_of(self, person: Person) -> str | None:
        """Language in which a household asks to be served; the card tells, nobody else does."""
        return self._languages.get(person.household)

    def _together(self, drawn: "Drawn", person: Person, there_on: dt.date) -> Iterator[Wish]:
        """Draw the colleagues who come along: the same service, days and hours, each with a purse of their own."""
        asked = {person.household}
        company = drawn.kind.company_percent
        percent = self.demand.company_percent if company is None else company
        while drawn.shares() and self.draws.chance(percent * _PERCENT, "company", drawn.origin):
            others = [
                other
                for other in map(self.roster.people.__getitem__, self.roster.of_firm[person.firm])
                if other.household not in asked
                and other.since <= there_on
                and self.expected(drawn.kind, other, drawn.month)
            ]
            if not others:
                return
            drawn = attrs.evolve(drawn, origin=f"{drawn.origin}~")
            other = others[self.draws.below(len(others), "colleague", drawn.origin)]
            asked.add(other.household)
            yield from drawn.of(other)

    def _brought(self, person: Person, month: dt.date, origin: str) -> list[Wish]:
        """Draw a second need of the same household, as likely as each of its needs is that month."""
        people = map(self.roster.people.__getitem__, self.roster.of_household[person.household])
        ways = [
            (other, kind, expected)
            for other in people
            for kind in self._running
            if (expected := self.expected(kind, other, month))
        ]
        other, kind, _ = ways[self.draws.pick([expected for *_, expected in ways], "brought", origin)]
        return Drawn(arrivals=self, kind=kind, month=month, shape=origin, origin=origin).of(other)


def _languages() -> dict[str, str]:
    return {row["id"]: row["language"] for row in table("card")["households"] if "language" in row}


@frozen(kw_only=True)
class Drawn:
    """The luck of one need: when and how often are drawn under `shape`, the rest under `origin`.

    Colleagues who come along share the shape of the first.
    """

    arrivals: Arrivals = field(repr=False)
    kind: NeedKind
    month: dt.date
    shape: str
    origin: str

    def shares(self) -> bool:
        """Say whether the household would share the service with others."""
        return self.arrivals.draws.chance(self.kind.share_percent * _PERCENT, "share", self.origin)

    def of(self, person: Person) -> list[Wish]:
        """Make it a person's need; none when time is up before its shortest time.

        Needs begin on a Monday early in the month, so that those of a month
        can meet.
        """
        arrivals, draws, kind = self.arrivals, self.arrivals.draws, self.kind
        monday = self.month + (-self.month.weekday() % _WEEK.days) * _DAY
        first = monday + draws.below(_FIRST_WEEKS, "first", self.shape) * _WEEK
        weeks = draws.between(*kind.weeks, "weeks", self.shape)
        end = min(first + weeks * _WEEK, arrivals.period.end)
        if end - first < kind.weeks[0] * _WEEK:
            return []
        when = Period(first, end)
        slots = self._window()
        asked = draws.between(*kind.sessions, "sessions", self.shape)
        most = arrivals.demand.sessions_max
        asked = asked if most is None else min(asked, most)
        sessions = asked_in(when, slots, kind.minutes, asked, arrivals.closed)
        if not sessions:
            return []
        limit_cents = draws.between(*kind.limit_cents, "limit", self.origin)
        need = NeedDeclared(
            need=NeedId(f"need-{draws.word('need', self.origin):016x}"),
            household=person.household,
            service=kind.service,
            beneficiary=person.id,
            slots=slots,
            nil=person.home_nil if kind.at is At.HOME else person.work_nil,
            language=arrivals.language_of(person) if kind.speaks else None,
            steps=kind.steps,
            minutes=kind.minutes * sessions,
            sessions=sessions,
            period=when,
            radius_m=kind.radius_m,
            price_limit_cents=limit_cents * sessions,
            priority=draws.pick(kind.priority, "priority", self.origin),
            group_max=kind.group_max if self.shares() else 1,
        )
        return [Wish(self._declared(first), need)]

    def _window(self) -> WeekSlots:
        """Draw the half-hours of the week, of the days that the household names."""
        draws, most = self.arrivals.draws, self.arrivals.demand.weekdays_max
        slots = self.kind.windows[draws.below(len(self.kind.windows), "window", self.shape)]
        days = sorted({slot // SLOTS_A_DAY for slot in slots})
        if most is None or len(days) <= most:
            return slots
        first = draws.below(len(days), "weekday", self.shape)
        return slots.on_days({days[(first + step) % len(days)] for step in range(most)})

    def _declared(self, first: dt.date) -> dt.date:
        """Draw the day of declaration: who would come too late for the last match before the month hurries."""
        arrivals = self.arrivals
        notice = arrivals.draws.between(*arrivals.demand.notice_days, "notice", self.origin)
        hurried = self.month - (1 + arrivals.draws.below(_LAST_DAYS, "hurry", self.origin)) * _DAY
        return max(min(first - notice * _DAY, hurried), drawn_on(self.month, arrivals.period))
