"""From a proposal to a plan: checked, priced, shared out, certified, explained."""

from collections.abc import Iterable
from concurrent.futures import Executor
from typing import Final

import attrs

from wis_engine.errors import Malformed
from wis_engine.matching.basis import basis_of
from wis_engine.matching.certificate import certify, uncertified
from wis_engine.matching.drafting import drafted
from wis_engine.matching.exact import Exact
from wis_engine.matching.explaining import explanations
from wis_engine.matching.gathering import Pool, Shape, own_cents
from wis_engine.matching.money import Grants, head_cents, reached_tier
from wis_engine.matching.options import Ground, ground_of
from wis_engine.matching.plan import (
    Grant,
    Link,
    Member,
    Plan,
    PlanChain,
    PlanPool,
    Setting,
)
from wis_engine.matching.pools import Draft
from wis_engine.matching.problem import PERCENT, Need, Problem
from wis_engine.matching.progress import Listener, Watch
from wis_engine.matching.rematch import Again, since_of
from wis_engine.matching.split import Bill, Seat, Split, in_core, shares_of
from wis_engine.matching.strategies import Strategy, name_of, proposed, settings_of, strategy_named
from wis_engine.shapes import INTEGER_BITS
from wis_engine.values import SLOT_MINUTES, Cents, Minutes, WeekSlots

EFFORT: Final = 1_000


def solve(
    problem: Problem,
    strategy: str | Strategy = "greedy",
    *,
    seed: int = 0,
    effort: int = EFFORT,
    split: Split | str = Split.EQUAL,
    previous: Plan | None = None,
    move_minutes: int | None = None,
    progress: Listener | None = None,
    executor: Executor | None = None,
    certified: bool = True,
    explained: Iterable[str] | None = None,
) -> Plan:
    """Match the needs of a problem with its offers.

    Parameters
    ----------
    strategy
        A name (`by_firm`, `by_zone`, `greedy`, `exact`, `flow`, `stable`, or one
        of an entry point) or a value that can be called.
    seed
        For strategies that draw; none of those above does.
    effort
        Steps a strategy may spend, never seconds; what a step is it says itself.
    split
        Who pays what of a pool. It changes nothing else: which pools there are,
        the grants and the certificate are the same by every split.
    previous
        The plan before, made of an earlier state of the same things. Only what
        has changed since, and what that touches, is matched again; all else
        stays as it was. `plan.since` says who moved, `plan.full_solve_advised`
        when to solve the whole again.
    move_minutes
        With `previous`: what moving a need that has a place counts, in covered
        minutes by their weights. One that has no place then moves another if it
        is worth more; None moves nobody but where a pool cannot stand any more.
    progress
        Called with a `Progress` at each step of a strategy that tells of its
        steps. Where it answers `True` the search ends, and what it found so far
        becomes the plan, marked by `stopped`. Ctrl-C does the same; before there
        is anything to plan it is raised. What `progress` itself raises is raised.
    executor
        Where there are many needs to explain, runs them in parts beside each
        other; it changes nothing else. Its processes get the problem whole.
    certified
        Look for bounds, and prove them. Without, the plan is checked as any
        other, and its certificate states the bounds that need no proof.
    explained
        Needs for which a reason is looked for where the plan leaves them out;
        every one when None. Of the others the plan says that they are left out
        and not why. With both the plan says less and is another; its pools are
        the same.

    Raises
    ------
    Malformed
        No problem, no such split, `explained` names what is no need, or a seed
        or effort that is no whole number of 0 or more.
    StrategyError
        No such strategy, or it does not take this problem, or it fails.
    PlanError
        The strategy proposed what breaks a rule: its fault, not the caller's.
    """
    _require_arguments(problem, previous, seed=seed, effort=effort, move_minutes=move_minutes)
    if split not in tuple(Split):
        raise Malformed(f"split: one of {', '.join(Split)}")
    asked = None if explained is None else _asked(problem, explained)
    chosen = strategy_named(strategy)
    watch = Watch(problem, effort, progress)
    again = None if previous is None else Again(chosen, previous, move_minutes)
    proposal = proposed(again or chosen, problem, seed=seed, effort=effort, watch=watch)
    draft = drafted(ground_of(problem), proposal)
    household, public = draft.payments()
    values = draft.value, household, public
    chains, pools = pools_of(draft, Split(split))
    plan = Plan(
        problem=problem.digest,
        strategy=name_of(chosen),
        settings=tuple(Setting(name=name, value=value) for name, value in sorted(settings_of(chosen).items())),
        seed=seed,
        effort=effort,
        stopped=watch.stopped,
        split=Split(split),
        pools=pools,
        chains=chains,
        unmatched=explanations(draft, proposal, executor, asked),
        certificate=certify(
            problem, values, proposal.proofs, enumerated=proposal.complete and isinstance(chosen, Exact)
        )
        if certified
        else uncertified(problem, values),
        basis=basis_of(problem),
    )
    if again is not None:
        plan = attrs.evolve(plan, since=since_of(plan, again))
    plan = plan.sealed()
    plan.check(problem)
    return plan


