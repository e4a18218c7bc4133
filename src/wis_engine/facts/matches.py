"""The life of a pool: a plan adopted, its chains composed, its pools formed, left, dissolved."""

from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise
from typing import Any, ClassVar

import attrs
from attrs import field

from wis_engine.errors import Malformed, refuse
from wis_engine.facts.base import Event, fresh, id_field, known
from wis_engine.facts.pooling import Reason, check_promise, standing_offer
from wis_engine.network import Network, grants, timetable
from wis_engine.network.promises import (
    AdoptedPlan,
    Chain,
    ChainStep,
    NeedState,
    Pool,
    PoolMember,
    PoolState,
)
from wis_engine.shapes import exactly, matching, natural, short_text, tuple_of
from wis_engine.values import (
    Cents,
    ChainId,
    NeedId,
    OfferId,
    Period,
    PlanId,
    PoolId,
    SupplierId,
    WeekSlots,
    require_distinct,
    slots_for,
)


class LeavingReason(StrEnum):
    """Why a need left its pool, or a pool was dissolved, or a chain broke."""

    HOUSEHOLD = "household"
    SUPPLIER = "supplier"
    RECIPIENT_LEFT = "recipient-left"
    PERIOD_OVER = "period-over"


@attrs.frozen(kw_only=True)
class PlanLevel:
    """What a plan reached on one level of the objective, and the bound that no plan passes."""

    level: str = field(validator=short_text)
    value: int = field(validator=natural)
    bound: int = field(validator=natural)


@attrs.frozen(kw_only=True)
class PlanSetting:
    """One parameter of the strategy that made a plan, its value as JSON text."""

    name: str = field(validator=short_text)
    value: str = field(validator=short_text)


@attrs.frozen(kw_only=True)
class PlanAdopted(Event):
    """The community adopted the outcome of a match; its id is the plan's digest.

    `problem` is the digest of the problem that it answers, `strategy` with its
    `settings` and `seed` how it was made; `levels` say what it reached on each
    level of the objective and what bounds it.
    """

    name: ClassVar[str] = "plan-adopted"

    plan: PlanId = id_field()
    strategy: str = field(validator=short_text)
    settings: tuple[PlanSetting, ...] = field(default=(), validator=tuple_of(exactly(PlanSetting)))
    seed: int = field(validator=natural)
    problem: str = field(validator=matching("[0-9a-f]{64}"))
    levels: tuple[PlanLevel, ...] = field(default=(), validator=tuple_of(exactly(PlanLevel)))

    def check(self, network: Network) -> None:
        """Refuse the same plan twice."""
        fresh(network, self.plan)

    def apply(self, network: Network) -> None:
        """Put the plan."""
        network.put(AdoptedPlan(id=self.plan, strategy=self.strategy, seed=self.seed))


def joined_steps(instance: object, attribute: "attrs.Attribute[Any]", value: tuple[ChainStep, ...]) -> None:
    """Validate the steps of a chain: some, each beginning when the one before is over (attrs validator)."""
    tuple_of(exactly(ChainStep))(instance, attribute, value)
    where = f"{type(instance).__name__}.steps"
    if not value:
        raise Malformed(f"{where}: none")
    for before, after in pairwise(value):
        if after.offset_slots < before.offset_slots + slots_for(before.minutes):
            raise Malformed(f"{where}: a step begins before the one before it is over")


def several_steps(_instance: object, _attribute: object, value: tuple[ChainStep, ...]) -> None:
    """Validate that a chain joins offers: one alone is none (attrs validator)."""
    if len(value) == 1:
        raise Malformed("ChainComposed.steps: one alone is no chain")


