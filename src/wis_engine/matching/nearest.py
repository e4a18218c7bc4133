"""The smallest single change that would serve a need that a plan leaves out.

Each change is tried: the changed problem, on which the pools of the plan stand
as they are, must have a place for the need, and all of it is then held against
the rules as `check` reads them. What is said is therefore a remedy that works
and takes nobody's place; it need not be the only one, since other pools could
make way too.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

import attrs
from attrs import field, frozen

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching.changes import Change, Remedy
from wis_engine.matching.explain import company
from wis_engine.matching.openings import PEOPLE_MAX, Seat
from wis_engine.matching.options import Ground
from wis_engine.matching.plan import Plan
from wis_engine.matching.problem import Need, Offer, Problem
from wis_engine.matching.rules import Rule
from wis_engine.matching.standing import Standing
from wis_engine.matching.words import words
from wis_engine.shapes import checked_id
from wis_engine.territory import distance_m
from wis_engine.values import Cents, WeekSlots

PLENTY: Final = 10**12
"""More minutes, metres or cents than anybody lacks: with so much, what is missing is something else."""
WINDOWS_TRIED: Final = 60
PATTERNS_TRIED: Final = 40
FURTHER_TRIED: Final = 5
OFFERS_TRIED: Final = 40


@frozen(kw_only=True)
class NearestMiss:
    """What would serve one need, and the place that it would then have, the pools of the plan as they are.

    Attributes
    ----------
    change
        Smaller ones of the same remedy were tried and do not serve it.
    offers, people, starts
        The pool: its offers in order, how many it would hold, and when.
    share_cents, household_cents
        What the place would cost, and what the household would pay of it.
    """

    need: str = field(validator=checked_id)
    change: Change
    offers: tuple[str, ...]
    people: int
    starts: WeekSlots | None = None
    share_cents: Cents
    household_cents: Cents

    def __str__(self) -> str:
        """One plain sentence in English."""
        return self.text("en")

    def text(self, language: str = "it") -> str:
        """Say it in one sentence, in «it» or «en»; raise `Malformed` for another language."""
        say = words(language)
        return say(
            "nearest.nothing" if self.change.remedy is Remedy.NOTHING else "nearest.line",
            need=self.need,
            change=self.change.text(language),
            company=company(self.people, say),
            offers=say.then(self.offers),
            share=say.money(self.share_cents),
        )


def nearest_miss(problem: Problem, plan: Plan, need: str) -> NearestMiss | None:
    """Find the smallest single change that serves a need; None when no single change does.

    Changes of different kinds have no common measure: the first remedy in the
    order of `Remedy` that has one is taken.

    Raises
    ------
    Malformed
        What is given is no problem, no plan, or the need is served.
    PlanError
        The plan answers another problem, or has no such need.
    """
    return next(_found(problem, plan, need), None)


def nearest_misses(problem: Problem, plan: Plan, need: str) -> tuple[NearestMiss, ...]:
    """Find the smallest change of each remedy that serves a need by itself, in the order of `Remedy`.

    Raises as `nearest_miss` does. About a hundred tries at most, each in time
    linear in the problem.
    """
    return tuple(_found(problem, plan, need))


def _found(problem: Problem, plan: Plan, need: str) -> Iterator[NearestMiss]:
    standing = Standing.of(problem, plan)
    if need not in standing.ground.needs:
        raise PlanError(Rule.NEEDS, f"no need {need} in this plan")
    if need in standing.draft.pool_of:
        raise Malformed(f"need {need} is served")
    yield from misses(standing, need)


def misses(standing: Standing, need: str) -> Iterator[NearestMiss]:
    """Find the smallest change of each remedy for one need that is left out."""
    search = Search(standing, need)
    for change in search.changes():
        miss = search.confirmed(change)
        if miss is not None:
            yield miss
            if change.remedy is Remedy.NOTHING:
                return


class _Try(NamedTuple):
    """A changed problem with the place that it has for the need."""

    standing: Standing
    seat: Seat


class Search:
    """The changes that may serve one need, the smallest of each remedy."""

    def __init__(self, standing: Standing, need: str) -> None:
        self.standing = standing
        self.ground: Ground = standing.ground
        self.problem = standing.problem
        self.need: Need = self.ground.needs[need]

    def changes(self, only: Container[Remedy] = frozenset(Remedy)) -> Iterator[Change]:
        """For each remedy the smallest change that makes a place, in order; that of nothing stands alone."""
        if self._tried(Change(remedy=Remedy.NOTHING)) is not None:
            yield Change(remedy=Remedy.NOTHING)
            return
        remedies = {
            Remedy.SLOTS: self._slots,
            Remedy.MEMBERS: self._members,
            Remedy.COMPANY: self._company,
            Remedy.CHANNEL: self._channel,
            Remedy.LANGUAGE: self._language,
            Remedy.REACH: self._reach,
            Remedy.LIMIT: self._limit,
            Remedy.CAPACITY: self._capacity,
            Remedy.AT_ONCE: self._at_once,
            Remedy.OFFER_REACH: self._offer_reach,
            Remedy.OFFER_ZONE: self._offer_zone,
            Remedy.OFFER_AGES: self._offer_ages,
            Remedy.BUDGET: self._budget,
        }
        for remedy, smallest in remedies.items():
            if remedy in only:
                yield from smallest()

    def confirmed(self, change: Change) -> NearestMiss | None:
        """Take the cheapest place that a change makes, and hold all pools against the rules."""
        standing = self.standing.changed(change)
        seat = standing.cheapest(self.need.id)
        if seat is None:
            return None
        number = standing.openings.take(seat)
        if not standing.is_confirmed():
            return None
        pool = standing.draft.pools[number]
        outcome = standing.outcome()
        return NearestMiss(
            need=self.need.id,
            change=change,
            offers=pool.shape.offers,
            people=len(pool.members),
            starts=WeekSlots(pool.shape.starts) if self.ground.timed else None,
            share_cents=outcome.pool_of[self.need.id].shares[self.need.id],
            household_cents=outcome.household_cents[self.need.id],
        )

    def _tried(self, change: Change) -> _Try | None:
        """Find a place that a change makes."""
        try:
            standing = self.standing.changed(change)
        except Malformed:
            # More needs than a problem may hold, or a sum of prices beyond what it may add up to.
            return None
        seat = standing.seat(self.need.id)
        return None if seat is None else _Try(standing, seat)

    def _smallest(self, change: Callable[[int], Change], sizes: Sequence[int]) -> Iterator[Change]:
        """Find the smallest size that makes a place; more of it takes none away."""
        if not sizes or self._tried(change(sizes[-1])) is None:
            return
        low, high = 0, len(sizes) - 1
        while low < high:
            middle = (low + high) // 2
            if self._tried(change(sizes[middle])) is None:
                low = middle + 1
            else:
                high = middle
        yield change(sizes[low])

    def _first(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Find the first of some changes, smallest first, that makes a place."""
        for change in changes:
            if self._tried(change) is not None:
                yield change
                return

    # What the need itself could do.

    def _slots(self) -> Iterator[Change]:
        if not self.ground.timed or self.need.slots == WeekSlots.ALWAYS:
            return
        windows = sorted(self._windows(), key=lambda bits: (bits.bit_count(), bits))[:WINDOWS_TRIED]
        yield from self._first(
            Change(remedy=Remedy.SLOTS, need=self.need.id, slots=WeekSlots(bits)) for bits in windows
        )

    def _windows(self) -> set[int]:
        """Half-hours that the need lacks for sessions of a pool that there is, or of an offer that it could use."""
        rest = WeekSlots(WeekSlots.ALWAYS.bits & ~self.need.slots.bits)
        free = self.standing.changed(Change(remedy=Remedy.SLOTS, need=self.need.id, slots=rest))
        need, draft, servers = free.ground.needs[self.need.id], free.draft, free.openings.servers
        sessions: set[tuple[int, int]] = set()
        for number in draft.of_family.get(free.ground.kinds[need.id].family, ()):
            shape = draft.pools[number].shape
            if free.ground.serves(shape.offers, need):
                sessions.add((shape.starts, shape.span))
        for opening in free.openings.of(need):
            span = opening.span
            patterns = list(servers.patterns_of(opening.server, need))[:PATTERNS_TRIED]
            sessions.update((pattern, span) for pattern in patterns)
            sessions.update((1 << slot, span) for slot in WeekSlots(opening.server.starts))
        return {lacking for starts, span in sessions if (lacking := WeekSlots(starts).spread(span).bits & rest.bits)}

    def _members(self) -> Iterator[Change]:
        smallest = max((offer.group_min for ways in self._ways() for offer in ways), default=0)
        for change in self._smallest(self._with_members, range(1, max(smallest, PEOPLE_MAX) + 1)):
            found = self._tried(change)
            starts = None if found is None or not self.ground.timed else found.seat.pool.shape
            when = None if starts is None else WeekSlots(starts.starts).spread(starts.span)
            yield Change(
                remedy=Remedy.MEMBERS,
                need=self.need.id,
                service=self.need.service,
                zone=self.need.zone,
                slots=when,
                people=change.people,
            )

    def _with_members(self, people: int) -> Change:
        return Change(remedy=Remedy.MEMBERS, need=self.need.id, people=people)

    def _company(self) -> Iterator[Change]:
        most = self.need.group_max
        if most is not None:
            sizes = range(most + 1, max(PEOPLE_MAX, *(offer.group_min for offer in self.problem.offers), 0) + 1)
            yield from self._smallest(
                lambda people: Change(remedy=Remedy.COMPANY, need=self.need.id, people=people), sizes
            )

    def _channel(self) -> Iterator[Change]:
        if self.need.channel is not None:
            yield from self._first([Change(remedy=Remedy.CHANNEL, need=self.need.id)])

    def _language(self) -> Iterator[Change]:
        if self.need.language is not None:
            yield from self._first([Change(remedy=Remedy.LANGUAGE, need=self.need.id)])

    def _reach(self) -> Iterator[Change]:
        place, radius = self.need.place, self.need.radius_m
        if place is None or radius is None:
            return
        services = self._services()
        there = {offer.place for offer in self.problem.offers if offer.service in services}
        # A mobile offer meets at the place of somebody else.
        there |= {need.place for need in self.problem.needs if need.service == self.need.service}
        far = {distance_m(place, point) for point in there if point is not None}
        yield from self._smallest(
            lambda metres: Change(remedy=Remedy.REACH, need=self.need.id, metres=metres),
            sorted(metres - radius for metres in far if metres > radius),
        )

    def _limit(self) -> Iterator[Change]:
        limit = self.need.price_limit_cents
        found = None if limit is None else self._tried(self._more_limit(PLENTY))
        if limit is None or found is None:
            return
        pool = found.seat.pool
        share = pool.shares[pool.members.index(self.need.id)]
        yield from self._smallest(self._more_limit, range(1, max(1, share - limit) + 1))

    def _more_limit(self, cents: Cents) -> Change:
        return Change(remedy=Remedy.LIMIT, need=self.need.id, cents=cents)

    # What somebody else could do.

    def _capacity(self) -> Iterator[Change]:
        lacking = []
        for offer in sorted({offer for ways in self._ways() for offer in ways}, key=lambda one: one.id)[:OFFERS_TRIED]:
            found = self._tried(self._more_capacity(offer, PLENTY))
            if found is not None:
                lacking.append((self._used(found, offer) - found.standing.draft.left[offer.id] + PLENTY, offer.id))
        if lacking:
            most, name = min(lacking)
            more = partial(self._more_capacity, self.ground.offers[name])
            yield from self._smallest(more, range(1, max(1, most) + 1))

    def _more_capacity(self, offer: Offer, minutes: int) -> Change:
        return Change(remedy=Remedy.CAPACITY, offer=offer.id, minutes=minutes)

    def _used(self, found: _Try, offer: Offer) -> int:
        """Count the minutes that a place takes of an offer beyond what is taken already."""
        draft = found.standing.draft
        new = [need for need in found.seat.pool.members if need not in draft.pool_of]
        ways = [found.standing.ground.steps_of(found.standing.ground.needs[need]) for need in new]
        places = [place for place, name in enumerate(found.seat.pool.shape.offers) if name == offer.id]
        return sum(steps[place][offer.id].minutes for steps in ways for place in places)

    def _at_once(self) -> Iterator[Change]:
        offers = sorted({offer for ways in self._ways() for offer in ways}, key=lambda one: one.id)[:OFFERS_TRIED]
        yield from self._first(
            Change(remedy=Remedy.AT_ONCE, offer=offer.id, sessions=1)
            for offer in offers
            if offer.capacity_per_slot is not None
        )

    def _offer_reach(self) -> Iterator[Change]:
        if self.need.place is None:
            return
        further = []
        for offer in self._of_service():
            if offer.place is not None and offer.radius_m is not None:
                metres = distance_m(self.need.place, offer.place) - offer.radius_m
                further += [(metres, offer.id)] * (metres > 0)
        changes = (Change(remedy=Remedy.OFFER_REACH, offer=offer, metres=metres) for metres, offer in sorted(further))
        yield from self._first(self._passing(changes))

    def _offer_zone(self) -> Iterator[Change]:
        zone = self.need.zone
        if zone is not None:
            offers = [offer.id for offer in self._of_service() if offer.zones and zone not in offer.zones]
            changes = (Change(remedy=Remedy.OFFER_ZONE, offer=offer, zone=zone) for offer in offers)
            yield from self._first(self._passing(changes))

    def _offer_ages(self) -> Iterator[Change]:
        band = self.need.age_band
        if band is not None:
            offers = [offer.id for offer in self._of_service() if offer.age_bands and band not in offer.age_bands]
            changes = (Change(remedy=Remedy.OFFER_AGES, offer=offer, age_band=band) for offer in offers)
            yield from self._first(self._passing(changes))

    def _passing(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Changes of an offer by which it passes all filters for the need, the first few: each is a long try."""
        alone = attrs.evolve(self.problem, needs=[self.need], commitments=(), options=None)
        passing = (
            change
            for change in changes
            if any(change.offer in ways for ways in Ground(change.applied(alone)).steps_of(self.need))
        )
        return islice(passing, FURTHER_TRIED)

    def _budget(self) -> Iterator[Change]:
        for budget in self.ground.budgets[self.need.id]:
            found = self._tried(self._more_money(budget.id, PLENTY))
            if found is not None:
                more = partial(self._more_money, budget.id)
                yield from self._smallest(more, range(1, max(1, found.seat.pool.price_cents) + 1))
                return

    def _more_money(self, budget: str, cents: Cents) -> Change:
        return Change(remedy=Remedy.BUDGET, budget=budget, cents=cents)

    # What there is.

    def _ways(self) -> list[list[Offer]]:
        """Offers that pass the filters for the need, step by step."""
        return [[self.ground.offers[name] for name in sorted(ways)] for ways in self.ground.steps_of(self.need)]

    def _services(self) -> frozenset[str]:
        return frozenset(step.service for step in self.need.steps) or frozenset((self.need.service,))

    def _of_service(self) -> list[Offer]:
        services = self._services()
        return [offer for offer in self.problem.offers if self.ground.timed and offer.service in services]
