"""The one bridge between network and matcher: open needs become a problem, a plan becomes facts."""

import datetime as dt
import hashlib
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from wis_engine.catalogue import services_of
from wis_engine.errors import PlanError
from wis_engine.facts import ChainComposed, Event, PlanAdopted, PoolFormed
from wis_engine.facts.matches import PlanLevel, PlanSetting
from wis_engine.facts.needs import lacks_consent
from wis_engine.matching import Budget, Commitment, Drawn, Plan, PlanChain, PlanPool, Problem, Step
from wis_engine.matching import Need as WantedNeed
from wis_engine.matching import Offer as StandingOffer
from wis_engine.matching.check import has_passed
from wis_engine.network import Network, grants, timetable
from wis_engine.network.parties import Offer
from wis_engine.network.promises import ChainStep, Grant, Need, PoolMember
from wis_engine.territory import zone, zones
from wis_engine.values import (
    AgeBand,
    ChainId,
    Channel,
    FundId,
    HouseholdId,
    MemberId,
    NeedId,
    OfferId,
    Period,
    Place,
    PlanId,
    PoolId,
    ServiceCode,
    is_redacted,
)

_MOBILE: Final = (Place.HOME, Place.FIRM)


def problem_of(network: Network) -> Problem:
    """Take a frozen picture of the open needs, of what is offered, of free money and of promises in force.

    Some open needs are left out; `left_out` says why. Nothing is planned before the day
    after the latest fact: what happens is what tells the time.
    """
    tomorrow = _tomorrow(network)
    return Problem(
        needs=list(_needs(network, tomorrow)),
        offers=list(_offers(network, tomorrow)),
        budgets=list(_budgets(network)),
        commitments=list(_commitments(network)),
        closed_days=network.closed_days,
    )


def _left(period: Period, first: dt.date) -> Period | None:
    """Take what is left of a period from a day on."""
    return period if first <= period.start else Period(first, period.end) if first < period.end else None


class LeftOut(StrEnum):
    """Why an open need is not in the problem: nothing about it can be matched now."""

    REDACTED = "redacted"
    NO_ACTIVE_RECIPIENT = "no-active-recipient"
    CONSENT_MISSING = "consent-missing"
    PERIOD_OVER = "period-over"


def left_out(network: Network) -> dict[NeedId, LeftOut]:
    """Say for each open need that is not in the problem why it is not, in order of id."""
    first = _tomorrow(network)
    needs = [network.needs[NeedId(name)] for name in network.opened("need")]
    return {need.id: why for need in needs if (why := _why_left_out(network, need, first))}


def _why_left_out(network: Network, need: Need, first: dt.date) -> LeftOut | None:
    if any(map(is_redacted, (need.service, need.steps, need.beneficiary, need.slots, need.nil, need.language))):
        return LeftOut.REDACTED
    if not _firms(network, need.household):
        return LeftOut.NO_ACTIVE_RECIPIENT
    if lacks_consent(network.households[need.household], [step.service for step in need.steps] or [need.service]):
        return LeftOut.CONSENT_MISSING
    return None if _left(need.period, first) else LeftOut.PERIOD_OVER


def _tomorrow(network: Network) -> dt.date:
    return network.latest.astimezone(network.zone_info).date() + dt.timedelta(days=1)


def _needs(network: Network, first: dt.date) -> Iterator[WantedNeed]:
    for name in network.opened("need"):
        need = network.needs[NeedId(name)]
        if _why_left_out(network, need, first):
            continue
        yield WantedNeed(
            id=need.id,
            minutes=need.left_minutes,
            household=need.household,
            firm=_firms(network, need.household)[0],
            beneficiary=_somebody(need.household, need.beneficiary),
            service=need.service,
            sessions=need.left_sessions,
            slots=need.slots,
            period=_left(need.period, first),
            place=zone(need.nil).centroid,
            zone=need.nil,
            radius_m=need.radius_m,
            price_limit_cents=need.price_limit_cents,
            priority=need.priority,
            group_max=need.group_max,
            age_band=_age_band(network, need),
            language=need.language,
            channel=need.channel,
            steps=tuple(
                Step(
                    service=step.service,
                    minutes=step.minutes,
                    gap_max_minutes=step.gap_max_minutes,
                    distance_max_m=step.distance_max_m,
                )
                for step in need.steps
            ),
        )


