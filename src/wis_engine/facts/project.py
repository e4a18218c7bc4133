"""The life of a project: planned, its actions planned, its grant awarded."""

import datetime as dt
from enum import StrEnum
from typing import ClassVar

import attrs
from attrs import field
from attrs import validators as v

from wis_engine.errors import refuse
from wis_engine.facts.base import Event, fresh, id_field, known
from wis_engine.facts.base import Reason as BaseReason
from wis_engine.network import Network, ledger, timetable
from wis_engine.network.parties import Action, Fund, FundSource, Project, Target
from wis_engine.shapes import between, exactly, frozenset_of, natural, positive, short_text, tuple_of
from wis_engine.values import ActionCode, Cents, FundId, Minutes, Period, PoolId, ProjectId


class Reason(StrEnum):
    """Why a fact of this chapter is refused."""

    OUTSIDE_PROJECT = "outside-project"
    ALREADY_GRANTED = "already-granted"
    OVER_GRANT = "over-grant"
    OVER_ACTION_BUDGET = "over-action-budget"
    SESSIONS_PROMISED = "sessions-promised"


@attrs.frozen(kw_only=True)
class ProjectPlanned(Event):
    """A project was planned: its period, its lead, its public body, what it promised.

    `targets` are figures for the whole project, never for one action.
    `closed_days` are the days on which no service is delivered. `simulated`
    says that what the log tells is made up: whatever shows it says so.
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

    def check(self, network: Network) -> None:
        """Refuse to close a day on which an open pool meets: its other sessions would move."""
        fresh(network, self.project)
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
        """Refuse lines beyond what each source gave or what each action may cost."""
        project = known(network.projects, self.project)
        if project.contribution_cents is not None:
            refuse(Reason.ALREADY_GRANTED, self.project)
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
