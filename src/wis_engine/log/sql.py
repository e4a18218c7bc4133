"""What the logs in a database have in common: rows on the way in, facts on the way out.

A store says how it locks, inserts and selects; that positions are dense, that
a key is answered once, that damage is seen, is said here for all of them.
"""

import datetime as dt
import os
import threading
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import ClassVar, Final, TypeVar

from wis_engine.compiled import maker
from wis_engine.errors import Conflict, IntegrityError, KeyReused, LogClosed, Malformed, ReadOnly, StorageUnavailable
from wis_engine.facts.base import Receipt, Recorded
from wis_engine.log.asked import asked_ids, asked_positions, asked_texts
from wis_engine.log.codec import Registry, Stored
from wis_engine.log.follow import followed
from wis_engine.log.log import Batch, Clock, Fault, from_microseconds, never, to_microseconds
from wis_engine.log.rows import PAGE, EnvelopeRow, EventRow, KeyRow, Rows
from wis_engine.log.sql_faults import Source, faults_of

T = TypeVar("T")

CHUNK: Final = 5_000
"""Facts of a load that are written at once."""

BUSY_SECONDS: Final = 30.0
"""How long a writer waits for the others."""

LONG_AGO: Final = to_microseconds(dt.datetime.min.replace(tzinfo=dt.UTC))
"""When the last fact was recorded, as long as there is none."""

_recorded: Final = maker(Recorded)


