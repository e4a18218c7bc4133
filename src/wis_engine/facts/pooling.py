"""The rules of a pool: whether the network can keep what a new pool promises.

`PoolFormed` asks them; they read the same terms as the matcher does, from the
network's own entities, so that a plan is adopted only if its promises hold
now. Fields that redaction emptied are left out.
"""

from enum import StrEnum
from itertools import pairwise

from wis_engine.errors import refuse
from wis_engine.facts.base import known
from wis_engine.facts.needs import has_active_recipient, lacks_consent
from wis_engine.network import Network, grants, timetable
from wis_engine.network.parties import Offer
from wis_engine.network.promises import (
    ChainStep,
    Need,
    NeedState,
    NeedStep,
    Pool,
    PoolMember,
)
from wis_engine.territory import distance_m, zone
from wis_engine.values import (
    SLOT_MINUTES,
    SLOTS_A_DAY,
    Cents,
    Channel,
    FundId,
    HouseholdId,
    Minutes,
    NeedId,
    Period,
    Place,
    ServiceCode,
    WeekSlots,
    is_redacted,
    slots_for,
)


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    CHAIN_BROKEN = "chain-broken"
    OTHER_STEPS = "other-steps"
    ONE_SUPPLIER_TWICE = "one-supplier-twice"
    NOT_IN_CHAIN = "not-in-chain"
    OFFER_WITHDRAWN = "offer-withdrawn"
    SUPPLIER_SUSPENDED = "supplier-suspended"
    OTHER_SERVICE = "other-service"
    NO_AGREEMENT = "no-agreement"
    NEED_NOT_OPEN = "need-not-open"
    NOT_WHOLE = "not-whole"
    NO_ACTIVE_RECIPIENT = "no-active-recipient"
    CONSENT_MISSING = "consent-missing"
    OTHER_CHANNEL = "other-channel"
    OTHER_LANGUAGE = "other-language"
    OTHER_AGE = "other-age"
    OUTSIDE_PERIOD = "outside-period"
    OUTSIDE_SLOTS = "outside-slots"
    OUTSIDE_PLACE = "outside-place"
    TOO_FEW_SESSIONS = "too-few-sessions"
    GROUP_SIZE = "group-size"
    OVER_CAPACITY = "over-capacity"
    OVERBOOKED = "overbooked"
    IN_TWO_PLACES = "in-two-places"
    OTHER_PRICE = "other-price"
    OVER_SHARE = "over-share"
    OTHER_ACTION = "other-action"
    OVER_FUND = "over-fund"
    OVER_HOUSEHOLD_CAP = "over-household-cap"
    OVER_LIMIT = "over-limit"
    POOL_NOT_FORMED = "pool-not-formed"
    NOT_IN_POOL = "not-in-pool"
    ALREADY_MET = "already-met"
    SESSIONS_WAITING = "sessions-waiting"


def standing_offer(network: Network, step: ChainStep) -> Offer:
    """Find the offer of a step, or refuse one that is withdrawn or suspended, or serves something else."""
    offer = known(network.offers, step.offer)
    if offer.withdrawn:
        refuse(Reason.OFFER_WITHDRAWN, step.offer)
    if offer.suspended:
        refuse(Reason.SUPPLIER_SUSPENDED, offer.supplier)
    if offer.service != step.service:
        refuse(Reason.OTHER_SERVICE, step.offer)
    return offer


def check_promise(network: Network, pool: Pool) -> None:
    """Refuse a pool that its offers or its members cannot keep, or whose price is not theirs."""
    for step in pool.steps:
        _check_offer(network, pool, step)
    for member in pool.members:
        _check_member(network, pool, member)
    _check_price(network, pool)
    _check_grants(network, pool)
    _check_calendar(network, pool)