@attrs.frozen(kw_only=True)
class ChainComposed(Event):
    """Offers of different suppliers were joined in time and place, under one lead supplier."""

    name: ClassVar[str] = "chain-composed"

    chain: ChainId = id_field()
    plan: PlanId | None = id_field(default=None)
    lead: SupplierId = id_field()
    steps: tuple[ChainStep, ...] = field(validator=[joined_steps, several_steps])

    def check(self, network: Network) -> None:
        """Refuse steps that no standing offer serves, or one supplier twice."""
        fresh(network, self.chain)
        if self.plan is not None:
            known(network.plans, self.plan)
        suppliers = [standing_offer(network, step).supplier for step in self.steps]
        if len(set(suppliers)) < len(suppliers):
            refuse(Reason.ONE_SUPPLIER_TWICE, self.chain)
        if self.lead not in suppliers:
            refuse(Reason.NOT_IN_CHAIN, self.lead)

    def apply(self, network: Network) -> None:
        """Put the chain and tie it to its offers."""
        network.put(Chain(id=self.chain, plan=self.plan, lead=self.lead, steps=self.steps))
        for step in self.steps:
            network.link(self.chain, "uses", step.offer)


@attrs.frozen(kw_only=True)
class ChainBroken(Event):
    """A chain no longer holds: no new pools and no new bookings on it."""

    name: ClassVar[str] = "chain-broken"

    chain: ChainId = id_field()
    offer: OfferId = id_field()
    reason: LeavingReason = field(default=LeavingReason.SUPPLIER, validator=exactly(LeavingReason))

    def check(self, network: Network) -> None:
        """Refuse a chain already broken, or a link that is not in it."""
        chain = known(network.chains, self.chain)
        if chain.broken:
            refuse(Reason.CHAIN_BROKEN, self.chain)
        if all(step.offer != self.offer for step in chain.steps):
            refuse(Reason.NOT_IN_CHAIN, self.offer)

    def apply(self, network: Network) -> None:
        """Break the chain and untie its offers."""
        chain = network.chains[self.chain]
        network.put(chain.replace(broken=True))
        for step in chain.steps:
            network.unlink(self.chain, "uses", step.offer)


def distinct_needs(instance: object, attribute: "attrs.Attribute[Any]", value: tuple[PoolMember, ...]) -> None:
    """Validate the members of a pool: some, no need twice (attrs validator)."""
    tuple_of(exactly(PoolMember))(instance, attribute, value)
    where = f"{type(instance).__name__}.members"
    if not value:
        raise Malformed(f"{where}: nobody")
    require_distinct((member.need for member in value), where)


@attrs.frozen(kw_only=True)
class PoolFormed(Event):
    """Needs were merged, to be served together by one offer or one chain.

    Everything that was promised stands here: who, when, how much, and for how
    many cents each. `starts` are the half-hours of the week in which sessions
    begin; the dated sessions follow from them (`timetable.sessions_of`).
    """

    name: ClassVar[str] = "pool-formed"

    pool: PoolId = id_field()
    plan: PlanId = id_field()
    chain: ChainId | None = id_field(default=None)
    steps: tuple[ChainStep, ...] = field(validator=joined_steps)
    members: tuple[PoolMember, ...] = field(validator=distinct_needs)
    price_cents: Cents = field(validator=natural)
    starts: WeekSlots = field(validator=exactly(WeekSlots))
    period: Period = field(validator=exactly(Period))

    def check(self, network: Network) -> None:
        """Refuse a promise that the network cannot keep."""
        fresh(network, self.pool)
        known(network.plans, self.plan)
        self._check_chain(network)
        check_promise(network, self._pool())

    def apply(self, network: Network) -> None:
        """Put the pool, commit its offers, and let its needs wait no longer."""
        pool = self._pool()
        network.put(pool)
        for step in pool.steps:
            minutes = sum(timetable.promised_minutes(pool, step, member) for member in pool.members)
            network.put(network.offers[step.offer].promised(minutes))
            network.link(step.offer, "serves", self.pool)
        for member in self.members:
            for grant in member.grants:
                network.put(network.funds[grant.fund].promised(grant.cents))
            network.put(network.needs[member.need].pooled())
            network.link(member.need, "joins", self.pool)

    def _check_chain(self, network: Network) -> None:
        if self.chain is None:
            if len(self.steps) > 1:
                refuse(Reason.OTHER_STEPS, self.pool)
            return
        chain = known(network.chains, self.chain)
        if chain.broken:
            refuse(Reason.CHAIN_BROKEN, self.chain)
        if chain.steps != self.steps:
            refuse(Reason.OTHER_STEPS, self.chain)

    def _pool(self) -> Pool:
        return Pool(
            id=self.pool,
            plan=self.plan,
            chain=self.chain,
            steps=self.steps,
            members=self.members,
            price_cents=self.price_cents,
            starts=self.starts,
            period=self.period,
        )


