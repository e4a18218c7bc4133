"""What is wanted, promised and done: needs, plans, chains, pools, engagements, vouchers."""

import datetime as dt
from enum import StrEnum
from typing import ClassVar, Self

import attrs
from attrs import field
from attrs.validators import optional

from wis_engine.network.entity import Entity, entity, refers, sealed
from wis_engine.shapes import between, checked_id, exactly, natural, positive, tuple_of
from wis_engine.values import (
    SLOTS_A_WEEK,
    ActionCode,
    Cents,
    ChainId,
    Channel,
    EngagementId,
    FundId,
    HouseholdId,
    MemberId,
    Metres,
    Minutes,
    NeedId,
    Occurrence,
    OfferId,
    Period,
    PlanId,
    PoolId,
    ServiceCode,
    SupplierId,
    VoucherId,
    WeekSlots,
    require_distinct,
)

# Needs


class NeedState(StrEnum):
    """Where a need stands."""

    OPEN = "open"
    POOLED = "pooled"
    MET = "met"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    UNMET = "unmet"


@attrs.frozen(kw_only=True)
class NeedStep:
    """One service of a need that is a chain, with the hand-over from the step before."""

    service: ServiceCode = field(validator=checked_id)
    minutes: Minutes = field(validator=positive)
    gap_max_minutes: Minutes = field(default=30, validator=natural)
    distance_max_m: Metres | None = field(default=None, validator=optional(natural))


