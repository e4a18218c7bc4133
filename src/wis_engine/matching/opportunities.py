"""What a welfare manager could do next: the single changes by which a whole plan gains most."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from attrs import field, frozen

from wis_engine.errors import Malformed
from wis_engine.matching.changes import Change, Remedy
from wis_engine.matching.gains import Acting, Gain, Tried, confirmed
from wis_engine.matching.nearest import Search
from wis_engine.matching.options import STAGES, Kind
from wis_engine.matching.plan import Plan
from wis_engine.matching.problem import Need, Problem
from wis_engine.matching.rules import Unserved
from wis_engine.matching.standing import Standing
from wis_engine.shapes import natural
from wis_engine.values import Minutes, WeekSlots

TRIES: Final = 200
HOUR: Final[Minutes] = 60
SEARCHED_MAX: Final = 3
"""Needs of one service with one reason for which single changes are looked for: others would ask for the same."""

_FILTERS: Final = frozenset(STAGES) - {Unserved.SERVICE}
_MONEY: Final = frozenset((Remedy.LIMIT, Remedy.BUDGET))
_ALONE: Final = frozenset(Remedy) - {Remedy.NOTHING, Remedy.MEMBERS}


@frozen(kw_only=True)
class Opportunities:
    """The best changes that were found, best first.

    Attributes
    ----------
    untried
        How many more could have been tried, had there been tries left.
    """

    found: tuple[Gain, ...]
    untried: int = field(default=0, validator=natural)


@frozen(kw_only=True)
class Agreement:
    """What one more supplier, or one more hour of one that there is, would bring to one service in one zone.

    Attributes
    ----------
    zone
        None where the zone of the needs is not known.
    gain
        Counts only the needs of this service in this zone; its change is the
        agreement to sign: `supplier`, modelled on an offer that is named, or
        `capacity`, an hour more of one.
    """

    service: str
    zone: int | None
    gain: Gain


class Idea(NamedTuple):
    """A change to try, the needs that may gain by it, and the pool that new ones would join."""

    change: Change
    among: tuple[str, ...]
    joins: int | None = None


def opportunities(problem: Problem, plan: Plan, limit: int = 10, *, tries: int = TRIES) -> Opportunities:
    """Rank the single changes by which a plan gains most minutes, then most cents.

    One more family for a group that is too small or that then costs less, one
    more hour or session of an offer that is full, more in a budget that is
    spent; for needs that no offer reaches, what they or an offer could change.
    Each is acted upon: nobody who is served loses the place, needs that are left
    out are placed where there is room now, and the pools are held against the
    rules. What is said to be gained is gained in exactly that plan; a whole new
    search may gain more.

    Parameters
    ----------
    limit
        How many to give.
    tries
        How many changes to try, those for needs first in rank before others.

    Raises
    ------
    Malformed
        What is given is no problem, no plan, or a number of 0 or more.
    PlanError
        The plan answers another problem.

    Notes
    -----
    A try takes time linear in the problem.
    """
    _check_counts(limit, tries)
    acting = Acting(Standing.of(problem, plan), plan)
    listed = list(ideas(acting, plan))
    found = (acting.tried(*idea) for idea in listed[:tries])
    gaining = [one for one in found if one is not None and (one.gain.minutes or one.gain.cents > 0)]
    return Opportunities(found=confirmed(gaining, limit), untried=max(0, len(listed) - tries))


def next_agreements(problem: Problem, plan: Plan, limit: int = 10, *, tries: int = TRIES) -> tuple[Agreement, ...]:
    """Rank services and zones by what one more supplier, or one more hour of capacity, would serve there.

    Every value is what acting on it gains, as in `opportunities`; no price of a
    proof is shown as money. A service that nobody offers is not listed: there is
    no offer to model a supplier on.

    Raises
    ------
    Malformed
        What is given is no problem, no plan, or a number of 0 or more.
    PlanError
        The plan answers another problem.
    """
    _check_counts(limit, tries)
    acting = Acting(Standing.of(problem, plan), plan)
    best: list[tuple[Tried, str, int | None]] = []
    for (service, zone), among in sorted(_short(acting).items(), key=lambda one: _place(*one[0])):
        for changes in (_suppliers(acting, service, zone), _hours(acting, service, among)):
            found = [one for change in islice(changes, tries) if (one := acting.tried(change, among)) is not None]
            if found:
                best.append((min(found, key=lambda tried: tried.gain.rank), service, zone))
    best.sort(key=lambda one: (one[0].gain.rank, _place(*one[1:])))
    kept = (one for one in best if one[0].standing.is_confirmed())
    return tuple(Agreement(service=service, zone=zone, gain=tried.gain) for tried, service, zone in islice(kept, limit))


def _check_counts(*counts: int) -> None:
    if not all(type(count) is int and count >= 0 for count in counts):
        raise Malformed("limit and tries: whole numbers of 0 or more")


# Ideas for a whole plan.


def ideas(acting: Acting, plan: Plan) -> Iterator[Idea]:
    """Changes worth a try, each once."""
    seen: set[Change] = set()
    for idea in (*_for_left_out(acting, plan), *_for_served(acting)):
        if idea.change not in seen:
            seen.add(idea.change)
            yield idea


def _for_left_out(acting: Acting, plan: Plan) -> Iterator[Idea]:
    standing = acting.standing
    why = {one.need: one for one in plan.unmatched}
    searched: Counter[tuple[Unserved, str]] = Counter()
    groups: set[tuple[Kind, WeekSlots, int | None, int]] = set()
    for need in acting.needs(acting.left_out):
        reasons = why[need.id].reasons
        if reasons == (Unserved.GROUP,):
            key = standing.ground.kinds[need.id], need.slots, need.zone, why[need.id].short_by
            if key not in groups:
                groups.add(key)
                change = _families(need, why[need.id].short_by, need.slots if standing.ground.timed else None)
                yield Idea(change, tuple(_alike(acting, need)))
        elif reasons == (Unserved.CAPACITY,):
            for name in sorted({offer for ways in standing.ground.steps_of(need) for offer in ways}):
                among = tuple(_users(acting, name))
                yield Idea(Change(remedy=Remedy.CAPACITY, offer=name, minutes=HOUR), among)
                if standing.ground.offers[name].capacity_per_slot is not None:
                    yield Idea(Change(remedy=Remedy.AT_ONCE, offer=name, sessions=1), among)
        elif reasons == (Unserved.BUDGET,) or not _FILTERS.isdisjoint(reasons[:1]):
            asking = reasons[0], need.service
            searched[asking] += 1
            if searched[asking] <= SEARCHED_MAX:
                only = _MONEY if reasons[0] is Unserved.BUDGET else _ALONE
                for change in Search(standing, need.id).changes(only):
                    yield Idea(change, tuple(_touched(acting, change, need)))


def _touched(acting: Acting, change: Change, need: Need) -> list[str]:
    """Needs that may gain by a change made for one of them: that one first."""
    if change.offer:
        services = {acting.standing.ground.offers[change.offer].service}
        others = [one.id for one in acting.needs(acting.left_out) if not services.isdisjoint(_services(one))]
    elif change.budget:
        budgets = acting.standing.ground.budgets
        others = [name for name in acting.left_out if change.budget in {one.id for one in budgets[name]}]
    else:
        others = list(_alike(acting, need))
    return [need.id, *(name for name in others if name != need.id)]


def _for_served(acting: Acting) -> Iterator[Idea]:
    """Families enough for the next price of a pool."""
    ground, draft = acting.standing.ground, acting.standing.draft
    for number, pool in sorted(draft.pools.items()):
        offers = [ground.offers[name] for name in pool.shape.offers]
        needs = [ground.needs[name] for name in pool.members]
        limits = [*(offer.group_max for offer in offers), *(need.group_max for need in needs)]
        most = min((limit for limit in limits if limit is not None), default=None)
        size = len(needs)
        froms = {tier.people_from for offer in offers for tier in offer.tiers if tier.people_from > size}
        froms |= {size + 1} if any(offer.opening_cents for offer in offers) else set()
        for people in sorted(froms):
            if most is None or people <= most:
                first = min(needs, key=lambda need: need.id)
                spread = WeekSlots(pool.shape.starts).spread(pool.shape.span) if ground.timed else None
                yield Idea(_families(first, people - size, spread), (), number)


def _families(need: Need, people: int, slots: WeekSlots | None) -> Change:
    return Change(remedy=Remedy.MEMBERS, need=need.id, service=need.service, zone=need.zone, slots=slots, people=people)


def _alike(acting: Acting, need: Need) -> Iterator[str]:
    kinds = acting.standing.ground.kinds
    family = kinds[need.id].family
    return (name for name in acting.left_out if kinds[name].family == family)


def _users(acting: Acting, offer: str) -> Iterator[str]:
    ground = acting.standing.ground
    return (need.id for need in acting.needs(acting.left_out) if any(offer in ways for ways in ground.steps_of(need)))


# Services and zones.


def _services(need: Need) -> frozenset[str]:
    return frozenset(step.service for step in need.steps) or frozenset((need.service,))


def _short(acting: Acting) -> dict[tuple[str, int | None], list[str]]:
    """Needs that are left out, by service and zone, first in rank first."""
    found: dict[tuple[str, int | None], list[str]] = {}
    for need in acting.needs(acting.left_out):
        for service in _services(need):
            found.setdefault((service, need.zone), []).append(need.id)
    return found


def _place(service: str, zone: int | None) -> tuple[str, int]:
    return service, -1 if zone is None else zone


def _suppliers(acting: Acting, service: str, zone: int | None) -> Iterator[Change]:
    """One more supplier like the one of this service that is used most."""
    used = {
        offer.id: offer.capacity_minutes - acting.standing.draft.left[offer.id]
        for offer in acting.standing.problem.offers
        if offer.service == service
    }
    if used:
        model = min(used, key=lambda name: (-used[name], name))
        yield Change(remedy=Remedy.SUPPLIER, offer=model, zone=zone)


def _hours(acting: Acting, service: str, among: list[str]) -> Iterator[Change]:
    """One more hour of each offer of a service that these needs could use."""
    ground = acting.standing.ground
    usable = {offer for need in acting.needs(among) for ways in ground.steps_of(need) for offer in ways}
    for offer in sorted(usable):
        if ground.offers[offer].service == service:
            yield Change(remedy=Remedy.CAPACITY, offer=offer, minutes=HOUR)
