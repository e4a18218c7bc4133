"""What is asked, advised and told around the services: surveys, requests, advice, personal plans, campaigns."""

import datetime as dt
from enum import StrEnum
from typing import ClassVar, Self

import attrs
from attrs import field

from wis_engine.network.entity import Entity, entity, refers, sealed
from wis_engine.shapes import between, positive, short_text
from wis_engine.values import (
    CampaignId,
    Cents,
    Channel,
    ConsultationId,
    FirmId,
    HouseholdId,
    LeaveId,
    Minutes,
    NeedId,
    PersonalPlanId,
    PersonId,
    ProductId,
    ProjectId,
    RequestId,
    ServiceCode,
    SupplierId,
    SurveyId,
)

# Surveys and requests


@attrs.frozen(kw_only=True)
class SurveyCriterion:
    """One thing that was looked at: how much it weighs and how it was found."""

    criterion: str = field(validator=short_text)
    weight: int = field(default=1, validator=positive)
    score_percent: int = field(validator=between(0, 100))


@entity
class Survey(Entity):
    """Quality and price of a supplier for one service, as they were found."""

    kind: ClassVar[str] = "survey"
    id: SurveyId
    supplier: SupplierId = refers("undergoes")
    service: ServiceCode
    criteria: tuple[SurveyCriterion, ...]
    price_cents: Cents

    @property
    def quality_percent(self) -> int:
        """Weighted mean of the criteria, rounded down."""
        return self.score_sum // self.weight_sum

    @property
    def score_sum(self) -> int:
        """Scores of the criteria, each as often as it weighs."""
        return sum(one.weight * one.score_percent for one in self.criteria)

    @property
    def weight_sum(self) -> int:
        """What all criteria weigh."""
        return sum(one.weight for one in self.criteria)


class AccessMode(StrEnum):
    """How somebody asked: by hand, or through a digital service."""

    TRADITIONAL = "traditional"
    DIGITAL = "digital"


class RequestState(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@entity
class Request(Entity):
    """A need was asked for through a channel."""

    kind: ClassVar[str] = "request"
    id: RequestId
    need: NeedId = refers("asks")
    channel: Channel
    mode: AccessMode
    state: RequestState = RequestState.WAITING

    def answered(self, *, accepted: bool) -> Self:
        """Accept or reject."""
        return self.replace(state=RequestState.ACCEPTED if accepted else RequestState.REJECTED)


# The welfare manager


class ConsultationMode(StrEnum):
    """Where a consultation took place."""

    ON_SITE = "on-site"
    REMOTE = "remote"


class ConsultationTopic(StrEnum):
    """What a consultation was about, as far as figures ask."""

    SERVICES = "services"
    PLAN = "plan"
    PATERNITY = "paternity"
    OTHER = "other"


@entity
class Consultation(Entity):
    """Advice of the welfare manager to a firm, a household, or both."""

    kind: ClassVar[str] = "consultation"
    id: ConsultationId
    firm: FirmId | None = refers("consults")
    household: HouseholdId | None = refers("consults")
    mode: ConsultationMode
    topic: ConsultationTopic
    minutes: Minutes


@entity
class PersonalPlan(Entity):
    """What a household and the welfare manager mean to do; the needs it sets out are in the links."""

    kind: ClassVar[str] = "personal_plan"
    id: PersonalPlanId
    household: HouseholdId = refers("follows")
    approved: bool = False


# What is told to the public, and to fathers


class CampaignFocus(StrEnum):
    """Whom a campaign is for."""

    NEW_FATHERS = "new-fathers"
    COMMUNITY = "community"


@entity
class Campaign(Entity):
    """A campaign of the project, and whom it reached so far."""

    kind: ClassVar[str] = "campaign"
    id: CampaignId
    project: ProjectId = refers("runs")
    title: str
    focus: CampaignFocus
    people: int = 0
    fathers: int = 0

    def reached(self, people: int, fathers: int) -> Self:
        """Count more people, and the fathers among them."""
        return self.replace(people=self.people + people, fathers=self.fathers + fathers)


class ProductKind(StrEnum):
    """What the project hands over: its tools, the figure of the welfare manager, materials."""

    KIT = "kit"
    PROFILE = "profile"
    MATERIAL = "material"


@entity
class Product(Entity):
    """Something that the project released, for others to use."""

    kind: ClassVar[str] = "product"
    id: ProductId
    project: ProjectId = refers("releases")
    product_kind: ProductKind
    release: str
    items: tuple[str, ...]


@entity
class Leave(Entity):
    """Paternity leave of somebody of a household: planned, then taken."""

    kind: ClassVar[str] = "leave"
    id: LeaveId
    household: HouseholdId = refers("grants_leave")
    father: PersonId = sealed()
    birth: dt.date = sealed()
    multiple: bool = sealed()
    day_count: int
    taken: bool = False

    def was_taken(self, day_count: int) -> Self:
        """Say how many days were taken in the end."""
        return self.replace(day_count=day_count, taken=True)
