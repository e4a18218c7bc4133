"""Where a need that a draft leaves out could still go: a pool to join, or one to open.

All other pools stay as they are. Rules that the draft lifts do not count, so
that the same question finds a place and finds what stands in the way of one.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from operator import mul
from typing import Final, NamedTuple

from wis_engine.matching.construct import Server, Servers
from wis_engine.matching.gathering import Gathering, Pool, Shape
from wis_engine.matching.options import Family, Kind
from wis_engine.matching.pools import Draft
from wis_engine.matching.problem import Need
from wis_engine.matching.rules import Rule
from wis_engine.values import Metres, Minutes, Point

PEOPLE_MAX: Final = 30
COMPANY_TRIES: Final = 4


class Seat(NamedTuple):
    """A place for a need: the pool it would be in, and the number of the pool it joins; None opens one."""

    pool: Pool
    joins: int | None


class Openings:
    """The places that a draft has for the needs that it leaves out.

    What is asked often is worked out once, of needs and offers alone; whether
    there is room is asked of the draft each time.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.ground = draft.ground
        self.servers = Servers(draft.ground)
        self._left: dict[Family, list[str]] = {}
        for name in self.ground.ranked:
            if name not in draft.pool_of:
                self._left.setdefault(self.ground.kinds[name].family, []).append(name)
        self._coming: dict[tuple[Kind, Server], list[tuple[str, int]]] = {}
        self._reaching: dict[tuple[Kind, Server, Point, Metres], list[tuple[str, int]]] = {}
        self._at: dict[tuple[object, ...], tuple[str, ...]] = {}
        self._of_need: dict[str, list[Opening]] = {}
        self._paying: dict[tuple[Kind, Server, int], frozenset[str]] = {}

    @cached_property
    def shortest(self) -> dict[tuple[int, str], int]:
        """Fewest minutes that anybody takes of an offer, by step."""
        found: dict[tuple[int, str], int] = {}
        for one in self.ground.problem.needs:
            for place, ways in enumerate(self.ground.steps_of(one)):
                for offer, way in ways.items():
                    key = place, offer
                    found[key] = min(way.minutes, found.get(key, way.minutes))
        return found

    def of(self, need: Need) -> "list[Opening]":
        """Pools that could be opened for one need, by server."""
        if need.id not in self._of_need:
            servers = self.servers.of_need(need.id) if all(self.ground.steps_of(need)) else ()
            self._of_need[need.id] = [Opening(self, need, server) for server in servers]
        return self._of_need[need.id]

    def joined(self, need: Need) -> Iterator[Seat]:
        """Pools that a need could join, as they would be with it."""
        draft = self.draft
        for number in sorted(draft.near(need)):
            if draft.may_join(number, need):
                draft.begin()
                pool = draft.pools[number] if draft.join(number, need.id) else None
                draft.undo()
                if pool is not None:
                    yield Seat(pool, number)

    def seats(self, need: Need) -> Iterator[Seat]:
        """Places for one need: pools to join, then pools to open, each group of others in one size after the other."""
        yield from self.joined(need)
        for opening in self.of(need):
            for pool in opening.pools():
                yield Seat(pool, None)

    def take(self, seat: Seat) -> int:
        """Take a place that was found, the draft as it was then; give the number of the pool."""
        draft = self.draft
        if seat.joins is None:
            number = draft.open(seat.pool.shape, seat.pool.members)
        else:
            (need,) = set(seat.pool.members) - set(draft.pools[seat.joins].members)
            number = seat.joins if draft.join(seat.joins, need) else None
        assert number is not None
        self._paying.clear()
        return number

    def paying(self, shape: Shape, server: Server, most: int) -> frozenset[str] | None:
        """Who of those left out has public money enough in a group of so many at most; None is everybody.

        True of the draft as it is: it is asked between tries, which are taken back.
        """
        if not self.draft.lifted.isdisjoint((Rule.BUDGET, Rule.GROUP)):
            return None
        key = shape.kind, server, most
        if key not in self._paying:
            needs = self.ground.needs
            self._paying[key] = frozenset(
                name
                for name, _ in self.coming(shape.kind, server)
                if name not in self.draft.pool_of and self.draft.may_pay(shape, needs[name], most)
            )
        return self._paying[key]

    def coming(self, kind: Kind, server: Server) -> list[tuple[str, int]]:
        """Needs left out that one server could serve together, by rank, with where their sessions may begin."""
        key = kind, server
        if key not in self._coming:
            ground, needs = self.ground, self.ground.needs
            self._coming[key] = [
                (name, self.servers.need_starts(server, needs[name]))
                for name in self._left.get(kind.family, ())
                if ground.serves(server.offers, needs[name]) and ground.kind(needs[name], server.offers) == kind
            ]
        return self._coming[key]

    def coming_at(self, kind: Kind, server: Server, pattern: int) -> tuple[str, ...]:
        """Those of them who could come at a weekly pattern."""
        key = kind, server, pattern
        if key not in self._at:
            self._at[key] = tuple(name for name, mask in self.coming(kind, server) if not pattern & ~mask)
        return self._at[key]

    def near_at(self, need: Need, kind: Kind, server: Server, pattern: int) -> tuple[str, ...]:
        """Those of them who could be at one place with a need.

        Whoever hosts is within reach of both, so that the two are no further
        from each other than their reaches together.
        """
        place, radius_m = need.place, need.radius_m
        if place is None or radius_m is None or not any(self.ground.offers[offer].mobile for offer in server.offers):
            return self.coming_at(kind, server, pattern)
        where = kind, server, place, radius_m
        if where not in self._reaching:
            coming, needs = self.coming(kind, server), self.ground.needs
            self._reaching[where] = [one for one in coming if self._may_meet(place, radius_m, needs[one[0]])]
        key = *where, pattern
        if key not in self._at:
            self._at[key] = tuple(name for name, mask in self._reaching[where] if not pattern & ~mask)
        return self._at[key]

    def _may_meet(self, place: Point, radius_m: Metres, other: Need) -> bool:
        if other.place is None or other.radius_m is None:
            return True
        # Distances are rounded, and of a plane that is not quite one.
        together_m = (radius_m + other.radius_m) * 101 // 100 + 10
        return self.ground.distance(place, other.place) <= together_m


