"""What the report says, as one value: sheet and page are both drawn from it.

It is read off a community: figures from the facts, money from the accounts,
savings from what each pool promised. Needs that were not met are counted by
service and reason and never by household.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from typing import Final

from attrs import frozen

from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.facts import NeedUnmet, PlanAdopted, PoolFormed
from wis_engine.network import Network, ledger
from wis_engine.network.promises import Need, NeedState
from wis_engine.report.story import ServiceName, Story, amount, service_name, story, telling
from wis_engine.values import DAYS, SLOTS_A_DAY, Cents, Minutes, Period, WeekSlots, clock_text

_IN_PART: Final = "met in part"


@frozen(kw_only=True)
class Figure:
    """One indicator beside its target, if it has one."""

    id: str
    title: str
    value: int
    unit: str
    target: int | None
    note: str

    @property
    def shown(self) -> str:
        """Its value for people: cents as euro, minutes as hours («12:30»), anything else as it is counted."""
        match self.unit:
            case "cents":
                return f"{amount(self.value)} EUR"
            case "minutes":
                return f"{self.value // 60:,}:{self.value % 60:02d} h"
        return str(self.value)


@frozen(kw_only=True)
class ActionMoney:
    """The money of one action: its budget, its lines for vouchers, and what became of them.

    `committed_cents` is reserved on vouchers that still stand, `spent_cents`
    was paid to suppliers. `staff_minutes` are planned, a ledger of their own:
    no money follows from them.
    """

    code: str
    title: str
    staff_minutes: Minutes
    planned_cents: Cents
    lines_cents: Cents
    issued_cents: Cents
    committed_cents: Cents
    spent_cents: Cents

    @property
    def columns(self) -> tuple[Cents, ...]:
        """Planned, for vouchers, issued, committed, spent, free."""
        free_cents = self.lines_cents - self.committed_cents - self.spent_cents
        given = (self.planned_cents, self.lines_cents, self.issued_cents, self.committed_cents, self.spent_cents)
        return (*given, free_cents)

    @property
    def hours(self) -> str:
        """Planned staff time in hours: «417», or «417:30»."""
        whole, rest = divmod(self.staff_minutes, 60)
        return f"{whole:,}:{rest:02d}" if rest else f"{whole:,}"


@frozen(kw_only=True)
class PoolRow:
    """One pool as it was formed: what, by whom, when, for how many, at what price."""

    pool: str
    services: tuple[ServiceName, ...]
    offers: tuple[str, ...]
    needs: tuple[str, ...]
    starts: WeekSlots
    period: Period
    price_cents: Cents
    alone_cents: Cents
    granted_cents: Cents

    @property
    def last_day(self) -> dt.date:
        """Last date on which it may meet."""
        return self.period.end - dt.timedelta(days=1)

    @property
    def together(self) -> bool:
        """Whether anything was joined: needs, or offers."""
        return len(self.needs) > 1 or self.chained

    @property
    def hours(self) -> str:
        """When in the week its sessions begin: «mon 16:00, wed 16:00»."""
        begins = (divmod(slot, SLOTS_A_DAY) for slot in self.starts)
        return ", ".join(f"{DAYS[day]} {clock_text(slot)}" for day, slot in begins)

    @property
    def chained(self) -> bool:
        """Whether offers of different suppliers were joined for it."""
        return len(self.offers) > 1

    @property
    def saved_cents(self) -> Cents:
        """What its members save against going alone."""
        return self.alone_cents - self.price_cents


@frozen(kw_only=True)
class AloneRow:
    """How many needs of one service were served alone, and for how much."""

    service: ServiceName
    needs: int
    price_cents: Cents
    granted_cents: Cents


@frozen(kw_only=True)
class HouseholdRow:
    """What one household was promised over the whole time: prices, public money, savings."""

    household: str
    needs: int
    price_cents: Cents
    alone_cents: Cents
    granted_cents: Cents

    @property
    def columns(self) -> tuple[Cents, ...]:
        """Alone, together, saved, public money, what is left for the household to pay."""
        saved_cents = self.alone_cents - self.price_cents
        pays_cents = self.price_cents - self.granted_cents
        return self.alone_cents, self.price_cents, saved_cents, self.granted_cents, pays_cents


@frozen(kw_only=True)
class UnmetRow:
    """How many needs of one service went unmet for one reason."""

    service: ServiceName
    reason: str
    needs: int


@frozen(kw_only=True)
class Summary:
    """Everything that the report says.

    `simulated` says that what the log tells is made up; then every page says so.
    """

    title: str
    period: Period
    position: int
    digest: str
    simulated: bool
    figures: tuple[Figure, ...]
    money: tuple[ActionMoney, ...]
    plans: int
    pools: tuple[PoolRow, ...]
    alone: tuple[AloneRow, ...]
    households: tuple[HouseholdRow, ...]
    outcomes: tuple[tuple[str, int], ...]
    unmet: tuple[UnmetRow, ...]
    story: Story | None

    @property
    def last_day(self) -> dt.date:
        """Last date of the project."""
        return self.period.end - dt.timedelta(days=1)

    @property
    def all_actions(self) -> ActionMoney:
        """All actions as one row."""
        return ActionMoney(
            code="all",
            title="",
            staff_minutes=sum(row.staff_minutes for row in self.money),
            planned_cents=sum(row.planned_cents for row in self.money),
            lines_cents=sum(row.lines_cents for row in self.money),
            issued_cents=sum(row.issued_cents for row in self.money),
            committed_cents=sum(row.committed_cents for row in self.money),
            spent_cents=sum(row.spent_cents for row in self.money),
        )

    @property
    def everyone(self) -> HouseholdRow:
        """All households as one row."""
        return HouseholdRow(
            household="all",
            needs=sum(row.needs for row in self.households),
            price_cents=sum(row.price_cents for row in self.households),
            alone_cents=sum(row.alone_cents for row in self.households),
            granted_cents=sum(row.granted_cents for row in self.households),
        )


def summarise(community: Community, period: Period | None = None) -> Summary:
    """Read a community's summary.

    It is marked as simulated when any project of the log is.

    Parameters
    ----------
    period
        That of the figures; the project's, when not given. All the rest is of
        the whole log.

    Raises
    ------
    Malformed
        The community has planned no project yet: there is nothing to report on.
    """
    network = community.network
    if not network.projects:
        raise Malformed("no project was planned: nothing to report on")
    project = network.projects[min(network.projects)]
    period = period or project.period
    formed = [one.fact for one in community.events(types=[PoolFormed]) if isinstance(one.fact, PoolFormed)]
    pools = tuple(_pool(fact) for fact in formed)
    chosen = telling(network)
    return Summary(
        title=project.title,
        period=period,
        position=network.position,
        digest=network.digest(),
        simulated=any(one.simulated for one in network.projects.values()),
        figures=tuple(
            Figure(id=one.id, title=one.title, value=one.value, unit=one.unit, target=one.target, note=one.note)
            for one in community.indicators(period)
        ),
        money=tuple(_money(network, code) for code in sorted(network.actions)),
        plans=sum(1 for _ in community.events(types=[PlanAdopted])),
        pools=tuple(sorted(pools, key=lambda pool: (-len(pool.needs), not pool.chained, pool.period, pool.pool))),
        alone=_alone(pools),
        households=_households(network, formed),
        outcomes=_outcomes(network),
        unmet=_unmet(community),
        story=story(community, chosen) if chosen else None,
    )


def _money(network: Network, code: str) -> ActionMoney:
    action = next(one for one in network.actions.values() if one.id == code)
    funds = [fund.id for fund in network.funds.values() if fund.action == code]
    accounts = [network.accounts[ledger.account_of(fund)] for fund in funds]
    return ActionMoney(
        code=code,
        title=action.title,
        staff_minutes=action.staff_minutes,
        planned_cents=action.budget_cents,
        lines_cents=sum(account.credits_posted_cents for account in accounts),
        issued_cents=sum(one.face_cents for one in network.vouchers.values() if one.fund in funds),
        committed_cents=sum(account.debits_pending_cents for account in accounts),
        spent_cents=sum(account.debits_posted_cents for account in accounts),
    )


def _pool(fact: PoolFormed) -> PoolRow:
    return PoolRow(
        pool=fact.pool,
        services=tuple(service_name(step.service) for step in fact.steps),
        offers=tuple(step.offer for step in fact.steps),
        needs=tuple(sorted(member.need for member in fact.members)),
        starts=fact.starts,
        period=fact.period,
        price_cents=fact.price_cents,
        alone_cents=sum(member.alone_cents for member in fact.members),
        granted_cents=sum(member.granted_cents for member in fact.members),
    )


def _alone(pools: Iterable[PoolRow]) -> tuple[AloneRow, ...]:
    single = [pool for pool in pools if not pool.together]
    rows = []
    for service in sorted({pool.services[0] for pool in single}):
        mine = [pool for pool in single if pool.services[0] == service]
        price_cents = sum(pool.price_cents for pool in mine)
        granted_cents = sum(pool.granted_cents for pool in mine)
        rows.append(AloneRow(service=service, needs=len(mine), price_cents=price_cents, granted_cents=granted_cents))
    return tuple(rows)


def _households(network: Network, formed: list[PoolFormed]) -> tuple[HouseholdRow, ...]:
    members = [(network.needs[member.need].household, member) for fact in formed for member in fact.members]
    return tuple(
        HouseholdRow(
            household=household,
            needs=len({member.need for name, member in members if name == household}),
            price_cents=sum(member.share_cents for name, member in members if name == household),
            alone_cents=sum(member.alone_cents for name, member in members if name == household),
            granted_cents=sum(member.granted_cents for name, member in members if name == household),
        )
        for household in sorted({name for name, _ in members})
    )


def _outcomes(network: Network) -> tuple[tuple[str, int], ...]:
    """Count what became of the needs, in the order of their life; a service that lacks a session is met in part."""
    counts = Counter(_outcome(need) for need in network.needs.values())
    order = [NeedState.OPEN.value, NeedState.POOLED.value, NeedState.MET.value, _IN_PART]
    order += [NeedState.UNMET.value, NeedState.EXPIRED.value, NeedState.WITHDRAWN.value]
    return tuple((name, counts[name]) for name in order if counts[name])


def _outcome(need: Need) -> str:
    ended = need.state in (NeedState.UNMET, NeedState.EXPIRED, NeedState.WITHDRAWN)
    return _IN_PART if ended and need.delivered else need.state.value


def _unmet(community: Community) -> tuple[UnmetRow, ...]:
    network = community.network
    counts: Counter[tuple[ServiceName, str]] = Counter()
    for one in community.events(types=[NeedUnmet]):
        if isinstance(one.fact, NeedUnmet):
            need = network.needs[one.fact.need]
            if not need.delivered:
                counts[service_name(need.service), one.fact.reason.value] += 1
    rows = (UnmetRow(service=service, reason=reason, needs=needs) for (service, reason), needs in counts.items())
    return tuple(sorted(rows, key=lambda row: (-row.needs, row.service, row.reason)))
