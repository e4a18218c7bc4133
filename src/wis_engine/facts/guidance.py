"""What the welfare manager does: consultations held, personal plans drafted, approved, revised."""

from enum import StrEnum
from typing import Any, ClassVar

import attrs
from attrs import field

from wis_engine.errors import Malformed, refuse
from wis_engine.facts.base import Event, fresh, id_field, known
from wis_engine.network import Network
from wis_engine.network.guidance import Consultation, ConsultationMode, ConsultationTopic, PersonalPlan
from wis_engine.shapes import checked_id, exactly, positive, tuple_of
from wis_engine.values import ConsultationId, FirmId, HouseholdId, Minutes, NeedId, PersonalPlanId, require_distinct


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    OTHER_HOUSEHOLD = "other-household"
    ALREADY_APPROVED = "already-approved"
    NOT_YET_APPROVED = "not-yet-approved"


@attrs.frozen(kw_only=True)
class ConsultationHeld(Event):
    """The welfare manager advised a firm, which may not have joined yet, or a household, or both.

    What was said is not kept; `topic` is as much as the figures ask for.
    """

    name: ClassVar[str] = "consultation-held"

    consultation: ConsultationId = id_field()
    firm: FirmId | None = id_field(default=None)
    household: HouseholdId | None = id_field(default=None)
    mode: ConsultationMode = field(validator=exactly(ConsultationMode))
    topic: ConsultationTopic = field(validator=exactly(ConsultationTopic))
    minutes: Minutes = field(validator=positive)

    def __attrs_post_init__(self) -> None:
        """Refuse advice to nobody."""
        if self.firm is None and self.household is None:
            raise Malformed("ConsultationHeld: neither a firm nor a household")

    def check(self, network: Network) -> None:
        """Refuse an unknown firm or household."""
        fresh(network, self.consultation)
        if self.firm is not None:
            known(network.firms, self.firm)
        if self.household is not None:
            known(network.households, self.household)

    def apply(self, network: Network) -> None:
        """Put the consultation."""
        network.put(
            Consultation(
                id=self.consultation,
                firm=self.firm,
                household=self.household,
                mode=self.mode,
                topic=self.topic,
                minutes=self.minutes,
            )
        )


def some_needs(instance: object, attribute: "attrs.Attribute[Any]", value: tuple[NeedId, ...]) -> None:
    """Validate the needs that a plan sets out: some, none twice (attrs validator)."""
    tuple_of(checked_id)(instance, attribute, value)
    if not value:
        raise Malformed(f"{type(instance).__name__}.needs: none")
    require_distinct(value, f"{type(instance).__name__}.needs")


def _check_needs(network: Network, household: HouseholdId, needs: tuple[NeedId, ...]) -> None:
    for name in needs:
        if known(network.needs, name).household != household:
            refuse(Reason.OTHER_HOUSEHOLD, name)


@attrs.frozen(kw_only=True)
class PersonalPlanDrafted(Event):
    """The welfare manager drafted a personal plan with a household, for needs that it declared."""

    name: ClassVar[str] = "personal-plan-drafted"

    personal_plan: PersonalPlanId = id_field()
    household: HouseholdId = id_field()
    needs: tuple[NeedId, ...] = field(validator=some_needs)

    def check(self, network: Network) -> None:
        """Refuse needs of others."""
        fresh(network, self.personal_plan)
        known(network.households, self.household)
        _check_needs(network, self.household, self.needs)

    def apply(self, network: Network) -> None:
        """Put the plan, not approved yet."""
        network.put(PersonalPlan(id=self.personal_plan, household=self.household))
        for need in self.needs:
            network.link(self.personal_plan, "sets_out", need)


@attrs.frozen(kw_only=True)
class PersonalPlanApproved(Event):
    """The household approved its personal plan."""

    name: ClassVar[str] = "personal-plan-approved"

    personal_plan: PersonalPlanId = id_field()

    def check(self, network: Network) -> None:
        """Refuse a second time."""
        if known(network.personal_plans, self.personal_plan).approved:
            refuse(Reason.ALREADY_APPROVED, self.personal_plan)

    def apply(self, network: Network) -> None:
        """Mark the plan."""
        network.put(network.personal_plans[self.personal_plan].replace(approved=True))


@attrs.frozen(kw_only=True)
class PersonalPlanRevised(Event):
    """An approved plan now sets these needs out; it stays the plan that it was."""

    name: ClassVar[str] = "personal-plan-revised"

    personal_plan: PersonalPlanId = id_field()
    needs: tuple[NeedId, ...] = field(validator=some_needs)

    def check(self, network: Network) -> None:
        """Refuse a draft, and needs of others."""
        plan = known(network.personal_plans, self.personal_plan)
        if not plan.approved:
            refuse(Reason.NOT_YET_APPROVED, self.personal_plan)
        _check_needs(network, plan.household, self.needs)

    def apply(self, network: Network) -> None:
        """Set other needs out."""
        for need in set(network.links.targets(self.personal_plan, "sets_out")).difference(self.needs):
            network.unlink(self.personal_plan, "sets_out", need)
        for need in self.needs:
            network.link(self.personal_plan, "sets_out", need)
