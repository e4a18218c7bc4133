"""What the funder asks, read off the network: each rule with what is, what is asked, and the margin between.

Guards ask these functions, and so do reports: two rules of the card hold by
60 EUR, and a reader must see that.
"""

import calendar
import datetime as dt
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import attrs

from wis_engine.network.parties import FundingRules, Project
from wis_engine.network.partners import Partner, PartnerKind
from wis_engine.network.sizes import FirmSize
from wis_engine.values import Cents, PartnerId, Period, ProjectId

if TYPE_CHECKING:
    from wis_engine.network.network import Network

NETWORK_AREA: Final = "A"
"""The area that no project may have alone."""
_SMALL: Final = (FirmSize.MICRO, FirmSize.SMALL)


class Rule(StrEnum):
    """The rules that are measured."""

    PARTNERS = "partners"
    SMALL_FIRMS = "small-firms"
    PUBLIC_BODIES = "public-bodies"
    OTHER_AREAS = "other-areas"
    CONTRIBUTION_RATE = "contribution-rate"
    CONTRIBUTION_CAP = "contribution-cap"
    COFINANCING_RATE = "cofinancing-rate"
    GOODS_CAP = "goods-cap"
    DURATION = "duration"
    WORKING_GROUPS = "working-groups"


@attrs.frozen(kw_only=True)
class RuleCheck:
    """How a project stands with one rule.

    `margin` is how far `measured` may still move before the rule is broken,
    in `unit`; below 0 it is broken.
    """

    rule: Rule
    unit: str
    measured: int
    limit: int
    margin: int

    @property
    def holds(self) -> bool:
        """Whether the rule is kept."""
        return self.margin >= 0


def rule_checks(network: "Network", project: ProjectId) -> tuple[RuleCheck, ...]:
    """Measure every rule of a project; those on its money once it is granted, none when it has no rules."""
    planned = network.projects[project]
    rules = planned.rules
    if rules is None:
        return ()
    found = [*partnership(network, project, rules), duration(planned.period, rules)]
    found.append(_least(Rule.WORKING_GROUPS, "groups", len(gathered(network, project)), len(areas(network, project))))
    if planned.contribution_cents is not None and planned.cofinancing_cents is not None:
        found += money(rules, planned.contribution_cents, planned.cofinancing_cents)
        found.append(goods(planned, rules))
    return tuple(found)


def partnership(network: "Network", project: ProjectId, rules: FundingRules) -> tuple[RuleCheck, ...]:
    """Measure who is in, and in which areas."""
    partners = partners_of(network, project)
    found = areas(network, project)
    return (
        _least(Rule.PARTNERS, "partners", len(partners), rules.partners_min),
        _least(Rule.SMALL_FIRMS, "firms", sum(_small(network, one) for one in partners), rules.small_firms_min),
        _least(
            Rule.PUBLIC_BODIES,
            "bodies",
            sum(one.partner_kind is PartnerKind.PUBLIC_BODY for one in partners),
            rules.public_bodies_min,
        ),
        _least(Rule.OTHER_AREAS, "areas", len(found - {NETWORK_AREA}), int(NETWORK_AREA in found)),
    )


def money(rules: FundingRules, contribution_cents: Cents, cofinancing_cents: Cents) -> tuple[RuleCheck, ...]:
    """Measure a contribution and what comes beside it against the whole cost."""
    total_cents = contribution_cents + cofinancing_cents
    most_cents = total_cents * rules.contribution_max_percent // 100
    least_cents = -(-total_cents * rules.cofinancing_min_percent // 100)
    return (
        _most(Rule.CONTRIBUTION_RATE, "cents", contribution_cents, most_cents),
        _most(Rule.CONTRIBUTION_CAP, "cents", contribution_cents, rules.contribution_max_cents),
        _least(Rule.COFINANCING_RATE, "cents", cofinancing_cents, least_cents),
    )


def goods(project: Project, rules: FundingRules) -> RuleCheck:
    """Measure what was spent on goods; the cap follows what was granted."""
    cap_cents = (project.contribution_cents or 0) * rules.goods_max_percent // 100
    return _most(Rule.GOODS_CAP, "cents", project.goods_cents, cap_cents)


def duration(period: Period, rules: FundingRules) -> RuleCheck:
    """Measure how long a project runs."""
    latest = months_later(period.start, rules.months_max)
    return _most(Rule.DURATION, "days", period.days, (latest - period.start).days)


def partners_of(network: "Network", project: ProjectId) -> list[Partner]:
    """Partners of a project that did not withdraw, in order of id."""
    names = network.links.targets(project, "unites")
    return [one for name in names if not (one := network.partners[PartnerId(name)]).withdrawn]


def areas(network: "Network", project: ProjectId) -> frozenset[str]:
    """Letters of the areas in which a project has an action."""
    return frozenset(one.area for one in network.actions.values() if one.project == project)


def only_employees(projects: Iterable[Project]) -> bool:
    """Say whether a project's rules leave entrepreneurs out of its recipients."""
    return any(one.rules is not None and not one.rules.entrepreneurs for one in projects)


def _small(network: "Network", partner: Partner) -> bool:
    firm = None if partner.firm is None else network.firms[partner.firm]
    return firm is not None and partner.chamber_registered and firm.size in _SMALL


def gathered(network: "Network", project: ProjectId) -> frozenset[str]:
    """Letters of the areas that have a working group."""
    return frozenset(one.area for one in network.working_groups.values() if one.project == project)


def months_later(day: dt.date, months: int) -> dt.date:
    """Same day some months later, or earlier when negative; the last of the month where there is no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _least(rule: Rule, unit: str, measured: int, limit: int) -> RuleCheck:
    return RuleCheck(rule=rule, unit=unit, measured=measured, limit=limit, margin=measured - limit)


def _most(rule: Rule, unit: str, measured: int, limit: int) -> RuleCheck:
    return RuleCheck(rule=rule, unit=unit, measured=measured, limit=limit, margin=limit - measured)
