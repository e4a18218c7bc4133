"""From a proposal to a plan: checked, priced, shared out, certified, explained."""

from typing import Final

from wis_engine.errors import Malformed, PlanError
from wis_engine.matching.certificate import certify
from wis_engine.matching.chains import shape_fault
from wis_engine.matching.exact import Exact
from wis_engine.matching.gathering import Pool, Shape, own_cents
from wis_engine.matching.money import head_cents, reached_tier
from wis_engine.matching.options import Ground, ground_of
from wis_engine.matching.plan import (
    Grant,
    Link,
    Member,
    Placement,
    Plan,
    PlanChain,
    PlanPool,
    Proposal,
    Setting,
)
from wis_engine.matching.pools import Draft
from wis_engine.matching.problem import Need, Problem
from wis_engine.matching.reasons import Reasons
from wis_engine.matching.rules import Rule
from wis_engine.matching.strategies import Strategy, name_of, proposed, settings_of, strategy_named
from wis_engine.shapes import INTEGER_BITS
from wis_engine.values import SLOT_MINUTES, Cents, Minutes, WeekSlots

EFFORT: Final = 1_000


def solve(problem: Problem, strategy: str | Strategy = "greedy", *, seed: int = 0, effort: int = EFFORT) -> Plan:
    """Match the needs of a problem with its offers.

    Parameters
    ----------
    strategy
        A name (`by_firm`, `by_zone`, `greedy`, `exact`, or one of an entry
        point) or a value that can be called.
    seed
        For strategies that draw; none of those above does.
    effort
        Steps a strategy may spend, never seconds; what a step is it says itself.

    Raises
    ------
    Malformed
        No problem, or a seed or effort that is no whole number of 0 or more.
    StrategyError
        No such strategy, or it does not take this problem, or it fails.
    PlanError
        The strategy proposed what breaks a rule: its fault, not the caller's.
    """
    for name, number in (("seed", seed), ("effort", effort)):
        if type(number) is not int or number < 0 or number.bit_length() > INTEGER_BITS:
            raise Malformed(f"{name}: not a whole number of 0 or more")
    if type(problem) is not Problem:
        raise Malformed(f"not a Problem: {type(problem).__name__}")
    chosen = strategy_named(strategy)
    proposal = proposed(chosen, problem, seed=seed, effort=effort)
    draft = _drafted(ground_of(problem), proposal)
    household, public = draft.payments()
    chains, pools = _written(draft)
    plan = Plan(
        problem=problem.digest,
        strategy=name_of(chosen),
        settings=tuple(Setting(name=name, value=value) for name, value in sorted(settings_of(chosen).items())),
        seed=seed,
        effort=effort,
        pools=pools,
        chains=chains,
        unmatched=Reasons(draft).of_all(),
        certificate=certify(
            problem, (draft.value, household, public), enumerated=proposal.complete and isinstance(chosen, Exact)
        ),
    ).sealed()
    plan.check(problem)
    return plan


def _drafted(ground: Ground, proposal: Proposal) -> Draft:
    draft = Draft(ground, lifted=frozenset((Rule.BUDGET,)))
    for placement in sorted(proposal.placements, key=_placement_key):
        shape = _shape(ground, placement)
        for need in placement.needs:
            if need in draft.pool_of or placement.needs.count(need) > 1:
                raise PlanError(Rule.NEEDS, f"{need} is placed twice")
        if draft.open(shape, placement.needs) is None:
            raise PlanError(draft.fault or Rule.GROUP, f"{', '.join(placement.needs)} with {', '.join(shape.offers)}")
    short = draft.short_of_money()
    if short:
        raise PlanError(Rule.BUDGET, f"no public money brings {short} down to its limit")
    draft.lifted = frozenset()
    return draft


def _placement_key(placement: Placement) -> tuple[object, ...]:
    starts = -1 if placement.starts is None else placement.starts.bits
    return sorted(placement.needs), placement.offers, placement.offsets, starts


def _shape(ground: Ground, placement: Placement) -> Shape:
    unknown = [need for need in placement.needs if need not in ground.needs]
    if unknown or not placement.needs:
        raise PlanError(Rule.NEEDS, f"no need {unknown[0]}" if unknown else "a pool without needs")
    if any(offer not in ground.offers for offer in placement.offers) or not placement.offers:
        raise PlanError(Rule.OPTION, f"no such offers: {', '.join(placement.offers)}")
    if (placement.starts is not None) != ground.timed:
        raise PlanError(Rule.TIME, "starts are given when, and only when, things have times")
    starts = 0 if placement.starts is None else placement.starts.bits
    kind = ground.kind(ground.needs[placement.needs[0]], placement.offers)
    shape = Shape(kind, tuple(placement.offers), tuple(placement.offsets), starts)
    fault = shape_fault(ground, shape)
    if fault:
        raise PlanError(fault, f"{', '.join(placement.needs)} with {', '.join(shape.offers)}")
    return shape


