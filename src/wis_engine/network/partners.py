"""Who carries the project and what it costs: partners, staff and their hours, costs, groups, reports."""

import datetime as dt
from enum import StrEnum
from typing import ClassVar, Self

import attrs
from attrs import field

from wis_engine.network.entity import Entity, entity, refers
from wis_engine.network.parties import CostClass, FundSource
from wis_engine.shapes import checked_id, matching, natural
from wis_engine.values import (
    ActionCode,
    Cents,
    CostId,
    FirmId,
    GroupId,
    Minutes,
    NetworkAgreementId,
    PartnerId,
    Period,
    ProjectId,
    ReportId,
    StaffId,
    TimesheetId,
)


@attrs.frozen(kw_only=True)
class Evidence:
    """A document kept elsewhere: what it is called there, and the SHA-256 of its bytes."""

    ref: str = field(validator=checked_id)
    sha256: str = field(validator=matching("[0-9a-f]{64}"))


class PartnerKind(StrEnum):
    """What a partner is."""

    THIRD_SECTOR = "third-sector"
    PUBLIC_BODY = "public-body"
    FIRM = "firm"


@entity
class Partner(Entity):
    """Who signed the project; a firm is a firm of the community, too."""

    kind: ClassVar[str] = "partner"
    id: PartnerId
    project: ProjectId = refers("unites")
    title: str
    partner_kind: PartnerKind
    lead: bool
    firm: FirmId | None = refers("partners")
    chamber_registered: bool
    withdrawn: bool = False

    def withdrew(self) -> Self:
        """Leave the project."""
        return self.replace(withdrawn=True)


class StaffRole(StrEnum):
    """What somebody does in the project (project card, by action)."""

    COORDINATOR = "coordinator"
    ACCOUNTANT = "accountant"
    WELFARE_MANAGER = "welfare-manager"
    WELFARE_EXPERT = "welfare-expert"
    FIRM_REFERENT = "firm-referent"
    PUBLIC_OFFICER = "public-officer"
    COMMUNICATION_EXPERT = "communication-expert"
    MONITORING_EXPERT = "monitoring-expert"


@entity
class StaffMember(Entity):
    """Somebody who works for a partner on the project, known by a pseudonym."""

    kind: ClassVar[str] = "staff_member"
    id: StaffId
    partner: PartnerId = refers("assigns")
    role: StaffRole


@entity
class Timesheet(Entity):
    """Time of one day that somebody gave to an action."""

    kind: ClassVar[str] = "timesheet"
    id: TimesheetId
    staff: StaffId = refers("logs")
    action: ActionCode = refers("takes")
    day: dt.date
    minutes: Minutes
    evidence: Evidence
    reversed: bool = False


@entity
class Cost(Entity):
    """Money that a partner spent on an action, on one source of the grant; it counts net of VAT."""

    kind: ClassVar[str] = "cost"
    id: CostId
    action: ActionCode = refers("bears")
    partner: PartnerId = refers("spends")
    cost_class: CostClass
    source: FundSource
    net_cents: Cents
    vat_cents: Cents
    paid_on: dt.date
    evidence: Evidence
    reversed: bool = False


@entity
class WorkingGroup(Entity):
    """The group that looks after one area of the call."""

    kind: ClassVar[str] = "working_group"
    id: GroupId
    project: ProjectId = refers("gathers")
    area: str
    lead: PartnerId = refers("heads")


class NetworkAgreementKind(StrEnum):
    """How firmly the firms of a network are bound."""

    INFORMAL = "informal"
    AGREEMENT = "agreement"
    CONTRACT = "contract"


@entity
class NetworkAgreement(Entity):
    """An agreement among firms of the community; which are bound is in the links."""

    kind: ClassVar[str] = "network_agreement"
    id: NetworkAgreementId
    agreement_kind: NetworkAgreementKind


@attrs.frozen(kw_only=True)
class Figure:
    """What a report says of an indicator."""

    indicator: str = field(validator=checked_id)
    value: int = field(validator=natural)


@entity
class Report(Entity):
    """A monitoring report: what was said of a period, read at a position of the log."""

    kind: ClassVar[str] = "report"
    id: ReportId
    project: ProjectId = refers("reports")
    period: Period
    read_at: int
    figures: tuple[Figure, ...]
