"""The life of an engagement: booked, moved, delivered, confirmed or disputed, judged; or cancelled, or missed."""

from enum import StrEnum
from typing import Any, ClassVar

import attrs
from attrs import field
from attrs import validators as v

from wis_engine.errors import Malformed, refuse
from wis_engine.facts.base import Event, fresh, id_field, known
from wis_engine.facts.matches import close_if_done
from wis_engine.facts.needs import has_active_recipient
from wis_engine.facts.requests import is_accepted
from wis_engine.network import Network, timetable
from wis_engine.network.promises import Engagement, NeedState, Pool, PoolState, SessionState
from wis_engine.shapes import between, exactly, natural, positive, tuple_of
from wis_engine.values import SLOT_MINUTES, Cents, EngagementId, Minutes, NeedId, Occurrence, PoolId, require_distinct


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    POOL_NOT_FORMED = "pool-not-formed"
    NOT_IN_POOL = "not-in-pool"
    CHAIN_BROKEN = "chain-broken"
    NO_SUCH_STEP = "no-such-step"
    NOT_PROMISED = "not-promised"
    ALREADY_BOOKED = "already-booked"
    OVER_SHARE = "over-share"
    NO_ACTIVE_RECIPIENT = "no-active-recipient"
    NO_SUCH_SESSION = "no-such-session"
    SESSION_NOT_BOOKED = "session-not-booked"
    SESSION_NOT_DELIVERED = "session-not-delivered"
    BEFORE_ITS_TIME = "before-its-time"
    OVER_BOOKED_MINUTES = "over-booked-minutes"
    NOTHING_WAITS = "nothing-waits"
    NOTHING_DELIVERED = "nothing-delivered"
    ALREADY_JUDGED = "already-judged"
    SUPPLIER_SUSPENDED = "supplier-suspended"
    REQUEST_NOT_ACCEPTED = "request-not-accepted"
    SESSION_NOT_DISPUTED = "session-not-disputed"
    PAID_BEYOND = "paid-beyond"


class NoShowBy(StrEnum):
    """Who did not come to a session."""

    HOUSEHOLD = "household"
    SUPPLIER = "supplier"


class CancelReason(StrEnum):
    """Who cancelled, or what."""

    HOUSEHOLD = "household"
    SUPPLIER = "supplier"
    RECIPIENT_LEFT = "recipient-left"


def distinct_sessions(instance: object, attribute: "attrs.Attribute[Any]", value: tuple[Occurrence, ...]) -> None:
    """Validate dated sessions: some, in order, none twice (attrs validator)."""
    tuple_of(exactly(Occurrence))(instance, attribute, value)
    if not value or list(value) != sorted(value):
        raise Malformed("ServiceBooked.occurrences: none, or not in order")
    require_distinct(value, "ServiceBooked.occurrences")


