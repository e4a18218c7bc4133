"""Who and what there is: the project and its money, firms, households, suppliers and their offers."""

import datetime as dt
from enum import StrEnum
from typing import ClassVar, Self

import attrs
from attrs import field
from attrs.validators import optional

from wis_engine.network.entity import Entity, entity, refers, sealed
from wis_engine.network.sizes import FirmSize, Sheet, size_of, size_of_persons
from wis_engine.shapes import between, checked_id, exactly, frozenset_of, matching, natural, positive
from wis_engine.values import (
    AccountId,
    ActionCode,
    AgeBand,
    AgreementId,
    Cents,
    Channel,
    FirmId,
    FundId,
    GroupId,
    HouseholdId,
    MeetingId,
    MemberId,
    Metres,
    Minutes,
    OfferId,
    Period,
    PersonId,
    Place,
    PriceTier,
    ProjectId,
    ServiceCode,
    SupplierId,
    SurveyId,
    WeekSlots,
    price_per_head,
)

# The project and its money


@attrs.frozen(kw_only=True)
class Target:
    """A figure that the project promised for an indicator."""

    indicator: str = field(validator=checked_id)
    value: int = field(validator=positive)


class FundSource(StrEnum):
    """Where the euros of a fund come from."""

    CONTRIBUTION = "contribution"
    COFINANCING = "cofinancing"


class CostClass(StrEnum):
    """What a cost is for; goods have a cap."""

    PERSONNEL = "personnel"
    SERVICES = "services"
    GOODS = "goods"


@attrs.frozen(kw_only=True)
class PlannedCost:
    """A line of the plan of costs; the card tells personnel from the rest, and the rest no further."""

    cost_classes: frozenset[CostClass] = field(validator=frozenset_of(exactly(CostClass)))
    cents: Cents = field(validator=natural)


a_region = matching("[A-Z]{2}-[A-Z0-9]{1,3}")
"""Validates the code of a region by ISO 3166-2, such as «IT-25» for Lombardia (attrs validator)."""


@attrs.frozen(kw_only=True)
class FundingRules:
    """What the funder asks, as data; the defaults are those of the call (Regione Lombardia, D.d.u.o. 4683/2022).

    `region` is where firms must have a seat or a site, `goods_max_percent`
    is of the contribution granted, `entrepreneurs` says whether they are
    recipients as employees are. Costs count net of VAT.
    """

    partners_min: int = field(default=4, validator=natural)
    small_firms_min: int = field(default=2, validator=natural)
    public_bodies_min: int = field(default=1, validator=natural)
    region: str = field(default="IT-25", validator=a_region)
    contribution_max_cents: Cents = field(default=5_000_000, validator=natural)
    contribution_max_percent: int = field(default=70, validator=between(0, 100))
    cofinancing_min_percent: int = field(default=30, validator=between(0, 100))
    goods_max_percent: int = field(default=15, validator=between(0, 100))
    months_max: int = field(default=12, validator=positive)
    entrepreneurs: bool = field(default=True, validator=exactly(bool))


@entity
class Project(Entity):
    """The funded project that the community lives in.

    What is used of each source is fund lines and costs together.
    """

    kind: ClassVar[str] = "project"
    id: ProjectId
    title: str
    period: Period
    lead: str
    public_body: str
    targets: tuple[Target, ...]
    closed_days: frozenset[dt.date]
    simulated: bool = False
    rules: FundingRules | None = None
    planned_costs: tuple[PlannedCost, ...] = ()
    contribution_cents: Cents | None = None
    cofinancing_cents: Cents | None = None
    contribution_used_cents: Cents = 0
    cofinancing_used_cents: Cents = 0
    goods_cents: Cents = 0

    def left_cents(self, source: FundSource) -> Cents:
        """What neither a fund line nor a cost takes of a source."""
        if source is FundSource.CONTRIBUTION:
            return (self.contribution_cents or 0) - self.contribution_used_cents
        return (self.cofinancing_cents or 0) - self.cofinancing_used_cents

    @property
    def goods_cap_cents(self) -> Cents | None:
        """The most that goods may cost, where rules say so: a part of what was granted, not of what was asked for."""
        return None if self.rules is None else (self.contribution_cents or 0) * self.rules.goods_max_percent // 100

    def used(self, source: FundSource, cents: Cents) -> Self:
        """Take cents of a source, or give them back when negative."""
        if source is FundSource.CONTRIBUTION:
            return self.replace(contribution_used_cents=self.contribution_used_cents + cents)
        return self.replace(cofinancing_used_cents=self.cofinancing_used_cents + cents)

    def bought(self, cents: Cents) -> Self:
        """Count what goods cost."""
        return self.replace(goods_cents=self.goods_cents + cents)

    def granted(self, contribution_cents: Cents, cofinancing_cents: Cents) -> Self:
        """Say what was granted."""
        return self.replace(contribution_cents=contribution_cents, cofinancing_cents=cofinancing_cents)


