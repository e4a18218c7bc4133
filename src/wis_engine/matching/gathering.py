"""One pool: its shape, who is in it, and what follows from the two."""

from typing import NamedTuple

from wis_engine.matching.money import due_cents, head_cents, most_granted_cents
from wis_engine.matching.options import Ground, Kind
from wis_engine.matching.problem import Need, span_slots
from wis_engine.matching.rules import Rule
from wis_engine.matching.weeks import runs
from wis_engine.values import Cents, Period


class Shape(NamedTuple):
    """A pool without its members: offers in order, half-hours after the start, starts in the week."""

    kind: Kind
    offers: tuple[str, ...]
    offsets: tuple[int, ...]
    starts: int

    @property
    def span(self) -> int:
        """Half-hours from the first to the last of one session."""
        return span_slots(self.kind.steps, self.offsets) if self.kind.steps else self.kind.half_hours


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
    """Members of a pool that is being put together, one after the other.

    Who can host depends on everybody: a gathering of members that are all
    known (`whole`) looks for hosts at the end, one that grows at each member.
    """

    def __init__(
        self,
        ground: Ground,
        shape: Shape,
        *,
        lifted: frozenset[Rule] = frozenset(),
        people: int = 1,
        whole: bool = False,
    ) -> None:
        self.whole = whole
        self.ground = ground
        self.lifted = lifted
        self.people = people
        self.shape = shape
        self.offers = [ground.offers[offer] for offer in shape.offers]
        self.members: list[str] = []
        self.beneficiaries: set[str] = set()
        self.most = min((o.group_max for o in self.offers if o.group_max is not None), default=len(ground.needs))
        self.sessions = 0
        self.hosts: list[str] = []
        self.mobile = any(offer.mobile for offer in self.offers)
        self.period = ground.offered(shape.offers) if ground.timed else None

    def add(self, need: Need) -> Rule | None:
        """Take one more member, or say which rule stands against it."""
        ground, shape = self.ground, self.shape
        if ground.kind(need, shape.offers) != shape.kind:
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
        ground, starts = self.ground, self.shape.starts
        if starts & ~runs(need.slots.bits, self.shape.span):
            return Rule.TIME
        if need.beneficiary and need.beneficiary in self.beneficiaries and Rule.OVERLAP not in self.lifted:
            return Rule.OVERLAP
        period = None if self.period is None else ground.both(self.period, ground.need_periods[need.id])
        sessions = max(self.sessions, need.sessions)
        if period is None or ground.count(starts, period) < sessions:
            return Rule.PERIOD
        self.period, self.sessions = period, sessions
        if need.beneficiary:
            self.beneficiaries.add(need.beneficiary)
        return None

    def _hosts_with(self, need: Need) -> list[str] | None:
        """Members at whose place all could meet if this one came; None when there is nobody."""
        if not self.mobile or need.place is None or self.whole:
            return self.hosts
        ground = self.ground
        placed = [ground.needs[member] for member in self.members if ground.needs[member].place is not None]
        hosts = [host for host in self.hosts if _reaches(ground, need, ground.needs[host])]
        if all(_reaches(ground, member, need) for member in placed):
            hosts.append(need.id)
        return hosts or None

    def _find_hosts(self) -> bool:
        """Find everybody whom all the others reach; say whether there is somebody where one is needed."""
        needs = self.ground.needs
        placed = [needs[member] for member in self.members if needs[member].place is not None]
        self.hosts = [host.id for host in placed if all(_reaches(self.ground, guest, host) for guest in placed)]
        return bool(self.hosts) or not placed

    def seal(self) -> Pool | Rule:
        """Price the pool and share it out; a member over any possible limit breaks `LIMIT`."""
        ground, size = self.ground, len(self.members)
        if self.whole and self.mobile and ground.timed and not self._find_hosts():
            return Rule.PLACE
        people = size
        if Rule.GROUP in self.lifted:
            people = max(size, self.people)
        elif size < max(offer.group_min for offer in self.offers):
            return Rule.GROUP
        members = tuple(sorted(self.members))
        opening = sum(offer.opening_cents for offer in self.offers)
        equal, rest = divmod(opening, people)
        shares, dues = [], []
        for place, member in enumerate(members):
            need = ground.needs[member]
            share = own_cents(ground, need, self.shape, people) + equal + (place < rest)
            shares.append(share)
            due = due_cents(need, share)
            if due:
                if due > most_granted_cents(ground.budgets[member], share):
                    return Rule.LIMIT
                dues.append((member, share))
        return Pool(
            self.shape,
            members,
            self.period,
            self.sessions,
            tuple(sorted(self.hosts)),
            sum(shares),
            tuple(shares),
            tuple(dues),
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
