"""The strategies by name. Each is a value: its parameters are its identity.

A strategy only proposes: `solve` checks, prices, certifies and explains. Others
come in by the entry points `wis_engine.strategies`, each giving a value that
can be called.
"""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, ClassVar, Final, Protocol

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
from wis_engine.values import WeekSlots

ENTRY_POINTS: Final = "wis_engine.strategies"
BASELINE_NEEDS_MAX: Final = 2_000


class Strategy(Protocol):
    """Anything that proposes: deterministic in the problem, the seed and the effort."""

    def __call__(self, problem: Problem, *, seed: int, effort: int) -> Proposal:
        """Propose who goes with what."""


@frozen(kw_only=True)
class ByFirm:
    """Pool needs of one service within one firm; what a firm can do on its own.

    A need that names no firm is served alone or not at all.
    """

    name: ClassVar[str] = "by_firm"

    group_max: int | None = field(default=None, validator=v.optional(v.ge(1)))

    def __call__(self, problem: Problem, *, seed: int, effort: int) -> Proposal:
        """Propose; neither seed nor effort is used."""
        del seed, effort
        return proposal_of(self.draft(ground_of(problem)))

    def draft(self, ground: Ground) -> Draft:
        """Put the pools together."""
        return _best_start(ground, lambda need: need.firm or _alone(need), self.group_max)


@frozen(kw_only=True)
class ByZone:
    """Pool needs of one service within one zone.

    A need whose zone is not known is served alone or not at all.
    """

    name: ClassVar[str] = "by_zone"

    group_max: int = field(default=12, validator=v.ge(1))

    def __call__(self, problem: Problem, *, seed: int, effort: int) -> Proposal:
        """Propose; neither seed nor effort is used."""
        del seed, effort
        return proposal_of(self.draft(ground_of(problem)))

    def draft(self, ground: Ground) -> Draft:
        """Put the pools together."""
        return _best_start(ground, lambda need: _alone(need) if need.zone is None else str(need.zone), self.group_max)


@frozen(kw_only=True)
class Greedy:
    """Pool needs wherever they fit: best pools first, then small improvements.

    Starts from the best of the cheapest-first and largest-first pools, and of
    those of `ByFirm` and `ByZone` where there are at most 2,000 needs, so that
    it is never worse than they are there. `effort` counts changes tried.
    """

    name: ClassVar[str] = "greedy"

    def __call__(self, problem: Problem, *, seed: int, effort: int) -> Proposal:
        """Propose; the seed is not used."""
        del seed
        ground = ground_of(problem)
        servers = Servers(ground)
        rules = Rules(_anyone, None, cheapest_first)
        drafts = [_best_start(ground, _anyone, None)]
        if len(problem.needs) <= BASELINE_NEEDS_MAX:
            drafts += [ByFirm().draft(ground), ByZone().draft(ground)]
        best = min(drafts, key=Draft.objective)
        start, before = proposal_of(best), best.objective()
        improve(best, servers, rules, effort)
        # The changes look at prices before public money; where that misleads, the start stands.
        return proposal_of(best) if best.objective() < before else start


def _anyone(_need: Need) -> str:
    return ""


def _alone(need: Need) -> str:
    # An id cannot hold a blank, so this names nobody else's firm or zone.
    return f"alone {need.id}"


def _best_start(ground: Ground, together: Callable[[Need], str], group_max: int | None) -> Draft:
    servers = Servers(ground)
    drafts = [construct(ground, servers, Rules(together, group_max, rank)) for rank in (cheapest_first, largest_first)]
    return min(drafts, key=Draft.objective)


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


BUILT_IN: Final[dict[str, Strategy]] = {
    strategy.name: strategy for strategy in (ByFirm(), ByZone(), Exact(), Greedy())
}


def strategy_named(strategy: str | Strategy) -> Strategy:
    """Find a strategy by name, or take the one that is given.

    Raises
    ------
    StrategyError
        No strategy has this name, or what is given cannot be called.
    """
    if not isinstance(strategy, str):
        if not callable(strategy) or isinstance(strategy, type):
            raise StrategyError(f"no strategy: {type(strategy).__name__}; give a name or a value that can be called")
        return strategy
    if strategy in BUILT_IN:
        return BUILT_IN[strategy]
    for entry in entry_points(group=ENTRY_POINTS, name=strategy):
        try:
            loaded: Strategy = entry.load()
        except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way
            raise StrategyError(f"strategy {strategy!r} does not load: {type(error).__name__}") from error
        return strategy_named(loaded)
    raise StrategyError(f"no strategy {strategy!r}; there are {', '.join(sorted(BUILT_IN))}")


def name_of(strategy: Strategy) -> str:
    """Name a strategy goes by in plans."""
    name = getattr(strategy, "name", None)
    return name if isinstance(name, str) and name else type(strategy).__name__


def settings_of(strategy: Strategy) -> dict[str, Any]:
    """Parameters of a strategy that is an attrs value; none for any other."""
    return attrs.asdict(strategy) if attrs.has(type(strategy)) else {}  # type: ignore[call-overload]  # attrs types instances only


def proposed(strategy: Strategy, problem: Problem, *, seed: int, effort: int) -> Proposal:
    """Ask a strategy; anything but a `Proposal` is a `StrategyError`."""
    try:
        proposal = strategy(problem, seed=seed, effort=effort)
    except WisError:
        raise
    except TypeError as error:
        raise StrategyError(f"strategy {name_of(strategy)} cannot be called as one: {error}") from error
    if not isinstance(proposal, Proposal):
        raise StrategyError(f"strategy {name_of(strategy)} gave no Proposal")
    return proposal
