"""Who and what there is: the project and its money, firms, households, suppliers and their offers."""

import datetime as dt
from enum import StrEnum
from typing import ClassVar, Self

import attrs
from attrs import field

from wis_engine.network.entity import Entity, entity, refers, sealed
from wis_engine.shapes import checked_id, exactly, positive
from wis_engine.values import (
    AccountId,
    ActionCode,
    AgeBand,
    AgreementId,
    Cents,
    Channel,
    FirmId,
    FundId,
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


@entity
class Project(Entity):
    """The funded project that the community lives in."""

    kind: ClassVar[str] = "project"
    id: ProjectId
    title: str
    period: Period
    lead: str
    public_body: str
    targets: tuple[Target, ...]
    closed_days: frozenset[dt.date]
    simulated: bool = False
    contribution_cents: Cents | None = None
    cofinancing_cents: Cents | None = None

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


# Firms, people, households


class FirmStatus(StrEnum):
    """Whether a firm signed the project or joined later."""

    PARTNER = "partner"
    MEMBER = "member"


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
    """A micro or small firm of the community."""

    kind: ClassVar[str] = "firm"
    id: FirmId
    title: str
    status: FirmStatus
    persons: int
    ateco: str
    nil: int
    member: bool = True

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

    @property
    def open(self) -> bool:
        """Whether it can take new pools."""
        return not self.withdrawn

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
