"""A scenario lived: `simulate`, and the run that comes of it.

A run is an ordinary community, with what each of its matches came to. Its log
is the same for the same scenario, seed and strategy, however often it was
stopped on the way.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator

import attrs
from attrs import field, frozen

from wis_engine.community import Community
from wis_engine.errors import Malformed
from wis_engine.log.codec import fact_to_dict
from wis_engine.matching import Strategy
from wis_engine.matching.strategies import strategy_named
from wis_engine.plain import dump
from wis_engine.simulation.clock import SimulatedClock
from wis_engine.simulation.life import Life, Progress
from wis_engine.simulation.matchday import MatchDay
from wis_engine.simulation.scenario import Scenario

EPOCH = dt.date(1970, 1, 1)


@frozen(kw_only=True, eq=False)
class Run:
    """A scenario that was lived, as far as it was.

    Attributes
    ----------
    community
        An ordinary community: look, match, branch, record.
    days
        What came of each match, in order of time.
    started
        Position after which the run began: 0, or where the log ended that it
        was given.
    until
        The instant before which it stopped; None when it came to its end.
    """

    scenario: Scenario
    seed: int
    strategy: str | Strategy
    community: Community
    days: tuple[MatchDay, ...]
    started: int
    until: dt.datetime | None
    clock: SimulatedClock = field(repr=False)

    def columns(self) -> dict[str, tuple[int, ...]]:
        """What came of each match as columns of whole numbers; `day` counts from 1 January 1970."""
        names = [one.name for one in attrs.fields(MatchDay) if one.name != "day"]
        days = {"day": tuple((one.day - EPOCH).days for one in self.days)}
        return days | {name: tuple(getattr(one, name) for one in self.days) for name in names}

    def lines(self) -> Iterator[bytes]:
        """Tell the whole log as lines of JSON, canonical: the same facts give the same bytes."""
        for one in self.community.events():
            assert one.fact is not None
            told = {
                "at": one.occurred_at.astimezone(dt.UTC).isoformat(),
                "actor": one.actor,
                "cause": one.cause,
                "name": one.fact.name,
                "data": fact_to_dict(one.fact),
            }
            yield dump(told) + b"\n"

    def digest(self) -> str:
        """Hash the lines of the log (SHA-256, 64 hexadecimal digits)."""
        hashed = hashlib.sha256()
        for line in self.lines():
            hashed.update(line)
        return hashed.hexdigest()

    def resume(self, until: dt.datetime | None = None, *, progress: Progress | None = None) -> "Run":
        """Live on in the same community, to another instant or to the end.

        The log becomes what it would have been without the stop. If somebody
        recorded something meanwhile, what follows takes it into account.
        """
        _require_aware(until)
        if self.until is None:
            return self
        life = Life(
            self.community,
            self.scenario,
            seed=self.seed,
            strategy=self.strategy,
            clock=self.clock,
            progress=progress,
            since=self.until,
        )
        life.live(until)
        reached = until if until is None else max(until, self.until)
        return attrs.evolve(self, days=(*self.days, *life.days), until=reached)


def _require_aware(until: dt.datetime | None) -> None:
    if until is not None and until.utcoffset() is None:
        raise Malformed("until: not an aware instant")


def simulate(
    scenario: Scenario,
    *,
    seed: int,
    strategy: str | Strategy | None = None,
    until: dt.datetime | None = None,
    community: Community | None = None,
    clock: SimulatedClock | None = None,
    progress: Progress | None = None,
) -> Run:
    """Live a scenario.

    Parameters
    ----------
    seed
        All the luck; needs, firms and people depend on it and on the scenario
        only, never on the strategy.
    strategy
        Name or value of a matching strategy; the scenario's own when None.
    until
        Stop before this instant, aware; at the end when None.
    community
        Where to begin: a real log, or another run's. The run lives in a branch
        of it, which reads its past from there, and goes on after its last
        fact: what the scenario has before is passed over, what is promised
        there is kept, and its people have needs like the others.
    clock
        The one that `community` was opened with: then the run lives in the
        community itself and not in a branch.
    progress
        Called with each `MatchDay`. What it raises stops the run between two
        facts; `community` keeps what was recorded.

    Raises
    ------
    Malformed
        The seed is no whole number of 0 or more, or `until` no aware instant.
    StrategyError
        There is no such strategy.

    Notes
    -----
    Cost: facts times a few dozen microseconds, and the matches. Memory: the
    log, the network and the needs of the next two months.

    Examples
    --------
    >>> import datetime as dt
    >>> from wis_engine.simulation import Scenario, simulate
    >>> autumn = dt.datetime(2025, 10, 15, tzinfo=dt.UTC)
    >>> run = simulate(Scenario.district(), seed=1, until=autumn)
    >>> run.digest() == simulate(Scenario.district(), seed=1, until=autumn).digest()
    True
    """
    _require_aware(until)
    chosen = scenario.matching.strategy if strategy is None else strategy
    strategy_named(chosen)
    if clock is None:
        clock = SimulatedClock()
        if community is None:
            community = Community.open("memory:", clock=clock)
        else:
            clock.now = community.network.latest
            community = community.branch(clock=clock)
    if community is None:
        raise Malformed("clock: of no community")
    started = community.position
    life = Life(community, scenario, seed=seed, strategy=chosen, clock=clock, progress=progress)
    life.live(until)
    return Run(
        scenario=scenario,
        seed=seed,
        strategy=chosen,
        community=community,
        days=tuple(life.days),
        started=started,
        until=until,
        clock=clock,
    )