def _written(draft: Draft) -> tuple[tuple[PlanChain, ...], tuple[PlanPool, ...]]:
    """Write chains and pools in canonical order, with their places for ids."""
    ground, grants = draft.ground, draft.grants()
    pools = sorted(draft.pools.values(), key=lambda pool: (pool.members, pool.shape.offers))
    links = {pool.shape: _links(ground, pool.shape) for pool in pools if len(pool.shape.offers) > 1}
    distinct = sorted(
        set(links.values()), key=lambda steps: [(s.offer, s.offset_slots, s.service, s.minutes) for s in steps]
    )
    chains = {steps: str(place) for place, steps in enumerate(distinct, start=len(pools) + 1)}
    written = tuple(
        _pool(ground, pool, str(place), chains.get(links.get(pool.shape, ())), grants)
        for place, pool in enumerate(pools, start=1)
    )
    return tuple(PlanChain(id=place, steps=steps) for steps, place in chains.items()), written


def _links(ground: Ground, shape: Shape) -> tuple[Link, ...]:
    return tuple(
        Link(
            service=step.service,
            offer=offer,
            supplier=ground.offers[offer].supplier,
            offset_slots=offset,
            minutes=step.minutes,
        )
        for step, offer, offset in zip(shape.kind.steps, shape.offers, shape.offsets, strict=True)
    )


def _pool(ground: Ground, pool: Pool, number: str, chain: str | None, grants: dict[str, dict[str, Cents]]) -> PlanPool:
    shape = pool.shape
    needs = [ground.needs[member] for member in pool.members]
    members = tuple(
        _member(ground, need, shape, people=len(needs), share=share, grants=grants.get(need.id, {}))
        for need, share in zip(needs, pool.shares, strict=True)
    )
    return PlanPool(
        id=number,
        service=needs[0].service,
        offer=shape.offers[0] if chain is None else None,
        chain=chain,
        starts=WeekSlots(shape.starts) if ground.timed else None,
        period=pool.period,
        session_minutes=_session_minutes(needs, shape),
        sessions=max(need.sessions for need in needs),
        host=_host(ground, pool),
        opening_cents=sum(ground.offers[offer].opening_cents for offer in shape.offers),
        price_cents=pool.price_cents,
        members=members,
    )


def _session_minutes(needs: list[Need], shape: Shape) -> Minutes:
    steps = shape.kind.steps
    if steps:
        return shape.offsets[-1] * SLOT_MINUTES + steps[-1].minutes
    return max(need.session_minutes for need in needs)


def _host(ground: Ground, pool: Pool) -> str:
    places = {member: ground.needs[member].place for member in pool.members}

    def far(host: str) -> tuple[int, str]:
        here = places[host]
        return sum(ground.distance(here, there) for there in places.values() if here and there), host

    return min(pool.hosts, key=far, default="")


def _member(ground: Ground, need: Need, shape: Shape, *, people: int, share: Cents, grants: dict[str, Cents]) -> Member:
    tiers = []
    for offer, ways in zip(shape.offers, ground.steps_of(need), strict=True):
        tier = reached_tier(ground.offers[offer], people, ways[offer].minutes if need.steps else need.minutes)
        tiers += [] if tier is None else [tier]
    return Member(
        need=need.id,
        price_cents=own_cents(ground, need, shape, people),
        share_cents=share,
        household_cents=share - sum(grants.values()),
        alone_cents=_alone_cents(ground, need, shape),
        grants=tuple(Grant(budget=budget, cents=cents) for budget, cents in sorted(grants.items())),
        tiers=tuple(tiers),
    )


def _alone_cents(ground: Ground, need: Need, shape: Shape) -> Cents:
    """Price the cheapest way for one alone, within its limit or not.

    Where nobody serves one alone, and for a chain: the pool's own offers, at
    the price for one.
    """
    own = own_cents(ground, need, shape, 1) + sum(ground.offers[offer].opening_cents for offer in shape.offers)
    if need.steps:
        return own
    ways = ground.ways[need.id] | ground.dear[need.id]
    singles = [offer for offer in map(ground.offers.__getitem__, ways) if offer.group_min == 1]
    return min(
        (head_cents(offer, 1, need.minutes, ways[offer.id].price_cents) + offer.opening_cents for offer in singles),
        default=own,
    )
