"""The log in memory: frozen facts in a list, envelopes in columns.

Nothing is encoded on append. It behaves as the logs on disk do, but for being
gone when the process ends.
"""

import datetime as dt
import sys
import threading
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from wis_engine.errors import Conflict, KeyReused, LogClosed
from wis_engine.facts import EVENTS
from wis_engine.facts.base import Event, Receipt, Recorded
from wis_engine.log.asked import asked_ids, asked_positions, asked_texts
from wis_engine.log.codec import Registry
from wis_engine.log.follow import WAIT_SECONDS, followed
from wis_engine.log.log import (
    ZONE,
    Batch,
    Clock,
    Fault,
    Snapshot,
    content_of,
    from_microseconds,
    never,
    to_microseconds,
)

T = TypeVar("T")


class MemoryLog:
    """A log that lives as long as its object.

    Parameters
    ----------
    registry
        The event types that it takes.
    clock
        Answers the present instant, aware; called once a batch.
    zone
        Time zone of the community's calendar; `ZONE` when None.
    start
        Position after which it begins: a fork's log has its past elsewhere.
    recorded_at
        Instant before which nothing is stamped as recorded.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        clock: Clock,
        zone: str | None = None,
        start: int = 0,
        recorded_at: dt.datetime | None = None,
    ) -> None:
        self._registry = registry
        self._foreign = {registry.shape(name).cls for name in registry} - set(EVENTS)
        self._clock = clock
        self._zone = zone or ZONE
        self._start = self._head = start
        self._stamped = -sys.maxsize if recorded_at is None else to_microseconds(recorded_at)
        self._lock = threading.RLock()
        self._grown = threading.Condition(self._lock)
        self._followers = 0
        self._closed = False
        self._facts: list[Event] = []
        # One row a batch; its facts begin at position `_firsts[row]`.
        self._firsts = array("q")
        self._occurred = array("q")
        self._recorded = array("q")
        self._actors = array("I")  # which of the names below
        # As long as the last batch that has one: most logs have no cause at all.
        self._causes: list[str | None] = []
        self._keys: list[str | None] = []
        self._names: list[str] = []
        self._codes: dict[str, int] = {}
        self._rows: dict[str, int] = {}
        # Positions by id, up to the last one that somebody has asked about. Most ids
        # are named once: a bare number is a third of an array of one.
        self._mentions: dict[str, int | array[int]] = {}
        self._indexed = start
        self._snapshots: dict[int, Snapshot] = {}

    @property
    def zone(self) -> str:
        """Time zone of the community's calendar."""
        return self._zone

    def head(self) -> int:
        """Position of the last fact; 0 when there is none."""
        with self._lock:  # what somebody has appended under the lock may still be taken back
            self._require_open()
            return self._head

    def append(self, batch: Batch, *, after: int) -> Receipt:
        """Append a batch whole, after the position that the caller has seen."""
        for fact in batch.facts:
            self._registry.require(fact)
            if type(fact) in self._foreign:
                # What a log on disk could not keep, this one does not take either.
                self._registry.encode(fact)
        with self._lock:
            self._require_open()
            if batch.key in self._rows:
                return self._first_receipt(batch.key, batch.content)
            if after != self._head:
                raise Conflict(after, self._head)
            return self._add(batch)

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
        asked_positions(after, until)
        with self._lock:
            self._require_open()
            last = self._head if until is None else min(until, self._head)
            positions = range(max(after, self._start) + 1, last + 1)
            found = positions if ids is None else self._naming(ids, positions)
        return self._walk(found, names)

    def follow(self, *, after: int = 0, stop: Callable[[], bool] = never) -> Iterator[Recorded]:
        """Read facts in order and wait for more, for ever or until `stop` says so."""
        return followed(lambda seen: self.read(after=seen), self.wait, after=after, stop=stop)

    def wait(self, seen: int) -> None:
        """Come back when something stands after a position, or a little later."""
        with self._lock:
            if self._head <= seen and not self._closed:
                self._followers += 1
                try:
                    self._grown.wait(WAIT_SECONDS)
                finally:
                    self._followers -= 1

    def receipt(self, key: str, content: str) -> Receipt | None:
        """Find the first receipt of a key, `repeated`; None when it is new."""
        with self._lock:
            self._require_open()
            return self._first_receipt(key, content) if key in self._rows else None

    def position_at(self, instant: dt.datetime) -> int:
        """Position of the last fact recorded at or before an instant; 0 when there is none."""
        with self._lock:
            self._require_open()
            return self._last(bisect_right(self._recorded, to_microseconds(instant)) - 1)

    def locked(self, work: Callable[[], T]) -> T:
        """Do something under the write lock, and keep all that it appends, or nothing; answer what it answers."""
        with self._lock:
            self._require_open()
            head, stamped = self._head, self._stamped
            try:
                return work()
            except BaseException:
                self._truncate(head)
                self._stamped = stamped
                raise

    def load(self, batches: Iterable[Batch]) -> list[Receipt]:
        """Append many batches, all or none, wherever the log stands; answer each."""
        return self.locked(lambda: [self.append(batch, after=self._head) for batch in batches])

    def put(self, snapshot: Snapshot) -> None:
        """Keep a snapshot, in the place of one at the same position."""
        with self._lock:
            self._require_open()
            self._snapshots[snapshot.position] = snapshot

    def get(self, *, until: int | None = None) -> Snapshot | None:
        """Find the newest snapshot at or before a position; None when there is none."""
        with self._lock:
            self._require_open()
            found = [position for position in self._snapshots if until is None or position <= until]
            return self._snapshots[max(found)] if found else None

    def drop(self, position: int) -> None:
        """Forget the snapshot at a position, if there is one."""
        with self._lock:
            self._require_open()
            self._snapshots.pop(position, None)

    def faults(self) -> Iterator[Fault]:
        """Find nothing: what is kept are the facts themselves, and nobody else can write them."""
        self._require_open()
        return iter(())

    def close(self) -> None:
        """Take nothing more and answer nothing more."""
        with self._lock:
            self._closed = True
            self._grown.notify_all()

    def _add(self, batch: Batch) -> Receipt:
        occurred = to_microseconds(batch.occurred_at)
        recorded_at = self._clock() if batch.recorded_at is None else batch.recorded_at
        recorded = to_microseconds(recorded_at)
        if recorded < self._stamped or recorded_at.tzinfo is not dt.UTC:
            recorded = max(recorded, self._stamped)
            recorded_at = from_microseconds(recorded)
        head, stamped = self._head, self._stamped
        try:
            if batch.key is not None:
                self._rows[batch.key] = len(self._firsts)
            self._firsts.append(head + 1)
            self._occurred.append(occurred)
            self._recorded.append(recorded)
            self._actors.append(self._code(batch.actor))
            for column, text in ((self._causes, batch.cause), (self._keys, batch.key)):
                if text is not None:
                    column.extend([None] * (len(self._firsts) - 1 - len(column)))
                    column.append(text)
            self._facts += batch.facts
            self._stamped = recorded
            self._head = head + len(batch.facts)
            if self._followers:
                self._grown.notify_all()
        except BaseException:
            # Who is stopped between two columns (Ctrl-C) leaves none longer than the others.
            self._truncate(head)
            self._stamped = stamped
            raise
        return Receipt(first=head + 1, last=self._head, recorded_at=recorded_at)

    def _code(self, actor: str) -> int:
        """Number an actor; who is stopped (Ctrl-C) leaves at most a name that no batch has."""
        if actor not in self._codes:
            self._names.append(actor)
            self._codes[actor] = len(self._names) - 1
        return self._codes[actor]

    def _require_open(self) -> None:
        if self._closed:
            raise LogClosed("the log was closed")

    def _first_receipt(self, key: str | None, content: str) -> Receipt:
        assert key is not None
        row = self._rows[key]
        first, last = self._firsts[row], self._last(row)
        if content_of(self._facts[first - self._start - 1 : last - self._start]) != content:
            raise KeyReused(key, first)
        recorded_at = from_microseconds(self._recorded[row])
        return Receipt(first=first, last=last, recorded_at=recorded_at, repeated=True)

    def _last(self, row: int) -> int:
        """Position of the last fact of a batch; where the log begins before the first batch."""
        following = row + 1
        return self._firsts[following] - 1 if following < len(self._firsts) else self._head

    def _naming(self, about: Iterable[str], positions: range) -> Sequence[int]:
        self._index()
        found: set[int] = set()
        for name in about:
            held = self._mentions.get(name, ())
            if isinstance(held, int):
                found.add(held)
            else:
                found.update(held[bisect_right(held, positions.start - 1) : bisect_right(held, positions.stop - 1)])
        return sorted(position for position in found if position in positions)

    def _index(self) -> None:
        """Bring the positions by id up to the head: who never asks never pays for them."""
        mentions, indexed = self._mentions, self._indexed
        # Who is stopped half way (Ctrl-C) leaves none: it is made again when somebody asks.
        self._mentions, self._indexed = {}, self._start
        for position, fact in enumerate(self._facts[indexed - self._start :], indexed + 1):
            for name in fact.about():
                held = mentions.setdefault(name, position)
                if held is position:
                    continue
                if isinstance(held, int):
                    mentions[name] = array("q", (held, position))
                else:
                    held.append(position)
        self._mentions, self._indexed = mentions, self._head

    def _walk(self, positions: Iterable[int], types: frozenset[str] | None) -> Iterator[Recorded]:
        last = 0
        for position in positions:
            fact = self._facts[position - self._start - 1]
            if types is not None and fact.name not in types:
                continue
            if position > last:
                with self._lock:
                    row = bisect_right(self._firsts, position) - 1
                    last = self._last(row)
                    occurred_at = from_microseconds(self._occurred[row])
                    recorded_at = from_microseconds(self._recorded[row])
                    actor = self._names[self._actors[row]]
                    cause, key = _at(self._causes, row), _at(self._keys, row)
                    first = self._firsts[row]
            yield Recorded(
                position=position,
                fact=fact,
                occurred_at=occurred_at,
                recorded_at=recorded_at,
                actor=actor,
                cause=cause,
                key=key,
                batch=first,
            )

    def _truncate(self, head: int) -> None:
        """Take back what stands after a position, of however many columns."""
        if self._indexed > head:
            # Which ids were named last is not kept: the index is made again when somebody asks.
            self._mentions, self._indexed = {}, self._start
        del self._facts[head - self._start :]
        self._head = head
        left = bisect_right(self._firsts, head)
        # Keys stand in order of their batches, so that the last ones are those to go.
        while self._rows and self._rows[next(reversed(self._rows))] >= left:
            self._rows.popitem()
        for column in (self._firsts, self._occurred, self._recorded, self._actors, self._causes, self._keys):
            del column[left:]
        for position in [position for position in self._snapshots if position > head]:
            del self._snapshots[position]


def _at(column: list[str | None], row: int) -> str | None:
    return column[row] if row < len(column) else None
