"""The lines of the chronicle: what a figure has to know of each thing that happened."""

import datetime as dt
from typing import Final

import attrs

from wis_engine.facts.needs import UnmetReason
from wis_engine.network.guidance import AccessMode, ConsultationMode, ConsultationTopic
from wis_engine.network.parties import FirmStage, FirmStatus, FundSource, Gender, MeetingKind, Recipient, Role
from wis_engine.network.promises import ChainStep, PoolMember
from wis_engine.values import (
    ActionCode,
    Cents,
    Channel,
    EngagementId,
    FirmId,
    HouseholdId,
    Minutes,
    NeedId,
    Occurrence,
    OfferId,
    Period,
    PersonId,
    PoolId,
    ServiceCode,
    SupplierId,
)
from wis_engine.views.view import Mark

FOR_EVER: Final = dt.date.max


@attrs.define(kw_only=True)
class Enrolment:
    """A person enrolled through a firm; `last` is the day on which that ended."""

    person: PersonId
    firm: FirmId
    role: Role
    gender: Gender | None
    partner: bool
    first: Mark
    last: dt.date = FOR_EVER

    def during(self, period: Period) -> bool:
        """Say whether it held at some moment of a period."""
        return self.first.day < period.end and self.last >= period.start


@attrs.frozen(kw_only=True)
class HouseholdLine:
    """What of a household is public."""

    recipients: tuple[Recipient, ...]
    at: Mark


@attrs.frozen(kw_only=True)
class NeedLine:
    """What of a need is public."""

    household: HouseholdId
    action: ActionCode
    municipio: int
    at: Mark


@attrs.frozen(kw_only=True)
class OfferLine:
    """What of an offer a figure asks."""

    supplier: SupplierId
    service: ServiceCode
    channel: Channel
    at: Mark


@attrs.frozen(kw_only=True)
class PoolLine:
    """A pool as it was formed."""

    steps: tuple[ChainStep, ...]
    members: tuple[PoolMember, ...]
    at: Mark

    @property
    def together(self) -> bool:
        """Whether needs, or offers, were joined."""
        return len(self.members) > 1 or len(self.steps) > 1


@attrs.frozen(kw_only=True)
class EngagementLine:
    """A need being served: by whom, when, in which pool."""

    need: NeedId
    household: HouseholdId
    action: ActionCode
    pool: PoolId
    offer: OfferId
    supplier: SupplierId
    service: ServiceCode
    channel: Channel
    mode: AccessMode | None
    occurrences: tuple[Occurrence, ...]
    at: Mark


@attrs.define(kw_only=True)
class Delivery:
    """One session that took place, and when it was confirmed: by the household, or by a dispute that was not upheld."""

    id: EngagementId
    session: int
    engagement: EngagementLine
    minutes: Minutes
    at: Mark
    confirmed: Mark | None = None

    @property
    def facts(self) -> tuple[int, ...]:
        """Positions of the facts that say so: booked, delivered, confirmed."""
        return (self.engagement.at.position, self.at.position, *([self.confirmed.position] if self.confirmed else []))


@attrs.define(kw_only=True)
class AgreementLine:
    """An agreement with a supplier; `end` is the first day on which it holds no more."""

    supplier: SupplierId
    offers: tuple[OfferId, ...]
    period: Period
    end: dt.date
    at: Mark
    ended: Mark | None = None

    def holds_on(self, day: dt.date) -> bool:
        """Say whether it is in force on a date."""
        return self.period.start <= day < self.end

    def during(self, period: Period) -> bool:
        """Say whether it was in force at some moment of a period."""
        return self.period.start < period.end and self.end > max(period.start, self.period.start)

    @property
    def facts(self) -> tuple[int, ...]:
        """Positions of the facts that say so: signed, ended."""
        return (self.at.position, *([self.ended.position] if self.ended else []))


@attrs.frozen(kw_only=True)
class MeetingLine:
    """A meeting that was held."""

    kind: MeetingKind
    area: str | None
    minutes: Minutes
    partners_present: int
    at: Mark


@attrs.frozen(kw_only=True)
class UnmetLine:
    """A need that went unmet, and why."""

    reason: UnmetReason
    at: Mark


@attrs.frozen(kw_only=True)
class Step:
    """A firm came a stage nearer; who joined says as what."""

    firm: FirmId
    stage: FirmStage
    status: FirmStatus | None
    at: Mark


@attrs.frozen(kw_only=True)
class RequestLine:
    """A need was asked for."""

    need: NeedId
    channel: Channel
    mode: AccessMode
    at: Mark


@attrs.frozen(kw_only=True)
class Answer:
    """What a household said after it was served: scores from 1 to 5, before and after."""

    engagement: EngagementId
    life: tuple[int | None, int | None]
    climate: tuple[int | None, int | None]
    saved_minutes: Minutes | None
    at: Mark


@attrs.frozen(kw_only=True)
class ConsultationLine:
    """Advice of the welfare manager."""

    firm: FirmId | None
    household: HouseholdId | None
    mode: ConsultationMode
    topic: ConsultationTopic
    minutes: Minutes
    at: Mark


@attrs.define(kw_only=True)
class PersonalPlanLine:
    """A personal plan, from its draft on."""

    household: HouseholdId
    drafted: Mark
    approved: Mark | None = None
    revised: list[Mark] = attrs.Factory(list)


@attrs.frozen(kw_only=True)
class Amount:
    """How many a fact said of something: people or fathers that a campaign reached, days of a leave."""

    of: str
    count: int
    at: Mark


@attrs.frozen(kw_only=True)
class CostLine:
    """A cost of the project, net of VAT, paid on the day of its mark."""

    source: FundSource
    net_cents: Cents
    at: Mark
