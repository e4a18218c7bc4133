"""The life of a project: planned, its actions planned, its grant awarded."""

import datetime as dt
from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar, Final

import attrs
from attrs import field
from attrs import validators as v

from wis_engine.errors import refuse
from wis_engine.facts.base import Event, fresh, id_field, known
from wis_engine.facts.base import Reason as BaseReason
from wis_engine.network import Network, ledger, rules, timetable
from wis_engine.network.parties import Action, Fund, FundingRules, FundSource, PlannedCost, Project, Target
from wis_engine.network.rules import Rule
from wis_engine.shapes import between, exactly, frozenset_of, natural, positive, short_text, tuple_of
from wis_engine.values import ActionCode, Cents, FundId, Minutes, Period, PoolId, ProjectId


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    OUTSIDE_PROJECT = "outside-project"
    ALREADY_GRANTED = "already-granted"
    OVER_GRANT = "over-grant"
    OVER_ACTION_BUDGET = "over-action-budget"
    SESSIONS_PROMISED = "sessions-promised"
    TOO_LONG = "too-long"
    TOO_FEW_PARTNERS = "too-few-partners"
    TOO_FEW_SMALL_FIRMS = "too-few-small-firms"
    NO_PUBLIC_BODY = "no-public-body"
    NETWORK_AREA_ALONE = "network-area-alone"
    OVER_CONTRIBUTION_RATE = "over-contribution-rate"
    OVER_CONTRIBUTION_CAP = "over-contribution-cap"
    UNDER_COFINANCING_RATE = "under-cofinancing-rate"


_BROKEN: Final = {
    Rule.DURATION: Reason.TOO_LONG,
    Rule.PARTNERS: Reason.TOO_FEW_PARTNERS,
    Rule.SMALL_FIRMS: Reason.TOO_FEW_SMALL_FIRMS,
    Rule.PUBLIC_BODIES: Reason.NO_PUBLIC_BODY,
    Rule.OTHER_AREAS: Reason.NETWORK_AREA_ALONE,
    Rule.CONTRIBUTION_RATE: Reason.OVER_CONTRIBUTION_RATE,
    Rule.CONTRIBUTION_CAP: Reason.OVER_CONTRIBUTION_CAP,
    Rule.COFINANCING_RATE: Reason.UNDER_COFINANCING_RATE,
}


def _require(checks: Iterable[rules.RuleCheck]) -> None:
    """Refuse what breaks a rule of the funder; the detail is by how much."""
    for check in checks:
        if not check.holds:
            refuse(_BROKEN[check.rule], check.margin)


@attrs.frozen(kw_only=True)
class ProjectPlanned(Event):
    """A project was planned: its period, its lead, its public body, what it promised.

    `targets` are figures for the whole project, never for one action.
    `closed_days` are the days on which no service is delivered. `simulated`
    says that what the log tells is made up: whatever shows it says so.
    `rules` is what the funder asks, None when nobody does; `planned_costs`
    are the lines of the plan of costs, over all actions.
    """

    name: ClassVar[str] = "project-planned"

    project: ProjectId = id_field()
    title: str = field(validator=short_text)
    period: Period = field(validator=exactly(Period))
    lead: str = field(validator=short_text)
    public_body: str = field(validator=short_text)
    targets: tuple[Target, ...] = field(default=(), validator=tuple_of(exactly(Target)))
    closed_days: frozenset[dt.date] = field(default=frozenset(), validator=frozenset_of(exactly(dt.date)))
    simulated: bool = field(default=False, validator=exactly(bool))
    rules: FundingRules | None = field(default=None, validator=v.optional(exactly(FundingRules)))
    planned_costs: tuple[PlannedCost, ...] = field(default=(), validator=tuple_of(exactly(PlannedCost)))

    def check(self, network: Network) -> None:
        """Refuse what runs too long, or closes a day on which an open pool meets: its other sessions would move."""
        fresh(network, self.project)
        if self.rules is not None:
            _require([rules.duration(self.period, self.rules)])
        for name in network.opened("pool"):
            for session in timetable.sessions_of(network, network.pools[PoolId(name)])[0]:
                if session.day in self.closed_days:
                    refuse(Reason.SESSIONS_PROMISED, f"{name} on {session.day}")

    def apply(self, network: Network) -> None:
        """Put the project."""
        network.put(
            Project(
                id=self.project,
                title=self.title,
                period=self.period,
                lead=self.lead,
                public_body=self.public_body,
                targets=self.targets,
                closed_days=self.closed_days,
                simulated=self.simulated,
                rules=self.rules,
                planned_costs=self.planned_costs,
            )
        )


