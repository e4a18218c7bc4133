"""The life of a membership: firms join and leave, people enrol, households form and consent."""

from collections import Counter
from enum import StrEnum
from typing import Any, ClassVar

import attrs
from attrs import field
from attrs import validators as v

from wis_engine.errors import Malformed, refuse
from wis_engine.facts.base import Event, fresh, id_field, known, personal
from wis_engine.facts.base import Reason as BaseReason
from wis_engine.network import Network
from wis_engine.network.parties import Firm, FirmStatus, Gender, Household, Member, Person, Purpose, Recipient, Role
from wis_engine.network.sizes import FirmSize, size_of
from wis_engine.shapes import between, checked_id, exactly, matching, positive, short_text, text, tuple_of
from wis_engine.territory import MUNICIPI, NILS, municipio_of
from wis_engine.values import FirmId, HouseholdId, PersonId, is_redacted, require_distinct

SMALL_PERSONS_MAX = 49
"""A small firm has fewer than 50 persons (Annex I of Regulation (EU) 651/2014)."""


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    FIRM_TOO_LARGE = "firm-too-large"
    FIRM_NOT_MEMBER = "firm-not-member"
    STILL_ENROLLED = "still-enrolled"
    ALREADY_ENROLLED = "already-enrolled"
    NOT_ENROLLED = "not-enrolled"
    IN_ANOTHER_HOUSEHOLD = "in-another-household"
    OTHER_RECIPIENTS = "other-recipients"
    ALREADY_CONSENTED = "already-consented"
    NOT_CONSENTED = "not-consented"


a_nil = between(1, NILS)
"""Validates the number of a NIL of Milano (attrs validator)."""


@attrs.frozen(kw_only=True)
class FirmJoined(Event):
    """A micro or small firm joined the community, or came back, with its size, seat and sector.

    A firm that was approached joins under the same id; where its sheets say
    how large it is, they decide. `persons` counts the people who work in it,
    `ateco` is its class of activity (ATECO 2025), `nil` the zone of its seat.
    """

    name: ClassVar[str] = "firm-joined"

    firm: FirmId = id_field()
    title: str = field(validator=short_text)
    status: FirmStatus = field(default=FirmStatus.MEMBER, validator=exactly(FirmStatus))
    persons: int = field(validator=positive)
    ateco: str = field(validator=matching(r"[0-9]{2}(\.[0-9]{1,2}){0,2}"))
    nil: int = field(validator=a_nil)

    def check(self, network: Network) -> None:
        """Refuse a firm that is a member already, or neither micro nor small."""
        if self.firm not in network.firms or network.firms[self.firm].member:
            fresh(network, self.firm)
        sheets = network.firms[self.firm].sheets if self.firm in network.firms else ()
        if sheets and size_of(sheets) not in (FirmSize.MICRO, FirmSize.SMALL):
            refuse(Reason.FIRM_TOO_LARGE, size_of(sheets))
        if not sheets and self.persons > SMALL_PERSONS_MAX:
            refuse(Reason.FIRM_TOO_LARGE, self.persons)

    def apply(self, network: Network) -> None:
        """Put the firm."""
        network.put(
            Firm(
                id=self.firm,
                title=self.title,
                status=self.status,
                persons=self.persons,
                ateco=self.ateco,
                nil=self.nil,
                sheets=network.firms[self.firm].sheets if self.firm in network.firms else (),
            )
        )


@attrs.frozen(kw_only=True)
class FirmLeft(Event):
    """A firm left the community, after its people had."""

    name: ClassVar[str] = "firm-left"

    firm: FirmId = id_field()
    reason: str = field(default="", validator=text(200))

    def check(self, network: Network) -> None:
        """Refuse while somebody is enrolled through it."""
        if not known(network.firms, self.firm).member:
            refuse(Reason.FIRM_NOT_MEMBER, self.firm)
        enrolled = network.links.targets(self.firm, "employs")
        if enrolled:
            refuse(Reason.STILL_ENROLLED, len(enrolled))

    def apply(self, network: Network) -> None:
        """Let the firm go, and out of its network agreements."""
        network.put(network.firms[self.firm].left())
        for agreement in network.links.sources(self.firm, "binds"):
            network.unlink(agreement, "binds", self.firm)


@attrs.frozen(kw_only=True)
class PersonEnrolled(Event):
    """A person who works for a member firm enrolled, under a pseudonym.

    Who is enrolled through a second firm stays what the first enrolment said.
    """

    name: ClassVar[str] = "person-enrolled"

    person: PersonId = id_field()
    firm: FirmId = id_field()
    role: Role = field(default=Role.EMPLOYEE, validator=exactly(Role))
    gender: Gender | None = field(default=None, validator=v.optional(exactly(Gender)))

    def check(self, network: Network) -> None:
        """Refuse through a firm that is no member, or twice through the same."""
        if not known(network.firms, self.firm).member:
            refuse(Reason.FIRM_NOT_MEMBER, self.firm)
        if self.person not in network.persons:
            fresh(network, self.person)
        if network.links.is_open(self.firm, "employs", self.person):
            refuse(Reason.ALREADY_ENROLLED, self.person)

    def apply(self, network: Network) -> None:
        """Put the person, unless known already, and open the tie to the firm."""
        if self.person not in network.persons:
            network.put(Person(id=self.person, role=self.role, gender=self.gender))
        network.link(self.firm, "employs", self.person)