class Opening:
    """A pool that one server could open for a need that is left out."""

    def __init__(self, openings: Openings, need: Need, server: Server) -> None:
        self.draft = openings.draft
        self.openings = openings
        self.need = need
        self.server = server
        self.kind = self.draft.ground.kind(need, server.offers)
        self.offers = [self.draft.ground.offers[offer] for offer in server.offers]
        self.least = max(offer.group_min for offer in self.offers)
        self._company_minutes: dict[int, tuple[Minutes, ...]] = {}
        self._dear: dict[int, bool] = {}

    @property
    def span(self) -> int:
        """Half-hours from the beginning of a session to its end."""
        return self._shape(0).span

    @cached_property
    def patterns(self) -> list[int]:
        """When the need and the server can meet."""
        return list(self.openings.servers.patterns_of(self.server, self.need))

    @cached_property
    def company(self) -> dict[int, tuple[str, ...]]:
        """Who else could come, for the few patterns that suit most others."""
        openings, kind, server = self.openings, self.kind, self.server
        coming = {pattern: len(openings.coming_at(kind, server, pattern)) for pattern in self.patterns}
        best = sorted(self.patterns, key=lambda pattern: (-coming[pattern], pattern))[:COMPANY_TRIES]
        near = {pattern: openings.near_at(self.need, kind, server, pattern) for pattern in best}
        return {pattern: tuple(name for name in names if name != self.need.id) for pattern, names in near.items()}

    @cached_property
    def sizes(self) -> list[int]:
        """Sizes at which the pool, or the price of a place in it, may be another."""
        limits = [*(offer.group_max for offer in self.offers), self.need.group_max, max(self.least, PEOPLE_MAX)]
        most = min(limit for limit in limits if limit is not None)
        steps = {tier.people_from for offer in self.offers for tier in offer.tiers}
        opening = any(offer.opening_cents for offer in self.offers)
        sizes = range(self.least, most + 1) if opening else sorted({self.least, *steps})
        return [people for people in sizes if self.least <= people <= most]

    def stands(self) -> bool:
        """Say whether a pool could be: as many sessions as the need wants, for some size of group."""
        shapes = (self._shape(pattern) for pattern in self.patterns)
        return bool(self.sizes) and any(Gathering(self.draft.ground, shape).add(self.need) is None for shape in shapes)

    def short_by(self) -> int | None:
        """Say how many people the pool lacks; None when it would not stand with more either."""
        if Rule.GROUP not in self.draft.lifted:
            return 0 if any(self.pools()) else None
        people = self.smallest()
        if people is None:
            return None
        return people - max([1, *(len(pool.members) for pool in self._together(people))])

    def smallest(self) -> int | None:
        """Find, where groups may be too small, the smallest size of a pool in which the need has its place."""
        if self._has_minutes(1) and self._may_pay(self.most):
            for people in self.sizes:
                if self._has_minutes(people) and not self._is_dear(people):
                    self.draft.people = people
                    if any(self._gathered(pattern, (), 1) for pattern in self.patterns):
                        return people
        return None

    def pools(self) -> Iterator[Pool]:
        """Pools of the need and others left out, in every size that may make a difference."""
        if self._has_minutes(1) and self._may_pay(self.most) and self._fits_least():
            for people in self._reached():
                if self._affords(people) and self._may_pay(people):
                    yield from self._together(people)

    def _together(self, wanted: int) -> Iterator[Pool]:
        """Pools of up to `wanted` of those that are left out, the need among them."""
        patterns = dict.fromkeys(self.patterns, ()) if wanted == 1 else self.company
        for pattern, others in patterns.items():
            if not self._has_room(pattern) or (wanted > 1 and not self._fits_company(pattern)):
                continue
            pool = self._gathered(pattern, others, wanted)
            if pool is not None:
                yield pool

    def _gathered(self, pattern: int, others: tuple[str, ...], wanted: int) -> Pool | None:
        shape = self._shape(pattern)
        if others:
            paying, placed = self.openings.paying(shape, self.server, wanted), self.draft.pool_of
            others = tuple(name for name in others if name not in placed and (paying is None or name in paying))
        if len(others) + 1 < self.least and Rule.GROUP not in self.draft.lifted:
            return None
        return self.draft.gather(shape, (self.need.id, *others), wanted, self.need.id)

    # What can be ruled out at little cost.

    def _has_room(self, pattern: int) -> bool:
        """Rule out a pattern at whose first sessions the offers are taken.

        Others in the pool may ask for more sessions, never for fewer; only
        where their dates are not those of the need could these be others.
        """
        return not self._same_dates or self.draft.has_room_for(self._shape(pattern), self.need)

    @cached_property
    def _same_dates(self) -> bool:
        ground = self.draft.ground
        period = self.openings.servers.period_of(self.server, self.need) if ground.timed else None
        if period is None:
            return False
        others = {name for names in self.company.values() for name in names}
        return all(ground.both(period, ground.need_periods[name]) == period for name in others)

    def _fits_least(self) -> bool:
        """Say whether the offers have minutes for the smallest group, were the others the shortest there are."""
        if Rule.CAPACITY in self.draft.lifted or self.least == 1:
            return True
        others = [self.least - 1] * len(self.server.offers)
        shortest = [self.openings.shortest[place, offer] for place, offer in enumerate(self.server.offers)]
        return self._have_left(map(mul, others, shortest))

    def _fits_company(self, pattern: int) -> bool:
        """Say the same of those who could really come at these times."""
        if self.least == 1 or not self.draft.lifted.isdisjoint((Rule.CAPACITY, Rule.GROUP)):
            return True
        if pattern not in self._company_minutes:
            ground = self.draft.ground
            steps = [ground.steps_of(ground.needs[name]) for name in self.company[pattern]]
            self._company_minutes[pattern] = tuple(
                sum(sorted(ways[place][offer].minutes for ways in steps)[: self.least - 1])
                for place, offer in enumerate(self.server.offers)
            )
        return self._have_left(self._company_minutes[pattern])

    def _have_left(self, others: Iterable[Minutes]) -> bool:
        left, steps = self.draft.left, self.draft.ground.steps_of(self.need)
        return all(
            ways[offer].minutes + more <= left[offer]
            for offer, ways, more in zip(self.server.offers, steps, others, strict=True)
        )

    @property
    def most(self) -> int:
        """The largest size that may make a difference."""
        return self.sizes[-1] if self.sizes else self.least

    def _may_pay(self, most: int) -> bool:
        """Say whether there is public money for the need itself in a group of so many at most."""
        return self.draft.may_pay(self._shape(0), self.need, most)

    def _is_dear(self, people: int) -> bool:
        """Say whether the need itself is over its limit in a group of so many."""
        if people not in self._dear:
            self._dear[people] = self.draft.is_dear(self.need, self._shape(0), people)
        return self._dear[people]

    def _affords(self, most: int) -> bool:
        """Say whether the need is within its limit in some group that counts, of so many at most."""
        least = self.draft.people if Rule.GROUP in self.draft.lifted else self.least
        return not all(map(self._is_dear, range(least, max(least, most) + 1)))

    def _reached(self) -> list[int]:
        """Sizes that those who are left out are enough for; beyond, a larger size is the same try."""
        if self.least == 1 and self.need.price_limit_cents is None:
            return [1]
        most = 1 + max(map(len, self.company.values()), default=0)
        return sorted({min(people, most) for people in self.sizes if most >= self.least})

    def _has_minutes(self, people: int) -> bool:
        """Say whether the offers have the minutes for so many alike needs."""
        if Rule.CAPACITY in self.draft.lifted:
            return True
        steps = self.draft.ground.steps_of(self.need)
        return all(
            people * ways[offer].minutes <= self.draft.left[offer]
            for offer, ways in zip(self.server.offers, steps, strict=True)
        )

    def _shape(self, pattern: int) -> Shape:
        return Shape(self.kind, self.server.offers, self.server.offsets, pattern)
