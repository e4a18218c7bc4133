"""The log in a SQLite file: durable when it answers, open to many processes.

Each append takes the write lock first (`BEGIN IMMEDIATE`), compares the
position, then inserts; the journal is WAL with `synchronous=FULL`, so an
answer outlives a power cut. A file holds one log.
"""

import datetime as dt
import json
import os
import sqlite3
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal

from wis_engine.errors import (
    Conflict,
    IntegrityError,
    KeyReused,
    LogClosed,
    Malformed,
    OutcomeUnknown,
    ReadOnly,
    StorageUnavailable,
)
from wis_engine.facts.base import Receipt, Recorded
from wis_engine.log.codec import Registry, Stored
from wis_engine.log.log import Batch, Clock, from_microseconds, to_microseconds
from wis_engine.log.sqlite_file import connect, meaning, translated

_PAGE: Final = 1_000

_END: Final = "SELECT last, recorded_at FROM batches ORDER BY first DESC LIMIT 1"
_RECEIPT: Final = "SELECT first, last, recorded_at, content FROM batches WHERE key = ?"
_RECORDED_AT: Final = "SELECT recorded_at FROM batches WHERE first <= ? ORDER BY first DESC LIMIT 1"
_ADD_BATCH: Final = "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_EVENT: Final = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, NULL)"
_ADD_MENTION: Final = "INSERT INTO mentions VALUES (?, ?)"

_READ: Final = """
    SELECT position, name, version, body, personal, batch, occurred_at, recorded_at, actor, cause, key
    FROM events LEFT JOIN batches ON first = batch
    WHERE position > :after AND position <= :until
    AND (:types IS NULL OR name IN (SELECT value FROM json_each(:types)))
    ORDER BY position LIMIT :page
"""
_READ_ABOUT: Final = """
    SELECT position, name, version, body, personal, batch, occurred_at, recorded_at, actor, cause, key
    FROM events LEFT JOIN batches ON first = batch
    WHERE position IN (
        SELECT position FROM mentions
        WHERE id IN (SELECT value FROM json_each(:about)) AND position > :after AND position <= :until
    )
    AND (:types IS NULL OR name IN (SELECT value FROM json_each(:types)))
    ORDER BY position LIMIT :page
"""