class SqlLog(ABC):
    """A log in a database; what it promises is said by `log.Log`.

    One connection, which threads share in turn. A forked process opens its
    own; this object refuses to work there.
    """

    _zone: str
    _writable: bool
    _failures_max: ClassVar[int] = 0
    """How often in a row a follower may find the store away, and look again."""

    def __init__(self, place: str, *, registry: Registry, clock: Clock) -> None:
        self._place = place
        self._registry = registry
        self._clock = clock
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._closed = False
        self._depth = 0

    # What a store says for itself

    @abstractmethod
    def _begin(self, *, inner: bool, size: int | None) -> None:
        """Take the write lock, or begin a part of the transaction; `size` is how many facts will be appended."""

    @abstractmethod
    def _commit(self, *, inner: bool) -> None:
        """Keep what was written since `_begin`; when it raises, `_roll_back` follows."""

    @abstractmethod
    def _roll_back(self, *, inner: bool) -> None:
        """Undo what was written since `_begin`; never raise."""

    @abstractmethod
    def _drop(self) -> None:
        """Let the connection go, and with it what was not kept; the next call has another one."""

    @abstractmethod
    def _end(self) -> tuple[int, int]:
        """Position of the last fact and the microsecond at which it was recorded."""

    @abstractmethod
    def _write(self, rows: Rows) -> None:
        """Insert rows that follow what is there."""

    @abstractmethod
    def _events(self, after: int, until: int, names: list[str] | None, ids: list[str] | None) -> list[EventRow]:
        """Select at most `PAGE` facts, in order."""

    @abstractmethod
    def _envelopes(self, firsts: list[int]) -> list[EnvelopeRow]:
        """Select the envelopes of batches."""

    @abstractmethod
    def _keyed(self, keys: list[str]) -> list[KeyRow]:
        """Select the batches that have one of these keys."""

    @abstractmethod
    def _waiting(self) -> AbstractContextManager[Callable[[int], None]]:
        """Give what comes back when something stands after a position, or a little later."""

    @abstractmethod
    def _recorded(self, position: int) -> int:
        """Microsecond at which a fact was recorded."""

    @abstractmethod
    def _source(self) -> Source:
        """Give what is asked when everything is looked at."""

    # Looking

    @property
    def zone(self) -> str:
        """Time zone of the community's calendar, fixed when the log was made."""
        return self._zone

    def head(self) -> int:
        """Position of the last fact; 0 when there is none."""
        with self._lock:
            return self._end()[0]

    def read(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        types: Iterable[str] | None = None,
        about: Iterable[str] | None = None,
    ) -> Iterator[Recorded]:
        """Read facts in order, up to the head at the moment of the call.

        It reads page by page and keeps no transaction open between them: what
        is in the log does not change.
        """
        names, ids = asked_texts("types", types), asked_ids(about)
        asked_positions(after, until)
        head = self.head()
        return self._walk(
            max(after, 0), head if until is None else min(until, head), names, None if ids is None else sorted(ids)
        )

    def receipt(self, key: str, content: str) -> Receipt | None:
        """Find the first receipt of a key, `repeated`; None when it is new."""
        with self._lock:
            for row in self._keyed([key]):
                return self._repeated(row, content)
        return None

    def position_at(self, instant: dt.datetime) -> int:
        """Position of the last fact recorded at or before an instant; 0 when there is none."""
        asked = to_microseconds(instant)
        with self._lock:
            return bisect_right(range(1, self._end()[0] + 1), asked, key=self._recorded)

    def follow(self, *, after: int = 0, stop: Callable[[], bool] = never) -> Iterator[Recorded]:
        """Read facts in order and wait for more, for ever or until `stop` says so."""
        with self._waiting() as wait:
            yield from followed(
                lambda seen: self.read(after=seen), wait, after=after, stop=stop, failures_max=self._failures_max
            )

    def faults(self) -> Iterator[Fault]:
        """Look through everything stored and say what is not as it was written, in order of position."""
        return faults_of(self._source(), self._registry, self.head())

    # Writing

    def append(self, batch: Batch, *, after: int) -> Receipt:
        """Append a batch whole, after the position that the caller has seen."""
        # Encoding is the longer part of the work, and needs no lock.
        stored = [self._registry.encode(fact) for fact in batch.facts]
        return self.locked(lambda: self._append(batch, stored, after), size=len(stored))

    def _append(self, batch: Batch, stored: Sequence[Stored], after: int) -> Receipt:
        if batch.key is not None and (first := self.receipt(batch.key, batch.content)):
            return first
        head, recorded = self._end()
        if after != head:
            raise Conflict(after, head)
        recorded = max(recorded, self._stamp(batch))
        recorded_at = self._instant(recorded, head)
        rows = Rows()
        last = rows.add(batch, stored, first=head + 1, recorded=recorded)
        self._write(rows)
        return Receipt(first=head + 1, last=last, recorded_at=recorded_at)

    def load(self, batches: Iterable[Batch]) -> list[Receipt]:
        """Append many batches, all or none, wherever the log stands; answer each."""
        return self.locked(lambda: self._load(iter(batches)))

    def _load(self, waiting: Iterator[Batch]) -> list[Receipt]:
        receipts: list[Receipt] = []
        head, recorded = self._end()
        while chunk := _some(waiting):
            for receipt in self._load_chunk(chunk, head, recorded):
                receipts.append(receipt)
                if not receipt.repeated:
                    head, recorded = receipt.last, to_microseconds(receipt.recorded_at)
        return receipts

    def _load_chunk(self, chunk: Sequence[Batch], head: int, recorded: int) -> list[Receipt]:
        known = {row[0]: row for row in self._keyed([batch.key for batch in chunk if batch.key is not None])}
        rows, receipts = Rows(), []
        for batch in chunk:
            if batch.key is not None and batch.key in known:
                receipts.append(self._repeated(known[batch.key], batch.content))
                continue
            stored = [self._registry.encode(fact) for fact in batch.facts]
            first, recorded = head + 1, max(recorded, self._stamp(batch))
            recorded_at = self._instant(recorded, head)
            head = rows.add(batch, stored, first=first, recorded=recorded)
            receipts.append(Receipt(first=first, last=head, recorded_at=recorded_at))
            if batch.key is not None:
                known[batch.key] = batch.key, first, head, recorded, batch.content
        if rows.batches:
            self._write(rows)
        return receipts

    def locked(self, work: Callable[[], T], *, size: int | None = None) -> T:
        """Do something under the write lock, and keep all that it appends, or nothing; answer what it answers.

        One frame begins, does, keeps and undoes, since who is stopped (Ctrl-C)
        may be so wherever a function begins.

        Parameters
        ----------
        size
            How many facts will be appended, when that is known.
        """
        with self._lock:
            self._require_writable()
            depth, begun = self._depth, False
            try:
                try:
                    self._begin(inner=depth > 0, size=size)
                    self._depth, begun = depth + 1, True
                    done = work()
                    self._commit(inner=depth > 0)
                    self._depth = depth
                except Exception:
                    self._depth = depth
                    if begun or not depth:
                        # A part that never began left nothing of its own; a rollback would reach the one around it.
                        self._roll_back(inner=depth > 0)
                    raise
            except Exception:
                raise
            except BaseException:
                # Stopped between any two steps, with a part half begun, half kept or half undone: the
                # connection goes, and the store undoes whatever was not kept.
                self._depth = depth
                self._drop()
                raise
            return done

    def _repeated(self, row: KeyRow, content: str) -> Receipt:
        key, first, last, recorded, stored = row
        if stored != content:
            raise KeyReused(key, first)
        return Receipt(first=first, last=last, recorded_at=self._instant(recorded, first), repeated=True)

    def _instant(self, microseconds: int, position: int) -> dt.datetime:
        try:
            return from_microseconds(microseconds)
        except OverflowError:
            raise IntegrityError(f"{self._place}: position {position} was recorded at no instant") from None

    def _stamp(self, batch: Batch) -> int:
        return to_microseconds(self._clock() if batch.recorded_at is None else batch.recorded_at)

    # Reading page by page

    def _walk(self, after: int, until: int, names: frozenset[str] | None, ids: list[str] | None) -> Iterator[Recorded]:
        stored = None if names is None else sorted(self._registry.stored_names(names))
        while after < until:
            with self._lock:
                if stored is None and ids is None:
                    # The end of the page is known: a store need not find out how much there is beyond.
                    rows = self._events(after, min(until, after + PAGE), None, None)
                    self._require_dense(rows, after, min(PAGE, until - after))
                else:
                    rows = self._events(after, until, stored, ids)
                envelopes = {row[0]: row for row in self._envelopes(sorted({row[5] for row in rows}))}
            yield from self._decoded(rows, envelopes, names)
            if len(rows) < PAGE:
                return
            after = rows[-1][0]

    def _decoded(
        self, rows: Iterable[EventRow], envelopes: dict[int, EnvelopeRow], names: frozenset[str] | None
    ) -> Iterator[Recorded]:
        decode = self._registry.facts
        batch = 0
        for position, name, version, body, personal, first in rows:
            try:
                if first != batch:
                    if first not in envelopes:
                        raise IntegrityError(f"{self._place}: the batch of position {position} is gone")
                    batch, occurred, recorded, actor, cause, key = envelopes[first]
                    occurred_at, recorded_at = from_microseconds(occurred), from_microseconds(recorded)
                facts = decode(name, version, body, personal)
            except (Malformed, OverflowError, TypeError) as error:
                raise IntegrityError(f"{self._place}: position {position} is damaged: {error}") from None
            for index, fact in enumerate(facts):
                if names is None or (fact is not None and fact.name in names):
                    yield _recorded(
                        position=position,
                        fact=fact,
                        occurred_at=occurred_at,
                        recorded_at=recorded_at,
                        actor=actor,
                        cause=cause,
                        key=key,
                        index=index,
                        batch=batch,
                    )

    def _require_dense(self, rows: Sequence[EventRow], after: int, count: int) -> None:
        if len(rows) != count or rows[-1][0] != after + count:
            raise IntegrityError(f"{self._place}: a position is missing between {after} and {after + count}")

    # Being of use at all

    def _require_open(self) -> None:
        if self._closed:
            raise LogClosed(f"{self._place}: the log was closed")
        if self._process != os.getpid():
            raise StorageUnavailable(f"{self._place}: a forked process opens its own log")

    def _require_writable(self) -> None:
        self._require_open()
        if not self._writable:
            raise ReadOnly(f"{self._place}: the log was opened for reading")


def require_zone(place: str, kept: str, asked: str | None) -> None:
    """Raise `Malformed` when a log is asked for with another time zone than it was made with."""
    if asked is not None and asked != kept:
        raise Malformed(f"{place}: the log was made with time zone {kept!r}, not {asked!r}")


def _some(batches: Iterator[Batch]) -> list[Batch]:
    """Take batches of `CHUNK` facts together, or one larger batch."""
    taken: list[Batch] = []
    facts = 0
    for batch in batches:
        taken.append(batch)
        facts += len(batch.facts)
        if facts >= CHUNK:
            break
    return taken
