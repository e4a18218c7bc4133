"""How the project governs itself: its working groups, its meetings, what it reports."""

from enum import StrEnum
from typing import Any, ClassVar

import attrs
from attrs import field

from wis_engine.errors import Malformed, refuse
from wis_engine.facts.base import Event, fresh, id_field, known
from wis_engine.facts.partners import standing_partner
from wis_engine.network import Network, rules
from wis_engine.network.parties import Meeting, MeetingKind
from wis_engine.network.partners import Figure, Report, WorkingGroup
from wis_engine.shapes import exactly, matching, natural, positive, tuple_of
from wis_engine.values import GroupId, MeetingId, Minutes, PartnerId, Period, ProjectId, ReportId, require_distinct


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    OUTSIDE_PROJECT = "outside-project"
    OTHER_PROJECT = "other-project"
    NO_SUCH_AREA = "no-such-area"
    AREA_TAKEN = "area-taken"
    FUTURE_POSITION = "future-position"


@attrs.frozen(kw_only=True)
class WorkingGroupFormed(Event):
    """A working group was formed for one area of the call, led by the partner that holds the activity."""

    name: ClassVar[str] = "working-group-formed"

    group: GroupId = id_field()
    project: ProjectId = id_field()
    area: str = field(validator=matching("[A-G]"))
    lead: PartnerId = id_field()

    def check(self, network: Network) -> None:
        """Refuse an area in which the project does nothing, or which has its group."""
        fresh(network, self.group)
        known(network.projects, self.project)
        if standing_partner(network, self.lead).project != self.project:
            refuse(Reason.OTHER_PROJECT, self.lead)
        if self.area not in rules.areas(network, self.project):
            refuse(Reason.NO_SUCH_AREA, self.area)
        if self.area in rules.gathered(network, self.project):
            refuse(Reason.AREA_TAKEN, self.area)

    def apply(self, network: Network) -> None:
        """Put the group."""
        network.put(WorkingGroup(id=self.group, project=self.project, area=self.area, lead=self.lead))


@attrs.frozen(kw_only=True)
class MeetingHeld(Event):
    """A meeting of the project was held; when is in the envelope of the batch.

    A meeting of a working group may name its `group`.
    """

    name: ClassVar[str] = "meeting-held"

    meeting: MeetingId = id_field()
    project: ProjectId = id_field()
    kind: MeetingKind = field(validator=exactly(MeetingKind))
    minutes: Minutes = field(validator=positive)
    partners_present: int = field(validator=positive)
    group: GroupId | None = id_field(default=None)

    def __attrs_post_init__(self) -> None:
        """Refuse a group where none met."""
        if self.group is not None and self.kind is not MeetingKind.WORKING_GROUP:
            raise Malformed("MeetingHeld.group: only a working group has one")

    def check(self, network: Network) -> None:
        """Refuse a date outside the project, or a group of another one."""
        fresh(network, self.meeting)
        _in_project(network, self.project)
        if self.group is not None and known(network.working_groups, self.group).project != self.project:
            refuse(Reason.OTHER_PROJECT, self.group)

    def apply(self, network: Network) -> None:
        """Put the meeting."""
        network.put(Meeting(id=self.meeting, meeting_kind=self.kind, group=self.group))


def _in_project(network: Network, name: ProjectId) -> None:
    if network.today not in known(network.projects, name).period:
        refuse(Reason.OUTSIDE_PROJECT, network.today)


def distinct_figures(instance: object, attribute: "attrs.Attribute[Any]", value: tuple[Figure, ...]) -> None:
    """Validate the figures of a report: some, each indicator once (attrs validator)."""
    tuple_of(exactly(Figure))(instance, attribute, value)
    if not value:
        raise Malformed("MonitoringReportIssued.figures: none")
    require_distinct((figure.indicator for figure in value), "MonitoringReportIssued.figures")


@attrs.frozen(kw_only=True)
class MonitoringReportIssued(Event):
    """The project reported on a period: these figures, as the log told them at a position.

    Whoever reads the log up to `position` counts the same; what is known by
    now may differ.
    """

    name: ClassVar[str] = "monitoring-report-issued"

    report: ReportId = id_field()
    project: ProjectId = id_field()
    period: Period = field(validator=exactly(Period))
    position: int = field(validator=natural)
    figures: tuple[Figure, ...] = field(validator=distinct_figures)

    def check(self, network: Network) -> None:
        """Refuse to report what the log does not hold yet."""
        fresh(network, self.report)
        known(network.projects, self.project)
        if self.position >= network.position:
            refuse(Reason.FUTURE_POSITION, self.position)

    def apply(self, network: Network) -> None:
        """Put the report."""
        network.put(
            Report(
                id=self.report,
                project=self.project,
                period=self.period,
                read_at=self.position,
                figures=self.figures,
            )
        )
