"""The strategies by name. Each is a value: its parameters are its identity.

A strategy only proposes: `solve` checks, prices, certifies and explains. Others
come in by the entry points `wis_engine.strategies`, each giving a value that
can be called.
"""

from collections.abc import Callable
from importlib.metadata import entry_points
from inspect import signature
from typing import ClassVar, Final, Protocol, cast

import attrs
from attrs import field, frozen
from attrs import validators as v

from wis_engine.errors import StrategyError, WisError
from wis_engine.matching.construct import Rules, Servers, cheapest_first, construct, largest_first
from wis_engine.matching.exact import Exact
from wis_engine.matching.improve import improve
from wis_engine.matching.options import Ground, ground_of
from wis_engine.matching.plan import Placement, Proposal
from wis_engine.matching.pools import Draft
from wis_engine.matching.problem import Need, Problem
from wis_engine.plain import dump, to_plain
from wis_engine.shapes import is_id, positive
from wis_engine.values import WeekSlots

ENTRY_POINTS: Final = "wis_engine.strategies"
BASELINE_NEEDS_MAX: Final = 300


class Strategy(Protocol):
    """Anything that proposes: deterministic in the problem, the seed and the effort."""

    def __call__(self, problem: Problem, *, seed: int, effort: int) -> Proposal:
        """Propose who goes with what."""


@frozen(kw_only=True)
class ByFirm:
    """Pool needs of one service within one firm: what a firm can do on its own.

    A need that names no firm is served alone or not at all. Made and improved
    as `Greedy` is; `effort` counts changes tried.
    """

    name: ClassVar[str] = "by_firm"

    group_max: int | None = field(default=None, validator=v.optional(positive))

    def __call__(self, problem: Problem, *, seed: int, effort: int) -> Proposal:
        """Propose; the seed is not used."""
        del seed
        return proposal_of(_made(ground_of(problem), self.together, self.group_max, effort))

    def together(self, need: Need) -> str:
        """Name the firm within which a need may be pooled."""
        return need.firm or _alone(need)


@frozen(kw_only=True)
class ByZone:
    """Pool needs of one service within one zone.

    A need whose zone is not known is served alone or not at all. Made and
    improved as `Greedy` is; `effort` counts changes tried.
    """

    name: ClassVar[str] = "by_zone"

    group_max: int = field(default=12, validator=positive)

    def __call__(self, problem: Problem, *, seed: int, effort: int) -> Proposal:
        """Propose; the seed is not used."""
        del seed
        return proposal_of(_made(ground_of(problem), self.together, self.group_max, effort))

    def together(self, need: Need) -> str:
        """Name the zone within which a need may be pooled."""
        return _alone(need) if need.zone is None else str(need.zone)


@frozen(kw_only=True)
class Greedy:
    """Pool needs wherever they fit: best pools first, then small improvements.

    Where there are at most 300 needs it also makes the plans of `ByFirm` and
    `ByZone` and goes on from the best, so that it is never worse than they
    are. `effort` counts changes tried.
    """

    name: ClassVar[str] = "greedy"

    def __call__(self, problem: Problem, *, seed: int, effort: int) -> Proposal:
        """Propose; the seed is not used."""
        del seed
        ground = ground_of(problem)
        drafts = [_made(ground, _anyone, None, effort)]
        if len(problem.needs) <= BASELINE_NEEDS_MAX:
            for part in (ByFirm(), ByZone()):
                draft = _made(ground, part.together, part.group_max, effort)
                drafts += [draft, _improved(draft, Rules(_anyone, None, cheapest_first), effort)]
        return proposal_of(min(drafts, key=Draft.objective))


def _anyone(_need: Need) -> str:
    return ""


def _alone(need: Need) -> str:
    # An id cannot hold a blank, so this names nobody else's firm or zone.
    return f"alone {need.id}"