@attrs.frozen(kw_only=True)
class ServiceBooked(Event):
    """A member of a pool was booked with one of the pool's offers, for dated sessions.

    A chain is booked as linked engagements, one for each `step`. `price_cents`
    is this engagement's part of the member's share: no more than its part of
    the promised sessions.
    """

    name: ClassVar[str] = "service-booked"

    engagement: EngagementId = id_field()
    pool: PoolId = id_field()
    need: NeedId = id_field()
    step: int = field(default=0, validator=natural)
    occurrences: tuple[Occurrence, ...] = field(validator=distinct_sessions)
    price_cents: Cents = field(validator=natural)

    def check(self, network: Network) -> None:
        """Refuse what the pool did not promise to this member."""
        fresh(network, self.engagement)
        pool = known(network.pools, self.pool)
        need = known(network.needs, self.need)
        if pool.state is not PoolState.FORMED:
            refuse(Reason.POOL_NOT_FORMED, pool.state)
        if pool.chain is not None and network.chains[pool.chain].broken:
            refuse(Reason.CHAIN_BROKEN, pool.chain)
        if self.step >= len(pool.steps):
            refuse(Reason.NO_SUCH_STEP, self.step)
        if not has_active_recipient(network, need.household):
            refuse(Reason.NO_ACTIVE_RECIPIENT, self.need)
        if not is_accepted(network, self.need):
            refuse(Reason.REQUEST_NOT_ACCEPTED, self.need)
        offer = network.offers[pool.steps[self.step].offer]
        if offer.suspended:
            refuse(Reason.SUPPLIER_SUSPENDED, offer.supplier)
        self._check_promise(network, pool)

    def _check_promise(self, network: Network, pool: Pool) -> None:
        member = pool.member(self.need) or refuse(Reason.NOT_IN_POOL, self.need)
        promised = timetable.sessions_of(network, pool)[self.step][: member.sessions]
        if not set(self.occurrences) <= set(promised):
            refuse(Reason.NOT_PROMISED, len(promised))
        before = timetable.engagements_of(network, pool, self.need)
        taken = {one for other in before if other.step == self.step for one in other.unbroken()}
        if taken & set(self.occurrences):
            refuse(Reason.ALREADY_BOOKED, self.need)
        # Sessions that were cancelled cost nothing, and may be booked again.
        kept_cents = sum(other.price_cents * len(other.unbroken()) // len(other.states) for other in before)
        part_cents = -(-member.share_cents * len(self.occurrences) // member.sessions)
        left_cents = min(part_cents, member.share_cents - kept_cents)
        if self.price_cents > left_cents:
            refuse(Reason.OVER_SHARE, left_cents)

    def apply(self, network: Network) -> None:
        """Put the engagement, every session waiting."""
        count = len(self.occurrences)
        network.put(
            Engagement(
                id=self.engagement,
                pool=self.pool,
                need=self.need,
                offer=network.pools[self.pool].steps[self.step].offer,
                step=self.step,
                occurrences=self.occurrences,
                price_cents=self.price_cents,
                states=(SessionState.BOOKED,) * count,
                delivered_minutes=(0,) * count,
            )
        )


def _check_begun(network: Network, occurrence: Occurrence) -> None:
    if network.local_minute < (occurrence.day, occurrence.start_slot * SLOT_MINUTES):
        refuse(Reason.BEFORE_ITS_TIME, occurrence)


def _session(network: Network, name: EngagementId, session: int, state: SessionState, reason: Reason) -> Engagement:
    """Find an engagement whose session stands in a state, or refuse."""
    engagement = known(network.engagements, name)
    if session >= len(engagement.states):
        refuse(Reason.NO_SUCH_SESSION, session)
    if engagement.states[session] is not state:
        refuse(reason, engagement.states[session])
    return engagement


@attrs.frozen(kw_only=True)
class ServiceDelivered(Event):
    """One booked session took place; `session` is its number in the engagement, from 0."""

    name: ClassVar[str] = "service-delivered"

    engagement: EngagementId = id_field()
    session: int = field(validator=natural)
    minutes: Minutes = field(validator=positive)

    def check(self, network: Network) -> None:
        """Refuse a session that is not booked, not yet begun, or longer than booked."""
        waiting = SessionState.BOOKED
        engagement = _session(network, self.engagement, self.session, waiting, Reason.SESSION_NOT_BOOKED)
        occurrence = engagement.occurrences[self.session]
        _check_begun(network, occurrence)
        if self.minutes > occurrence.minutes:
            refuse(Reason.OVER_BOOKED_MINUTES, occurrence.minutes)
        if not has_active_recipient(network, network.needs[engagement.need].household):
            refuse(Reason.NO_ACTIVE_RECIPIENT, engagement.need)

    def apply(self, network: Network) -> None:
        """Count the session for the need; the last one meets it, and may finish its pool."""
        engagement = network.engagements[self.engagement]
        network.put(engagement.turned(self.session, SessionState.DELIVERED, self.minutes))
        need = network.needs[engagement.need]
        if engagement.step + 1 == need.step_count:
            network.put(need.received())
        close_if_done(network, engagement.pool)


@attrs.frozen(kw_only=True)
class DeliveryConfirmed(Event):
    """The household confirmed a delivered session; that closes the loop."""

    name: ClassVar[str] = "delivery-confirmed"

    engagement: EngagementId = id_field()
    session: int = field(validator=natural)

    def check(self, network: Network) -> None:
        """Refuse a session that was not delivered, or was confirmed before."""
        delivered = SessionState.DELIVERED
        _session(network, self.engagement, self.session, delivered, Reason.SESSION_NOT_DELIVERED)

    def apply(self, network: Network) -> None:
        """Turn the session."""
        network.put(network.engagements[self.engagement].turned(self.session, SessionState.CONFIRMED))


@attrs.frozen(kw_only=True)
class NoShowRecorded(Event):
    """A booked session did not take place, because somebody did not come."""

    name: ClassVar[str] = "no-show-recorded"

    engagement: EngagementId = id_field()
    session: int = field(validator=natural)
    by: NoShowBy = field(validator=exactly(NoShowBy))

    def check(self, network: Network) -> None:
        """Refuse a session that is not booked, or has not begun."""
        engagement = _session(network, self.engagement, self.session, SessionState.BOOKED, Reason.SESSION_NOT_BOOKED)
        _check_begun(network, engagement.occurrences[self.session])

    def apply(self, network: Network) -> None:
        """Turn the session; the need waits for it still."""
        network.put(network.engagements[self.engagement].turned(self.session, SessionState.MISSED))


@attrs.frozen(kw_only=True)
class DeliveryDisputed(Event):
    """A household says that a session which the supplier delivered was not what was agreed.

    Until that is resolved, no voucher pays for it.
    """

    name: ClassVar[str] = "delivery-disputed"

    engagement: EngagementId = id_field()
    session: int = field(validator=natural)

    def check(self, network: Network) -> None:
        """Refuse a session that was not delivered, or was confirmed before."""
        _session(network, self.engagement, self.session, SessionState.DELIVERED, Reason.SESSION_NOT_DELIVERED)

    def apply(self, network: Network) -> None:
        """Turn the session."""
        network.put(network.engagements[self.engagement].turned(self.session, SessionState.DISPUTED))


@attrs.frozen(kw_only=True)
class DisputeResolved(Event):
    """A dispute was resolved: upheld, the session has failed; else it is confirmed."""

    name: ClassVar[str] = "dispute-resolved"

    engagement: EngagementId = id_field()
    session: int = field(validator=natural)
    upheld: bool = field(validator=exactly(bool))

    def check(self, network: Network) -> None:
        """Refuse a session that nobody disputes; money paid for one that failed is reversed first."""
        disputed = SessionState.DISPUTED
        engagement = _session(network, self.engagement, self.session, disputed, Reason.SESSION_NOT_DISPUTED)
        beyond_cents = engagement.redeemed_cents - self._after(engagement).delivered_cents
        if beyond_cents > 0:
            refuse(Reason.PAID_BEYOND, beyond_cents)

    def apply(self, network: Network) -> None:
        """Turn the session; a need that had counted one that failed waits for it again."""
        engagement = network.engagements[self.engagement]
        network.put(self._after(engagement))
        need = network.needs[engagement.need]
        if self.upheld and engagement.step + 1 == need.step_count:
            pooled = network.links.is_open(need.id, "joins", engagement.pool)
            network.put(need.missed(NeedState.POOLED if pooled else NeedState.OPEN))

    def _after(self, engagement: Engagement) -> Engagement:
        if self.upheld:
            return engagement.turned(self.session, SessionState.FAILED, 0)
        return engagement.turned(self.session, SessionState.CONFIRMED)


@attrs.frozen(kw_only=True)
class ServiceCancelled(Event):
    """Every session of an engagement that still waited was cancelled."""

    name: ClassVar[str] = "service-cancelled"

    engagement: EngagementId = id_field()
    reason: CancelReason = field(validator=exactly(CancelReason))

    def check(self, network: Network) -> None:
        """Refuse when nothing waits."""
        if not known(network.engagements, self.engagement).open:
            refuse(Reason.NOTHING_WAITS, self.engagement)

    def apply(self, network: Network) -> None:
        """Cancel what waits."""
        network.put(network.engagements[self.engagement].cancelled())


@attrs.frozen(kw_only=True)
class SatisfactionRecorded(Event):
    """A household judged an engagement, from 1 to 5.

    It may say how it lives, and how it finds work in the firm, before and
    after (1 to 5), and how many minutes the service saved.
    """

    name: ClassVar[str] = "satisfaction-recorded"

    engagement: EngagementId = id_field()
    score: int = field(validator=between(1, 5))
    life_before: int | None = field(default=None, validator=v.optional(between(1, 5)))
    life_after: int | None = field(default=None, validator=v.optional(between(1, 5)))
    climate_before: int | None = field(default=None, validator=v.optional(between(1, 5)))
    climate_after: int | None = field(default=None, validator=v.optional(between(1, 5)))
    saved_minutes: Minutes | None = field(default=None, validator=v.optional(natural))

    def __attrs_post_init__(self) -> None:
        """Refuse a before without its after."""
        for before, after in ((self.life_before, self.life_after), (self.climate_before, self.climate_after)):
            if (before is None) != (after is None):
                raise Malformed("SatisfactionRecorded: a before and its after are told together")

    def check(self, network: Network) -> None:
        """Refuse before any confirmed delivery, or twice."""
        engagement = known(network.engagements, self.engagement)
        if not engagement.confirmed:
            refuse(Reason.NOTHING_DELIVERED, self.engagement)
        if engagement.score is not None:
            refuse(Reason.ALREADY_JUDGED, self.engagement)

    def apply(self, network: Network) -> None:
        """Keep the score."""
        network.put(network.engagements[self.engagement].judged(self.score))
