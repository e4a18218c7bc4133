"""The strategies by name. Each is a value: its parameters are its identity.

A strategy only proposes: `solve` checks, prices, certifies and explains. Others
come in by the entry points `wis_engine.strategies`, each giving a value that
can be called.
"""

from importlib.metadata import entry_points
from inspect import Parameter, signature
from typing import ClassVar, Final, Protocol, cast

import attrs
from attrs import field, frozen
from attrs import validators as v

from wis_engine.errors import StrategyError, WisError
from wis_engine.matching.construct import Rules, cheapest_first
from wis_engine.matching.exact import Exact
from wis_engine.matching.flow import Flow
from wis_engine.matching.making import ZONE_GROUP_MAX, anyone, greedy, made, of_firm, of_zone
from wis_engine.matching.optimal import Optimal
from wis_engine.matching.options import ground_of
from wis_engine.matching.plan import Proposal
from wis_engine.matching.problem import Need, Problem
from wis_engine.matching.progress import Watch
from wis_engine.matching.proposing import proposal_of
from wis_engine.matching.stable import Stable
from wis_engine.plain import dump, to_plain
from wis_engine.shapes import is_id, positive

ENTRY_POINTS: Final = "wis_engine.strategies"


class Strategy(Protocol):
    """Anything that proposes: deterministic in the problem, the seed and the effort.

    One that also takes the keyword `watch` is given a `Watch`, to tell how far
    it has come; it can then be stopped.
    """

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

    def __call__(self, problem: Problem, *, seed: int, effort: int, watch: Watch | None = None) -> Proposal:
        """Propose; the seed is not used."""
        del seed
        return proposal_of(made(ground_of(problem), self.together, self.group_max, effort, watch))

    def together(self, need: Need) -> str:
        """Name the firm within which a need may be pooled."""
        return of_firm(need)


@frozen(kw_only=True)
class ByZone:
    """Pool needs of one service within one zone.

    A need whose zone is not known is served alone or not at all. Made and
    improved as `Greedy` is; `effort` counts changes tried.
    """

    name: ClassVar[str] = "by_zone"

    group_max: int = field(default=ZONE_GROUP_MAX, validator=positive)

    def __call__(self, problem: Problem, *, seed: int, effort: int, watch: Watch | None = None) -> Proposal:
        """Propose; the seed is not used."""
        del seed
        return proposal_of(made(ground_of(problem), self.together, self.group_max, effort, watch))

    def together(self, need: Need) -> str:
        """Name the zone within which a need may be pooled."""
        return of_zone(need)


@frozen(kw_only=True)
class Greedy:
    """Pool needs wherever they fit: best pools first, then small improvements.

    Where there are at most 300 needs it also makes the plans of `ByFirm` and
    `ByZone` and goes on from the best, so that it is never worse than they
    are. `effort` counts changes tried.
    """

    name: ClassVar[str] = "greedy"

    def __call__(self, problem: Problem, *, seed: int, effort: int, watch: Watch | None = None) -> Proposal:
        """Propose; the seed is not used."""
        del seed
        return proposal_of(greedy(ground_of(problem), effort, watch))


BUILT_IN: Final[dict[str, Strategy]] = {
    strategy.name: strategy for strategy in (ByFirm(), ByZone(), Exact(), Flow(), Greedy(), Optimal(), Stable())
}


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


def rules_of(strategy: Strategy) -> Rules:
    """Say by which rules a strategy pools: anybody with anybody where it has none of its own."""
    if isinstance(strategy, ByFirm | ByZone):
        return Rules(strategy.together, strategy.group_max, cheapest_first)
    return Rules(anyone, None, cheapest_first)


def proposed(strategy: Strategy, problem: Problem, *, seed: int, effort: int, watch: Watch) -> Proposal:
    """Ask a strategy; whatever fails in it, or is no `Proposal`, is a `StrategyError`.

    Ctrl-C ends a strategy that takes a `watch`: what it told last is its answer.
    """
    more = watching(strategy, watch)
    try:
        signature(strategy).bind(problem, seed=seed, effort=effort, **more)
    except TypeError as error:
        raise StrategyError(f"strategy {name_of(strategy)} cannot be called as one: {error}") from error
    except ValueError:
        # Some callables written in C do not tell their signature: the call will.
        pass
    try:
        proposal = strategy(problem, seed=seed, effort=effort, **more)
    except StrategyError:
        raise
    except KeyboardInterrupt:
        kept = watch.interrupted()
        if kept is None:
            raise
        proposal = kept
    except Exception as error:
        if error is watch.fault:
            raise
        raise StrategyError(f"strategy {name_of(strategy)} failed: {type(error).__name__}") from error
    if not isinstance(proposal, Proposal):
        raise StrategyError(f"strategy {name_of(strategy)} gave no Proposal")
    return proposal


def watching(strategy: Strategy, watch: Watch) -> dict[str, Watch]:
    """Give the keyword `watch` for a strategy that names it, and nothing for any other."""
    try:
        named = signature(strategy).parameters.get("watch")
    except (TypeError, ValueError):
        return {}
    return {} if named is None or named.kind is not Parameter.KEYWORD_ONLY else {"watch": watch}
