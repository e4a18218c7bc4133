"""Personal plans of a simulated year: drafted with households that have some needs, approved, revised."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from wis_engine.facts import (
    ConsultationHeld,
    Event,
    PersonalPlanApproved,
    PersonalPlanDrafted,
    PersonalPlanRevised,
)
from wis_engine.network.guidance import ConsultationMode, ConsultationTopic
from wis_engine.simulation.card import table
from wis_engine.simulation.draws import Draws
from wis_engine.simulation.luck import PERCENT
from wis_engine.values import ConsultationId, HouseholdId, NeedId, PersonalPlanId

_DAY: Final = dt.timedelta(days=1)


class Guidance:
    """Whom the welfare manager sees on which day; what is drawn is drawn under the household."""

    def __init__(self, draws: Draws) -> None:
        self.draws = draws
        self._rules: dict[str, Any] = table("programme")["plans"]
        self._needs: dict[HouseholdId, list[NeedId]] = defaultdict(list)
        self._drafts: dict[dt.date, list[HouseholdId]] = defaultdict(list)
        self._approvals: dict[dt.date, list[HouseholdId]] = defaultdict(list)
        self._revisions: dict[dt.date, list[HouseholdId]] = defaultdict(list)
        self._asked_in: set[HouseholdId] = set()
        self._approved: set[HouseholdId] = set()
        self._revising: set[HouseholdId] = set()

    def declared(self, household: HouseholdId, need: NeedId, day: dt.date) -> None:
        """Note a need: the household may be asked in, or its plan revised."""
        needs = self._needs[household]
        needs.append(need)
        if household in self._approved:
            if household not in self._revising:
                self._revising.add(household)
                self._revisions[self._after(day, "revised_after_days", household, len(needs))].append(household)
        elif len(needs) >= self._rules["needs_min"] and household not in self._asked_in:
            self._asked_in.add(household)
            self._drafts[self._after(day, "drafted_after_days", household)].append(household)

    def _after(self, day: dt.date, days: str, *about: str | int) -> dt.date:
        return day + self.draws.between(*self._rules[days], days, *about) * _DAY

    def due(self, day: dt.date) -> list[Event]:
        """Say what the welfare manager and households do today."""
        facts: list[Event] = []
        for household in sorted(self._drafts.pop(day, [])):
            facts += self._draft(household, day)
        for household in sorted(self._approvals.pop(day, [])):
            self._approved.add(household)
            facts.append(PersonalPlanApproved(personal_plan=_plan(household)))
        for household in sorted(self._revisions.pop(day, [])):
            self._revising.discard(household)
            facts.append(PersonalPlanRevised(personal_plan=_plan(household), needs=tuple(self._needs[household])))
        return facts

    def _draft(self, household: HouseholdId, day: dt.date) -> Iterator[Event]:
        """Advise a household, draft its plan, and draw whether and when it approves."""
        on_site = self.draws.chance(self._rules["on_site_percent"] * PERCENT, "on_site_percent", household)
        yield ConsultationHeld(
            consultation=ConsultationId(f"advice-{household}-plan"),
            household=household,
            mode=ConsultationMode.ON_SITE if on_site else ConsultationMode.REMOTE,
            topic=ConsultationTopic.PLAN,
            minutes=self._rules["minutes"],
        )
        yield PersonalPlanDrafted(
            personal_plan=_plan(household), household=household, needs=tuple(self._needs[household])
        )
        if self.draws.chance(self._rules["approved_percent"] * PERCENT, "approved_percent", household):
            self._approvals[self._after(day, "approved_after_days", household)].append(household)


def _plan(household: HouseholdId) -> PersonalPlanId:
    return PersonalPlanId(f"plan-{household}")