@attrs.frozen(kw_only=True)
class PersonLeft(Event):
    """A person no longer works for a firm."""

    name: ClassVar[str] = "person-left"

    person: PersonId = id_field()
    firm: FirmId = id_field()

    def check(self, network: Network) -> None:
        """Refuse for somebody who is not enrolled through that firm."""
        known(network.persons, self.person)
        known(network.firms, self.firm)
        if not network.links.is_open(self.firm, "employs", self.person):
            refuse(Reason.NOT_ENROLLED, self.person)

    def apply(self, network: Network) -> None:
        """Close the tie to the firm."""
        network.unlink(self.firm, "employs", self.person)


def some_holders(instance: object, attribute: "attrs.Attribute[Any]", value: tuple[PersonId, ...]) -> None:
    """Validate the holders of a household: at least one, nobody twice (attrs validator)."""
    tuple_of(checked_id)(instance, attribute, value)
    if not value:
        raise Malformed(f"{type(instance).__name__}.holders: nobody")
    require_distinct(value, f"{type(instance).__name__}.holders")


def distinct_members(instance: object, attribute: "attrs.Attribute[Any]", value: tuple[Member, ...]) -> None:
    """Validate the members of a household: nobody twice (attrs validator)."""
    tuple_of(exactly(Member))(instance, attribute, value)
    require_distinct((member.id for member in value), f"{type(instance).__name__}.members")


def _municipio(household: "HouseholdFormed") -> int:
    return municipio_of(household.nil)


def _nothing_said(household: "HouseholdFormed") -> tuple[Recipient, ...]:
    return () if is_redacted(household.holders) else (Recipient(),) * len(household.holders)


@attrs.frozen(kw_only=True)
class HouseholdFormed(Event):
    """A household formed around people who are enrolled.

    `members` are all who live in it, by pseudonym and age band, the holders
    among them if they may be cared for. `nil` is where it lives; `municipio`
    is the coarser place that stays public. `recipients` says the role and
    gender of the holders, in any order and not whose they are, so that figures
    outlive the key.
    """

    name: ClassVar[str] = "household-formed"

    household: HouseholdId = id_field()
    holders: tuple[PersonId, ...] = personal(subject="household", validator=some_holders)
    members: tuple[Member, ...] = personal(subject="household", validator=distinct_members)
    nil: int = personal(subject="household", validator=a_nil)
    municipio: int = field(default=attrs.Factory(_municipio, takes_self=True), validator=between(1, MUNICIPI))
    recipients: tuple[Recipient, ...] = field(
        default=attrs.Factory(_nothing_said, takes_self=True), validator=tuple_of(exactly(Recipient))
    )

    def __attrs_post_init__(self) -> None:
        """Hold the public residue to the personal fields that it comes from."""
        if not is_redacted(self.nil) and self.municipio != _municipio(self):
            raise Malformed("HouseholdFormed.municipio: not that of its nil")
        if not is_redacted(self.holders) and len(self.recipients) != len(self.holders):
            raise Malformed("HouseholdFormed.recipients: not one for each holder")

    def check(self, network: Network) -> None:
        """Refuse a holder who is not enrolled or lives in another household, or whose role and gender are others.

        Who holds is personal: the detail is the holder's place in the tuple.
        """
        fresh(network, self.household)
        for place, person in enumerate(self.holders):
            if person not in network.persons:
                refuse(BaseReason.UNKNOWN_ID, place)
            if not network.links.sources(person, "employs"):
                refuse(Reason.NOT_ENROLLED, place)
            if network.links.targets(person, "lives_in"):
                refuse(Reason.IN_ANOTHER_HOUSEHOLD, place)
        persons = [network.persons[person] for person in self.holders]
        known_as = Counter(Recipient(role=one.role, gender=one.gender) for one in persons)
        if self.recipients != _nothing_said(self) and Counter(self.recipients) != known_as:
            refuse(Reason.OTHER_RECIPIENTS)

    def apply(self, network: Network) -> None:
        """Put the household."""
        network.put(
            Household(
                id=self.household,
                holders=self.holders,
                members=self.members,
                nil=self.nil,
                municipio=self.municipio,
            )
        )


@attrs.frozen(kw_only=True)
class ConsentGiven(Event):
    """A household consented to a use of its data, after reading a text of a given version."""

    name: ClassVar[str] = "consent-given"

    household: HouseholdId = id_field()
    purpose: Purpose = field(default=Purpose.SPECIAL_DATA, validator=exactly(Purpose))
    text_version: str = field(default="1", validator=text(40))

    def check(self, network: Network) -> None:
        """Refuse a consent that stands already."""
        if self.purpose in known(network.households, self.household).consents:
            refuse(Reason.ALREADY_CONSENTED, self.purpose)

    def apply(self, network: Network) -> None:
        """Add the consent."""
        network.put(network.households[self.household].consented(self.purpose))


@attrs.frozen(kw_only=True)
class ConsentWithdrawn(Event):
    """A household took a consent back: it stops future use only."""

    name: ClassVar[str] = "consent-withdrawn"

    household: HouseholdId = id_field()
    purpose: Purpose = field(default=Purpose.SPECIAL_DATA, validator=exactly(Purpose))

    def check(self, network: Network) -> None:
        """Refuse when there is no such consent."""
        if self.purpose not in known(network.households, self.household).consents:
            refuse(Reason.NOT_CONSENTED, self.purpose)

    def apply(self, network: Network) -> None:
        """Take the consent away."""
        network.put(network.households[self.household].withdrew(self.purpose))
