"""When pools meet, and whom and what that keeps busy, by dated session.

A pool carries a weekly pattern; its dated sessions are the first ones of the
pattern in its period, closed days taken out. Capacity («sessions at once»)
and «nobody in two places» are counted on those dates, half-hour by half-hour;
a session that runs past midnight takes half-hours of the next day too.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from attrs import evolve

from wis_engine.network.network import Network
from wis_engine.network.promises import ChainStep, Engagement, Move, Need, Pool, PoolMember, SessionState
from wis_engine.values import (
    SLOTS_A_DAY,
    EngagementId,
    Minutes,
    NeedId,
    Occurrence,
    OfferId,
    Period,
    PoolId,
    is_redacted,
    occurrences,
)

_DAY: Final = (1 << SLOTS_A_DAY) - 1
# The pools of a neighbourhood meet on few patterns in few periods, and are asked for their dates again and again.
_dated = lru_cache(maxsize=1 << 14)(occurrences)


def sessions_of(network: Network, pool: Pool) -> tuple[tuple[Occurrence, ...], ...]:
    """Date the sessions of a pool: one tuple for each of its steps, equally long unless the period ends first."""
    dated = _dated(pool.starts, pool.steps[0].minutes, pool.period, pool.sessions, network.closed_days)
    if pool.moves:
        moves = {move.session: move for move in pool.moves}
        dated = tuple(_at(one, moves[number]) if number in moves else one for number, one in enumerate(dated))
    return tuple(tuple(_moved(one, step) for one in dated) for step in pool.steps)


def _at(occurrence: Occurrence, move: Move) -> Occurrence:
    return evolve(occurrence, day=move.day, start_slot=move.start_slot)


def _moved(occurrence: Occurrence, step: ChainStep) -> Occurrence:
    if not step.offset_slots and step.minutes == occurrence.minutes:
        return occurrence
    return evolve(occurrence, start_slot=occurrence.start_slot + step.offset_slots, minutes=step.minutes)


def taken(sessions: Iterable[Occurrence]) -> Iterator[tuple[dt.date, int]]:
    """Half-hours that sessions take: a date and the mask of its half-hours, one or more for each session."""
    for session in sessions:
        day, mask = session.day, session.mask
        while mask:
            yield day, mask & _DAY
            day, mask = day + dt.timedelta(days=1), mask >> SLOTS_A_DAY


def first_meeting(sessions: Iterable[Occurrence], others: Iterable[Occurrence]) -> Occurrence | None:
    """First of some sessions that shares a half-hour with one of the others."""
    busy: dict[dt.date, int] = defaultdict(int)
    for day, mask in taken(others):
        busy[day] |= mask
    return next((one for one in sessions if any(busy[day] & mask for day, mask in taken([one]))), None)


def overlaps_itself(network: Network, pool: Pool) -> bool:
    """Say whether a session of a pool, of whatever step, begins before another one is over."""
    busy: dict[dt.date, int] = defaultdict(int)
    for day, mask in taken(one for dated in sessions_of(network, pool) for one in dated):
        if busy[day] & mask:
            return True
        busy[day] |= mask
    return False


def promised_minutes(pool: Pool, step: ChainStep, member: PoolMember) -> Minutes:
    """Capacity of a step's offer that one member takes: its own minutes, all sessions."""
    return member.minutes if len(pool.steps) == 1 else step.minutes * member.sessions


def unused_minutes(network: Network, pool: Pool, step: int, member: PoolMember) -> Minutes:
    """Part of `promised_minutes` whose sessions never took the supplier's time; one that failed did."""
    done = sum(
        state.took_place or state is SessionState.FAILED
        for engagement in engagements_of(network, pool, member.need)
        if engagement.step == step
        for state in engagement.states
    )
    return promised_minutes(pool, pool.steps[step], member) * (member.sessions - done) // member.sessions


def engagements_of(network: Network, pool: Pool, need: NeedId) -> list[Engagement]:
    """Engagements by which a need is served in a pool, in order of id."""
    names = network.links.sources(need, "fulfils")
    return [one for name in names if (one := network.engagements[EngagementId(name)]).pool == pool.id]


