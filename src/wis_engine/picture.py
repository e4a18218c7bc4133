"""Looking at a community: its network, its facts, its figures, what could be matched; nothing is written here."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from wis_engine import plain
from wis_engine.admission import Admission
from wis_engine.bridge import LeftOut, left_out, problem_of
from wis_engine.errors import Malformed
from wis_engine.facts import Event, Recorded
from wis_engine.log.codec import Registry
from wis_engine.log.log import Log, never
from wis_engine.matching import EFFORT, Plan, Problem, Split, Strategy, solve
from wis_engine.matching.progress import Listener
from wis_engine.network import Network
from wis_engine.network.timetable import sessions_of
from wis_engine.story import story_of
from wis_engine.values import Occurrence, Period, PoolId
from wis_engine.verification import Verification, verify
from wis_engine.views import VIEWS, Indicators, View
from wis_engine.views.indicators import Indicator


class Picture:
    """What a community shows of itself, as it stands or as it stood.

    Parameters
    ----------
    log, admission, registry
        Where its facts are kept, the way in, and the event types it knows.
    until
        Last position that is looked at; None follows the log.
    """

    def __init__(self, log: Log, admission: Admission, registry: Registry, *, until: int | None) -> None:
        self._log = log
        self._admission = admission
        self._registry = registry
        self._until = until
        self._views: dict[str, View] = {}
        self._asked: tuple[tuple[int, dt.datetime], Problem] | None = None

    @property
    def registry(self) -> Registry:
        """The event types that its log may hold."""
        return self._registry

    @property
    def network(self) -> Network:
        """The state that the facts add up to; look, do not write. While other threads record, look inside `still`."""
        if self._until is None:
            self._admission.catch_up()
        return self._admission.network

    @contextmanager
    def still(self) -> Iterator[Network]:
        """Hold the network still, to see several things of one state: nobody records through this object meanwhile.

        Inside the library the lock is held by itself: who is stopped (Ctrl-C)
        where this block is entered or left holds it as long as the error lives.
        """
        with self._admission.lock:
            yield self.network

    @property
    def position(self) -> int:
        """Position of the last fact in the network."""
        with self._admission.lock:
            network = self.network
            return network.position

    def events(
        self,
        *,
        about: str | None = None,
        related: bool = False,
        types: Iterable[type[Event] | str] | None = None,
        after: int = 0,
        until: int | None = None,
    ) -> Iterator[Recorded]:
        """Read recorded facts in order.

        Parameters
        ----------
        about
            Only facts that name this id.
        related
            Also facts of what belongs to its story: of a need its pools,
            engagements and the vouchers that paid; of a household its needs.
        types
            Only facts of these classes or names.
        after, until
            Positions: `after` is out, `until` is in.
        """
        names = None if types is None else [self._registry.name_of(one) for one in types]
        with self._admission.lock:
            network = self.network
            end = network.position if until is None else min(until, network.position)
            if about is not None and related:
                return story_of(about, self._log, network, types=names, after=after, until=end)
        return self._log.read(after=after, until=end, types=names, about=None if about is None else [about])

    def records(self, table: str) -> list[dict[str, Any]]:
        """List a table of the network («needs», «pools», ...), in order of id, or a view, as plain rows.

        Raises
        ------
        Malformed
            There is no such table, and no such view.
        """
        if table in VIEWS:
            return [dict(row) for row in self.view(table).records()]
        with self._admission.lock:
            network = self.network
            rows = network.tables.get(table)
            if rows is None:
                raise Malformed(f"no table {table!r}; there are {', '.join(sorted([*network.tables, *VIEWS]))}")
            return [plain.to_plain(rows[name]) for name in sorted(rows)]

    def sessions(self, pool: str) -> tuple[tuple[Occurrence, ...], ...]:
        """Date the sessions of a pool: one tuple for each of its steps, one step where no chain serves it.

        A member is promised the first ones, as many as it has sessions; these
        are what `ServiceBooked` books.

        Raises
        ------
        Malformed
            There is no such pool.
        """
        with self._admission.lock:
            network = self.network
            found = network.pools.get(PoolId(pool))
            if found is None:
                raise Malformed(f"no pool {pool!r}")
            return sessions_of(network, found)

    def view(self, name: str) -> View:
        """Bring a view («indicators», «budget», «vouchers») up to the last fact, reading only what is new; look only.

        Raises
        ------
        Malformed
            There is no such view.
        """
        if name not in VIEWS:
            raise Malformed(f"no view {name!r}; there are {', '.join(sorted(VIEWS))}")
        with self._admission.lock:
            network = self.network
            found = self._views.setdefault(name, VIEWS[name](zone=network.zone))
            reads = [event.name for event in found.READS]
            facts = self._log.read(after=found.position, until=network.position, types=reads)
            return found.read(facts, position=network.position)

    def indicators(self, period: Period) -> tuple[Indicator, ...]:
        """Count the indicators of the project over a period of local dates."""
        view = self.view("indicators")
        assert isinstance(view, Indicators)
        return view.of(period)

    def follow(
        self,
        *,
        after: int = 0,
        types: Iterable[type[Event] | str] | None = None,
        stop: Callable[[], bool] = never,
    ) -> Iterator[Recorded]:
        """Read recorded facts in order and wait for more, whoever records them; a picture of the past has an end.

        None is missed and none comes out of order. Keep the last position
        that you are done with, and begin `after` it another time.

        Parameters
        ----------
        types
            Only facts of these classes or names.
        stop
            Asked a few times a second once the follower has caught up; true ends it.

        Raises
        ------
        LogClosed
            The log was closed meanwhile.
        StorageUnavailable
            The store cannot be reached any more; begin again where you were.
        """
        if self._until is not None:
            return self.events(types=types, after=after)
        names = None if types is None else {self._registry.name_of(one) for one in types}
        facts = self._log.follow(after=after, stop=stop)
        return (one for one in facts if names is None or (one.fact is not None and one.fact.name in names))

    def verify(self, *, deep: bool = False) -> Verification:
        """Look through everything stored, and through what was built from it.

        Parameters
        ----------
        deep
            Also replay from the first fact on, and hold the snapshots and the
            network in use against what comes out: each that differs is named
            with the first position where the two part.
        """
        with self._admission.lock:
            return verify(self._log, self._registry, self.network, deep=deep)

    def problem(self) -> Problem:
        """Freeze the open needs, the offers, the free money and the promises in force."""
        with self._admission.lock:
            return self._problem_of(self.network)

    def _problem_of(self, network: Network) -> Problem:
        """Take the picture once of a network that nothing was recorded in meanwhile."""
        when = network.position, network.latest
        if self._asked is None or self._asked[0] != when:
            self._asked = when, problem_of(network)
        return self._asked[1]

    def left_out(self) -> dict[str, LeftOut]:
        """Say for each open need that is not in the problem why it is not: for those a plan has no explanation."""
        with self._admission.lock:
            return {str(need): why for need, why in left_out(self.network).items()}

    def match(
        self,
        strategy: str | Strategy = "greedy",
        *,
        seed: int = 0,
        effort: int = EFFORT,
        split: Split | str = Split.EQUAL,
        previous: Plan | None = None,
        move_minutes: int | None = None,
        progress: Listener | None = None,
        executor: Executor | None = None,
        certified: bool = True,
        explained: Iterable[str] | None = None,
    ) -> Plan:
        """Match the open needs, without adopting anything; see `wis_engine.matching.solve`.

        Parameters
        ----------
        strategy
            Name or value: «by_firm», «by_zone», «greedy», «exact», «flow»,
            «stable», «optimal», or your own.
        effort
            Bound on the steps of its search; never seconds.
        split
            Who pays what of a pool: «equal», «proportional» or «shapley».
        previous
            A plan of before, not adopted yet: what has not changed since stays.
        move_minutes
            With `previous`: what moving a need that has a place counts.
        progress
            Called at each step; Ctrl-C gives the best plan so far.
        executor
            Lends its workers to explain many needs.
        certified, explained
            Whether bounds are looked for, and for which of the needs reasons are
            where they are left out: for every one when None. Those that are not
            in the problem are passed over.
        """
        problem = self.problem()
        if explained is not None:
            explained = {need.id for need in problem.needs}.intersection(explained)
        return solve(
            problem,
            strategy,
            seed=seed,
            effort=effort,
            split=split,
            previous=previous,
            move_minutes=move_minutes,
            progress=progress,
            executor=executor,
            certified=certified,
            explained=explained,
        )

    def __repr__(self) -> str:
        """One line: where it stands and how much it holds."""
        network = self._admission.network
        return f"<Community at {network.position}: {len(network.needs)} needs, {len(network.pools)} pools>"
