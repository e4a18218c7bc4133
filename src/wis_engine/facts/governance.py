"""How the project governs itself: the meetings that it holds."""

from enum import StrEnum
from typing import ClassVar

import attrs
from attrs import field

from wis_engine.errors import refuse
from wis_engine.facts.base import Event, fresh, id_field, known
from wis_engine.network import Network
from wis_engine.network.parties import Meeting, MeetingKind
from wis_engine.shapes import exactly, positive
from wis_engine.values import MeetingId, Minutes, ProjectId


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    OUTSIDE_PROJECT = "outside-project"


@attrs.frozen(kw_only=True)
class MeetingHeld(Event):
    """A meeting of the project was held; when is in the envelope of the batch."""

    name: ClassVar[str] = "meeting-held"

    meeting: MeetingId = id_field()
    project: ProjectId = id_field()
    kind: MeetingKind = field(validator=exactly(MeetingKind))
    minutes: Minutes = field(validator=positive)
    partners_present: int = field(validator=positive)

    def check(self, network: Network) -> None:
        """Refuse a date outside the project."""
        fresh(network, self.meeting)
        project = known(network.projects, self.project)
        if network.today not in project.period:
            refuse(Reason.OUTSIDE_PROJECT, network.today)

    def apply(self, network: Network) -> None:
        """Put the meeting."""
        network.put(Meeting(id=self.meeting, meeting_kind=self.kind))
