"""A fork of a log: its past is another log's, up to a position; what is new stays in memory.

Making one costs nothing, whatever the length of the past.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, takewhile
from typing import TypeVar

from wis_engine.errors import KeyReused
from wis_engine.facts.base import Receipt, Recorded
from wis_engine.log.asked import asked_ids, asked_texts
from wis_engine.log.codec import Registry
from wis_engine.log.follow import followed
from wis_engine.log.log import Batch, Clock, Fault, Log, Snapshot, never
from wis_engine.log.memory import MemoryLog

T = TypeVar("T")


class ForkedLog:
    """A log in memory that goes on from a position of another one.

    What the other log appends later is not seen, and it sees nothing of this
    one. It has to stay open as long as the past is to be read.

    Parameters
    ----------
    past
        The other log.
    at
        Position of its last fact that the two share.
    registry, clock
        As for a log in memory.
    """

    def __init__(self, past: Log, *, at: int, registry: Registry, clock: Clock) -> None:
        self._past = past
        self._at = at
        seam = {recorded.position: recorded for recorded in past.read(after=at - 1, until=at + 1)}
        self._cut = seam[at].key if seam.keys() == {at, at + 1} and seam[at].key == seam[at + 1].key else None
        stamped = seam[at].recorded_at if at in seam else None
        self._own = MemoryLog(registry=registry, clock=clock, zone=past.zone, start=at, recorded_at=stamped)

    @property
    def zone(self) -> str:
        """Time zone of the community's calendar."""
        return self._own.zone

    def head(self) -> int:
        """Position of the last fact; 0 when there is none."""
        return self._own.head()

    def append(self, batch: Batch, *, after: int) -> Receipt:
        """Append a batch whole, after the position that the caller has seen."""
        if batch.key is not None and (first := self._earlier(batch.key, batch.content)):
            return first
        return self._own.append(batch, after=after)

    def read(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        types: Iterable[str] | None = None,
        about: Iterable[str] | None = None,
    ) -> Iterator[Recorded]:
        """Read facts in order, up to the head at the moment of the call."""
        names, ids = asked_texts("types", types), asked_ids(about)
        new = self._own.read(after=after, until=until, types=names, about=ids)
        if after >= self._at:
            return new
        end = self._at if until is None else min(until, self._at)
        return _in_turn(self._past.read(after=after, until=end, types=names, about=ids), new)

    def follow(self, *, after: int = 0, stop: Callable[[], bool] = never) -> Iterator[Recorded]:
        """Read facts in order and wait for more, for ever or until `stop` says so."""
        return followed(lambda seen: self.read(after=seen), self._own.wait, after=after, stop=stop)

    def receipt(self, key: str, content: str) -> Receipt | None:
        """Find the first receipt of a key, `repeated`; None when it is new."""
        return self._earlier(key, content) or self._own.receipt(key, content)

    def position_at(self, instant: dt.datetime) -> int:
        """Position of the last fact recorded at or before an instant; 0 when there is none."""
        shared = self._past.position_at(instant)
        return shared if shared < self._at else self._own.position_at(instant)

    def locked(self, work: Callable[[], T]) -> T:
        """Do something under the write lock, and keep all that it appends, or nothing; answer what it answers."""
        return self._own.locked(work)

    def load(self, batches: Iterable[Batch]) -> list[Receipt]:
        """Append many batches, all or none, wherever the log stands; answer each."""
        return self.locked(lambda: [self.append(batch, after=self.head()) for batch in batches])

    def put(self, snapshot: Snapshot) -> None:
        """Keep a snapshot, in the place of one at the same position."""
        self._own.put(snapshot)

    def get(self, *, until: int | None = None) -> Snapshot | None:
        """Find the newest snapshot at or before a position; None when there is none."""
        shared = self._at if until is None else min(until, self._at)
        found = [one for one in (self._own.get(until=until), self._past.get(until=shared)) if one is not None]
        return max(found, key=lambda snapshot: snapshot.position, default=None)

    def drop(self, position: int) -> None:
        """Forget the snapshot at a position, if it is this log's own."""
        self._own.drop(position)

    def faults(self) -> Iterator[Fault]:
        """Look through the shared past, and at what is new."""
        new = self._own.faults()
        return chain(takewhile(lambda fault: fault.position <= self._at, self._past.faults()), new)

    def close(self) -> None:
        """Take nothing more; the other log is left to whoever opened it."""
        self._own.close()

    def _earlier(self, key: str, content: str) -> Receipt | None:
        """Find the receipt of a key in the shared past; the key of a batch that the fork cuts through is free."""
        if key == self._cut:
            return None
        try:
            found = self._past.receipt(key, content)
        except KeyReused as reused:
            if reused.first > self._at:
                return None
            raise
        return found if found is not None and found.last <= self._at else None


def _in_turn(earlier: Iterator[Recorded], later: Iterator[Recorded]) -> Iterator[Recorded]:
    yield from earlier
    yield from later
