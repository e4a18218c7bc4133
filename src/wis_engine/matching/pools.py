"""A plan in the making: which pools there are, and whether one more change is allowed.

A `Draft` knows every rule that a plan must respect and keeps the ledgers they
rest on: minutes left of each offer, sessions at once, people's time, and the
public money that brings households down to their limits. Strategies change it
by whole pools and may take back what they tried.
"""

from collections import Counter
from collections.abc import Iterable

from wis_engine.matching.gathering import Gathering, Pool, Shape, own_cents
from wis_engine.matching.money import (
    Grants,
    Purse,
    due_cents,
    grant_rest,
    missing_for_limits,
    most_granted_cents,
    payer,
)
from wis_engine.matching.occupancy import Occupancy, Taken
from wis_engine.matching.options import Family, Ground
from wis_engine.matching.problem import Need, Offer
from wis_engine.matching.rules import Rule
from wis_engine.matching.weeks import runs
from wis_engine.values import Cents, Minutes, Period, slots_for


class Draft:
    """Pools chosen so far, with their ledgers.

    Parameters
    ----------
    lifted
        Rules that do not count, to find out what stands in the way:
        `CAPACITY`, `SESSIONS_AT_ONCE`, `OVERLAP`, `BUDGET`, `GROUP`.

    Attributes
    ----------
    people
        With `GROUP` lifted: the size at which pools are priced, were they so large.
    """

    def __init__(self, ground: Ground, lifted: frozenset[Rule] = frozenset()) -> None:
        self.ground = ground
        self.lifted = lifted
        self.people = 1
        self.pools: dict[int, Pool] = {}
        self.pool_of: dict[str, int] = {}
        self.left: dict[str, Minutes] = {offer.id: offer.capacity_minutes for offer in ground.problem.offers}
        self.value = 0
        self.price_cents = 0
        self.fault: Rule | None = None
        self._rooms = Occupancy()
        self._people = Occupancy()
        self._dues: dict[str, Cents] = {}
        # What single budgets must pay to reach limits, in all («») and by household; how many needs have more than one.
        self._owed = Counter(
            {(budget.id, one.household): one.cents for budget in ground.problem.budgets for one in budget.drawn}
        )
        self._least_shares: dict[tuple[str, tuple[str, ...], int], Cents] = {}
        self._choosing = 0
        self.next_number = 0
        self.of_family: dict[Family, dict[int, None]] = {}
        self._of_offer: dict[tuple[Family, str], dict[int, None]] = {}
        self._tried: list[tuple[int, Pool | None]] | None = None
        for commitment in ground.problem.commitments:
            if commitment.offer in self.left:
                self.left[commitment.offer] = max(0, self.left[commitment.offer] - commitment.minutes)
            for occurrence in commitment.occurrences:
                taken = [(occurrence.day.toordinal(), occurrence.mask)]
                self._rooms.add(commitment.offer, taken)
                for beneficiary in sorted(commitment.beneficiaries):
                    self._people.add(beneficiary, taken)

    def copy(self, ground: Ground | None = None) -> "Draft":
        """Give a draft of its own with the same pools, which on another ground must stand as they do here."""
        other = Draft(ground or self.ground, self.lifted)
        for number, pool in sorted(self.pools.items()):
            other._put(pool, number)
        other.next_number = self.next_number
        return other

    # The changes: each leaves the draft legal, or as it was.

    def open(self, shape: Shape, members: Iterable[str]) -> int | None:
        """Open a pool; None, with the reason in `fault`, when a rule stands against it."""
        pool = self.assess(shape, members)
        return None if pool is None else self._put(pool)

    def open_alone(self, shape: Shape, patterns: Iterable[int], need: str) -> bool:
        """Open a pool of one at the first pattern at which there is room.

        All patterns suit the need and its offers: only the time decides
        between them, so that all else is worked out once.
        """
        pool: Pool | None = None
        for pattern in patterns:
            at = shape._replace(starts=pattern)
            if pool is None:
                pool = self._assessed(at, [need])
                if pool is None or self.fault not in (None, Rule.SESSIONS_AT_ONCE, Rule.OVERLAP):
                    return False
            else:
                pool = pool._replace(shape=at)
                self.fault = self._blocked(pool)
            if self.fault is None:
                self._put(pool)
                return True
        return False

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

    def near(self, need: Need) -> list[int]:
        """Numbers of the pools of a need's family that begin with an offer that serves it."""
        family = self.ground.kinds[need.id].family
        ways = self.ground.steps_of(need)[0]
        return [number for offer in ways for number in self._of_offer.get((family, offer), ())]

    def may_join(self, number: int, need: Need) -> bool:
        """Rule out, at little cost, most pools that a need could not join."""
        scarce = Rule.CAPACITY not in self.lifted
        shape = self.pools[number].shape
        return self.may_be_in(number, need) and not (
            scarce
            and any(
                ways[offer].minutes > self.left[offer]
                for ways, offer in zip(self.ground.steps_of(need), shape.offers, strict=True)
            )
        )

    def may_be_in(self, number: int, need: Need) -> bool:
        """Say whether a need is alike those in a pool, free at its times, and one that its offers serve."""
        shape = self.pools[number].shape
        if self.ground.kind(need, shape.offers) != shape.kind:
            return False
        if self.ground.timed and shape.starts & ~runs(need.slots.bits, shape.span):
            return False
        return self.ground.serves(shape.offers, need)

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
        pool = self._assessed(shape, list(members))
        return None if self.fault else pool

    def _sealed(self, shape: Shape, members: Iterable[str]) -> Pool | None:
        """Work out a pool by itself, whatever else there is."""
        gathering = self._gathering(shape, whole=True)
        for member in members:
            self.fault = gathering.add(self.ground.needs[member])
            if self.fault:
                return None
        pool = gathering.seal()
        self.fault = pool if isinstance(pool, Rule) else None
        return None if isinstance(pool, Rule) else pool

    def gather(self, shape: Shape, candidates: Iterable[str], most: int, must: str | None = None) -> Pool | None:
        """Find the largest legal pool among the first candidates that go together.

        With `must`, one with this candidate in it or none.

        Candidates come best first. Those that do not fit are passed over; then
        those whose price stays over their limit at the size reached are left
        out and the rest is tried again.
        """
        out: set[str] = set()
        listed = [need for need in candidates if self.may_pay(shape, self.ground.needs[need], most)]
        while True:
            gathering = self._gathered(shape, [need for need in listed if need not in out], most)
            if not gathering.members or not (must is None or must in gathering.members):
                return None
            size = len(gathering.members)
            dear = self._over_limit(gathering, size)
            if not dear:
                break
            if must in dear:
                return None
            out |= dear
        pool = gathering.seal()
        if isinstance(pool, Rule):
            self.fault = pool
            return None
        self.fault = self._blocked(pool)
        found = self._within_budgets(pool) if self.fault is Rule.BUDGET else None if self.fault else pool
        return None if found is None or not (must is None or must in found.members) else found

    def may_pay(self, shape: Shape, need: Need, most: int) -> bool:
        """Say whether there is public money for one need, were others to ask for none and the group the largest."""
        if need.price_limit_cents is None or Rule.BUDGET in self.lifted or Rule.GROUP in self.lifted:
            return True
        key = need.id, shape.offers, most
        share = self._least_shares.get(key)
        if share is None:
            share = self._least_shares[key] = self._least_share(shape, need, most)
        return share <= need.price_limit_cents or self._has_money(((need.id, share),))

    def _least_share(self, shape: Shape, need: Need, most: int) -> Cents:
        """Lowest share that one need could have in a group of so many at most, or the smallest that there may be."""
        offers = [self.ground.offers[offer] for offer in shape.offers]
        least = max(offer.group_min for offer in offers)
        most = max(least, most)
        froms = {tier.people_from for offer in offers for tier in offer.tiers}
        sizes = {least, *(size for size in froms if least < size <= most)}
        opening = sum(offer.opening_cents for offer in offers) // most
        return opening + min(own_cents(self.ground, need, shape, size) for size in sizes)

    def _within_budgets(self, pool: Pool) -> Pool | None:
        """Send away those last in rank who need public money, until there is enough for the others."""
        smaller: Pool | None = pool
        while self.fault is Rule.BUDGET and smaller is not None and smaller.dues:
            last = max((need for need, _ in smaller.dues), key=self.ground.rank.__getitem__)
            smaller = self._assessed(smaller.shape, [member for member in smaller.members if member != last])
        return None if self.fault else smaller

    def _assessed(self, shape: Shape, members: list[str]) -> Pool | None:
        """Work out a pool even where the budgets do not reach: `fault` says so."""
        pool = self._sealed(shape, members) if members else None
        if pool is not None:
            self.fault = self._blocked(pool)
        return pool

    def _gathered(self, shape: Shape, candidates: list[str], most: int) -> Gathering:
        gathering = self._gathering(shape)
        ground = self.ground
        left = [self.left[offer] for offer in shape.offers]
        scarce = Rule.CAPACITY not in self.lifted
        for name in candidates:
            if len(gathering.members) >= min(most, gathering.most):
                break
            need = ground.needs[name]
            uses = [ways.get(offer) for ways, offer in zip(ground.steps_of(need), shape.offers, strict=True)]
            if scarce and any(way is None or way.minutes > room for way, room in zip(uses, left, strict=True)):
                continue
            if need.beneficiary and ground.timed and not self._is_free(need, gathering):
                continue
            if gathering.add(need) is None:
                left = [room - (way.minutes if way else 0) for way, room in zip(uses, left, strict=True)]
        return gathering

    def _is_free(self, need: Need, gathering: Gathering) -> bool:
        period = gathering.period
        period = None if period is None else self.ground.both(period, self.ground.need_periods[need.id])
        if period is None:
            return False
        if Rule.OVERLAP in self.lifted:
            return True
        return self._people.has_room(need.beneficiary, self._taken(gathering.shape, period, need.sessions))

    def _over_limit(self, gathering: Gathering, size: int) -> set[str]:
        if Rule.GROUP in self.lifted:
            size = max(size, self.people)
        opening = -(-sum(offer.opening_cents for offer in gathering.offers) // size)
        needs, shape = self.ground.needs, gathering.shape
        return {member for member in gathering.members if self._is_dear(needs[member], shape, size, opening)}

    def _is_dear(self, need: Need, shape: Shape, size: int, opening: Cents) -> bool:
        if need.price_limit_cents is None:
            return False
        share = own_cents(self.ground, need, shape, size) + opening
        return due_cents(need, share) > most_granted_cents(self.ground.budgets[need.id], share)

    def is_dear(self, need: Need, shape: Shape, size: int) -> bool:
        """Say whether the price of one need in a group of some size is over any limit that public money could reach."""
        opening = sum(self.ground.offers[offer].opening_cents for offer in shape.offers)
        return self._is_dear(need, shape, size, -(-opening // size))

    def _gathering(self, shape: Shape, *, whole: bool = False) -> Gathering:
        return Gathering(self.ground, shape, lifted=self.lifted, people=self.people, whole=whole)

    def _regather(self, pool: Pool) -> Gathering:
        gathering = self._gathering(pool.shape)
        needs = self.ground.needs
        gathering.members = list(pool.members)
        gathering.beneficiaries = {needs[member].beneficiary for member in pool.members} - {""}
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
        if pool.dues and Rule.BUDGET not in self.lifted and not self._has_money(pool.dues):
            return Rule.BUDGET
        return None

    def _has_money(self, more: tuple[tuple[str, Cents], ...]) -> bool:
        """Say whether the budgets bring everybody down to the limit, these needs too.

        Where nobody may draw on two budgets the order of grants makes no
        difference and sums are enough.
        """
        budgets = self.ground.budgets
        if self._choosing or any(len(budgets[need]) != 1 for need, _ in more):
            return not self.short_of_money(more)
        wanted: Counter[tuple[str, str]] = Counter()
        for name, share in more:
            need, budget = self.ground.needs[name], budgets[name][0]
            due = due_cents(need, share)
            wanted[budget.id, ""] += due
            wanted[budget.id, payer(need)] += due
            cap = budget.household_cap_cents
            if cap is not None and wanted[budget.id, payer(need)] + self._owed[budget.id, payer(need)] > cap:
                return False
            if wanted[budget.id, ""] + self._owed[budget.id, ""] > budget.cap_cents:
                return False
        return True

    def _no_time(self, pool: Pool) -> Rule | None:
        assert pool.period is not None
        for offer, offset, slots in self.places(pool.shape):
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

    def has_room(self, shape: Shape) -> bool:
        """Say whether the offers of a shape have room for one session more, on the dates that they are there."""
        period = self.ground.offered(shape.offers) if self.ground.timed else None
        if period is None:
            return not self.ground.timed
        return self._has_room(shape, period, 1)

    def has_room_for(self, shape: Shape, need: Need) -> bool:
        """Say whether the offers of a shape have room for the sessions of one need, on the dates of both."""
        if not self.ground.timed or Rule.SESSIONS_AT_ONCE in self.lifted:
            return True
        period = self.ground.offered(shape.offers)
        period = None if period is None else self.ground.both(period, self.ground.need_periods[need.id])
        return period is not None and self._has_room(shape, period, need.sessions)

    def _has_room(self, shape: Shape, period: Period, sessions: int) -> bool:
        for offer, offset, slots in self.places(shape):
            if offer.capacity_per_slot is not None:
                taken = self._taken(shape, period, sessions, offset, slots)
                if not self._rooms.has_room(offer.id, taken, offer.capacity_per_slot):
                    return False
        return True

    def has_time(self, shape: Shape, need: Need) -> bool:
        """Say whether nothing else keeps the beneficiary of a need from the sessions of a shape."""
        period = self.ground.offered(shape.offers)
        period = None if period is None else self.ground.both(period, self.ground.need_periods[need.id])
        return period is not None and self._people.has_room(need.beneficiary, self._taken(shape, period, need.sessions))

    def due(self, need: str) -> Cents:
        """What public money must pay of a placed need; 0 for one that needs none."""
        share = self._dues.get(need)
        return 0 if share is None else due_cents(self.ground.needs[need], share)

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

    def places(self, shape: Shape) -> list[tuple[Offer, int, int]]:
        """Offers of a shape, each with when it begins after the start and how many half-hours it takes."""
        steps = shape.kind.steps
        lengths = [slots_for(step.minutes) for step in steps] if steps else [shape.kind.half_hours]
        offers = [self.ground.offers[offer] for offer in shape.offers]
        return list(zip(offers, shape.offsets, lengths, strict=True))

    def _taken(
        self, shape: Shape, period: Period, sessions: int, offset: int = 0, slots: int | None = None
    ) -> list[Taken]:
        mask = (1 << (shape.span if slots is None else slots)) - 1
        dates = self.ground.dates(shape.starts, period, sessions)
        return [(day, mask << (slot + offset)) for day, slot in dates]

    # The bookkeeping.

    def _put(self, pool: Pool, number: int | None = None) -> int:
        if number is None:
            number, self.next_number = self.next_number, self.next_number + 1
        if self._tried is not None:
            self._tried.append((number, None))
        self._count(pool, 1)
        self.pools[number] = pool
        family = pool.shape.kind.family
        self.of_family.setdefault(family, {})[number] = None
        self._of_offer.setdefault((family, pool.shape.offers[0]), {})[number] = None
        for member in pool.members:
            self.pool_of[member] = number
        return number

    def _take(self, number: int) -> Pool:
        pool = self.pools.pop(number)
        if self._tried is not None:
            self._tried.append((number, pool))
        self._count(pool, -1)
        family = pool.shape.kind.family
        del self.of_family[family][number]
        del self._of_offer[family, pool.shape.offers[0]][number]
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
        for name, share in pool.dues:
            self._owe(name, share, sign)
        if pool.period is None:
            return
        for offer_, offset, slots in self.places(pool.shape):
            if offer_.capacity_per_slot is not None:
                taken = self._taken(pool.shape, pool.period, pool.sessions, offset, slots)
                (self._rooms.add if sign > 0 else self._rooms.remove)(offer_.id, taken)
        for member in pool.members:
            need_ = self.ground.needs[member]
            if need_.beneficiary:
                taken = self._taken(pool.shape, pool.period, need_.sessions)
                (self._people.add if sign > 0 else self._people.remove)(need_.beneficiary, taken)

    def _owe(self, name: str, share: Cents, sign: int) -> None:
        if sign > 0:
            self._dues[name] = share
        else:
            del self._dues[name]
        need, budgets = self.ground.needs[name], self.ground.budgets[name]
        if len(budgets) != 1:
            self._choosing += sign
            return
        due = sign * due_cents(need, share)
        self._owed[budgets[0].id, ""] += due
        self._owed[budgets[0].id, payer(need)] += due