def _firms(network: Network, household: HouseholdId) -> list[str]:
    """Firms through which somebody of a household is enrolled, in order."""
    holders = network.links.sources(household, "lives_in")
    return sorted(firm for person in holders for firm in network.links.sources(person, "employs"))


def _somebody(household: HouseholdId, member: MemberId) -> str:
    """Name a member over all households, in the form of an id."""
    return hashlib.sha256(f"{household} {member}".encode()).hexdigest()


def _age_band(network: Network, need: Need) -> AgeBand | None:
    members = network.households[need.household].members
    if is_redacted(members):
        return None
    return next((member.age_band for member in members if member.id == need.beneficiary), None)


def _offers(network: Network, first: dt.date) -> Iterator[StandingOffer]:
    for name in network.opened("offer"):
        offer = network.offers[OfferId(name)]
        period = _agreed_period(network, offer, first)
        if period is None:
            continue
        yield StandingOffer(
            id=offer.id,
            capacity_minutes=offer.capacity_minutes,
            supplier=offer.supplier,
            service=offer.service,
            slots=offer.slots,
            period=period,
            place=None if offer.place is Place.REMOTE else zone(offer.nil).centroid,
            radius_m=offer.radius_m,
            mobile=offer.place in _MOBILE,
            zones=frozenset(one.nil for one in zones() if offer.municipi and one.municipio in offer.municipi),
            capacity_per_slot=offer.capacity_per_slot,
            tiers=offer.tiers,
            unit_minutes=offer.unit_minutes,
            opening_cents=offer.opening_cents,
            group_min=offer.group_min,
            group_max=offer.group_max,
            quality_percent=offer.quality_percent,
            channel=offer.channel,
            age_bands=offer.age_bands,
            languages=offer.languages,
        )


def _agreed_period(network: Network, offer: Offer, first: dt.date) -> Period | None:
    """When an offer may take pools from a day on: within the longest agreement that covers it, where one is due."""
    if offer.channel is not Channel.AGREEMENT:
        return _left(offer.period, first)
    agreements = [network.agreements[name] for name in network.links.sources(offer.id, "covers")]  # type: ignore[index]  # ids of links
    common = [one.period & offer.period for one in agreements]
    ahead = [left for period in common if period and (left := _left(period, first))]
    return max(ahead, key=lambda period: (period.days, period), default=None)


def _budgets(network: Network) -> Iterator[Budget]:
    for name, fund in sorted(network.funds.items()):
        cap_cents = grants.free_cents(network, name)
        if cap_cents:
            yield Budget(
                id=name,
                cap_cents=cap_cents,
                services=frozenset(service.code for service in services_of(fund.action)),
                share_percent=fund.share_percent,
                household_cap_cents=fund.household_cap_cents,
                drawn=() if fund.household_cap_cents is None else list(_drawn(network, name)),
            )


def _drawn(network: Network, fund: FundId) -> Iterator[Drawn]:
    for household in sorted({network.needs[NeedId(name)].household for name in network.opened("need")}):
        cents = grants.household_cents(network, household, fund)
        if cents:
            yield Drawn(household=household, cents=cents)


def _commitments(network: Network) -> Iterator[Commitment]:
    """What every offer has promised, and when its open pools meet with whom."""
    for offer_id, offer in sorted(network.offers.items()):
        if offer.committed_minutes:
            yield Commitment(offer=offer_id, minutes=offer.committed_minutes)
    for name in network.opened("pool"):
        pool = network.pools[PoolId(name)]
        people = [network.needs[member.need] for member in pool.members]
        beneficiaries = frozenset(
            _somebody(need.household, need.beneficiary) for need in people if not is_redacted(need.beneficiary)
        )
        for step, dated in zip(pool.steps, timetable.sessions_of(network, pool), strict=True):
            yield Commitment(offer=step.offer, minutes=0, occurrences=dated, beneficiaries=beneficiaries)


