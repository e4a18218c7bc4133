"""What the report says, as one value: sheet and page are both drawn from it, in any language.

It is read off a community: figures and money from the views, savings from
what each pool promised. Needs that were not met are counted by service and
reason and never by household.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from attrs import frozen

from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.facts import NeedUnmet, PlanAdopted, PoolFormed
from wis_engine.facts.matches import PlanLevel
from wis_engine.measures.growth import MonthRow, growth
from wis_engine.network import Network
from wis_engine.network.promises import Need, NeedState
from wis_engine.network.rules import months_later
from wis_engine.report.money import Money, money
from wis_engine.report.reach import ZoneReach, reach
from wis_engine.report.story import ServiceName, Story, service_name, story, telling
from wis_engine.report.together import (
    AloneRow,
    HouseholdRow,
    PoolRow,
    alone_rows,
    household_rows,
    pool_row,
)
from wis_engine.values import Period
from wis_engine.views import Indicators
from wis_engine.views.indicators import Indicator
from wis_engine.views.view import Row

_IN_PART = "met in part"
_QUARTER_MONTHS = 3


@frozen(kw_only=True)
class UnmetRow:
    """How many needs of one service went unmet for one reason."""

    service: ServiceName
    reason: str
    needs: int


@frozen(kw_only=True)
class PlanRow:
    """A plan that was adopted: when, by which strategy, and what its certificate says."""

    day: dt.date
    strategy: str
    levels: tuple[PlanLevel, ...]


@frozen(kw_only=True)
class Summary:
    """Everything that the report says.

    `simulated` says that what the log tells is made up; then every page says
    so. `boards` are the whole quarters of the period in which a steering
    board met, and how many there are. `reported` are the rows of monitoring
    reports beside what is known by now.
    """

    title: str
    period: Period
    position: int
    digest: str
    simulated: bool
    figures: tuple[Indicator, ...]
    boards: tuple[int, int]
    reported: tuple[Row, ...]
    money: Money
    plans: tuple[PlanRow, ...]
    pools: tuple[PoolRow, ...]
    alone: tuple[AloneRow, ...]
    households: tuple[HouseholdRow, ...]
    outcomes: tuple[tuple[str, int], ...]
    unmet: tuple[UnmetRow, ...]
    zones: tuple[ZoneReach, ...]
    months: tuple[MonthRow, ...]
    story: Story | None

    @property
    def last_day(self) -> dt.date:
        """Last date of the period."""
        return self.period.end - dt.timedelta(days=1)

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
        That of the figures, of the map and of the growth; the project's, when
        not given. All the rest is of the whole log.

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
    formed = community.events(types=[PoolFormed])
    pools = tuple(pool_row(one.fact) for one in formed if isinstance(one.fact, PoolFormed))
    chosen = telling(network)
    view = community.view("indicators")
    assert isinstance(view, Indicators)
    return Summary(
        title=project.title,
        period=period,
        position=network.position,
        digest=network.digest(),
        simulated=any(one.simulated for one in network.projects.values()),
        figures=view.of(period),
        boards=_boards(view, period),
        reported=tuple(view.reported()),
        money=money(community),
        plans=tuple(_plans(community)),
        pools=tuple(sorted(pools, key=lambda pool: (-len(pool.needs), not pool.chained, pool.period, pool.pool))),
        alone=alone_rows(pools),
        households=household_rows(network, pools),
        outcomes=_outcomes(network),
        unmet=_unmet(community),
        zones=reach(network, period),
        months=growth(community, period),
        story=story(community, chosen) if chosen else None,
    )


def _boards(view: Indicators, period: Period) -> tuple[int, int]:
    """Count the whole quarters of a period in which a board met, and all of them."""
    quarters = list(_quarters(period))
    return sum(view.one("I2.1", quarter).value > 0 for quarter in quarters), len(quarters)


def _quarters(period: Period) -> Iterator[Period]:
    """List the calendar quarters that lie whole in a period."""
    month = (period.start.month - 1) // _QUARTER_MONTHS * _QUARTER_MONTHS + 1
    start = period.start.replace(month=month, day=1)
    while (end := months_later(start, _QUARTER_MONTHS)) <= period.end:
        if start >= period.start:
            yield Period(start, end)
        start = end


def _plans(community: Community) -> Iterator[PlanRow]:
    """List the plans that were adopted, in order."""
    zone = community.network.zone_info
    for one in community.events(types=[PlanAdopted]):
        if isinstance(one.fact, PlanAdopted):
            day = one.occurred_at.astimezone(zone).date()
            yield PlanRow(day=day, strategy=one.fact.strategy, levels=one.fact.levels)


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
