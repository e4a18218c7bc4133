"""What the project tells the public, and fathers: campaigns, what it hands over, paternity leave."""

import datetime as dt
from enum import StrEnum
from typing import Any, ClassVar, Final

import attrs
from attrs import field

from wis_engine.errors import Malformed, refuse
from wis_engine.facts.base import Event, fresh, id_field, known, personal
from wis_engine.network import Network
from wis_engine.network.guidance import Campaign, CampaignFocus, Leave, Product, ProductKind
from wis_engine.network.parties import Role
from wis_engine.network.rules import months_later
from wis_engine.shapes import checked_id, exactly, natural, positive, short_text, tuple_of
from wis_engine.values import (
    CampaignId,
    HouseholdId,
    LeaveId,
    PersonId,
    ProductId,
    ProjectId,
    is_redacted,
    require_distinct,
)

DAYS_MAX, DAYS_MAX_MULTIPLE = 10, 20
"""Working days of leave for a birth, and for more than one child at once (article 27-bis D.Lgs. 151/2001)."""
REFORM: Final = dt.date(2022, 8, 13)
"""From here on (D.Lgs. 105/2022) leave may begin two months before the birth; before, not earlier than it."""
MONTHS_BEFORE, MONTHS_AFTER = 2, 5


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    OUTSIDE_PROJECT = "outside-project"
    OTHER_HOUSEHOLD = "other-household"
    NOT_EMPLOYED = "not-employed"
    TOO_MANY_DAYS = "too-many-days"
    OUTSIDE_WINDOW = "outside-window"
    ALREADY_TAKEN = "already-taken"
    NOT_YET_OVER = "not-yet-over"


def _in_project(network: Network, name: ProjectId) -> None:
    if network.today not in known(network.projects, name).period:
        refuse(Reason.OUTSIDE_PROJECT, network.today)


@attrs.frozen(kw_only=True)
class CampaignLaunched(Event):
    """The project launched a campaign."""

    name: ClassVar[str] = "campaign-launched"

    campaign: CampaignId = id_field()
    project: ProjectId = id_field()
    title: str = field(validator=short_text)
    focus: CampaignFocus = field(validator=exactly(CampaignFocus))

    def check(self, network: Network) -> None:
        """Refuse a date outside the project."""
        fresh(network, self.campaign)
        _in_project(network, self.project)

    def apply(self, network: Network) -> None:
        """Put the campaign."""
        network.put(Campaign(id=self.campaign, project=self.project, title=self.title, focus=self.focus))


@attrs.frozen(kw_only=True)
class CampaignReached(Event):
    """A campaign reached people, at a meeting or otherwise; counted, and nobody named."""

    name: ClassVar[str] = "campaign-reached"

    campaign: CampaignId = id_field()
    people: int = field(validator=positive)
    fathers: int = field(default=0, validator=natural)

    def __attrs_post_init__(self) -> None:
        """Refuse more fathers than people."""
        if self.fathers > self.people:
            raise Malformed("CampaignReached.fathers: more than people")

    def check(self, network: Network) -> None:
        """Refuse an unknown campaign."""
        known(network.campaigns, self.campaign)

    def apply(self, network: Network) -> None:
        """Count whom it reached."""
        network.put(network.campaigns[self.campaign].reached(self.people, self.fathers))


def some_items(instance: object, attribute: "attrs.Attribute[Any]", value: tuple[str, ...]) -> None:
    """Validate what a product consists of: something, nothing twice (attrs validator)."""
    tuple_of(short_text)(instance, attribute, value)
    if not value:
        raise Malformed("ProductReleased.items: none")
    require_distinct(value, "ProductReleased.items")


@attrs.frozen(kw_only=True)
class ProductReleased(Event):
    """The project released a kit of tools, the profile of the welfare manager, or a material."""

    name: ClassVar[str] = "product-released"

    product: ProductId = id_field()
    project: ProjectId = id_field()
    kind: ProductKind = field(validator=exactly(ProductKind))
    release: str = field(validator=short_text)
    items: tuple[str, ...] = field(validator=some_items)

    def check(self, network: Network) -> None:
        """Refuse an unknown project."""
        fresh(network, self.product)
        known(network.projects, self.project)

    def apply(self, network: Network) -> None:
        """Put the product."""
        network.put(
            Product(
                id=self.product,
                project=self.project,
                product_kind=self.kind,
                release=self.release,
                items=self.items,
            )
        )