def _made(ground: Ground, together: Callable[[Need], str], group_max: int | None, effort: int) -> Draft:
    """Make the cheapest-first and the largest-first pools, and improve the better."""
    servers = Servers(ground)
    rules = [Rules(together, group_max, ranking) for ranking in (cheapest_first, largest_first)]
    drafts = [construct(Draft(ground), servers, one) for one in rules]
    start = min(drafts, key=Draft.objective)
    return _improved(start, rules[0], effort)


def _improved(start: Draft, rules: Rules, effort: int) -> Draft:
    """Improve a copy; the changes look at prices before public money, and where that misleads the start stands."""
    draft, servers = start.copy(), Servers(start.ground)
    improve(draft, servers, rules, effort)
    # A change may have made room for a pool that nobody was looking for any more.
    construct(draft, servers, rules)
    return min((start, draft), key=Draft.objective)


def proposal_of(draft: Draft, *, complete: bool = False) -> Proposal:
    """Turn a draft into a proposal."""
    return Proposal(
        placements=tuple(
            Placement(
                needs=pool.members,
                offers=pool.shape.offers,
                offsets=pool.shape.offsets,
                starts=WeekSlots(pool.shape.starts) if draft.ground.timed else None,
            )
            for _, pool in sorted(draft.pools.items())
        ),
        complete=complete,
    )


BUILT_IN: Final[dict[str, Strategy]] = {strategy.name: strategy for strategy in (ByFirm(), ByZone(), Exact(), Greedy())}


def strategy_named(strategy: str | Strategy) -> Strategy:
    """Find a strategy by name, or take the one that is given.

    Raises
    ------
    StrategyError
        No strategy has this name, or what is given cannot be called.
    """
    if not isinstance(strategy, str):
        return _callable(strategy)
    if strategy in BUILT_IN:
        return BUILT_IN[strategy]
    for entry in entry_points(group=ENTRY_POINTS, name=strategy):
        try:
            loaded: Strategy = entry.load()
        except Exception as error:
            raise StrategyError(f"strategy {strategy!r} does not load: {type(error).__name__}") from error
        return strategy_named(loaded)
    raise StrategyError(f"no strategy {strategy!r}; there are {', '.join(sorted(BUILT_IN))}")


def _callable(strategy: object) -> Strategy:
    if not callable(strategy) or isinstance(strategy, type):
        raise StrategyError(f"no strategy: {type(strategy).__name__}; give a name or a value that can be called")
    return cast("Strategy", strategy)


def name_of(strategy: Strategy) -> str:
    """Name a strategy goes by in plans: its own if that is an id, else that of its type."""
    name = getattr(strategy, "name", None)
    return str(name) if is_id(name) else type(strategy).__name__


def settings_of(strategy: Strategy) -> dict[str, str]:
    """Parameters of a strategy that is an attrs value, as JSON text; none for any other.

    Raises
    ------
    StrategyError
        A parameter is no plain value, so that it could not be told in a plan.
    """
    kind: type = type(strategy)
    names = [attribute.name for attribute in attrs.fields(kind)] if attrs.has(kind) else []
    try:
        return {name: dump(to_plain(getattr(strategy, name))).decode() for name in names}
    except (TypeError, ValueError, WisError) as error:
        raise StrategyError(f"strategy {name_of(strategy)}: a parameter is no plain value") from error


def proposed(strategy: Strategy, problem: Problem, *, seed: int, effort: int) -> Proposal:
    """Ask a strategy; whatever fails in it, or is no `Proposal`, is a `StrategyError`."""
    try:
        signature(strategy).bind(problem, seed=seed, effort=effort)
    except TypeError as error:
        raise StrategyError(f"strategy {name_of(strategy)} cannot be called as one: {error}") from error
    except ValueError:
        # Some callables written in C do not tell their signature: the call will.
        pass
    try:
        proposal = strategy(problem, seed=seed, effort=effort)
    except StrategyError:
        raise
    except Exception as error:
        raise StrategyError(f"strategy {name_of(strategy)} failed: {type(error).__name__}") from error
    if not isinstance(proposal, Proposal):
        raise StrategyError(f"strategy {name_of(strategy)} gave no Proposal")
    return proposal