@entity
class Action(Entity):
    """One action of the project, such as C.1, with its budget and staff time."""

    kind: ClassVar[str] = "action"
    id: ActionCode
    project: ProjectId = refers("plans")
    title: str
    phase: int
    period: Period
    budget_cents: Cents
    staff_minutes: Minutes
    lines_cents: Cents = 0
    costs_cents: Cents = 0

    @property
    def left_cents(self) -> Cents:
        """What neither a fund line nor a cost takes of the budget."""
        return self.budget_cents - self.lines_cents - self.costs_cents

    def lined(self, cents: Cents) -> Self:
        """Set cents aside for a fund."""
        return self.replace(lines_cents=self.lines_cents + cents)

    def cost(self, cents: Cents) -> Self:
        """Bear a cost, or take it back when negative."""
        return self.replace(costs_cents=self.costs_cents + cents)

    @property
    def area(self) -> str:
        """Letter of the call's area that it belongs to."""
        return self.id[0]


@entity
class Fund(Entity):
    """A budget line of one action and one source, on which vouchers are reserved.

    `promised_cents` is what pools promised and no voucher holds yet.
    """

    kind: ClassVar[str] = "fund"
    id: FundId
    action: ActionCode = refers("funds")
    source: FundSource
    share_percent: int
    household_cap_cents: Cents | None
    promised_cents: Cents = 0

    def promised(self, cents: Cents) -> Self:
        """Promise cents to a member of a pool, or take a promise back when negative."""
        return self.replace(promised_cents=self.promised_cents + cents)


@entity
class Account(Entity):
    """Four counters in cents; what they mean stands in `ledger`."""

    kind: ClassVar[str] = "account"
    id: AccountId
    debits_pending_cents: Cents = 0
    credits_pending_cents: Cents = 0
    debits_posted_cents: Cents = 0
    credits_posted_cents: Cents = 0


class MeetingKind(StrEnum):
    """What a meeting was."""

    STEERING_BOARD = "steering-board"
    WORKING_GROUP = "working-group"
    MONITORING = "monitoring"
    EXCHANGE = "exchange"


@entity
class Meeting(Entity):
    """A meeting that was held."""

    kind: ClassVar[str] = "meeting"
    id: MeetingId
    meeting_kind: MeetingKind
    group: GroupId | None = refers("meets", default=None)


# Firms, people, households


class FirmStatus(StrEnum):
    """Whether a firm signed the project or joined later."""

    PARTNER = "partner"
    MEMBER = "member"


class FirmStage(StrEnum):
    """How far a firm has come towards the community."""

    CONTACTED = "contacted"
    SENSITISED = "sensitised"
    INTERESTED = "interested"
    JOINED = "joined"

    @property
    def next(self) -> "FirmStage | None":
        """The stage that follows."""
        stages = list(FirmStage)
        return None if self is FirmStage.JOINED else stages[stages.index(self) + 1]


class Role(StrEnum):
    """What a person is in a firm."""

    EMPLOYEE = "employee"
    ENTREPRENEUR = "entrepreneur"


class Gender(StrEnum):
    """Declared gender, for the indicators that the card splits."""

    WOMAN = "woman"
    MAN = "man"
    OTHER = "other"


class Purpose(StrEnum):
    """What a household consents to."""

    SPECIAL_DATA = "special-data"