def _check_offer(network: Network, pool: Pool, step: ChainStep) -> None:
    """Refuse an offer that does not stand, or not then, or not for so many."""
    offer = standing_offer(network, step)
    if offer.channel is Channel.AGREEMENT and not _agreed(network, offer, pool.period):
        refuse(Reason.NO_AGREEMENT, offer.id)
    if not offer.period.covers(pool.period):
        refuse(Reason.OUTSIDE_PERIOD, offer.id)
    if not _within(pool, step, offer.slots):
        refuse(Reason.OUTSIDE_SLOTS, offer.id)
    if not offer.group_min <= len(pool.members) <= offer.group_max:
        refuse(Reason.GROUP_SIZE, offer.id)
    minutes = sum(timetable.promised_minutes(pool, step, member) for member in pool.members)
    if offer.committed_minutes + minutes > offer.capacity_minutes:
        refuse(Reason.OVER_CAPACITY, offer.id)


def _agreed(network: Network, offer: Offer, period: Period) -> bool:
    names = network.links.sources(offer.id, "covers")
    return any(network.agreements[name].period.covers(period) for name in names)  # type: ignore[index]  # ids of links


def _within(pool: Pool, step: ChainStep, slots: WeekSlots) -> bool:
    """Say whether every session of a step lies in the half-hours given, and begins on the day that its chain does."""
    starts = slots.starts(slots_for(step.minutes)).bits
    return not (pool.starts.bits << step.offset_slots) & ~starts and all(
        start % SLOTS_A_DAY + step.offset_slots < SLOTS_A_DAY for start in pool.starts
    )


def _check_member(network: Network, pool: Pool, member: PoolMember) -> None:
    """Refuse a need that is not open, not wholly served, or not suited; sealed fields are left out."""
    need = known(network.needs, member.need)
    if need.state is not NeedState.OPEN:
        refuse(Reason.NEED_NOT_OPEN, need.id)
    if (member.sessions, member.minutes) != (need.left_sessions, need.left_minutes):
        refuse(Reason.NOT_WHOLE, need.id)
    if not has_active_recipient(network, need.household):
        refuse(Reason.NO_ACTIVE_RECIPIENT, need.id)
    if not need.period.covers(pool.period):
        refuse(Reason.OUTSIDE_PERIOD, need.id)
    if need.group_max is not None and len(pool.members) > need.group_max:
        refuse(Reason.GROUP_SIZE, need.id)
    if need.price_limit_cents is not None and member.share_cents - member.granted_cents > need.price_limit_cents:
        refuse(Reason.OVER_LIMIT, need.id)
    _check_wanted(network, pool, need)
    for step in pool.steps:
        _check_suited(network, need, network.offers[step.offer])


def _check_wanted(network: Network, pool: Pool, need: Need) -> None:
    """Refuse other services, other lengths or other times than the need asks for."""
    if not is_redacted(need.service) and not is_redacted(need.steps):
        wanted = [(step.service, step.minutes) for step in need.steps] or [(need.service, need.session_minutes)]
        if [_kind(*one) for one in wanted] != [_kind(step.service, step.minutes) for step in pool.steps]:
            refuse(Reason.OTHER_SERVICE, need.id)
        if need.steps and not _handed_over(network, pool, need.steps):
            refuse(Reason.OTHER_STEPS, need.id)
        if lacks_consent(network.households[need.household], (step.service for step in pool.steps)):
            refuse(Reason.CONSENT_MISSING, need.id)
    if not is_redacted(need.slots):
        last = pool.steps[-1]
        length = last.offset_slots + slots_for(last.minutes)
        if pool.starts.bits & ~need.slots.starts(length).bits:
            refuse(Reason.OUTSIDE_SLOTS, need.id)


def _kind(service: ServiceCode, minutes: Minutes) -> tuple[ServiceCode, int]:
    """What must be alike in one session: the service, and the half-hours that it takes."""
    return service, slots_for(minutes)


def _handed_over(network: Network, pool: Pool, wanted: tuple[NeedStep, ...]) -> bool:
    """Say whether the gaps and the ways between the steps of a chain stay within what the need allows."""
    for (before, after), limits in zip(pairwise(pool.steps), wanted[1:], strict=True):
        gap = (after.offset_slots - before.offset_slots - slots_for(before.minutes)) * SLOT_MINUTES
        there, here = network.offers[before.offer], network.offers[after.offer]
        remote = Place.REMOTE in (there.place, here.place)
        way = 0 if remote else distance_m(zone(there.nil).centroid, zone(here.nil).centroid)
        if gap > limits.gap_max_minutes or (limits.distance_max_m is not None and way > limits.distance_max_m):
            return False
    return True


