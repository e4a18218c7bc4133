"""When pools meet, and whom and what that keeps busy, by dated session.

A pool carries a weekly pattern; its dated sessions are the first ones of the
pattern in its period, closed days taken out. Capacity («sessions at once»)
and «nobody in two places» are counted on those dates.
"""

from collections.abc import Iterable, Iterator

from attrs import evolve

from wis_engine.network.network import Network
from wis_engine.network.promises import ChainStep, Engagement, Need, NeedState, Pool, PoolMember, SessionState
from wis_engine.values import (
    EngagementId,
    Minutes,
    NeedId,
    Occurrence,
    OfferId,
    PoolId,
    is_redacted,
    occurrences,
)


def sessions_of(network: Network, pool: Pool) -> tuple[tuple[Occurrence, ...], ...]:
    """Date the sessions of a pool: one tuple for each of its steps, equally long unless the period ends first."""
    first = pool.steps[0]
    dated = occurrences(pool.starts, first.minutes, pool.period, pool.sessions, network.closed_days)
    return tuple(tuple(_moved(one, step) for one in dated) for step in pool.steps)


def _moved(occurrence: Occurrence, step: ChainStep) -> Occurrence:
    if not step.offset_slots and step.minutes == occurrence.minutes:
        return occurrence
    return evolve(occurrence, start_slot=occurrence.start_slot + step.offset_slots, minutes=step.minutes)


def promised_minutes(pool: Pool, step: ChainStep, member: PoolMember) -> Minutes:
    """Capacity of a step's offer that one member takes: its own minutes, all sessions."""
    return member.minutes if len(pool.steps) == 1 else step.minutes * member.sessions


def unused_minutes(network: Network, pool: Pool, step: int, member: PoolMember) -> Minutes:
    """Part of `promised_minutes` whose sessions were never delivered."""
    done = sum(
        state in (SessionState.DELIVERED, SessionState.CONFIRMED)
        for engagement in engagements_of(network, pool, member.need)
        if engagement.step == step
        for state in engagement.states
    )
    return promised_minutes(pool, pool.steps[step], member) * (member.sessions - done) // member.sessions


def engagements_of(network: Network, pool: Pool, need: NeedId) -> list[Engagement]:
    """Engagements by which a need is served in a pool, in order of id."""
    names = network.links.sources(need, "fulfils")
    return [one for name in names if (one := network.engagements[EngagementId(name)]).pool == pool.id]


def pools_on(network: Network, offer: OfferId, beside: PoolId | None = None) -> Iterator[Pool]:
    """Open pools that an offer serves, one of them left out."""
    return (network.pools[PoolId(name)] for name in network.links.targets(offer, "serves") if name != beside)


def overbooked(network: Network, pool: Pool) -> tuple[OfferId, Occurrence] | None:
    """First dated session of a new pool at which one of its offers would run more sessions at once than it can."""
    for step, sessions in zip(pool.steps, sessions_of(network, pool), strict=True):
        at_once: dict[object, list[int]] = {}
        for other in pools_on(network, step.offer, beside=pool.id):
            if other.period & pool.period is None:
                continue
            for theirs, dated in zip(other.steps, sessions_of(network, other), strict=True):
                if theirs.offer == step.offer:
                    for occurrence in dated:
                        at_once.setdefault(occurrence.day, []).append(occurrence.mask)
        limit = network.offers[step.offer].capacity_per_slot
        for occurrence in sessions:
            if most_at_once(at_once.get(occurrence.day, ()), occurrence.mask) >= limit:
                return step.offer, occurrence
    return None


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
    """First dated session at which the beneficiary of a need is already promised elsewhere; None when not known."""
    if is_redacted(need.beneficiary):
        return None
    mine = busy(network, pool, need.id)
    for name in network.links.targets(need.household, "declares"):
        other = network.needs[NeedId(name)]
        if other.id == need.id or other.state is not NeedState.POOLED or other.beneficiary != need.beneficiary:
            continue
        for name_of_pool in network.links.targets(other.id, "joins"):
            theirs = busy(network, network.pools[PoolId(name_of_pool)], other.id)
            met = next((one for one in mine if any(one.meets(their) for their in theirs)), None)
            if met:
                return other.id, met
    return None


def busy(network: Network, pool: Pool, need: NeedId) -> list[Occurrence]:
    """Dated sessions, of every step, at which a member's beneficiary is in a pool."""
    member = pool.member(need)
    promised = member.sessions if member else 0
    return [one for dated in sessions_of(network, pool) for one in dated[:promised]]
