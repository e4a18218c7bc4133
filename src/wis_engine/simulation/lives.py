"""One life of an ensemble: lived anywhere, told as a few numbers.

What goes to another process is text and small values, and what comes back is
too: never a community.
"""

import datetime as dt
import hashlib
import pickle
from collections.abc import Sequence
from typing import Final

from attrs import frozen

from wis_engine.errors import Malformed, StrategyError
from wis_engine.facts import NeedDeclared
from wis_engine.log.codec import fact_to_dict
from wis_engine.matching import Strategy
from wis_engine.matching.strategies import name_of, settings_of, strategy_named
from wis_engine.measures import DEFINITIONS, Measures
from wis_engine.measures.table import Cell
from wis_engine.plain import canonical, dump
from wis_engine.simulation.run import Run, simulate
from wis_engine.simulation.scenario import Scenario

RUNS: Final = ("scenario", "strategy", "seed", "facts", "digest", "demand", *DEFINITIONS)
"""The columns of a run: the digests are of its log, and of the needs declared in it."""


@frozen(kw_only=True)
class Lived:
    """What an ensemble keeps of one run.

    Attributes
    ----------
    numbers
        In the order of `RUNS`.
    months, pool_sizes
        The rows of these tables of its measures.
    """

    scenario: str
    strategy: str
    seed: int
    numbers: tuple[Cell, ...]
    months: tuple[tuple[Cell, ...], ...]
    pool_sizes: tuple[tuple[Cell, ...], ...]

    def record(self) -> dict[str, Cell]:
        """Tell the numbers by name."""
        return dict(zip(RUNS, self.numbers, strict=True))


@frozen(kw_only=True)
class Contender:
    """A strategy of an ensemble, with the name that it goes by there and what tells it from every other."""

    label: str
    identity: str
    strategy: str | Strategy


def contenders(strategies: Sequence[str | Strategy]) -> tuple[Contender, ...]:
    """Name strategies: by their own names, with their parameters where two would be called alike.

    Raises
    ------
    Malformed
        There is none, or two of them are one.
    StrategyError
        One is no strategy.
    """
    given: object = strategies
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise Malformed("strategies: not a list of one or more")
    values = [strategy_named(one) for one in strategies]
    names = [_name(one) for one in values]
    settings = [settings_of(one) for one in values]
    told = [
        f"{name}({', '.join(f'{key}={value}' for key, value in own.items())})"
        for name, own in zip(names, settings, strict=True)
    ]
    labels = [full if names.count(name) > 1 else name for name, full in zip(names, told, strict=True)]
    if len(set(labels)) < len(labels):
        raise Malformed("strategies: two of one name and the same parameters")
    return tuple(
        Contender(label=label, identity=f"{_home(value)} {full}", strategy=one)
        for label, full, value, one in zip(labels, told, values, strategies, strict=True)
    )


def _name(strategy: Strategy) -> str:
    """Name a strategy; a function by its own name."""
    return getattr(strategy, "__name__", None) or name_of(strategy)


def _home(strategy: Strategy) -> str:
    made = strategy if hasattr(strategy, "__qualname__") else type(strategy)
    return f"{made.__module__}.{getattr(made, '__qualname__', '')}"


def scenario_digest(scenario: Scenario) -> str:
    """Hash all that a scenario says."""
    return hashlib.sha256(canonical(scenario)).hexdigest()


def live(scenario: Scenario, contender: Contender, seed: int, until: dt.datetime | None) -> Lived:
    """Live one run and tell it."""
    run = simulate(scenario, seed=seed, strategy=contender.strategy, until=until)
    return told_of(run, scenario.name, contender.label)


def told_of(run: Run, scenario: str, strategy: str) -> Lived:
    """Tell a run under the names that it goes by beside others."""
    measures = Measures(run.community)
    summary = measures.summary().rows()[0]
    told = (scenario, strategy, run.seed, run.community.position, run.digest(), demand_digest(run))
    return Lived(
        scenario=scenario,
        strategy=strategy,
        seed=run.seed,
        numbers=(*told, *summary),
        months=tuple(measures.months.rows()),
        pool_sizes=tuple(measures.pool_sizes.rows()),
    )


def demand_digest(run: Run) -> str:
    """Hash the needs of a run, as they were declared and when: the same demand has the same digest."""
    hashed = hashlib.sha256()
    for one in run.community.events(types=[NeedDeclared]):
        assert one.fact is not None
        hashed.update(dump([one.occurred_at.astimezone(dt.UTC).isoformat(), fact_to_dict(one.fact)]))
    return hashed.hexdigest()


# Elsewhere


Job = tuple[int, int, int]
"""Which scenario and which strategy of those packed, with which seed."""


def packed(scenarios: Sequence[Scenario], strategies: Sequence[Contender], until: dt.datetime | None) -> bytes:
    """Pack what every process needs.

    Raises
    ------
    StrategyError
        A strategy cannot be sent; the message says which, and what to do.
    """
    for one in strategies:
        try:
            pickle.dumps(one.strategy)
        except Exception as error:
            raise StrategyError(
                f"strategy {one.label!r} cannot be sent to another process ({type(error).__name__}): "
                "define it at the top of a module, its parameters as plain values"
            ) from error
    return pickle.dumps((tuple(scenarios), tuple(strategies), until))


def live_packed(pack: bytes, jobs: Sequence[Job]) -> list[Lived]:
    """Unpack and live some runs: what an executor is given.

    Raises
    ------
    StrategyError
        This process does not find what a strategy is made of.
    """
    try:
        unpacked: tuple[tuple[Scenario, ...], tuple[Contender, ...], dt.datetime | None] = pickle.loads(pack)  # noqa: S301 - packed by `packed`, for this call
    except (AttributeError, ImportError) as error:
        raise StrategyError(
            f"a strategy is not found in another process ({error}): define it in a module that can be imported there"
        ) from error
    scenarios, strategies, until = unpacked
    return [live(scenarios[scenario], strategies[strategy], seed, until) for scenario, strategy, seed in jobs]