def _check_suited(network: Network, need: Need, offer: Offer) -> None:
    """Refuse an offer that is too far, on another channel, or not for such a person."""
    if need.channel is not None and offer.channel is not need.channel:
        refuse(Reason.OTHER_CHANNEL, need.id)
    if offer.municipi and need.municipio not in offer.municipi:
        refuse(Reason.OUTSIDE_PLACE, need.id)
    if not is_redacted(need.nil) and offer.place is not Place.REMOTE:
        way = distance_m(zone(need.nil).centroid, zone(offer.nil).centroid)
        limits = [offer.radius_m, need.radius_m if offer.place is Place.SUPPLIER else None]
        if any(limit is not None and way > limit for limit in limits):
            refuse(Reason.OUTSIDE_PLACE, need.id)
    if offer.languages and need.language and need.language not in offer.languages:
        refuse(Reason.OTHER_LANGUAGE, need.id)
    members = network.households[need.household].members
    if offer.age_bands and not is_redacted(members) and not is_redacted(need.beneficiary):
        band = next(member.age_band for member in members if member.id == need.beneficiary)
        if band not in offer.age_bands:
            refuse(Reason.OTHER_AGE, need.id)


def _check_price(network: Network, pool: Pool) -> None:
    """Refuse a price that is not the offers' for so many people, or shares that do not add up to it."""
    size = len(pool.members)
    price_cents = 0
    for step in pool.steps:
        offer = network.offers[step.offer]
        heads = [
            offer.price_per_head(size, timetable.promised_minutes(pool, step, member)) or 0 for member in pool.members
        ]
        price_cents += offer.opening_cents + sum(heads)
    if pool.price_cents != price_cents or sum(member.share_cents for member in pool.members) != price_cents:
        refuse(Reason.OTHER_PRICE, price_cents)


def _check_grants(network: Network, pool: Pool) -> None:
    """Refuse public money that a fund has not free, may not pay for this, or not to this household."""
    free: dict[FundId, Cents] = {}
    had: dict[tuple[HouseholdId, FundId], Cents] = {}
    for member in pool.members:
        need = network.needs[member.need]
        if member.granted_cents > member.share_cents:
            refuse(Reason.OVER_SHARE, member.need)
        for grant in member.grants:
            fund = known(network.funds, grant.fund)
            if fund.action != need.action:
                refuse(Reason.OTHER_ACTION, fund.id)
            if grant.cents > member.share_cents * fund.share_percent // 100:
                refuse(Reason.OVER_SHARE, member.need)
            free[fund.id] = free.get(fund.id, grants.free_cents(network, fund.id)) - grant.cents
            if free[fund.id] < 0:
                refuse(Reason.OVER_FUND, fund.id)
            key = need.household, fund.id
            had[key] = had.get(key, grants.household_cents(network, *key)) + grant.cents
            if fund.household_cap_cents is not None and had[key] > fund.household_cap_cents:
                refuse(Reason.OVER_HOUSEHOLD_CAP, fund.id)


def _check_calendar(network: Network, pool: Pool) -> None:
    """Refuse too few dates, an offer that is busy, a person in two places."""
    if any(len(dated) < pool.sessions for dated in timetable.sessions_of(network, pool)):
        refuse(Reason.TOO_FEW_SESSIONS, pool.period)
    if timetable.overlaps_itself(network, pool):
        refuse(Reason.IN_TWO_PLACES, pool.id)
    if over := timetable.overbooked(network, pool):
        refuse(Reason.OVERBOOKED, f"{over[0]} on {over[1]}")
    seen: dict[tuple[str, str], NeedId] = {}
    for member in pool.members:
        need = network.needs[member.need]
        if is_redacted(need.beneficiary):
            continue
        if met := timetable.clash(network, need, pool):
            refuse(Reason.IN_TWO_PLACES, f"{need.id} and {met[0]}")
        other = seen.setdefault((need.household, need.beneficiary), need.id)
        if other != need.id:
            refuse(Reason.IN_TWO_PLACES, f"{need.id} and {other}")
