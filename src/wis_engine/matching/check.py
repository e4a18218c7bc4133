"""Check a plan against its problem, from nothing but the two.

The rules are read again (`reading`), the money is worked out again, the
certificate is proved again, and only then the digest is compared: a plan in
which a member, an offer, a price, a share or a time was changed names the rule
it breaks; any other change is found by the digest.
"""

import datetime as dt
from collections import Counter
from itertools import pairwise
from typing import Final, NamedTuple, NoReturn
from weakref import ReferenceType, ref

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching.basis import basis_of
from wis_engine.matching.certificate import ENUMERATES, is_proved
from wis_engine.matching.check_split import PoolShares, listed_shares
from wis_engine.matching.check_unmatched import check_unmatched
from wis_engine.matching.plan import Plan, PlanChain, PlanPool, content_digest, numbered
from wis_engine.matching.problem import Need, Offer, Problem
from wis_engine.matching.reading import Reading, reading_of
from wis_engine.matching.reading_week import DAY, begins, half_hours
from wis_engine.matching.rules import Rule
from wis_engine.territory import distance_m
from wis_engine.values import Cents, Metres, Minutes


class _Leg(NamedTuple):
    """One step of a pool: its offer, when it begins after the pool, how long it takes."""

    offer: Offer
    offset: int
    slots: int


_PASSED: Final[list[tuple[ReferenceType[Plan], str]]] = []
_PASSED_MAX: Final = 4


def has_passed(plan: Plan, problem: str | None = None) -> bool:
    """Say whether this very plan was checked a short while ago, against the problem of this digest or any.

    It is frozen, and all that it holds is: what was true of it then is true.
    """
    return any(one() is plan and problem in (None, digest) for one, digest in _PASSED)


def check_plan(plan: Plan, problem: Problem) -> None:
    """Raise `PlanError` with the first rule that a plan breaks, `Malformed` for what is no problem."""
    _check_plan(plan, problem)
    _PASSED.append((ref(plan), plan.problem))
    del _PASSED[:-_PASSED_MAX]


def _check_plan(plan: Plan, problem: Problem) -> None:
    if type(problem) is not Problem:
        raise Malformed(f"not a Problem: {type(problem).__name__}")
    if plan.problem != problem.digest:
        raise PlanError(Rule.PROBLEM, "the plan answers another problem")
    reading = reading_of(problem)
    _check_needs(plan, reading)
    public = check_pools(plan, reading)
    for explanation in plan.unmatched:
        check_unmatched(explanation, reading)
    covered = sum(problem.value(reading.needs[need]) for need in plan.covered)
    shares = sum(member.share_cents for pool in plan.pools for member in pool.members)
    if plan.certificate.enumerated and plan.strategy != ENUMERATES:
        raise PlanError(Rule.CERTIFICATE, f"only «{ENUMERATES}» looks at every plan")
    if not is_proved(problem, (covered, shares - public, public), plan.certificate):
        raise PlanError(Rule.CERTIFICATE, "its values or bounds are not those of the plan and the problem")
    if plan.basis != basis_of(problem):
        raise PlanError(Rule.PROBLEM, "it says that it was made from other things")
    _check_digest(plan)


def check_pools(plan: Plan, reading: Reading) -> Cents:
    """Check the pools of a plan, whatever else it says; return how much public money they have."""
    chains = _chains(plan)
    legs = {pool.id: _Pool(reading, pool, chains).checked() for pool in plan.pools}
    if len(legs) != len(plan.pools):
        raise PlanError(Rule.NEEDS, "two pools have the same id")
    _check_capacity(plan, reading, legs)
    if reading.problem.options is None:
        _check_at_once(plan, reading, legs)
        _check_people(plan, reading, legs)
    return _check_money(plan, reading, legs)


def _chains(plan: Plan) -> dict[str, PlanChain]:
    chains = {chain.id: chain for chain in plan.chains}
    if len(chains) != len(plan.chains) or {pool.chain for pool in plan.pools} - {None} != set(chains):
        raise PlanError(Rule.CHAIN, "each chain is used, and each that is used is there once")
    if len({chain.steps for chain in plan.chains}) != len(plan.chains):
        raise PlanError(Rule.CHAIN, "one chain stands twice, under two ids")
    return chains


def _check_digest(plan: Plan) -> None:
    if plan.digest != content_digest(plan) or [pool.id for pool in plan.pools] + [
        chain.id for chain in plan.chains
    ] != numbered(plan.digest, len(plan.pools) + len(plan.chains)):
        raise PlanError(Rule.DIGEST, "the content is not what was sealed")


def _check_needs(plan: Plan, reading: Reading) -> None:
    named = Counter(member.need for pool in plan.pools for member in pool.members)
    named.update(explanation.need for explanation in plan.unmatched)
    for need in sorted(named.keys() | reading.needs.keys()):
        if need not in reading.needs or named[need] != 1:
            raise PlanError(Rule.NEEDS, f"{need} stands {named[need]} times in the plan")


