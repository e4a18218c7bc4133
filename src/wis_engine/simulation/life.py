"""A simulated community under way: what its calendar holds, and what each thing in it makes of the community.

Firms come and go, needs are drawn and declared, the desk matches, books,
delivers, confirms and pays. Everything is a fact that the community admitted;
only the luck is made up. What is due follows from the scenario, the seed and
the log, so that a life can be taken up wherever its log ends.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from wis_engine.community import Community
from wis_engine.facts import ConsentGiven, Event, HouseholdFormed, NeedDeclared
from wis_engine.facts.matches import LeavingReason
from wis_engine.facts.needs import has_active_recipient, needs_consent
from wis_engine.log.limits import BATCH_EVENTS_MAX
from wis_engine.matching import Plan, Strategy
from wis_engine.network import Network
from wis_engine.network.parties import Purpose
from wis_engine.network.promises import NeedState
from wis_engine.simulation.agenda import CLOSE_DAYS, SETTLE_DAYS, Agenda, Due, give_up
from wis_engine.simulation.arrivals import Arrivals, Wish, drawn_on, months_of
from wis_engine.simulation.card import DESK
from wis_engine.simulation.clock import SimulatedClock, instant_at, minute_at, minute_of
from wis_engine.simulation.draws import Draws
from wis_engine.simulation.kernel import Calendar, Timed
from wis_engine.simulation.lots import Lots
from wis_engine.simulation.matchday import Desk, MatchDay, match_days
from wis_engine.simulation.roster import Roster
from wis_engine.simulation.scenario import Scenario
from wis_engine.simulation.scenes import Scene, scenes
from wis_engine.values import HouseholdId

_DAY: Final = dt.timedelta(days=1)
_WEEK: Final = 7
_ADVANCE, _DRAW, _DECLARE, _MATCH = "08:30", "15:30", "16:00", "17:30"

# What is due at one minute comes by rank: the feeds first (0 to 3), then what follows from the log, each in one place.
_DECLARED_RANK: Final = 4
_RANKS: Final = {due: rank for rank, due in enumerate(Due, start=_DECLARED_RANK + 1)}

Progress = Callable[[MatchDay], object]


class Life:
    """One life of a scenario, in a community.

    Parameters
    ----------
    since
        An instant up to which it was lived already, though the log may end before.

    Attributes
    ----------
    days
        What came of each match.
    """

    def __init__(
        self,
        community: Community,
        scenario: Scenario,
        *,
        seed: int,
        strategy: str | Strategy,
        clock: SimulatedClock,
        progress: Progress | None = None,
        since: dt.datetime | None = None,
    ) -> None:
        self.days: list[MatchDay] = []
        self._community, self._scenario, self._clock, self._progress = community, scenario, clock, progress
        network = community.network
        self._zone = network.zone_info
        # What is due up to this minute has happened: the log tells of it, or it came to nothing before `since`.
        self._passed = minute_at(network.latest, self._zone)
        if since is not None:
            self._passed = max(self._passed, minute_at(since, self._zone) - 1)
        self._calendar = Calendar(self._passed)
        draws, lots = Draws(seed), Lots(seed)
        self._agenda = Agenda(draws, scenario.luck, self._note)
        self._roster = Roster.of(community)
        self._arrivals = Arrivals(draws, lots, scenario, self._roster)
        self._wishes: dict[dt.date, list[Wish]] = defaultdict(list)
        self._desk = Desk(community, scenario, draws, strategy, self._agenda)
        self._take_up()
        for rank, feed in enumerate((self._scenes(draws, lots), self._weeks(), self._months(), self._matches())):
            self._calendar.feed(self._ahead(feed), rank)

    def live(self, until: dt.datetime | None = None) -> None:
        """Live on up to an instant, or until the last bill is settled."""
        end = minute_of(self._last_day() + _DAY, "00:00") if until is None else minute_at(until, self._zone)
        self._calendar.run(end)

    def _last_day(self) -> dt.date:
        # Seven more, so that a Monday sees the last vouchers expire.
        return self._scenario.period.end + (SETTLE_DAYS + CLOSE_DAYS + _WEEK) * _DAY

    # What is due

    def _scenes(self, draws: Draws, lots: Lots) -> Iterator[Timed]:
        for scene in scenes(self._scenario, draws, lots):
            yield minute_of(scene.day, scene.clock), self._play, scene

    def _months(self) -> Iterator[Timed]:
        period = self._scenario.period
        for month in months_of(period):
            yield minute_of(drawn_on(month, period), _DRAW), self._draw, month

    def _matches(self) -> Iterator[Timed]:
        for day in match_days(self._scenario):
            yield minute_of(day, _MATCH), self._match, day

    def _weeks(self) -> Iterator[Timed]:
        day = self._scenario.period.start
        while day <= self._last_day():
            if day.weekday() == 0:
                yield minute_of(day, _ADVANCE), self._advance, day
            day += _DAY

    def _ahead(self, timed: Iterable[Timed]) -> Iterator[Timed]:
        return (one for one in timed if one[0] > self._passed)

    def _note(self, day: dt.date, due: Due) -> None:
        minute = minute_of(day, due.value)
        if minute > self._passed:
            handlers = {
                Due.MORNING: self._morning,
                Due.WITHDRAWN: lambda day: self._record(self._agenda.withdrawn(self._network, day)),
                Due.GIVEN_UP: self._given_up,
                Due.DELIVERED: lambda day: self._record(self._agenda.delivered(self._network, day)),
            }
            self._calendar.at(minute, handlers[due], day, _RANKS[due])

    def _take_up(self) -> None:
        """Find in the log what was under way where it ends."""
        network = self._network
        self._agenda.take_up(network)
        period = self._scenario.period
        last = max(
            (day for day in match_days(self._scenario) if minute_of(day, _MATCH) <= self._passed), default=dt.date.min
        )
        for one in self._community.events(types=[NeedDeclared]):
            assert isinstance(one.fact, NeedDeclared)
            day, need = one.occurred_at.astimezone(self._zone).date(), network.needs[one.fact.need]
            if need.state in (NeedState.OPEN, NeedState.POOLED) or day > last:
                self._desk.declared[need.id] = day
                self._agenda.declared(need.id, day)
        for month in months_of(period):
            if minute_of(drawn_on(month, period), _DRAW) <= self._passed < minute_of(month, _DECLARE):
                self._draw(month)

    # What happens

    @property
    def _network(self) -> Network:
        return self._community.network

    def _record(
        self, facts: list[Event], *, clock: str | None = None, actor: str = DESK, cause: str | None = None
    ) -> None:
        """Record facts, in as many batches as it takes, now or at a later hour of the day."""
        minute = self._calendar.now
        if clock is not None:
            minute = minute_of(dt.date.fromordinal(minute // (24 * 60)), clock)
        self._clock.now = instant_at(minute, self._zone)
        for first in range(0, len(facts), BATCH_EVENTS_MAX):
            batch = facts[first : first + BATCH_EVENTS_MAX]
            self._community.record(*batch, at=self._clock.now, actor=actor, cause=cause)

    def _play(self, scene: Scene) -> None:
        for facts in scene.batches(self._network):
            self._record(facts, actor=scene.actor)
            for fact in facts:
                if isinstance(fact, HouseholdFormed):
                    through = [min(self._network.links.sources(one, "employs")) for one in fact.holders]
                    self._roster.formed(self._network, fact, through, scene.day)

    def _advance(self, _day: dt.date) -> None:
        self._clock.now = instant_at(self._calendar.now, self._zone)
        self._community.advance(to=self._clock.now, actor=DESK)

    def _draw(self, month: dt.date) -> None:
        """Draw the needs that begin in a month, and note the days on which they are declared."""
        for wish in self._arrivals.of(month, self._network.actions):
            minute = minute_of(wish.declared, _DECLARE)
            if minute > self._passed:
                if wish.declared not in self._wishes:
                    self._calendar.at(minute, self._declare, wish.declared, _DECLARED_RANK)
                self._wishes[wish.declared].append(wish)

    def _declare(self, day: dt.date) -> None:
        """Declare the needs of a day, each after the consent that it takes."""
        facts: list[Event] = []
        asked: set[HouseholdId] = set()
        for wish in sorted(self._wishes.pop(day), key=lambda wish: wish.need.need):
            household = self._network.households[wish.need.household]
            if not has_active_recipient(self._network, household.id):
                continue
            if _is_special(wish.need) and Purpose.SPECIAL_DATA not in household.consents and household.id not in asked:
                asked.add(household.id)
                facts.append(ConsentGiven(household=household.id))
            facts.append(wish.need)
            self._desk.declared[wish.need.need] = day
            self._agenda.declared(wish.need.need, day)
        self._record(facts)

    def _morning(self, day: dt.date) -> None:
        self._record(self._agenda.confirmed(day))
        self._record(self._agenda.closed(self._network, day))

    def _given_up(self, day: dt.date) -> None:
        for need in self._agenda.renouncing(day):
            self._record(give_up(self._network, need, LeavingReason.HOUSEHOLD))

    def _match(self, day: dt.date) -> None:
        done = self._desk.meet(day, self)
        self.days.append(done)
        if self._progress:
            self._progress(done)

    # What the desk writes

    def facts(self, facts: list[Event], clock: str, cause: str | None = None) -> None:
        """Record what the desk found, at an hour of the day."""
        self._record(facts, clock=clock, cause=cause)

    def plan(self, plan: Plan, clock: str) -> None:
        """Adopt a plan, at an hour of the day."""
        self._record([], clock=clock)
        self._community.adopt(plan, at=self._clock.now, actor=DESK)


def _is_special(need: NeedDeclared) -> bool:
    """Say whether a need, or a step of it, falls under article 9 of the GDPR."""
    return any(needs_consent(service) for service in [step.service for step in need.steps] or [need.service])