@entity
class Firm(Entity):
    """A firm of the community, or on its way there: then it has no status yet."""

    kind: ClassVar[str] = "firm"
    id: FirmId
    title: str
    status: FirmStatus | None = None
    persons: int | None = None
    ateco: str | None = None
    nil: int | None = None
    stage: FirmStage = FirmStage.JOINED
    sheets: tuple[Sheet, ...] = ()
    member: bool = True

    @property
    def size(self) -> FirmSize | None:
        """Its class by the rules of the European Union: by its sheets, else by who works in it; None when unknown."""
        return size_of(self.sheets) if self.sheets else size_of_persons(self.persons)

    def completed(self, sheet: Sheet) -> Self:
        """Add the sheet of a year."""
        return self.replace(sheets=tuple(sorted([*self.sheets, sheet])))

    def left(self) -> Self:
        """Leave the community."""
        return self.replace(member=False)


@entity
class Person(Entity):
    """A person who works for a firm of the community, known by a pseudonym."""

    kind: ClassVar[str] = "person"
    id: PersonId
    role: Role
    gender: Gender | None


@attrs.frozen(kw_only=True)
class Recipient:
    """What stays public of somebody who holds a household; None is not said."""

    role: Role | None = field(default=None, validator=optional(exactly(Role)))
    gender: Gender | None = field(default=None, validator=optional(exactly(Gender)))


@attrs.frozen(kw_only=True)
class Member:
    """Somebody of a household: a pseudonym and an age band."""

    id: MemberId = field(validator=checked_id)
    age_band: AgeBand = field(validator=exactly(AgeBand))


@entity
class Household(Entity):
    """The unit that has needs."""

    kind: ClassVar[str] = "household"
    id: HouseholdId
    holders: tuple[PersonId, ...] = refers("lives_in", personal=True)
    members: tuple[Member, ...] = sealed()
    nil: int = sealed()
    municipio: int
    consents: frozenset[Purpose] = frozenset()

    def consented(self, purpose: Purpose) -> Self:
        """Add a consent."""
        return self.replace(consents=self.consents | {purpose})

    def withdrew(self, purpose: Purpose) -> Self:
        """Take a consent back, for what comes next."""
        return self.replace(consents=self.consents - {purpose})


# Supply


class SupplierKind(StrEnum):
    """Legal nature of a supplier."""

    COOPERATIVE = "cooperative"
    ASSOCIATION = "association"
    SOCIAL_ENTERPRISE = "social-enterprise"
    FIRM = "firm"
    PROFESSIONAL = "professional"
    PUBLIC = "public"


@entity
class Supplier(Entity):
    """Who delivers; a member firm that supplies others names itself in `firm`."""

    kind: ClassVar[str] = "supplier"
    id: SupplierId
    title: str
    supplier_kind: SupplierKind
    firm: FirmId | None = refers("acts_as")
    suspended: bool = False


@entity
class Offer(Entity):
    """What a supplier delivers: when, where, at what price by people and quantity, how much.

    `capacity_minutes` is the total in `period`; `committed_minutes` the part
    promised to pools; `capacity_per_slot` how many sessions run at once.
    """

    kind: ClassVar[str] = "offer"
    id: OfferId
    supplier: SupplierId = refers("offers")
    service: ServiceCode
    place: Place
    slots: WeekSlots
    period: Period
    nil: int
    radius_m: Metres | None
    municipi: frozenset[int]
    capacity_minutes: Minutes
    capacity_per_slot: int
    tiers: tuple[PriceTier, ...]
    opening_cents: Cents
    group_min: int
    group_max: int
    quality_percent: int
    channel: Channel
    age_bands: frozenset[AgeBand]
    languages: frozenset[str]
    unit_minutes: Minutes
    committed_minutes: Minutes = 0
    withdrawn: bool = False
    suspended: bool = False

    @property
    def open(self) -> bool:
        """Whether it can take new pools."""
        return not self.withdrawn and not self.suspended

    def price_per_head(self, people: int, minutes: Minutes) -> Cents | None:
        """Price for one head of a group of `people`, or None when no tier reaches so few."""
        return price_per_head(self.tiers, people, minutes, self.unit_minutes)

    def promised(self, minutes: Minutes) -> Self:
        """Commit minutes to a pool, or give them back when negative."""
        return self.replace(committed_minutes=self.committed_minutes + minutes)


@entity
class Agreement(Entity):
    """A direct agreement with a supplier, and the offers that it covers."""

    kind: ClassVar[str] = "agreement"
    id: AgreementId
    supplier: SupplierId = refers("signs")
    offers: tuple[OfferId, ...] = refers("covers", to=True)
    period: Period
    surveys: tuple[SurveyId, ...] = refers("compares", to=True, default=())
    reason: str = ""