@attrs.frozen(kw_only=True)
class PoolMemberLeft(Event):
    """A need left its pool and waits again; the others keep their shares."""

    name: ClassVar[str] = "pool-member-left"

    pool: PoolId = id_field()
    need: NeedId = id_field()
    reason: LeavingReason = field(default=LeavingReason.HOUSEHOLD, validator=exactly(LeavingReason))

    def check(self, network: Network) -> None:
        """Refuse while a booked session waits, or when the rest are fewer than the smallest group."""
        pool = _formed_pool(network, self.pool)
        if pool.member(self.need) is None or not network.links.is_open(self.need, "joins", self.pool):
            refuse(Reason.NOT_IN_POOL, self.need)
        if network.needs[self.need].state is NeedState.MET:
            refuse(Reason.ALREADY_MET, self.need)
        _check_nothing_waits(network, pool, [self.need])
        rest = len(pool.members) - 1
        if any(rest < max(1, network.offers[step.offer].group_min) for step in pool.steps):
            refuse(Reason.GROUP_SIZE, rest)

    def apply(self, network: Network) -> None:
        """Give the capacity that was not used back and reopen the need."""
        pool = network.pools[self.pool]
        _release(network, pool, [member for member in pool.members if member.need == self.need])
        network.put(pool.without(self.need))
        close_if_done(network, self.pool)


def _formed_pool(network: Network, name: PoolId) -> Pool:
    pool = known(network.pools, name)
    if pool.state is not PoolState.FORMED:
        refuse(Reason.POOL_NOT_FORMED, pool.state)
    return pool


def _check_nothing_waits(network: Network, pool: Pool, needs: Iterable[NeedId]) -> None:
    for need in needs:
        for engagement in timetable.engagements_of(network, pool, need):
            if engagement.open:
                refuse(Reason.SESSIONS_WAITING, engagement.id)


def _release(network: Network, pool: Pool, members: Iterable[PoolMember]) -> None:
    for member in members:
        for number, step in enumerate(pool.steps):
            unused = timetable.unused_minutes(network, pool, number, member)
            network.put(network.offers[step.offer].promised(-unused))
        grants.release(network, pool, member)
        network.put(network.needs[member.need].reopened())
        network.unlink(member.need, "joins", pool.id)


@attrs.frozen(kw_only=True)
class PoolDissolved(Event):
    """A pool ended before it was done; what its needs have not received waits again."""

    name: ClassVar[str] = "pool-dissolved"

    pool: PoolId = id_field()
    reason: LeavingReason = field(validator=exactly(LeavingReason))

    def check(self, network: Network) -> None:
        """Refuse while a booked session waits."""
        pool = _formed_pool(network, self.pool)
        _check_nothing_waits(network, pool, (member.need for member in pool.members))

    def apply(self, network: Network) -> None:
        """Give the capacity that was not used back and reopen the needs."""
        pool = network.pools[self.pool]
        _release(network, pool, pool.members)
        network.put(pool.ended(PoolState.DISSOLVED))
        for step in pool.steps:
            network.unlink(step.offer, "serves", self.pool)


def close_if_done(network: Network, name: PoolId) -> None:
    """Finish a pool of which every member was met; money promised that no voucher holds by now is free again."""
    pool = network.pools[name]
    if pool.state is PoolState.FORMED and all(
        network.needs[member.need].state is NeedState.MET for member in pool.members
    ):
        network.put(pool.ended(PoolState.DONE))
        for step in pool.steps:
            network.unlink(step.offer, "serves", name)
        for member in pool.members:
            grants.release(network, pool, member)
            network.unlink(member.need, "joins", name)