def sessions_at(network: Network, offer: OfferId, during: Period | None = None) -> set[tuple[PoolId, Occurrence]]:
    """Sessions of an offer: promised by its open pools, or booked and not cancelled.

    The members of a pool share a session, which counts once. Pools far from
    `during` are left out.
    """

    def near(pool: Pool) -> bool:
        # Periods that merely touch count: a session may run past midnight.
        return during is None or (pool.period.start <= during.end and during.start <= pool.period.end)

    found = set()
    for name in network.links.targets(offer, "serves"):
        pool = network.pools[PoolId(name)]
        if near(pool):
            for step, dated in zip(pool.steps, sessions_of(network, pool), strict=True):
                found |= {(pool.id, one) for one in dated if step.offer == offer}
    for name in network.links.targets(offer, "delivers"):
        engagement = network.engagements[EngagementId(name)]
        if near(network.pools[engagement.pool]):
            found |= {(engagement.pool, one) for one in engagement.unbroken()}
    return found


def overbooked(network: Network, pool: Pool) -> tuple[OfferId, Occurrence] | None:
    """First dated session of a pool at which one of its offers would run more sessions at once than it can.

    What the network knows of the pool itself, if anything, is left out.
    """
    for step, sessions in zip(pool.steps, sessions_of(network, pool), strict=True):
        at_once: dict[dt.date, list[int]] = defaultdict(list)
        others = (one for name, one in sessions_at(network, step.offer, pool.period) if name != pool.id)
        for day, mask in taken(others):
            at_once[day].append(mask)
        limit = network.offers[step.offer].capacity_per_slot
        for session in sessions:
            if any(most_at_once(at_once[day], mask) >= limit for day, mask in taken([session])):
                return step.offer, session
    return None


def most_promised_at_once(network: Network, offer: OfferId) -> int:
    """How many sessions an offer runs at once at most, in the pools that are open."""
    at_once: dict[dt.date, list[int]] = defaultdict(list)
    for day, mask in taken(one for pool, one in sessions_at(network, offer) if network.pools[pool].open):
        at_once[day].append(mask)
    return max((most_at_once(masks, _DAY) for masks in at_once.values()), default=0)


def most_at_once(masks: Iterable[int], within: int) -> int:
    """Count how many of these day masks lie over one another at most, looking only at the half-hours in `within`."""
    layers: list[int] = []
    for mask in masks:
        carried = mask & within
        for level, layer in enumerate(layers):
            layers[level], carried = layer | carried, layer & carried
        if carried:
            layers.append(carried)
    return len(layers)


def clash(network: Network, need: Need, pool: Pool) -> tuple[NeedId, Occurrence] | None:
    """First dated session of a pool at which the beneficiary of a need is taken elsewhere; None when not known."""
    if is_redacted(need.beneficiary):
        return None
    mine = promised_to(network, pool, need.id)
    for name in network.links.targets(need.household, "declares"):
        other = network.needs[NeedId(name)]
        if other.beneficiary == need.beneficiary and (
            met := first_meeting(mine, sessions_for(network, other, besides=pool.id))
        ):
            return other.id, met
    return None


def sessions_for(network: Network, need: Need, *, besides: PoolId | None = None) -> list[Occurrence]:
    """Sessions of a need: promised by the pool that it is in, or booked and unbroken; those of one pool left out."""
    found = []
    for name in network.links.targets(need.id, "joins"):
        if name != besides:
            found += promised_to(network, network.pools[PoolId(name)], need.id)
    for name in network.links.sources(need.id, "fulfils"):
        engagement = network.engagements[EngagementId(name)]
        if engagement.pool != besides:
            found += engagement.unbroken()
    return found


def promised_to(network: Network, pool: Pool, need: NeedId) -> list[Occurrence]:
    """Dated sessions, of every step, that a pool promised to a member; none to others."""
    member = pool.member(need)
    promised = member.sessions if member else 0
    return [one for dated in sessions_of(network, pool) for one in dated[:promised]]
