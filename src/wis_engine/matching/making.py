"""Whole drafts without prices: pools put together, then improved by small changes."""

from collections.abc import Callable
from typing import Final

from wis_engine.matching.construct import Rules, Servers, cheapest_first, construct, largest_first
from wis_engine.matching.improve import improve
from wis_engine.matching.options import Ground
from wis_engine.matching.pools import Draft
from wis_engine.matching.problem import Need
from wis_engine.matching.progress import Watch

BASELINE_NEEDS_MAX: Final = 300
ZONE_GROUP_MAX: Final = 12


def anyone(_need: Need) -> str:
    """Let everybody be together."""
    return ""


def of_firm(need: Need) -> str:
    """Name the firm within which a need may be pooled."""
    return need.firm or _alone(need)


def of_zone(need: Need) -> str:
    """Name the zone within which a need may be pooled."""
    return _alone(need) if need.zone is None else str(need.zone)


def _alone(need: Need) -> str:
    # An id cannot hold a blank, so this names nobody else's firm or zone.
    return f"alone {need.id}"


def made(
    ground: Ground, together: Callable[[Need], str], group_max: int | None, effort: int, watch: Watch | None = None
) -> Draft:
    """Make the cheapest-first and the largest-first pools, and improve the better; with no effort, only the latter."""
    servers = Servers(ground)
    cheapest, largest = (Rules(together, group_max, ranking) for ranking in (cheapest_first, largest_first))
    start = construct(Draft(ground), servers, largest)
    if not effort:
        # To cover more comes first; and where nothing changes no room comes free that was not there.
        return start
    start = min(construct(Draft(ground), servers, cheapest), start, key=Draft.objective)
    return improved(start, cheapest, effort, watch)


def improved(start: Draft, rules: Rules, effort: int, watch: Watch | None = None) -> Draft:
    """Improve a copy; the changes look at prices before public money, and where that misleads the start stands."""
    draft, servers = start.copy(), Servers(start.ground)
    improve(draft, servers, rules, effort, watch)
    # A change may have made room for a pool that nobody was looking for any more.
    construct(draft, servers, rules)
    return min((start, draft), key=Draft.objective)


def greedy(ground: Ground, effort: int, watch: Watch | None = None) -> Draft:
    """Make pools of anybody; where needs are few, also go on from those of firms and of zones, and take the best."""
    drafts = [made(ground, anyone, None, effort, watch)]
    if len(ground.needs) <= BASELINE_NEEDS_MAX:
        for together, group_max in ((of_firm, None), (of_zone, ZONE_GROUP_MAX)):
            draft = made(ground, together, group_max, effort, watch)
            drafts += [draft, improved(draft, Rules(anyone, None, cheapest_first), effort, watch)]
    return min(drafts, key=Draft.objective)
