"""A plan in the making: which pools there are, and whether one more change is allowed.

A `Draft` knows every rule that a plan must respect and keeps the ledgers they
rest on: minutes left of each offer, sessions at once, people's time, and the
public money that brings households down to their limits. Strategies change it
by whole pools and may take back what they tried.
"""

from collections.abc import Iterable
from typing import NamedTuple

from wis_engine.matching.money import (
    Grants,
    Purse,
    due_cents,
    grant_rest,
    head_cents,
    missing_for_limits,
    most_granted_cents,
)
from wis_engine.matching.occupancy import Occupancy, Taken
from wis_engine.matching.options import Ground, Kind, runs
from wis_engine.matching.problem import Need, Offer, span_slots
from wis_engine.matching.rules import Rule
from wis_engine.values import SLOTS_A_DAY, Cents, Minutes, Period, slots_for

class Shape(NamedTuple):
    """A pool without its members: offers in order, half-hours after the start, starts in the week."""

    kind: Kind
    offers: tuple[str, ...]
    offsets: tuple[int, ...]
    starts: int

    @property
    def span(self) -> int:
        """Half-hours from the first to the last of one session."""
        return span_slots(self.kind.steps, self.offsets) if self.kind.steps else self.kind.slots


class Pool(NamedTuple):
    """Members of one shape, with what follows from them.

    `hosts` are the members at whose place a mobile offer could meet;
    `shares` are aligned with `members`, which are sorted by id; `dues` holds
    the shares of those that need public money to come down to their limit.
    """

    shape: Shape
    members: tuple[str, ...]
    period: Period | None
    sessions: int
    hosts: tuple[str, ...]
    price_cents: Cents
    shares: tuple[Cents, ...]
    dues: tuple[tuple[str, Cents], ...]


class Gathering:
    """Members of a pool that is being put together, one after the other."""

    def __init__(self, draft: "Draft", shape: Shape) -> None:
        ground = draft.ground
        self.draft = draft
        self.shape = shape
        self.offers = [ground.offers[offer] for offer in shape.offers]
        self.members: list[str] = []
        self.people: set[str] = set()
        self.most = min((o.group_max for o in self.offers if o.group_max is not None), default=len(ground.needs))
        self.sessions = 0
        self.hosts: list[str] = []
        self.mobile = any(offer.mobile for offer in self.offers)
        self.period: Period | None = None
        if ground.timed:
            self.period = ground.period_of(self.offers[0])
            for offer in self.offers[1:]:
                self.period = self.period and self.period & ground.period_of(offer)

    def add(self, need: Need) -> Rule | None:
        """Take one more member, or say which rule stands against it."""
        ground, shape = self.draft.ground, self.shape
        if ground.kinds[need.id] != shape.kind:
            return Rule.OPTION
        most = self.most if need.group_max is None else min(self.most, need.group_max)
        if len(self.members) >= most:
            return Rule.GROUP
        for ways, offer in zip(ground.steps_of(need), shape.offers, strict=True):
            if offer not in ways:
                return Rule.OPTION
        if ground.timed:
            hosts = self._hosts_with(need)
            fault = Rule.PLACE if hosts is None else self._time(need)
            if fault:
                return fault
            self.hosts = hosts or []
        self.most = most
        self.members.append(need.id)
        return None

    def _time(self, need: Need) -> Rule | None:
        ground, starts = self.draft.ground, self.shape.starts
        if starts & ~runs(need.slots.bits, self.shape.span):
            return Rule.TIME
        if need.beneficiary and need.beneficiary in self.people and Rule.OVERLAP not in self.draft.lifted:
            return Rule.OVERLAP
        period = self.period and self.period & ground.period_of(need)
        sessions = max(self.sessions, need.sessions)
        if period is None or ground.count(starts, period) < sessions:
            return Rule.PERIOD
        self.period, self.sessions = period, sessions
        if need.beneficiary:
            self.people.add(need.beneficiary)
        return None

    def _hosts_with(self, need: Need) -> list[str] | None:
        """Members at whose place all could meet if this one came; None when there is nobody."""
        if not self.mobile or need.place is None:
            return self.hosts
        ground = self.draft.ground
        placed = [ground.needs[member] for member in self.members if ground.needs[member].place is not None]
        hosts = [host for host in self.hosts if _reaches(ground, need, ground.needs[host])]
        if all(_reaches(ground, member, need) for member in placed):
            hosts.append(need.id)
        return hosts or None

    def seal(self) -> Pool | Rule:
        """Price the pool and share it out; a member over any possible limit breaks `LIMIT`."""
        ground, size = self.draft.ground, len(self.members)
        if size < max(offer.group_min for offer in self.offers) and Rule.GROUP not in self.draft.lifted:
            return Rule.GROUP
        members = tuple(sorted(self.members))
        people = max(size, *(offer.group_min for offer in self.offers)) if Rule.GROUP in self.draft.lifted else size
        opening = sum(offer.opening_cents for offer in self.offers)
        equal, rest = divmod(opening, people)
        shares, dues = [], []
        for place, member in enumerate(members):
            need = ground.needs[member]
            share = own_cents(ground, need, self.shape, people) + equal + (place < rest)
            shares.append(share)
            due = due_cents(need, share)
            if due:
                if due > most_granted_cents(ground.budgets[member], share) and Rule.LIMIT not in self.draft.lifted:
                    return Rule.LIMIT
                dues.append((member, share))
        return Pool(
            self.shape, members, self.period, self.sessions, tuple(sorted(self.hosts)), sum(shares), tuple(shares), tuple(dues)
        )


