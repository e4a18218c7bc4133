"""The life of a partnership: partners admitted, withdrawn; staff assigned, their hours logged, reversed."""

import datetime as dt
from enum import StrEnum
from typing import ClassVar, Final

import attrs
from attrs import field

from wis_engine.errors import Malformed, refuse
from wis_engine.facts.base import Event, fresh, id_field, known
from wis_engine.network import Network
from wis_engine.network.parties import FirmStatus, FundingRules, a_region
from wis_engine.network.partners import Evidence, Partner, PartnerKind, StaffMember, StaffRole, Timesheet
from wis_engine.network.rules import partners_of
from wis_engine.shapes import between, exactly, frozenset_of, short_text, text
from wis_engine.values import ActionCode, FirmId, Minutes, PartnerId, ProjectId, StaffId, TimesheetId

DAY_MINUTES: Final = 24 * 60


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    ALREADY_LED = "already-led"
    NOT_A_PARTNER_FIRM = "not-a-partner-firm"
    ALREADY_PARTNER = "already-partner"
    SITE_OUTSIDE = "site-outside"
    LEAD_OUTSIDE = "lead-outside"
    PARTNER_WITHDRAWN = "partner-withdrawn"
    OTHER_PROJECT = "other-project"
    OUTSIDE_ACTION = "outside-action"
    OVER_A_DAY = "over-a-day"
    ALREADY_REVERSED = "already-reversed"


@attrs.frozen(kw_only=True)
class PartnerAdmitted(Event):
    """Somebody became a partner of the project; one of them leads.

    A firm is a firm of the community with the status of a partner:
    `chamber_registered` says that it is in the register of a Chamber of
    commerce, `legal_seat` and `sites` in which regions it sits and works.
    """

    name: ClassVar[str] = "partner-admitted"

    partner: PartnerId = id_field()
    project: ProjectId = id_field()
    title: str = field(validator=short_text)
    kind: PartnerKind = field(validator=exactly(PartnerKind))
    lead: bool = field(default=False, validator=exactly(bool))
    firm: FirmId | None = id_field(default=None)
    chamber_registered: bool = field(default=False, validator=exactly(bool))
    legal_seat: str = field(default="IT-25", validator=a_region)
    sites: frozenset[str] = field(default=frozenset(), validator=frozenset_of(a_region))

    def __attrs_post_init__(self) -> None:
        """Refuse a firm without its firm, and a firm of what is none."""
        if (self.firm is None) == (self.kind is PartnerKind.FIRM):
            raise Malformed("PartnerAdmitted.firm: a partner that is a firm names it, no other does")

    def check(self, network: Network) -> None:
        """Refuse a second lead, a firm that is no partner or one twice, or a firm from elsewhere."""
        fresh(network, self.partner)
        project = known(network.projects, self.project)
        partners = partners_of(network, self.project)
        if self.lead and any(one.lead for one in partners):
            refuse(Reason.ALREADY_LED, self.project)
        if self.firm is None:
            return
        firm = known(network.firms, self.firm)
        if not firm.member or firm.status is not FirmStatus.PARTNER:
            refuse(Reason.NOT_A_PARTNER_FIRM, self.firm)
        if any(one.firm == self.firm for one in partners):
            refuse(Reason.ALREADY_PARTNER, self.firm)
        if project.rules is not None:
            self._check_seat(project.rules)

    def _check_seat(self, rules: FundingRules) -> None:
        seated, works = self.legal_seat == rules.region, rules.region in self.sites
        if self.lead and not (seated and works):
            refuse(Reason.LEAD_OUTSIDE, rules.region)
        if not seated and not works:
            refuse(Reason.SITE_OUTSIDE, rules.region)

    def apply(self, network: Network) -> None:
        """Put the partner."""
        network.put(
            Partner(
                id=self.partner,
                project=self.project,
                title=self.title,
                partner_kind=self.kind,
                lead=self.lead,
                firm=self.firm,
                chamber_registered=self.chamber_registered,
            )
        )


def standing_partner(network: Network, name: PartnerId) -> Partner:
    """Find a partner, or refuse one that has withdrawn."""
    partner = known(network.partners, name)
    if partner.withdrawn:
        refuse(Reason.PARTNER_WITHDRAWN, name)
    return partner


@attrs.frozen(kw_only=True)
class PartnerWithdrawn(Event):
    """A partner left the project; whether the rules still hold is for the reader of `rule_checks`."""

    name: ClassVar[str] = "partner-withdrawn"

    partner: PartnerId = id_field()
    reason: str = field(default="", validator=text(200))

    def check(self, network: Network) -> None:
        """Refuse a second time."""
        standing_partner(network, self.partner)

    def apply(self, network: Network) -> None:
        """Let the partner go."""
        network.put(network.partners[self.partner].withdrew())


@attrs.frozen(kw_only=True)
class StaffAssigned(Event):
    """A partner assigned somebody to the project, known by a pseudonym, in one role."""

    name: ClassVar[str] = "staff-assigned"

    staff: StaffId = id_field()
    partner: PartnerId = id_field()
    role: StaffRole = field(validator=exactly(StaffRole))

    def check(self, network: Network) -> None:
        """Refuse from a partner that has withdrawn."""
        fresh(network, self.staff)
        standing_partner(network, self.partner)

    def apply(self, network: Network) -> None:
        """Put the member of staff."""
        network.put(StaffMember(id=self.staff, partner=self.partner, role=self.role))


@attrs.frozen(kw_only=True)
class StaffHoursLogged(Event):
    """Somebody of the staff gave part of a day to an action. Time is no money: no cost follows from it."""

    name: ClassVar[str] = "staff-hours-logged"

    timesheet: TimesheetId = id_field()
    staff: StaffId = id_field()
    action: ActionCode = id_field()
    day: dt.date = field(validator=exactly(dt.date))
    minutes: Minutes = field(validator=between(1, DAY_MINUTES))
    evidence: Evidence = field(validator=exactly(Evidence))

    def check(self, network: Network) -> None:
        """Refuse time outside the action, for another project, or more than a day has."""
        fresh(network, self.timesheet)
        staff = known(network.staff_members, self.staff)
        action = known(network.actions, self.action)
        if network.partners[staff.partner].project != action.project:
            refuse(Reason.OTHER_PROJECT, action.project)
        if self.day not in action.period or self.day > network.today:
            refuse(Reason.OUTSIDE_ACTION, self.day)
        sheets = (network.timesheets[TimesheetId(name)] for name in network.links.targets(self.staff, "logs"))
        before = sum(one.minutes for one in sheets if one.day == self.day and not one.reversed)
        if before + self.minutes > DAY_MINUTES:
            refuse(Reason.OVER_A_DAY, before)

    def apply(self, network: Network) -> None:
        """Put the timesheet."""
        network.put(
            Timesheet(
                id=self.timesheet,
                staff=self.staff,
                action=self.action,
                day=self.day,
                minutes=self.minutes,
                evidence=self.evidence,
            )
        )


@attrs.frozen(kw_only=True)
class StaffHoursReversed(Event):
    """A timesheet was wrong: it counts no more."""

    name: ClassVar[str] = "staff-hours-reversed"

    timesheet: TimesheetId = id_field()
    reason: str = field(default="", validator=text(200))

    def check(self, network: Network) -> None:
        """Refuse a second time."""
        if known(network.timesheets, self.timesheet).reversed:
            refuse(Reason.ALREADY_REVERSED, self.timesheet)

    def apply(self, network: Network) -> None:
        """Mark the timesheet."""
        network.put(network.timesheets[self.timesheet].replace(reversed=True))
