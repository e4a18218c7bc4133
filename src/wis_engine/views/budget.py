"""The money of the project and the time of its staff: what was planned, what became of it.

Money and time are two ledgers, and neither is derived from the other. What a
voucher pays is never a cost; both are spent of one budget.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import ClassVar

import attrs

from wis_engine.facts import (
    ActionPlanned,
    CostIncurred,
    CostReversed,
    Event,
    GrantAwarded,
    PartnerAdmitted,
    ProjectPlanned,
    StaffAssigned,
    StaffHoursLogged,
    StaffHoursReversed,
)
from wis_engine.network.parties import CostClass, FundSource, PlannedCost
from wis_engine.values import ActionCode, Cents, CostId, PartnerId, StaffId, TimesheetId
from wis_engine.views.view import Handler, Mark, Row, View
from wis_engine.views.vouchers import Vouchers


@attrs.define(kw_only=True)
class ActionLine:
    """What one action may cost and take, and what its vouchers and costs made of that."""

    action: ActionCode
    planned_cents: Cents
    planned_minutes: int
    lines_cents: Cents = 0


class Budget(View):
    """The budget: one line each action; by class, by partner and by source; hours apart."""

    READS: ClassVar[tuple[type[Event], ...]] = (
        *(ProjectPlanned, ActionPlanned, PartnerAdmitted, StaffAssigned),
        *(CostIncurred, CostReversed, StaffHoursLogged, StaffHoursReversed),
        *Vouchers.READS,
    )

    def __init__(self, *, zone: str = "Europe/Rome") -> None:
        self._vouchers = Vouchers()
        self._actions: dict[ActionCode, ActionLine] = {}
        self._granted: Counter[FundSource] = Counter()
        self._planned: list[PlannedCost] = []
        self._partners: list[PartnerId] = []
        self._staff: dict[StaffId, StaffAssigned] = {}
        self._costs: dict[CostId, CostIncurred] = {}
        self._sheets: dict[TimesheetId, StaffHoursLogged] = {}
        super().__init__(zone=zone)

    def handlers(self) -> Mapping[type[Event], Handler]:
        """Open a line, add a cost or hours, take them back; vouchers have a book of their own."""
        return {
            **self._vouchers.handlers(),
            ProjectPlanned: self._project,
            ActionPlanned: self._action,
            GrantAwarded: self._grant,
            PartnerAdmitted: self._partner,
            StaffAssigned: self._assigned,
            CostIncurred: self._cost,
            CostReversed: self._cost_back,
            StaffHoursLogged: self._hours,
            StaffHoursReversed: self._hours_back,
        }

    # Money

    def records(self) -> list[Row]:
        """List the actions, one row each, in order of code.

        Committed is reserved on vouchers that still stand, paid is what
        vouchers paid, costs are net of VAT; spent is both, free neither
        spent nor on a line for vouchers.
        """
        return [self._row(self._actions[code]) for code in sorted(self._actions)]

    def _row(self, line: ActionLine) -> Row:
        vouchers = [one for one in self._vouchers.lines() if one.fund.action == line.action]
        costs_cents = sum(one.net_cents for one in self._costs.values() if one.action == line.action)
        paid_cents = sum(one.redeemed_cents for one in vouchers)
        return {
            "action": line.action,
            "planned_cents": line.planned_cents,
            "lines_cents": line.lines_cents,
            "issued_cents": sum(one.face_cents for one in vouchers),
            "committed_cents": sum(one.left_cents for one in vouchers),
            "paid_cents": paid_cents,
            "costs_cents": costs_cents,
            "spent_cents": paid_cents + costs_cents,
            "free_cents": line.planned_cents - line.lines_cents - costs_cents,
        }

    def by_class(self) -> list[Row]:
        """List costs against their plan, by class; classes that were planned together stay together.

        Vouchers buy services: what they paid stands with that class.
        """
        spent: Counter[CostClass] = Counter()
        for cost in self._costs.values():
            spent[cost.cost_class] += cost.net_cents
        spent[CostClass.SERVICES] += sum(one.redeemed_cents for one in self._vouchers.lines())
        planned: Counter[frozenset[CostClass]] = Counter()
        for one in self._planned:
            planned[one.cost_classes] += one.cents
        alone = set(CostClass).difference(*planned)
        groups = [*planned, *(frozenset({one}) for one in alone)]
        return [
            {
                "cost_classes": ", ".join(names),
                "planned_cents": planned.get(group),
                "spent_cents": sum(spent[one] for one in group),
            }
            for names, group in sorted((sorted(one.value for one in group), group) for group in groups)
        ]

    def by_partner(self) -> list[Row]:
        """List what each partner bore of the costs, and the minutes that its staff gave."""
        costs, minutes = Counter[PartnerId](), Counter[PartnerId]()
        for cost in self._costs.values():
            costs[cost.partner] += cost.net_cents
        for sheet in self._sheets.values():
            minutes[self._staff[sheet.staff].partner] += sheet.minutes
        return [
            {"partner": name, "costs_cents": costs[name], "logged_minutes": minutes[name]}
            for name in sorted(self._partners)
        ]

    def by_source(self) -> list[Row]:
        """List what each source gave, and what was spent of it by vouchers and by costs."""
        paid, costs = Counter[FundSource](), Counter[FundSource]()
        for line in self._vouchers.lines():
            paid[line.fund.source] += line.redeemed_cents
        for cost in self._costs.values():
            costs[cost.source] += cost.net_cents
        return [
            {
                "source": source.value,
                "granted_cents": self._granted[source],
                "paid_cents": paid[source],
                "costs_cents": costs[source],
                "left_cents": self._granted[source] - paid[source] - costs[source],
            }
            for source in FundSource
        ]

    # Time

    def hours(self) -> list[Row]:
        """List minutes planned and logged, by action, and in it by role; a role has no plan of its own."""
        rows: list[Row] = []
        for code in sorted(self._actions):
            sheets = [one for one in self._sheets.values() if one.action == code]
            rows.append(_time(code, "", self._actions[code].planned_minutes, sheets))
            for role in sorted({self._staff[one.staff].role.value for one in sheets}):
                mine = [one for one in sheets if self._staff[one.staff].role.value == role]
                rows.append(_time(code, role, None, mine))
        return rows

    # How it fills

    def _project(self, fact: ProjectPlanned, _at: Mark) -> None:
        self._planned += fact.planned_costs

    def _action(self, fact: ActionPlanned, _at: Mark) -> None:
        self._actions[fact.action] = ActionLine(
            action=fact.action, planned_cents=fact.budget_cents, planned_minutes=fact.staff_minutes
        )

    def _grant(self, fact: GrantAwarded, at: Mark) -> None:
        self._vouchers.handle(fact, at)
        self._granted[FundSource.CONTRIBUTION] += fact.contribution_cents
        self._granted[FundSource.COFINANCING] += fact.cofinancing_cents
        for line in fact.funds:
            self._actions[line.action].lines_cents += line.amount_cents

    def _partner(self, fact: PartnerAdmitted, _at: Mark) -> None:
        self._partners.append(fact.partner)

    def _assigned(self, fact: StaffAssigned, _at: Mark) -> None:
        self._staff[fact.staff] = fact

    def _cost(self, fact: CostIncurred, _at: Mark) -> None:
        self._costs[fact.cost] = fact

    def _cost_back(self, fact: CostReversed, _at: Mark) -> None:
        del self._costs[fact.cost]

    def _hours(self, fact: StaffHoursLogged, _at: Mark) -> None:
        self._sheets[fact.timesheet] = fact

    def _hours_back(self, fact: StaffHoursReversed, _at: Mark) -> None:
        del self._sheets[fact.timesheet]


def _time(action: ActionCode, role: str, planned: int | None, sheets: Iterable[StaffHoursLogged]) -> Row:
    logged = sum(one.minutes for one in sheets)
    return {"action": action, "role": role, "planned_minutes": planned, "logged_minutes": logged}