@attrs.frozen(kw_only=True)
class ActionPlanned(Event):
    """An action of the project was planned, with its budget and its staff time.

    Money and time are two ledgers: neither is derived from the other.
    """

    name: ClassVar[str] = "action-planned"

    project: ProjectId = id_field()
    action: ActionCode = id_field()
    title: str = field(validator=short_text)
    phase: int = field(validator=positive)
    period: Period = field(validator=exactly(Period))
    budget_cents: Cents = field(validator=natural)
    staff_minutes: Minutes = field(validator=natural)

    def check(self, network: Network) -> None:
        """Refuse an action outside the time of its project."""
        fresh(network, self.action)
        project = known(network.projects, self.project)
        if not project.period.covers(self.period):
            refuse(Reason.OUTSIDE_PROJECT, project.period)

    def apply(self, network: Network) -> None:
        """Put the action."""
        network.put(
            Action(
                id=self.action,
                project=self.project,
                title=self.title,
                phase=self.phase,
                period=self.period,
                budget_cents=self.budget_cents,
                staff_minutes=self.staff_minutes,
            )
        )


@attrs.frozen(kw_only=True)
class FundLine:
    """A part of the grant set aside for the vouchers of one action.

    `share_percent` is how much of a price the fund may pay,
    `household_cap_cents` how much one household may hold of it in all.
    """

    fund: FundId = id_field()
    action: ActionCode = id_field()
    source: FundSource = field(validator=exactly(FundSource))
    amount_cents: Cents = field(validator=positive)
    share_percent: int = field(default=100, validator=between(1, 100))
    household_cap_cents: Cents | None = field(default=None, validator=v.optional(positive))


@attrs.frozen(kw_only=True)
class GrantAwarded(Event):
    """The funder awarded its contribution, and the lines for vouchers were drawn."""

    name: ClassVar[str] = "grant-awarded"

    project: ProjectId = id_field()
    contribution_cents: Cents = field(validator=natural)
    cofinancing_cents: Cents = field(validator=natural)
    funds: tuple[FundLine, ...] = field(default=(), validator=tuple_of(exactly(FundLine)))

    def check(self, network: Network) -> None:
        """Refuse a grant that breaks the rules, and lines beyond what each source gave or each action may cost."""
        project = known(network.projects, self.project)
        if project.contribution_cents is not None:
            refuse(Reason.ALREADY_GRANTED, self.project)
        if project.rules is not None:
            _require(rules.partnership(network, self.project, project.rules))
            _require(rules.money(project.rules, self.contribution_cents, self.cofinancing_cents))
        by_source = {FundSource.CONTRIBUTION: self.contribution_cents, FundSource.COFINANCING: self.cofinancing_cents}
        left_cents = {code: action.budget_cents for code, action in network.actions.items()}
        seen: set[FundId] = set()
        for line in self.funds:
            fresh(network, line.fund)
            if line.fund in seen:
                refuse(BaseReason.ID_TAKEN, line.fund)
            seen.add(line.fund)
            if known(network.actions, line.action).project != self.project:
                refuse(Reason.OUTSIDE_PROJECT, line.action)
            by_source[line.source] -= line.amount_cents
            left_cents[line.action] -= line.amount_cents
            if by_source[line.source] < 0:
                refuse(Reason.OVER_GRANT, line.source)
            if left_cents[line.action] < 0:
                refuse(Reason.OVER_ACTION_BUDGET, line.action)

    def apply(self, network: Network) -> None:
        """Credit each fund from the grantor."""
        network.put(network.projects[self.project].granted(self.contribution_cents, self.cofinancing_cents))
        for line in self.funds:
            network.put(
                Fund(
                    id=line.fund,
                    action=line.action,
                    source=line.source,
                    share_percent=line.share_percent,
                    household_cap_cents=line.household_cap_cents,
                )
            )
            for account in ledger.granted(network.accounts, line.fund, line.amount_cents):
                network.put(account)
            network.link(line.fund, "keeps", ledger.account_of(line.fund))
            network.put(network.actions[line.action].lined(line.amount_cents))
            network.put(network.projects[self.project].used(line.source, line.amount_cents))