def own_cents(ground: Ground, need: Need, shape: Shape, people: int) -> Cents:
    """Price of one member in a group of `people`, without the opening, over all steps."""
    total = 0
    for ways, offer in zip(ground.steps_of(need), shape.offers, strict=True):
        way = ways[offer]
        minutes = way.minutes if need.steps else need.minutes
        total += head_cents(ground.offers[offer], people, minutes, way.price_cents)
    return total


def _reaches(ground: Ground, guest: Need, host: Need) -> bool:
    if guest is host or guest.radius_m is None or guest.place is None or host.place is None:
        return True
    return ground.distance(guest.place, host.place) <= guest.radius_m


class Draft:
    """Pools chosen so far, with their ledgers.

    Parameters
    ----------
    lifted
        Rules that do not count, to find out what stands in the way:
        `CAPACITY`, `SESSIONS_AT_ONCE`, `OVERLAP`, `BUDGET`, `GROUP`, `LIMIT`.
    """

    def __init__(self, ground: Ground, lifted: frozenset[Rule] = frozenset()) -> None:
        self.ground = ground
        self.lifted = lifted
        self.pools: dict[int, Pool] = {}
        self.pool_of: dict[str, int] = {}
        self.left: dict[str, Minutes] = {offer.id: offer.capacity_minutes for offer in ground.problem.offers}
        self.value = 0
        self.price_cents = 0
        self.fault: Rule | None = None
        self._rooms = Occupancy()
        self._people = Occupancy()
        self._dues: dict[str, Cents] = {}
        self.next_number = 0
        self.of_kind: dict[Kind, dict[int, None]] = {}
        self._tried: list[tuple[int, Pool | None]] | None = None
        for commitment in ground.problem.commitments:
            if commitment.offer in self.left:
                self.left[commitment.offer] -= commitment.minutes
            for occurrence in commitment.occurrences:
                taken = [(occurrence.day.toordinal(), occurrence.mask)]
                self._rooms.add(commitment.offer, taken)
                for beneficiary in sorted(commitment.beneficiaries):
                    self._people.add(beneficiary, taken)

    # The changes: each leaves the draft legal, or as it was.

    def open(self, shape: Shape, members: Iterable[str]) -> int | None:
        """Open a pool; None, with the reason in `fault`, when a rule stands against it."""
        pool = self.assess(shape, members)
        return None if pool is None else self._put(pool)

    def join(self, number: int, need: str) -> bool:
        """Add one member to a pool, or leave the draft as it was."""
        old = self.pools[number]
        gathering = self._regather(old)
        self.fault = gathering.add(self.ground.needs[need])
        if self.fault:
            return False
        new = gathering.seal()
        if isinstance(new, Rule):
            self.fault = new
            return False
        same_dates = new.period == old.period and new.sessions == old.sessions
        if same_dates and not new.dues and not self.ground.needs[need].beneficiary:
            self.fault = None if self._has_minutes(new.shape, (need,)) else Rule.CAPACITY
            if self.fault is None:
                self._replace(number, new)
            return self.fault is None
        self._take(number)
        self.fault = self._blocked(new)
        self._put(old if self.fault else new, number)
        return self.fault is None

    def leave(self, number: int, need: str) -> bool:
        """Take one member out of a pool, or leave the draft as it was; the last one closes it."""
        old = self._take(number)
        rest = [member for member in old.members if member != need]
        if not rest:
            return True
        pool = self.assess(old.shape, rest)
        self._put(old if pool is None else pool, number)
        return pool is not None

    def objective(self) -> tuple[int, Cents, Cents, int]:
        """Rank of the draft, the lower the better: uncovered value, household, public, number of pools."""
        household, public = self.payments()
        return -self.value, household, public, len(self.pools)

    def payments(self) -> tuple[Cents, Cents]:
        """What households and the public pay in all."""
        public = sum(cents for grants in self.grants().values() for cents in grants.values())
        return self.price_cents - public, public

    def grants(self) -> Grants:
        """What each budget pays of each share: first down to the limits, then the rest."""
        shares = {
            member: share
            for pool in self.pools.values()
            for member, share in zip(pool.members, pool.shares, strict=True)
        }
        purse = Purse(self.ground.budgets)
        ordered = [(self.ground.needs[need], shares[need]) for need in sorted(shares, key=self.ground.rank.__getitem__)]
        missing_for_limits(purse, ordered)
        grant_rest(purse, ordered)
        return purse.grants

    def close(self, number: int) -> tuple[str, ...]:
        """Close a pool and give back its members."""
        return self._take(number).members

    def begin(self) -> None:
        """Begin to try: what follows is taken back by `undo`, kept by `keep`."""
        self._tried = []

    def keep(self) -> None:
        """Keep what was tried since `begin`."""
        self._tried = None

    def undo(self) -> None:
        """Take back what was tried since `begin`."""
        tried, self._tried = self._tried or [], None
        for number, pool in reversed(tried):
            if number in self.pools:
                self._take(number)
            if pool is not None:
                self._put(pool, number)

    # The questions.

    def assess(self, shape: Shape, members: Iterable[str]) -> Pool | None:
        """Work out a pool that would be legal now; None, with the reason in `fault`, otherwise."""
        gathering = Gathering(self, shape)
        for member in members:
            self.fault = gathering.add(self.ground.needs[member])
            if self.fault:
                return None
        pool = gathering.seal()
        self.fault = pool if isinstance(pool, Rule) else self._blocked(pool)
        return None if self.fault or isinstance(pool, Rule) else pool

    def gather(self, shape: Shape, candidates: Iterable[str], most: int) -> Pool | None:
        """Find the largest legal pool among the first candidates that go together.

        Candidates come best first. Those that do not fit are passed over; then
        those whose price stays over their limit at the size reached are left
        out and the rest is tried again.
        """
        out: set[str] = set()
        listed = tuple(candidates)
        while True:
            gathering = self._gathered(shape, [need for need in listed if need not in out], most)
            if not gathering.members:
                return None
            size = len(gathering.members)
            dear = self._over_limit(gathering, size)
            if not dear:
                break
            out |= dear
        pool = gathering.seal()
        if isinstance(pool, Rule):
            self.fault = pool
            return None
        self.fault = self._blocked(pool)
        while self.fault is Rule.BUDGET and pool.dues:
            last = max(pool.dues, key=lambda due: self.ground.rank[due[0]])[0]
            smaller = self.assess(shape, [member for member in pool.members if member != last])
            if smaller is not None:
                return smaller
            if self.fault is not Rule.BUDGET:
                return None
            gathering = self._gathered(shape, [member for member in pool.members if member != last], most)
            sealed = gathering.seal()
            if isinstance(sealed, Rule):
                return None
            pool = sealed
        return None if self.fault else pool

    def _gathered(self, shape: Shape, candidates: list[str], most: int) -> Gathering:
        gathering = Gathering(self, shape)
        left = [self.left[offer] for offer in shape.offers]
        for name in candidates:
            if len(gathering.members) >= min(most, gathering.most):
                break
            need = self.ground.needs[name]
            uses = [ways.get(offer) for ways, offer in zip(self.ground.steps_of(need), shape.offers, strict=True)]
            if any(way is None or way.minutes > room for way, room in zip(uses, left, strict=True)):
                continue
            if need.beneficiary and self.ground.timed and not self._is_free(need, gathering):
                continue
            if gathering.add(need) is None:
                left = [room - (way.minutes if way else 0) for way, room in zip(uses, left, strict=True)]
        return gathering

    def _is_free(self, need: Need, gathering: Gathering) -> bool:
        period = gathering.period and gathering.period & self.ground.period_of(need)
        if period is None:
            return False
        return self._people.has_room(need.beneficiary, self._taken(gathering.shape, period, need.sessions))

    def _over_limit(self, gathering: Gathering, size: int) -> set[str]:
        opening = -(-sum(offer.opening_cents for offer in gathering.offers) // size)
        dear = set()
        for member in gathering.members:
            need = self.ground.needs[member]
            if need.price_limit_cents is not None:
                share = own_cents(self.ground, need, gathering.shape, size) + opening
                if due_cents(need, share) > most_granted_cents(self.ground.budgets[member], share):
                    dear.add(member)
        return dear

    def _regather(self, pool: Pool) -> Gathering:
        gathering = Gathering(self, pool.shape)
        needs = self.ground.needs
        gathering.members = list(pool.members)
        gathering.people = {needs[member].beneficiary for member in pool.members} - {""}
        limits = [needs[member].group_max for member in pool.members]
        gathering.most = min([gathering.most, *(limit for limit in limits if limit is not None)])
        gathering.sessions, gathering.hosts, gathering.period = pool.sessions, list(pool.hosts), pool.period
        return gathering

    def _blocked(self, pool: Pool) -> Rule | None:
        """Name the ledger in which there is no room for a pool."""
        if not self._has_minutes(pool.shape, pool.members):
            return Rule.CAPACITY
        if self.ground.timed:
            fault = self._no_time(pool)
            if fault:
                return fault
        if pool.dues and Rule.BUDGET not in self.lifted and self.short_of_money(pool.dues):
            return Rule.BUDGET
        return None

    def _no_time(self, pool: Pool) -> Rule | None:
        assert pool.period is not None
        for offer, offset, slots in self._places(pool.shape):
            if offer.capacity_per_slot is not None and Rule.SESSIONS_AT_ONCE not in self.lifted:
                taken = self._taken(pool.shape, pool.period, pool.sessions, offset, slots)
                if not self._rooms.has_room(offer.id, taken, offer.capacity_per_slot):
                    return Rule.SESSIONS_AT_ONCE
        for member in pool.members:
            need = self.ground.needs[member]
            if need.beneficiary and Rule.OVERLAP not in self.lifted:
                taken = self._taken(pool.shape, pool.period, need.sessions)
                if not self._people.has_room(need.beneficiary, taken):
                    return Rule.OVERLAP
        return None

    def _has_minutes(self, shape: Shape, members: Iterable[str]) -> bool:
        if Rule.CAPACITY in self.lifted:
            return True
        used = self._used(shape, members)
        return all(minutes <= self.left[offer] for offer, minutes in used)

    def short_of_money(self, more: Iterable[tuple[str, Cents]] = ()) -> str:
        """Name a need that the budgets would leave above its limit; empty when there is none."""
        dues = {**self._dues, **dict(more)}
        purse = Purse(self.ground.budgets)
        ordered = sorted(dues, key=self.ground.rank.__getitem__)
        return missing_for_limits(purse, ((self.ground.needs[need], dues[need]) for need in ordered))

    def _used(self, shape: Shape, members: Iterable[str]) -> list[tuple[str, Minutes]]:
        totals = [0] * len(shape.offers)
        for member in members:
            for place, ways in enumerate(self.ground.steps_of(self.ground.needs[member])):
                totals[place] += ways[shape.offers[place]].minutes
        return list(zip(shape.offers, totals, strict=True))

    def _places(self, shape: Shape) -> list[tuple[Offer, int, int]]:
        steps = shape.kind.steps
        lengths = [slots_for(step.minutes) for step in steps] if steps else [shape.kind.slots]
        offers = [self.ground.offers[offer] for offer in shape.offers]
        return list(zip(offers, shape.offsets, lengths, strict=True))

    def _taken(
        self, shape: Shape, period: Period, sessions: int, offset: int = 0, slots: int | None = None
    ) -> list[Taken]:
        mask = (1 << (shape.span if slots is None else slots)) - 1
        dates = self.ground.dates(shape.starts, period)[:sessions]
        return [(day, mask << (slot + offset)) for day, slot in dates]

    # The bookkeeping.

    def _put(self, pool: Pool, number: int | None = None) -> int:
        if number is None:
            number, self.next_number = self.next_number, self.next_number + 1
        if self._tried is not None:
            self._tried.append((number, None))
        self._count(pool, 1)
        self.pools[number] = pool
        self.of_kind.setdefault(pool.shape.kind, {})[number] = None
        for member in pool.members:
            self.pool_of[member] = number
        return number

    def _take(self, number: int) -> Pool:
        pool = self.pools.pop(number)
        if self._tried is not None:
            self._tried.append((number, pool))
        self._count(pool, -1)
        del self.of_kind[pool.shape.kind][number]
        for member in pool.members:
            del self.pool_of[member]
        return pool

    def _replace(self, number: int, new: Pool) -> None:
        """Put a larger pool on the same dates in the place of one, without touching its time."""
        old = self.pools[number]
        if self._tried is not None or old.dues:
            self._take(number)
            self._put(new, number)
            return
        self.pools[number] = new
        added = [member for member in new.members if member not in self.pool_of]
        for member in added:
            self.pool_of[member] = number
            self.value += self.ground.value[member]
        for offer, minutes in self._used(new.shape, added):
            self.left[offer] -= minutes
        self.price_cents += new.price_cents - old.price_cents

    def _count(self, pool: Pool, sign: int) -> None:
        for offer, minutes in self._used(pool.shape, pool.members):
            self.left[offer] -= sign * minutes
        self.price_cents += sign * pool.price_cents
        self.value += sign * sum(self.ground.value[member] for member in pool.members)
        for need, share in pool.dues:
            if sign > 0:
                self._dues[need] = share
            else:
                del self._dues[need]
        if pool.period is None:
            return
        for offer_, offset, slots in self._places(pool.shape):
            if offer_.capacity_per_slot is not None:
                taken = self._taken(pool.shape, pool.period, pool.sessions, offset, slots)
                (self._rooms.add if sign > 0 else self._rooms.remove)(offer_.id, taken)
        for member in pool.members:
            need_ = self.ground.needs[member]
            if need_.beneficiary:
                taken = self._taken(pool.shape, pool.period, need_.sessions)
                (self._people.add if sign > 0 else self._people.remove)(need_.beneficiary, taken)