def _require_arguments(
    problem: Problem, previous: Plan | None, *, seed: int, effort: int, move_minutes: int | None
) -> None:
    for name, number in (("seed", seed), ("effort", effort), ("move_minutes", move_minutes or 0)):
        if type(number) is not int or number < 0 or number.bit_length() > INTEGER_BITS:
            raise Malformed(f"{name}: not a whole number of 0 or more")
    if type(problem) is not Problem:
        raise Malformed(f"not a Problem: {type(problem).__name__}")
    if previous is not None and not isinstance(previous, Plan):
        raise Malformed(f"previous: not a Plan: {type(previous).__name__}")


def _asked(problem: Problem, explained: Iterable[str]) -> frozenset[str]:
    try:
        asked = frozenset(explained)
    except TypeError as error:
        raise Malformed(f"explained: not ids of needs: {type(explained).__name__}") from error
    if isinstance(explained, str) or not asked <= {need.id for need in problem.needs}:
        raise Malformed("explained: not ids of needs of this problem")
    return asked


def pools_of(draft: Draft, split: Split) -> tuple[tuple[PlanChain, ...], tuple[PlanPool, ...]]:
    """Write chains and pools in canonical order, with their places for ids."""
    ground, grants = draft.ground, draft.grants()
    pools = sorted(draft.pools.values(), key=lambda pool: (pool.members, pool.shape.offers))
    links = {pool.shape: _links(ground, pool.shape) for pool in pools if len(pool.shape.offers) > 1}
    distinct = sorted(
        set(links.values()), key=lambda steps: [(s.offer, s.offset_slots, s.service, s.minutes) for s in steps]
    )
    chains = {steps: str(place) for place, steps in enumerate(distinct, start=len(pools) + 1)}
    written = tuple(
        _pool(ground, pool, str(place), chains.get(links.get(pool.shape, ())), grants=grants, split=split)
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


def _pool(ground: Ground, pool: Pool, number: str, chain: str | None, *, grants: Grants, split: Split) -> PlanPool:
    shape = pool.shape
    needs = [ground.needs[member] for member in pool.members]
    bill = _bill(ground, pool, grants)
    shares = shares_of(bill, split)
    members = tuple(
        _member(ground, need, shape, people=len(needs), seat=seat, share=share, grants=grants.get(need.id, {}))
        for need, seat, share in zip(needs, bill.seats, shares, strict=True)
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
        opening_cents=bill.opening_cents,
        price_cents=pool.price_cents,
        core=in_core(bill, shares),
        members=members,
    )


def _bill(ground: Ground, pool: Pool, grants: Grants) -> Bill:
    """Work out what each member would pay in groups of other sizes and alone, and what its grants and limit ask for."""
    shape, size = pool.shape, len(pool.members)
    offers = [ground.offers[offer] for offer in shape.offers]
    least = max(offer.group_min for offer in offers)
    tiers = {tier.people_from for offer in offers for tier in offer.tiers if least < tier.people_from <= size}
    froms = (least, *sorted(tiers))
    percents = {budget.id: budget.share_percent for budget in ground.problem.budgets}
    seats = []
    for member, listed in zip(pool.members, pool.shares, strict=True):
        need, granted = ground.needs[member], grants.get(member, {})
        total, limit = sum(granted.values()), need.price_limit_cents
        carrying = [-(-cents * PERCENT // percents[budget]) for budget, cents in granted.items() if cents]
        seats.append(
            Seat(
                alone_cents=_alone_cents(ground, need, shape),
                heads=tuple(own_cents(ground, need, shape, people) for people in froms),
                listed_cents=listed,
                least_cents=max([total, *carrying]),
                most_cents=None if limit is None else limit + total,
            )
        )
    return Bill(tuple(seats), froms, sum(offer.opening_cents for offer in offers))


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


def _member(
    ground: Ground, need: Need, shape: Shape, *, people: int, seat: Seat, share: Cents, grants: dict[str, Cents]
) -> Member:
    tiers = []
    for offer, ways in zip(shape.offers, ground.steps_of(need), strict=True):
        tier = reached_tier(ground.offers[offer], people, ways[offer].minutes if need.steps else need.minutes)
        tiers += [] if tier is None else [tier]
    return Member(
        need=need.id,
        price_cents=seat.heads[-1],
        share_cents=share,
        household_cents=share - sum(grants.values()),
        alone_cents=seat.alone_cents,
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
