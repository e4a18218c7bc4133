"""The log in memory: frozen facts in a list, envelopes in columns.

Nothing is encoded on append. It behaves as the SQLite log does, but for being
gone when the process ends.
"""

import datetime as dt
import sys
import threading
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

from wis_engine.errors import Conflict, KeyReused
from wis_engine.facts.base import Event, Receipt, Recorded
from wis_engine.log.codec import Registry
from wis_engine.log.log import Batch, Clock, content_of, from_microseconds, to_microseconds


class MemoryLog:
    """A log that lives as long as its object.

    Parameters
    ----------
    registry
        The event types that it takes.
    clock
        Answers the present instant, aware; called once a batch.
    """

    def __init__(self, *, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock
        self._lock = threading.RLock()
        self._facts: list[Event] = []
        # One row a batch; its facts begin at position `_firsts[row]`.
        self._firsts = array("q")
        self._occurred = array("q")
        self._recorded = array("q")
        self._actors: list[str] = []
        self._causes: list[str | None] = []
        self._keys: list[str | None] = []
        self._rows: dict[str, int] = {}
        # Most ids are named once: a bare number is a third of an array of one.
        self._mentions: dict[str, int | array[int]] = {}

    def head(self) -> int:
        """Position of the last fact; 0 when there is none."""
        return len(self._facts)

    def append(self, batch: Batch, *, after: int) -> Receipt:
        """Append a batch whole, after the position that the caller has seen."""
        for fact in batch.facts:
            self._registry.require(fact)
        with self._lock:
            if batch.key in self._rows:
                return self._first_receipt(batch.key, batch.content)
            if after != len(self._facts):
                raise Conflict(after, len(self._facts))
            return self._add(batch, to_microseconds(self._clock()))

    def read(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        types: Iterable[str] | None = None,
        about: Iterable[str] | None = None,
    ) -> Iterator[Recorded]:
        """Read facts in order, up to the head at the moment of the call."""
        with self._lock:
            head = len(self._facts)
            last = head if until is None else min(until, head)
            positions = range(max(after, 0) + 1, last + 1)
            found = positions if about is None else self._naming(about, positions)
        return self._walk(found, None if types is None else frozenset(types))

    def receipt(self, key: str, content: str) -> Receipt | None:
        """Find the first receipt of a key, `repeated`; None when it is new."""
        with self._lock:
            return self._first_receipt(key, content) if key in self._rows else None

    def position_at(self, instant: dt.datetime) -> int:
        """Position of the last fact recorded at or before an instant; 0 when there is none."""
        with self._lock:
            return self._last(bisect_right(self._recorded, to_microseconds(instant)) - 1)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the write lock; what was appended inside goes when the block raises."""
        with self._lock:
            head = len(self._facts)
            try:
                yield
            except BaseException:
                self._truncate(head)
                raise

    def load(self, batches: Iterable[Batch]) -> int:
        """Append many batches, all or none, wherever the log stands; answer the new head."""
        with self.locked():
            for batch in batches:
                self.append(batch, after=len(self._facts))
            return len(self._facts)

    def remember(self, past: Iterable[Recorded], *, cut: bool = False) -> None:
        """Take in what another log recorded, as it recorded it; for a log that is still empty.

        When the past was `cut`, its last batch may not be whole, and its key is
        forgotten: it stands for what was recorded then, not for a part of it.
        """
        assert not self._facts, "there are facts already"
        for envelope, records in groupby(past, key=_envelope):
            occurred_at, recorded_at, actor, cause, key = envelope
            facts = tuple(one.fact for one in records)
            batch = Batch(facts=facts, occurred_at=occurred_at, actor=actor, cause=cause, key=key)
            self._add(batch, to_microseconds(recorded_at))
        if cut and self._keys and self._keys[-1] is not None:
            del self._rows[self._keys[-1]]
            self._keys[-1] = None

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def _add(self, batch: Batch, recorded: int) -> Receipt:
        # Whatever may raise comes first: from the first write on, the batch is in.
        named = [set(fact.about()) for fact in batch.facts]
        occurred = to_microseconds(batch.occurred_at)
        if self._recorded:
            recorded = max(recorded, self._recorded[-1])
        first = len(self._facts) + 1
        if batch.key is not None:
            self._rows[batch.key] = len(self._firsts)
        self._firsts.append(first)
        self._occurred.append(occurred)
        self._recorded.append(recorded)
        self._actors.append(sys.intern(batch.actor))
        self._causes.append(batch.cause)
        self._keys.append(batch.key)
        self._facts.extend(batch.facts)
        for position, names in enumerate(named, first):
            for name in names:
                self._mention(name, position)
        return Receipt(first=first, last=len(self._facts), recorded_at=from_microseconds(recorded))

    def _mention(self, name: str, position: int) -> None:
        held = self._mentions.setdefault(name, position)
        if held is position:
            return
        if isinstance(held, int):
            self._mentions[name] = array("q", (held, position))
        else:
            held.append(position)

    def _first_receipt(self, key: str | None, content: str) -> Receipt:
        assert key is not None
        row = self._rows[key]
        first, last = self._firsts[row], self._last(row)
        if content_of(self._facts[first - 1 : last]) != content:
            raise KeyReused(key, first)
        recorded_at = from_microseconds(self._recorded[row])
        return Receipt(first=first, last=last, recorded_at=recorded_at, repeated=True)

    def _last(self, row: int) -> int:
        """Position of the last fact of a batch; 0 before the first batch."""
        following = row + 1
        return self._firsts[following] - 1 if following < len(self._firsts) else len(self._facts)

    def _naming(self, about: Iterable[str], positions: range) -> Sequence[int]:
        found: set[int] = set()
        for name in about:
            held = self._mentions.get(name, ())
            if isinstance(held, int):
                found.add(held)
            else:
                found.update(held[bisect_right(held, positions.start - 1) : bisect_right(held, positions.stop - 1)])
        return sorted(position for position in found if position in positions)

    def _walk(self, positions: Iterable[int], types: frozenset[str] | None) -> Iterator[Recorded]:
        last = 0
        for position in positions:
            fact = self._facts[position - 1]
            if types is not None and fact.name not in types:
                continue
            if position > last:
                with self._lock:
                    row = bisect_right(self._firsts, position) - 1
                    last = self._last(row)
                    occurred_at = from_microseconds(self._occurred[row])
                    recorded_at = from_microseconds(self._recorded[row])
                    actor, cause, key = self._actors[row], self._causes[row], self._keys[row]
            yield Recorded(
                position=position,
                fact=fact,
                occurred_at=occurred_at,
                recorded_at=recorded_at,
                actor=actor,
                cause=cause,
                key=key,
            )

    def _truncate(self, head: int) -> None:
        for fact in reversed(self._facts[head:]):
            for name in set(fact.about()):
                held = self._mentions[name]
                if isinstance(held, int):
                    del self._mentions[name]
                else:
                    held.pop()
        del self._facts[head:]
        while self._firsts and self._firsts[-1] > head:
            self._firsts.pop()
            self._occurred.pop()
            self._recorded.pop()
            self._actors.pop()
            self._causes.pop()
            key = self._keys.pop()
            if key is not None:
                del self._rows[key]


def _envelope(one: Recorded) -> tuple[dt.datetime, dt.datetime, str, str | None, str | None]:
    return one.occurred_at, one.recorded_at, one.actor, one.cause, one.key