class SqliteLog:
    """A log in a file.

    Parameters
    ----------
    path
        The file; made when it is new or empty and `mode` is "rw".
    registry
        The event types that it takes.
    clock
        Answers the present instant, aware; called once a batch.
    mode
        "r" opens it for reading only: `append` raises `ReadOnly`.

    Raises
    ------
    FormatError
        The file is no log, or one of a newer release; it is untouched.
    StorageUnavailable
        The file cannot be opened.

    Notes
    -----
    One connection, which threads share in turn. A forked process opens its
    own; this object refuses to work there.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, registry: Registry, clock: Clock, mode: Literal["rw", "r"] = "rw"
    ) -> None:
        self._path = Path(path)
        self._registry = registry
        self._clock = clock
        self._writable = mode == "rw"
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._closed = False
        self._depth = 0
        self._connection: sqlite3.Connection | None = connect(self._path, writable=self._writable)

    def head(self) -> int:
        """Position of the last fact; 0 when there is none."""
        return self._end()[0]

    def append(self, batch: Batch, *, after: int) -> Receipt:
        """Append a batch whole, after the position that the caller has seen."""
        # Encoding is the longer part of the work, and needs no lock.
        stored = [self._registry.encode(fact) for fact in batch.facts]
        with self.locked():
            if batch.key is not None and (first := self.receipt(batch.key, batch.content)):
                return first
            head, recorded = self._end()
            if after != head:
                raise Conflict(after, head)
            return self._insert(batch, stored, head, recorded)

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
        head = self.head()
        last = head if until is None else min(until, head)
        return self._walk(max(after, 0), last, _listed(types), _listed(about))

    def receipt(self, key: str, content: str) -> Receipt | None:
        """Find the first receipt of a key, `repeated`; None when it is new."""
        for first, last, recorded, stored in self._rows(_RECEIPT, (key,)):
            if stored != content:
                raise KeyReused(key, first)
            return Receipt(first=first, last=last, recorded_at=from_microseconds(recorded), repeated=True)
        return None

    def position_at(self, instant: dt.datetime) -> int:
        """Position of the last fact recorded at or before an instant; 0 when there is none."""

        def recorded(position: int) -> int:
            return int(self._rows(_RECORDED_AT, (position,))[0][0])

        return bisect_right(range(1, self.head() + 1), to_microseconds(instant), key=recorded)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the write lock; what was appended inside is committed when the block ends."""
        if not self._writable:
            raise ReadOnly(f"{self._path.name}: opened for reading only")
        with self._lock:
            inner = self._depth > 0
            if inner:
                self._require_transaction()
            self._execute("SAVEPOINT inner" if inner else "BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._roll_back(inner=inner)
                raise
            else:
                self._commit(inner=inner)
            finally:
                self._depth -= 1

    def load(self, batches: Iterable[Batch]) -> int:
        """Append many batches, all or none, wherever the log stands; answer the new head."""
        with self.locked():
            for batch in batches:
                if batch.key is not None and self.receipt(batch.key, batch.content):
                    continue
                self._insert(batch, [self._registry.encode(fact) for fact in batch.facts], *self._end())
            return self.head()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._closed = True
            self._drop()

    def _insert(self, batch: Batch, stored: Sequence[Stored], head: int, recorded: int) -> Receipt:
        first, last = head + 1, head + len(stored)
        recorded = max(recorded, to_microseconds(self._clock()))
        content = None if batch.key is None else batch.content
        occurred = to_microseconds(batch.occurred_at)
        self._execute(_ADD_BATCH, (first, last, occurred, recorded, batch.actor, batch.cause, batch.key, content))
        events = [
            (position, first, one.name, one.version, one.body.decode(), one.personal, one.subject)
            for position, one in enumerate(stored, first)
        ]
        # Sorted, they fall into the index page by page.
        mentions = sorted(
            (name, position) for position, fact in enumerate(batch.facts, first) for name in set(fact.about())
        )
        with translated(self._path):
            connection = self._live()
            connection.executemany(_ADD_EVENT, events)
            connection.executemany(_ADD_MENTION, mentions)
        return Receipt(first=first, last=last, recorded_at=from_microseconds(recorded))

    def _end(self) -> tuple[int, int]:
        """Position of the last fact and the microsecond at which it was recorded."""
        for last, recorded in self._rows(_END, ()):
            return last, recorded
        return 0, to_microseconds(dt.datetime.min.replace(tzinfo=dt.UTC))

    def _walk(self, after: int, until: int, types: str | None, about: str | None) -> Iterator[Recorded]:
        query = _READ if about is None else _READ_ABOUT
        batch = 0
        while after < until:
            asked = {"after": after, "until": until, "types": types, "about": about, "page": _PAGE}
            rows = self._rows(query, asked)
            if types is None and about is None:
                self._require_dense(rows, after, min(_PAGE, until - after))
            for position, name, version, body, personal, first, occurred, recorded, actor, cause, key in rows:
                try:
                    if first != batch:
                        batch = first
                        occurred_at, recorded_at = from_microseconds(occurred), from_microseconds(recorded)
                    fact = self._registry.decode(name, version, body, personal, trusted=True)
                except (Malformed, TypeError, OverflowError) as error:
                    raise IntegrityError(f"{self._path.name}: position {position} is damaged: {error}") from None
                yield Recorded(
                    position=position,
                    fact=fact,
                    occurred_at=occurred_at,
                    recorded_at=recorded_at,
                    actor=actor,
                    cause=cause,
                    key=key,
                )
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def _require_dense(self, rows: Sequence[Any], after: int, count: int) -> None:
        if len(rows) != count or rows[-1][0] != after + count:
            raise IntegrityError(f"{self._path.name}: a position is missing between {after} and {after + count}")

    def _live(self) -> sqlite3.Connection:
        if self._closed:
            raise LogClosed(f"{self._path.name}: the log was closed")
        if self._process != os.getpid():
            raise StorageUnavailable(f"{self._path.name}: a forked process opens its own log")
        if self._connection is None:
            self._connection = connect(self._path, writable=self._writable)
        return self._connection

    def _require_transaction(self) -> sqlite3.Connection:
        """Make sure that the store has not undone the whole transaction by itself, as it does after some errors."""
        connection = self._live()
        if not connection.in_transaction:
            raise StorageUnavailable(f"{self._path.name}: the store undid what was written")
        return connection

    def _execute(self, statement: str, values: Sequence[object] = ()) -> None:
        with translated(self._path):
            self._live().execute(statement, values)

    def _rows(self, statement: str, values: Any) -> list[Any]:  # noqa: ANN401 - what sqlite3 takes and gives
        with self._lock, translated(self._path):
            return self._live().execute(statement, values).fetchall()

    def _roll_back(self, *, inner: bool) -> None:
        # When SQLite has undone the transaction by itself, there is nothing left to undo.
        with suppress(sqlite3.Error):
            if self._connection is not None and self._connection.in_transaction:
                if inner:
                    self._connection.execute("ROLLBACK TO inner")
                    self._connection.execute("RELEASE inner")
                else:
                    self._connection.execute("ROLLBACK")

    def _commit(self, *, inner: bool) -> None:
        connection = self._require_transaction()
        try:
            connection.execute("RELEASE inner" if inner else "COMMIT")
        except sqlite3.Error as error:
            self._roll_back(inner=inner)
            code = error.sqlite_errorcode
            if code & 0xFF == sqlite3.SQLITE_IOERR and code != sqlite3.SQLITE_IOERR_WRITE:
                # The kernel may have dropped the pages that it failed to write: this connection is done.
                self._drop()
                raise OutcomeUnknown(f"{self._path.name}: the commit was sent and not confirmed") from error
            raise meaning(error, self._path) from error

    def _drop(self) -> None:
        if self._connection is not None and self._process == os.getpid():
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None


def _listed(values: Iterable[str] | None) -> str | None:
    return None if values is None else json.dumps(sorted(set(values)))