def distinct_days(instance: object, attribute: "attrs.Attribute[Any]", value: tuple[dt.date, ...]) -> None:
    """Validate the days of a leave: some, in order, none twice (attrs validator)."""
    tuple_of(exactly(dt.date))(instance, attribute, value)
    where = f"{type(instance).__name__}.days"
    if not value or list(value) != sorted(value):
        raise Malformed(f"{where}: none, or not in order")
    require_distinct(value, where)


def _day_count(leave: "PaternityLeavePlanned | PaternityLeaveTaken") -> int:
    return len(leave.days)


def _hold_count(leave: "PaternityLeavePlanned | PaternityLeaveTaken") -> None:
    if not is_redacted(leave.days) and leave.day_count != len(leave.days):
        raise Malformed(f"{type(leave).__name__}.day_count: not that of its days")


@attrs.frozen(kw_only=True)
class PaternityLeavePlanned(Event):
    """A father who is employed planned his leave around a birth, due or past; how many days stays public."""

    name: ClassVar[str] = "paternity-leave-planned"

    leave: LeaveId = id_field()
    household: HouseholdId = id_field()
    father: PersonId = personal(subject="household", validator=checked_id)
    birth: dt.date = personal(subject="household", validator=exactly(dt.date))
    multiple: bool = personal(subject="household", default=False, validator=exactly(bool))
    days: tuple[dt.date, ...] = personal(subject="household", validator=distinct_days)
    day_count: int = field(default=attrs.Factory(_day_count, takes_self=True), validator=positive)

    def __attrs_post_init__(self) -> None:
        """Hold the public residue to the personal field that it comes from."""
        _hold_count(self)

    def check(self, network: Network) -> None:
        """Refuse somebody else's, a father who is not employed, or days that the law does not give."""
        fresh(network, self.leave)
        known(network.households, self.household)
        if not network.links.is_open(self.father, "lives_in", self.household):
            refuse(Reason.OTHER_HOUSEHOLD, self.household)
        employed = network.links.sources(self.father, "employs")
        if not employed or network.persons[self.father].role is not Role.EMPLOYEE:
            refuse(Reason.NOT_EMPLOYED, self.household)
        _check_days(self.days, self.birth, multiple=self.multiple)

    def apply(self, network: Network) -> None:
        """Put the leave."""
        network.put(
            Leave(
                id=self.leave,
                household=self.household,
                father=self.father,
                birth=self.birth,
                multiple=self.multiple,
                day_count=self.day_count,
            )
        )


def _check_days(days: tuple[dt.date, ...], birth: dt.date, *, multiple: bool) -> None:
    most = DAYS_MAX_MULTIPLE if multiple else DAYS_MAX
    if len(days) > most:
        refuse(Reason.TOO_MANY_DAYS)
    first = months_later(birth, -MONTHS_BEFORE) if birth >= REFORM else birth
    if days[0] < first or days[-1] > months_later(birth, MONTHS_AFTER):
        refuse(Reason.OUTSIDE_WINDOW)


@attrs.frozen(kw_only=True)
class PaternityLeaveTaken(Event):
    """The leave was taken, on these days."""

    name: ClassVar[str] = "paternity-leave-taken"

    leave: LeaveId = id_field()
    household: HouseholdId = id_field()
    days: tuple[dt.date, ...] = personal(subject="household", validator=distinct_days)
    day_count: int = field(default=attrs.Factory(_day_count, takes_self=True), validator=positive)

    def __attrs_post_init__(self) -> None:
        """Hold the public residue to the personal field that it comes from."""
        _hold_count(self)

    def check(self, network: Network) -> None:
        """Refuse a second time, days to come, or days that the law does not give."""
        leave = known(network.leaves, self.leave)
        known(network.households, self.household)
        if leave.household != self.household:
            refuse(Reason.OTHER_HOUSEHOLD, self.household)
        if leave.taken:
            refuse(Reason.ALREADY_TAKEN, self.leave)
        if self.days[-1] > network.today:
            refuse(Reason.NOT_YET_OVER, self.leave)
        if not is_redacted(leave.birth):
            _check_days(self.days, leave.birth, multiple=leave.multiple)

    def apply(self, network: Network) -> None:
        """Mark the leave."""
        network.put(network.leaves[self.leave].was_taken(self.day_count))