def facts_of(network: Network, plan: Plan, problem: Problem) -> tuple[Event, ...]:
    """Write a plan as facts: it was adopted, its chains composed, its pools formed.

    `problem` is the network's own. A plan that answers it is checked against it
    unless it was a moment ago, and
    what its certificate says goes into the facts; of a plan for a world that
    has moved nothing is certified here, and the guards decide alone. A chain
    that stands already, step by step, is used and not composed again.

    Raises
    ------
    PlanError
        The plan breaks a rule of the problem, names what is not here, or has
        a pool without a time (explicit options, which no community asks).
    """
    plan_id = PlanId(plan.id)
    proved = plan.problem == problem.digest
    if proved and not has_passed(plan, problem.digest):
        plan.check(problem)
    _require_known(network, plan)
    levels = tuple(
        PlanLevel(level=one.name, value=one.value, bound=one.bound) for one in plan.certificate.levels if proved
    )
    adopted = PlanAdopted(
        plan=plan_id,
        strategy=plan.strategy,
        settings=tuple(_settings(plan)),
        seed=plan.seed,
        problem=plan.problem,
        levels=levels,
    )
    # What this very plan composed does not count: a retry writes the same facts.
    others = (chain for chain in network.chains.values() if not chain.broken and chain.plan != plan_id)
    standing = {chain.steps: chain.id for chain in others}
    chains: dict[str, tuple[ChainId, tuple[ChainStep, ...]]] = {}
    composed: list[Event] = []
    for chain in plan.chains:
        steps = _chain_steps(chain)
        chains[chain.id] = (standing.get(steps, ChainId(chain.id)), steps)
        if steps not in standing:
            lead = network.offers[steps[0].offer].supplier
            composed.append(ChainComposed(chain=ChainId(chain.id), plan=plan_id, lead=lead, steps=steps))
    return (adopted, *composed, *(_pool_formed(network, plan_id, pool, chains) for pool in plan.pools))


def _settings(plan: Plan) -> Iterator[PlanSetting]:
    """Tell the parameters of the strategy, and whatever else a plan rests on."""
    for one in plan.settings:
        yield PlanSetting(name=one.name, value=one.value)
    # A dot keeps these apart from any parameter.
    if plan.since is not None:
        yield PlanSetting(name="solve.previous", value=f'"{plan.since.plan}"')
        if plan.since.move_minutes is not None:
            yield PlanSetting(name="solve.move_minutes", value=str(plan.since.move_minutes))
    if plan.stopped is not None:
        yield PlanSetting(name="solve.stopped", value=str(plan.stopped))


def _require_known(network: Network, plan: Plan) -> None:
    offers = [pool.offer for pool in plan.pools if pool.offer is not None]
    offers += [step.offer for chain in plan.chains for step in chain.steps]
    unknown = [name for name in offers if name not in network.offers]
    unknown += [name for pool in plan.pools for name in pool.needs if name not in network.needs]
    chains = {chain.id for chain in plan.chains if chain.steps}
    unknown += [pool.chain for pool in plan.pools if pool.chain is not None and pool.chain not in chains]
    unknown += [pool.id for pool in plan.pools if pool.chain is None and pool.offer is None]
    if unknown:
        raise PlanError("unknown", f"{min(unknown)} is not in this community")


def _chain_steps(chain: PlanChain) -> tuple[ChainStep, ...]:
    return tuple(
        ChainStep(
            service=ServiceCode(step.service),
            offer=OfferId(step.offer),
            offset_slots=step.offset_slots,
            minutes=step.minutes,
        )
        for step in chain.steps
    )


def _pool_formed(
    network: Network, plan: PlanId, pool: PlanPool, chains: dict[str, tuple[ChainId, tuple[ChainStep, ...]]]
) -> PoolFormed:
    if pool.starts is None or pool.period is None:
        raise PlanError("time", f"pool {pool.id} has no time")
    chain: ChainId | None = None
    if pool.chain is not None:
        chain, steps = chains[pool.chain]
    else:
        offer = network.offers[OfferId(str(pool.offer))]
        steps = (ChainStep(service=offer.service, offer=offer.id, minutes=pool.session_minutes),)
    members = []
    for name in pool.needs:
        need = network.needs[NeedId(name)]
        members.append(
            PoolMember(
                need=need.id,
                sessions=need.left_sessions,
                minutes=need.left_minutes,
                share_cents=pool.shares[name],
                grants=tuple(
                    Grant(fund=FundId(fund), cents=cents) for fund, cents in sorted(pool.grants.get(name, {}).items())
                ),
                alone_cents=pool.alone_cents[name],
            )
        )
    return PoolFormed(
        pool=PoolId(pool.id),
        plan=plan,
        chain=chain,
        steps=steps,
        members=tuple(members),
        price_cents=pool.price_cents,
        starts=pool.starts,
        period=pool.period,
    )