@entity
class Need(Entity):
    """One service wanted: how much, when, where, up to what price, with whom.

    `minutes` is the total in the period over `sessions` equal sessions;
    `delivered` counts the sessions that took place; one of a chain did when
    its last step did.
    """

    kind: ClassVar[str] = "need"
    id: NeedId
    household: HouseholdId = refers("declares")
    service: ServiceCode = sealed()
    steps: tuple[NeedStep, ...] = sealed()
    beneficiary: MemberId = sealed()
    slots: WeekSlots = sealed()
    nil: int = sealed()
    language: str | None = sealed()
    minutes: Minutes
    sessions: int
    period: Period
    radius_m: Metres | None
    price_limit_cents: Cents | None
    priority: int
    group_max: int | None
    channel: Channel | None
    action: ActionCode
    municipio: int
    step_count: int
    delivered: int = 0
    state: NeedState = NeedState.OPEN

    @property
    def open(self) -> bool:
        """Whether it still waits for a pool."""
        return self.state is NeedState.OPEN

    @property
    def session_minutes(self) -> Minutes:
        """Minutes of one session, rounded up."""
        return -(-self.minutes // self.sessions)

    @property
    def left_sessions(self) -> int:
        """Sessions not yet delivered."""
        return self.sessions - self.delivered

    @property
    def left_minutes(self) -> Minutes:
        """Minutes not yet delivered."""
        return self.minutes if self.left_sessions == self.sessions else self.left_sessions * self.session_minutes

    def pooled(self) -> Self:
        """Enter a pool."""
        return self.replace(state=NeedState.POOLED)

    def reopened(self) -> Self:
        """Wait again, for what is left."""
        return self.replace(state=NeedState.OPEN) if self.state is NeedState.POOLED else self

    def received(self) -> Self:
        """Count one delivered session; the last one meets the need."""
        delivered = self.delivered + 1
        met = delivered >= self.sessions
        return self.replace(delivered=delivered, state=NeedState.MET if met else self.state)

    def missed(self, state: NeedState) -> Self:
        """Take back a session that was counted and did not take place; what was met waits again, in this state."""
        return self.replace(delivered=self.delivered - 1, state=state if self.state is NeedState.MET else self.state)

    def ended(self, state: NeedState) -> Self:
        """Withdraw, expire or go unmet."""
        return self.replace(state=state)


# Matches


@entity
class AdoptedPlan(Entity):
    """The outcome of a match that the community adopted."""

    kind: ClassVar[str] = "plan"
    id: PlanId
    strategy: str
    seed: int


@attrs.frozen(kw_only=True)
class ChainStep:
    """One offer of a chain: its service, the half-hours after the chain's start, its minutes in a session."""

    service: ServiceCode = field(validator=checked_id)
    offer: OfferId = field(validator=checked_id)
    offset_slots: int = field(default=0, validator=between(0, SLOTS_A_WEEK - 1))
    minutes: Minutes = field(validator=positive)


@entity
class Chain(Entity):
    """Offers of different suppliers joined in time and place, sold by one lead supplier."""

    kind: ClassVar[str] = "chain"
    id: ChainId
    plan: PlanId | None = refers("composes")
    lead: SupplierId = refers("leads")
    steps: tuple[ChainStep, ...]
    broken: bool = False


@attrs.frozen(kw_only=True, order=True)
class Grant:
    """Public money of one fund that a pool promised to a member."""

    fund: FundId = field(validator=checked_id)
    cents: Cents = field(validator=positive)


@attrs.frozen(kw_only=True)
class PoolMember:
    """A need in a pool: what it was promised (sessions, minutes) and for how much.

    `share_cents` is its part of the price, `grants` the public money promised
    towards that part, `alone_cents` what it would have paid alone.
    """

    need: NeedId = field(validator=checked_id)
    sessions: int = field(validator=positive)
    minutes: Minutes = field(validator=positive)
    share_cents: Cents = field(validator=natural)
    grants: tuple[Grant, ...] = field(default=(), validator=tuple_of(exactly(Grant)))
    alone_cents: Cents = field(validator=natural)

    def __attrs_post_init__(self) -> None:
        """Refuse one fund twice."""
        require_distinct((grant.fund for grant in self.grants), "PoolMember.grants")

    @property
    def granted_cents(self) -> Cents:
        """Public money promised in all."""
        return sum(grant.cents for grant in self.grants)


@attrs.frozen(kw_only=True, order=True)
class Move:
    """A session of a pool, by its number, that meets at another time than the pattern says."""

    session: int
    day: dt.date
    start_slot: int


class PoolState(StrEnum):
    """Where a pool stands."""

    FORMED = "formed"
    DONE = "done"
    DISSOLVED = "dissolved"


@entity
class Pool(Entity):
    """Needs served together by one offer or one chain; a need served alone is a pool of one.

    `starts` are the half-hours of the week in which sessions begin. `steps`
    spell the offers out, one for a pool without a chain.
    """

    kind: ClassVar[str] = "pool"
    id: PoolId
    plan: PlanId = refers("forms")
    chain: ChainId | None = refers("shapes")
    steps: tuple[ChainStep, ...]
    members: tuple[PoolMember, ...]
    price_cents: Cents
    starts: WeekSlots
    period: Period
    moves: tuple[Move, ...] = ()
    state: PoolState = PoolState.FORMED

    @property
    def sessions(self) -> int:
        """Sessions of the member who was promised most."""
        return max(member.sessions for member in self.members)

    @property
    def open(self) -> bool:
        """Whether sessions may still be booked and delivered."""
        return self.state is PoolState.FORMED

    def member(self, need: NeedId) -> PoolMember | None:
        """Find one member."""
        return next((member for member in self.members if member.need == need), None)

    def without(self, need: NeedId) -> Self:
        """Let one member go; the others keep their shares."""
        members = tuple(member for member in self.members if member.need != need)
        return self.replace(members=members, price_cents=sum(member.share_cents for member in members))

    def moved(self, move: Move) -> Self:
        """Let one session meet at another time."""
        others = [one for one in self.moves if one.session != move.session]
        return self.replace(moves=tuple(sorted([*others, move])))

    def ended(self, state: PoolState) -> Self:
        """Finish or dissolve."""
        return self.replace(state=state)


# What is delivered and how it is paid


class SessionState(StrEnum):
    """Where one booked session stands."""

    BOOKED = "booked"
    DELIVERED = "delivered"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    DISPUTED = "disputed"
    MISSED = "missed"
    FAILED = "failed"

    @property
    def took_place(self) -> bool:
        """Whether it was delivered, as far as is known."""
        return self in (SessionState.DELIVERED, SessionState.CONFIRMED, SessionState.DISPUTED)

    @property
    def stands(self) -> bool:
        """Whether it takes its half-hours: it waits or took place."""
        return self.took_place or self is SessionState.BOOKED


@attrs.frozen(kw_only=True, order=True)
class Payment:
    """What the vouchers of one fund paid for an engagement."""

    fund: FundId
    cents: Cents


@entity
class Engagement(Entity):
    """A need being served by one offer: dated sessions, each with its state."""

    kind: ClassVar[str] = "engagement"
    id: EngagementId
    pool: PoolId = refers("within", to=True)
    need: NeedId = refers("fulfils", to=True)
    offer: OfferId = refers("delivers")
    step: int
    occurrences: tuple[Occurrence, ...]
    price_cents: Cents
    states: tuple[SessionState, ...]
    delivered_minutes: tuple[Minutes, ...]
    payments: tuple[Payment, ...] = ()
    score: int | None = None

    @property
    def open(self) -> bool:
        """Whether a booked session still waits."""
        return SessionState.BOOKED in self.states

    @property
    def confirmed(self) -> bool:
        """Whether the household confirmed at least one delivery."""
        return SessionState.CONFIRMED in self.states

    def unbroken(self) -> tuple[Occurrence, ...]:
        """Sessions that wait or took place."""
        both = zip(self.occurrences, self.states, strict=False)  # that they differ is a breach, told by the invariants
        return tuple(one for one, state in both if state.stands)

    def turned(self, session: int, state: SessionState, minutes: Minutes | None = None) -> Self:
        """Move one session on; `minutes` are those really delivered."""
        states = (*self.states[:session], state, *self.states[session + 1 :])
        if minutes is None:
            return self.replace(states=states)
        delivered = (*self.delivered_minutes[:session], minutes, *self.delivered_minutes[session + 1 :])
        return self.replace(states=states, delivered_minutes=delivered)

    def moved(self, before: Occurrence, after: Occurrence) -> Self:
        """Let the session that waits at one time wait at another."""
        both = zip(self.occurrences, self.states, strict=True)
        there = [after if (one, state) == (before, SessionState.BOOKED) else one for one, state in both]
        return self.replace(occurrences=tuple(there))

    def cancelled(self) -> Self:
        """Cancel every session that still waits."""
        return self.replace(
            states=tuple(SessionState.CANCELLED if state is SessionState.BOOKED else state for state in self.states)
        )

    @property
    def redeemed_cents(self) -> Cents:
        """What vouchers paid in all."""
        return sum(payment.cents for payment in self.payments)

    @property
    def payable_cents(self) -> Cents:
        """What may be paid for by now: the price in the part of the minutes that were delivered, undisputed."""
        disputed = zip(self.states, self.delivered_minutes, strict=False)
        return self._part_cents(-sum(minutes for state, minutes in disputed if state is SessionState.DISPUTED))

    @property
    def delivered_cents(self) -> Cents:
        """The price in the part of the minutes that were delivered, disputed or not."""
        return self._part_cents(0)

    def _part_cents(self, more_minutes: Minutes) -> Cents:
        booked = sum(occurrence.minutes for occurrence in self.occurrences)
        return self.price_cents * (sum(self.delivered_minutes) + more_minutes) // booked

    def paid_by(self, fund: FundId) -> Cents:
        """What the vouchers of one fund paid."""
        return sum(payment.cents for payment in self.payments if payment.fund == fund)

    def paid(self, fund: FundId, cents: Cents) -> Self:
        """Count what a voucher paid, or take it back when negative."""
        sums = {payment.fund: payment.cents for payment in self.payments} | {fund: self.paid_by(fund) + cents}
        kept = [Payment(fund=one, cents=paid) for one, paid in sorted(sums.items()) if paid]
        return self.replace(payments=tuple(kept))

    def judged(self, score: int) -> Self:
        """Keep the household's score."""
        return self.replace(score=score)


class VoucherState(StrEnum):
    """Where a voucher stands."""

    ACTIVE = "active"
    SPENT = "spent"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class VoucherKind(StrEnum):
    """A balance that pays bit by bit (public support), or a title for one service, used whole (art. 51 TUIR)."""

    DIVISIBLE = "divisible"
    SINGLE_USE = "single-use"


@attrs.frozen(kw_only=True, order=True)
class VoucherUse:
    """What a voucher paid for one engagement, and how much of it the supplier has received."""

    engagement: EngagementId
    redeemed_cents: Cents
    settled_cents: Cents = 0


@entity
class Voucher(Entity):
    """A nominative title reserved on a fund for one household.

    `pool` and `need` say which promise it keeps, if it keeps one.
    """

    kind: ClassVar[str] = "voucher"
    id: VoucherId
    fund: FundId = refers("backs")
    household: HouseholdId = refers("holds")
    pool: PoolId | None = refers("grants", default=None)
    need: NeedId | None = refers("meant_for", to=True, default=None)
    face_cents: Cents
    valid: Period
    voucher_kind: VoucherKind = VoucherKind.DIVISIBLE
    redeemed_cents: Cents = 0
    uses: tuple[VoucherUse, ...] = ()
    state: VoucherState = VoucherState.ACTIVE

    @property
    def open(self) -> bool:
        """Whether it can still pay."""
        return self.state is VoucherState.ACTIVE

    @property
    def left_cents(self) -> Cents:
        """What it can still pay."""
        return self.face_cents - self.redeemed_cents if self.open else 0

    @property
    def settled_cents(self) -> Cents:
        """What suppliers have received of what it paid."""
        return sum(use.settled_cents for use in self.uses)

    def use(self, engagement: EngagementId) -> VoucherUse:
        """What it paid for an engagement."""
        return next((one for one in self.uses if one.engagement == engagement), _unused(engagement))

    def redeemed(self, engagement: EngagementId, cents: Cents) -> Self:
        """Pay, or take back when negative; the last cent ends it, and a cent that comes back opens it again."""
        redeemed_cents = self.redeemed_cents + cents
        state = self.state
        if state in (VoucherState.ACTIVE, VoucherState.SPENT):
            state = VoucherState.SPENT if redeemed_cents == self.face_cents else VoucherState.ACTIVE
        use = self.use(engagement)
        use = VoucherUse(
            engagement=engagement, redeemed_cents=use.redeemed_cents + cents, settled_cents=use.settled_cents
        )
        return self.replace(redeemed_cents=redeemed_cents, uses=self._uses(use), state=state)

    def settled(self, engagement: EngagementId, cents: Cents) -> Self:
        """Say that the supplier received what was redeemed."""
        use = self.use(engagement)
        use = VoucherUse(
            engagement=engagement, redeemed_cents=use.redeemed_cents, settled_cents=use.settled_cents + cents
        )
        return self.replace(uses=self._uses(use))

    def ended(self, state: VoucherState) -> Self:
        """Expire or cancel."""
        return self.replace(state=state)

    def _uses(self, use: VoucherUse) -> tuple[VoucherUse, ...]:
        others = [one for one in self.uses if one.engagement != use.engagement]
        return tuple(sorted([*others, use] if use.redeemed_cents else others))


def _unused(engagement: EngagementId) -> VoucherUse:
    return VoucherUse(engagement=engagement, redeemed_cents=0)