class _Pool:
    """One pool of a plan beside its needs and offers."""

    def __init__(self, reading: Reading, pool: PlanPool, chains: dict[str, PlanChain]) -> None:
        self.reading = reading
        self.pool = pool
        self.needs = [reading.needs[member.need] for member in pool.members]
        if not self.needs or (pool.offer is None) == (pool.chain is None):
            self.fail(Rule.GROUP if not self.needs else Rule.CHAIN, "somebody, and one offer or one chain")
        if list(pool.needs) != sorted(pool.needs):
            self.fail(Rule.NEEDS, "its members stand by id")
        self.chain = None if pool.chain is None else chains[pool.chain]
        self.timed = reading.problem.options is None

    def fail(self, rule: Rule, what: str) -> NoReturn:
        raise PlanError(rule, f"pool {self.pool.id}: {what}")

    def checked(self) -> list[_Leg]:
        """Check the pool on its own; give its steps."""
        legs = self._legs()
        self._check_members(legs)
        self._check_size(legs)
        if self.timed:
            self._check_time(legs)
            self._check_dates(legs)
            self._check_host(legs)
        elif self.pool.starts is not None or self.pool.period is not None or self.pool.host:
            self.fail(Rule.TIME, "nothing has a time where options are given")
        self._check_prices(legs)
        return legs

    def _legs(self) -> list[_Leg]:
        first, offers = self.needs[0], self.reading.offers
        if self.chain is None:
            if self.pool.offer not in offers:
                self.fail(Rule.OPTION, f"no offer {self.pool.offer}")
            if first.steps:
                self.fail(Rule.CHAIN, "a need with steps is served by a chain")
            slots = half_hours(first.session_minutes)
            return [_Leg(offers[self.pool.offer or ""], 0, slots)]
        links = self.chain.steps
        if not first.steps or [(link.service, link.minutes) for link in links] != [
            (step.service, step.minutes) for step in first.steps
        ]:
            self.fail(Rule.CHAIN, "its steps are not those of its needs")
        for link in links:
            if link.offer not in offers or offers[link.offer].supplier != link.supplier:
                self.fail(Rule.CHAIN, f"no offer {link.offer} of that supplier")
        legs = [_Leg(offers[link.offer], link.offset_slots, half_hours(link.minutes)) for link in links]
        self._check_joints(legs)
        return legs

    def _check_joints(self, legs: list[_Leg]) -> None:
        suppliers = [leg.offer.supplier for leg in legs if leg.offer.supplier]
        if len(set(suppliers)) != len(suppliers) or len({leg.offer.id for leg in legs}) != len(legs):
            self.fail(Rule.CHAIN, "its suppliers are different")
        if legs[0].offset:
            self.fail(Rule.CHAIN, "it begins with its first step")
        for before, leg, step in zip(legs, legs[1:], self.needs[0].steps[1:], strict=False):
            wait = (leg.offset - before.offset - before.slots) * 30
            if not 0 <= wait <= step.gap_max_minutes:
                self.fail(Rule.CHAIN, f"{wait} minutes between {before.offer.id} and {leg.offer.id}")
            here, there = before.offer.place, leg.offer.place
            apart = None if here is None or there is None else distance_m(here, there)
            if step.distance_max_m is not None and apart is not None and apart > step.distance_max_m:
                self.fail(Rule.CHAIN, f"{leg.offer.id} is too far from {before.offer.id}")

    def _check_members(self, legs: list[_Leg]) -> None:
        first, offers = self.needs[0], [leg.offer for leg in legs]
        if self.pool.service != first.service:
            self.fail(Rule.OPTION, "its service is not that of its needs")
        for need in self.needs:
            for step, leg in enumerate(legs):
                fault = self.reading.pair_fault(need, leg.offer, step)
                if fault is not None:
                    self.fail(fault, f"{leg.offer.id} does not serve {need.id}")
            if self.timed and (
                need.service != first.service
                or need.steps != first.steps
                or half_hours(need.session_minutes) != half_hours(first.session_minutes)
                or self.reading.pace(need, offers) != self.reading.pace(first, offers)
            ):
                self.fail(Rule.OPTION, f"{need.id} is not alike {first.id}")

    def _check_size(self, legs: list[_Leg]) -> None:
        size = len(self.needs)
        for leg in legs:
            if size < leg.offer.group_min or (leg.offer.group_max is not None and size > leg.offer.group_max):
                self.fail(Rule.GROUP, f"{size} members are too few or too many for {leg.offer.id}")
        for need in self.needs:
            if need.group_max is not None and size > need.group_max:
                self.fail(Rule.GROUP, f"{size} members are too many for {need.id}")

    def _check_time(self, legs: list[_Leg]) -> None:
        starts = [] if self.pool.starts is None else list(self.pool.starts)
        weekly, one_a_day = self.reading.pace(self.needs[0], [leg.offer for leg in legs])
        span = legs[-1].offset + legs[-1].slots
        minutes = legs[-1].offset * 30 + self.needs[0].steps[-1].minutes if self.chain else self._longest()
        if len(starts) != weekly or self.pool.session_minutes != minutes:
            self.fail(Rule.TIME, f"{weekly} sessions a week, {minutes} minutes each")
        if one_a_day and len({start // DAY for start in starts}) != weekly:
            self.fail(Rule.TIME, "two sessions on one day")
        if any(later - earlier < span for earlier, later in pairwise(starts)):
            self.fail(Rule.TIME, "a session begins before the one before it ends")
        for start in starts:
            for leg in legs:
                if start % DAY + leg.offset >= DAY:
                    self.fail(Rule.CHAIN, "a step falls on the next day")
                if not begins(leg.offer.slots.bits, leg.slots) >> (start + leg.offset) & 1:
                    self.fail(Rule.TIME, f"{leg.offer.id} is not there")
            for need in self.needs:
                if not begins(need.slots.bits, span) >> start & 1:
                    self.fail(Rule.TIME, f"{need.id} is not free")

    def _longest(self) -> Minutes:
        return max(need.session_minutes for need in self.needs)

    def _check_dates(self, legs: list[_Leg]) -> None:
        things: list[Need | Offer] = [*self.needs, *(leg.offer for leg in legs)]
        if self.pool.period is None or self.pool.period != self.reading.period_of(things):
            self.fail(Rule.PERIOD, "its period is not that of all its members and offers")
        sessions = max(need.sessions for need in self.needs)
        if self.pool.sessions != sessions or len(self.pool.occurrences(self.reading.problem.closed_days)) != sessions:
            self.fail(Rule.PERIOD, f"{sessions} sessions do not lie in its period")

    def _check_host(self, legs: list[_Leg]) -> None:
        placed = [need for need in self.needs if need.place is not None]
        if not placed or not any(leg.offer.mobile for leg in legs):
            if self.pool.host:
                self.fail(Rule.PLACE, "nobody hosts where the supplier does not come")
            return
        possible: list[tuple[Metres, str]] = []
        for host in placed:
            ways = [(need, _between(need, host)) for need in placed if need is not host]
            if all(need.radius_m is None or way <= need.radius_m for need, way in ways):
                possible.append((sum(way for _, way in ways), host.id))
        if not possible or min(possible)[1] != self.pool.host:
            self.fail(Rule.PLACE, "its host is not the nearest to all whom all can reach")

    def _check_prices(self, legs: list[_Leg]) -> None:
        pool, size = self.pool, len(self.needs)
        opening = sum(leg.offer.opening_cents for leg in legs)
        if pool.opening_cents != opening:
            self.fail(Rule.PRICE, f"its opening costs {opening} cents")
        if not self.timed and (
            pool.session_minutes != self._longest() or pool.sessions != max(need.sessions for need in self.needs)
        ):
            self.fail(Rule.TIME, "its sessions are not those of its needs")
        for member, need in zip(pool.members, self.needs, strict=True):
            heads = [self.reading.head_price(need, leg.offer, size, step) for step, leg in enumerate(legs)]
            price = sum(cents for cents, _ in heads)
            if member.price_cents != price or list(member.tiers) != [tier for _, tier in heads if tier is not None]:
                self.fail(Rule.PRICE, f"{need.id} costs {price} cents in a group of {size}")
            if member.alone_cents != self.reading.alone_price(need, [leg.offer for leg in legs]):
                self.fail(Rule.PRICE, f"alone {need.id} would pay another price")
        if pool.price_cents != sum(member.share_cents for member in pool.members):
            self.fail(Rule.SHARES, "its shares are not its price")


def _between(a: Need, b: Need) -> Metres:
    return 0 if a.place is None or b.place is None else distance_m(a.place, b.place)


def _check_capacity(plan: Plan, reading: Reading, legs: dict[str, list[_Leg]]) -> None:
    used: Counter[str] = Counter()
    for pool in plan.pools:
        for step, leg in enumerate(legs[pool.id]):
            for need in pool.needs:
                used[leg.offer.id] += reading.minutes_of(reading.needs[need], leg.offer, step)
    for offer, minutes in sorted(used.items()):
        if minutes > reading.left[offer]:
            raise PlanError(Rule.CAPACITY, f"offer {offer}: {minutes} minutes of {reading.left[offer]} left")


def _half_hours_of(pool: PlanPool, closed: frozenset[dt.date], sessions: int, offset: int, slots: int) -> list[int]:
    """Half-hours since the beginning of the calendar that the first sessions of a pool take."""
    firsts = [
        occurrence.day.toordinal() * DAY + occurrence.start_slot + offset
        for occurrence in pool.occurrences(closed)[:sessions]
    ]
    return [first + more for first in firsts for more in range(slots)]


def _check_at_once(plan: Plan, reading: Reading, legs: dict[str, list[_Leg]]) -> None:
    counts: dict[str, Counter[int]] = {}
    taken: dict[str, set[int]] = {}
    for pool in plan.pools:
        for leg in legs[pool.id]:
            if leg.offer.capacity_per_slot is not None:
                closed = reading.problem.closed_days
                mine = _half_hours_of(pool, closed, pool.sessions, leg.offset, leg.slots)
                counts.setdefault(leg.offer.id, Counter()).update(mine)
                taken.setdefault(leg.offer.id, set()).update(mine)
    for commitment in reading.problem.commitments:
        if commitment.offer in counts:
            for occurrence in commitment.occurrences:
                first = occurrence.day.toordinal() * DAY + occurrence.start_slot
                counts[commitment.offer].update(range(first, first + half_hours(occurrence.minutes)))
    for offer in sorted(counts):
        most = reading.offers[offer].capacity_per_slot
        if most is not None and any(counts[offer][half_hour] > most for half_hour in taken[offer]):
            raise PlanError(Rule.SESSIONS_AT_ONCE, f"offer {offer}: more than {most} sessions at once")


def _check_people(plan: Plan, reading: Reading, legs: dict[str, list[_Leg]]) -> None:
    busy: dict[str, set[int]] = {}
    for commitment in reading.problem.commitments:
        for occurrence in commitment.occurrences:
            first = occurrence.day.toordinal() * DAY + occurrence.start_slot
            for person in commitment.beneficiaries:
                busy.setdefault(person, set()).update(range(first, first + half_hours(occurrence.minutes)))
    for pool in plan.pools:
        last = legs[pool.id][-1]
        for name in pool.needs:
            need = reading.needs[name]
            if need.beneficiary:
                closed = reading.problem.closed_days
                mine = set(_half_hours_of(pool, closed, need.sessions, 0, last.offset + last.slots))
                theirs = busy.setdefault(need.beneficiary, set())
                if mine & theirs:
                    raise PlanError(Rule.OVERLAP, f"need {name}: its beneficiary would be in two places")
                theirs |= mine


def _check_money(plan: Plan, reading: Reading, legs: dict[str, list[_Leg]]) -> Cents:
    """Check grants and shares; return how much public money there is."""
    granted = _granted(plan, reading)
    for pool in plan.pools:
        PoolShares(reading, pool, [leg.offer for leg in legs[pool.id]], granted).check(plan.split)
    members = [member for pool in plan.pools for member in pool.members]
    for member in members:
        limit, household = (
            reading.needs[member.need].price_limit_cents,
            member.share_cents - granted[member.need].total(),
        )
        if limit is not None and household > limit:
            raise PlanError(Rule.LIMIT, f"need {member.need}: {household} cents are over its limit of {limit}")
    for member in members:
        mine = granted[member.need]
        stated = {grant.budget: grant.cents for grant in member.grants}
        household = member.share_cents - mine.total()
        if stated != dict(+mine) or len(stated) != len(member.grants) or member.household_cents != household:
            raise PlanError(Rule.BUDGET, f"need {member.need}: its public money is not what the budgets give")
    return sum(mine.total() for mine in granted.values())


def _granted(plan: Plan, reading: Reading) -> dict[str, Counter[str]]:
    """Work out the public money again, in two rounds, by what each would pay by list."""
    shares = {need: cents for pool in plan.pools for need, cents in listed_shares(pool).items()}
    ranked = sorted(shares, key=lambda name: (-reading.needs[name].priority, name))
    spent: Counter[str] = Counter()
    drawn = Counter(
        {
            (budget.id, ("household", one.household)): one.cents
            for budget in reading.problem.budgets
            for one in budget.drawn
        }
    )
    granted: dict[str, Counter[str]] = {name: Counter() for name in ranked}
    for rest in (False, True):
        for name in ranked:
            need, share = reading.needs[name], shares[name]
            floor = 0 if rest else share if need.price_limit_cents is None else need.price_limit_cents
            for budget in reading.payers_of(need):
                who = ("household", need.household) if need.household else ("need", name)
                open_now = [
                    share - floor - granted[name].total(),
                    budget.cap_cents - spent[budget.id],
                    share * budget.share_percent // 100 - granted[name][budget.id],
                ]
                if budget.household_cap_cents is not None:
                    open_now.append(budget.household_cap_cents - drawn[budget.id, who])
                cents = max(0, min(open_now))
                granted[name][budget.id] += cents
                spent[budget.id] += cents
                drawn[budget.id, who] += cents
    return granted
