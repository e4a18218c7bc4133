"""The log in a SQLite file: durable when it answers, open to many processes.

Each append takes the write lock first (`BEGIN IMMEDIATE`), compares the
position, then inserts; the journal is WAL with `synchronous=FULL`, so an
answer outlives a power cut. A file holds one log.
"""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Final, Literal

from wis_engine.errors import IntegrityError, OutcomeUnknown, StorageUnavailable
from wis_engine.log.codec import Registry
from wis_engine.log.follow import WAIT_SECONDS
from wis_engine.log.log import Clock, Fault, Snapshot
from wis_engine.log.rows import PAGE, BatchRow, EnvelopeRow, EventRow, FactRow, KeyRow, Rows, rows_of, snapshot_of
from wis_engine.log.sql import LONG_AGO, SqlLog, require_zone
from wis_engine.log.sqlite_file import connect, meaning, path_of, translated, wait_to_write

LOOK_SECONDS: Final = 0.01
"""How often a follower asks for the head."""

_END: Final = "SELECT last, recorded_at FROM batches ORDER BY first DESC LIMIT 1"
_KEYED: Final = """
    SELECT key, first, last, recorded_at, content FROM batches WHERE key IN (SELECT value FROM json_each(?))
"""
_RECORDED_AT: Final = "SELECT recorded_at FROM batches WHERE first <= ? ORDER BY first DESC LIMIT 1"
_ADD_BATCH: Final = "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_ADD_EVENT: Final = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, NULL)"
_ADD_MENTION: Final = "INSERT INTO mentions VALUES (?, ?)"

_READ: Final = """
    SELECT position, name, version, body, personal, batch FROM events
    WHERE position > :after AND position <= :until
    AND (:types IS NULL OR name IN (SELECT value FROM json_each(:types)))
    ORDER BY position LIMIT :page
"""
_READ_ABOUT: Final = """
    SELECT position, name, version, body, personal, batch FROM events
    WHERE position IN (
        SELECT DISTINCT position FROM mentions
        WHERE id IN (SELECT value FROM json_each(:about)) AND position > :after AND position <= :until
        ORDER BY position LIMIT CASE WHEN :types IS NULL THEN :page ELSE -1 END
    )
    AND (:types IS NULL OR name IN (SELECT value FROM json_each(:types)))
    ORDER BY position LIMIT :page
"""
_ENVELOPES: Final = """
    SELECT first, occurred_at, recorded_at, actor, cause, key FROM batches
    WHERE first IN (SELECT value FROM json_each(?))
"""

_ALL: Final = """
    SELECT position, name, version, body, personal, batch, subject, chain FROM events
    WHERE position > ? AND position <= ? ORDER BY position
"""
_BATCHES: Final = """
    SELECT first, last, occurred_at, recorded_at, actor, cause, key, content FROM batches
    WHERE first > ? AND first <= ? ORDER BY first LIMIT ?
"""
_MENTIONS: Final = """
    SELECT id, position FROM mentions
    WHERE id IN (SELECT value FROM json_each(?)) AND position > ? AND position <= ?
"""
_MENTIONS_COUNT: Final = "SELECT count(*) FROM mentions WHERE position <= ?"
_MENTIONS_AFTER: Final = """
    SELECT id, position FROM mentions
    WHERE (id, position) > (CAST(? AS TEXT), ?) AND position <= ? ORDER BY id, position LIMIT ?
"""
_ASTRAY: Final = """
    WITH log (head) AS (SELECT coalesce((SELECT last FROM batches ORDER BY first DESC LIMIT 1), 0))
    SELECT 'a batch', first FROM batches WHERE first < 1
    UNION ALL SELECT 'a fact', position FROM events, log WHERE position < 1 OR position > head
    UNION ALL SELECT DISTINCT 'an entry of the index', position FROM mentions, log WHERE position < 1 OR position > head
    UNION ALL SELECT DISTINCT 'a snapshot', position FROM snapshots, log WHERE position < 0 OR position > head
    LIMIT ?
"""

_PUT: Final = "INSERT INTO snapshots VALUES (?, ?, ?, ?, ?)"
_GET: Final = """
    SELECT position, format, digest, content FROM snapshots
    WHERE position = (SELECT max(position) FROM snapshots WHERE ? IS NULL OR position <= ?) ORDER BY part
"""
_DROP: Final = "DELETE FROM snapshots WHERE position = ?"


class SqliteLog(SqlLog):
    """A log in a file.

    Parameters
    ----------
    path
        The file; made when it is new or empty and `mode` is "rw".
    registry
        The event types that it takes.
    clock
        Answers the present instant, aware; called once a batch.
    zone
        Time zone of the community's calendar, for a new log; an old one keeps its own.
    mode
        "r" opens it for reading only: `append` raises `ReadOnly`.

    Raises
    ------
    FormatError
        The file is no log, or one of another release; it is untouched.
    Malformed
        The path is none, or the log was made with another time zone.
    StorageUnavailable
        The file cannot be opened.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        registry: Registry,
        clock: Clock,
        zone: str | None = None,
        mode: Literal["rw", "r"] = "rw",
    ) -> None:
        self._path = path_of(path)
        super().__init__(self._path.name, registry=registry, clock=clock)
        self._writable = mode == "rw"
        self._connection: sqlite3.Connection | None = connect(self._path, writable=self._writable, zone=zone)
        try:
            self._zone = self._made_with()
            require_zone(self._place, self._zone, zone)
        except BaseException:
            self._drop()
            raise

    def put(self, snapshot: Snapshot) -> None:
        """Keep a snapshot, in the place of one at the same position."""
        self.locked(lambda: self._replace(snapshot.position, rows_of(snapshot)))

    def get(self, *, until: int | None = None) -> Snapshot | None:
        """Find the newest snapshot at or before a position; None when there is none."""
        return snapshot_of(self._rows(_GET, (until, until)))

    def drop(self, position: int) -> None:
        """Forget the snapshot at a position, if there is one."""
        self.locked(lambda: self._replace(position, ()))

    def _replace(self, position: int, rows: Iterable[tuple[Any, ...]]) -> None:
        with translated(self._path):
            self._live().execute(_DROP, (position,))
            self._live().executemany(_PUT, rows)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._closed = True
            self._drop()

    def _write(self, rows: Rows) -> None:
        with translated(self._path):
            connection = self._live()
            connection.executemany(_ADD_BATCH, rows.batches)
            connection.executemany(_ADD_EVENT, rows.events)
            # Sorted, they fall into the index page by page.
            connection.executemany(_ADD_MENTION, sorted(rows.mentions))

    def _end(self) -> tuple[int, int]:
        for last, recorded in self._rows(_END):
            return last, recorded
        return 0, LONG_AGO

    def _events(self, after: int, until: int, names: list[str] | None, ids: list[str] | None) -> list[EventRow]:
        asked = {"after": after, "until": until, "types": _listed(names), "about": _listed(ids), "page": PAGE}
        return self._rows(_READ if ids is None else _READ_ABOUT, asked)

    def _envelopes(self, firsts: list[int]) -> list[EnvelopeRow]:
        return self._rows(_ENVELOPES, (json.dumps(firsts),))

    def _keyed(self, keys: list[str]) -> list[KeyRow]:
        return self._rows(_KEYED, (json.dumps(keys),)) if keys else []

    def _recorded(self, position: int) -> int:
        return int(self._rows(_RECORDED_AT, (position,))[0][0])

    def _source(self) -> "_Source":
        return _Source(self._damaged_rows)

    def _waiting(self) -> AbstractContextManager[Callable[[int], None]]:
        return nullcontext(self._wait)

    def _wait(self, after: int) -> None:
        for _ in range(round(WAIT_SECONDS / LOOK_SECONDS)):
            if self.head() > after:
                return
            time.sleep(LOOK_SECONDS)

    def _made_with(self) -> str:
        kept = [zone for (zone,) in self._rows("SELECT zone FROM community")]
        if len(kept) != 1:
            raise IntegrityError(f"{self._place}: a log says its time zone once, not {len(kept)} times")
        return str(kept[0])

    def _live(self) -> sqlite3.Connection:
        self._require_open()
        if self._connection is None:
            self._connection = connect(self._path, writable=self._writable, zone=self._zone)
        return self._connection

    def _require_transaction(self) -> sqlite3.Connection:
        """Make sure that the store has not undone the whole transaction by itself, as it does after some errors."""
        connection = self._live()
        if not connection.in_transaction:
            raise StorageUnavailable(f"{self._place}: the store undid what was written")
        return connection

    def _rows(self, statement: str, values: Any = ()) -> list[Any]:  # noqa: ANN401 - what sqlite3 takes and gives
        with self._lock, translated(self._path):
            return self._live().execute(statement, values).fetchall()

    def _damaged_rows(self, statement: str, values: Any) -> list[Any]:  # noqa: ANN401 - what sqlite3 takes and gives
        """Select rows in which a text may be none of UTF-8: its bytes come as lone surrogates."""
        with self._lock, translated(self._path):
            connection = self._live()
            with suppress(sqlite3.OperationalError):
                return connection.execute(statement, values).fetchall()
            connection.text_factory = _surrogates
            try:
                return connection.execute(statement, values).fetchall()
            finally:
                connection.text_factory = str

    def _begin(self, *, inner: bool, size: int | None) -> None:  # noqa: ARG002 - one way for every size
        if inner:
            with translated(self._path):
                self._require_transaction().execute("SAVEPOINT inner")
            return
        if self._connection is not None and self._connection.in_transaction:
            self._drop()  # somebody was stopped twice, the second time while this was done
        with translated(self._path):
            wait_to_write(self._live())

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
            code = error.sqlite_errorcode
            if code & 0xFF == sqlite3.SQLITE_IOERR and code != sqlite3.SQLITE_IOERR_WRITE:
                # The kernel may have dropped the pages that it failed to write: this connection is done.
                self._drop()
                raise OutcomeUnknown(f"{self._place}: the commit was sent and not confirmed") from None
            raise meaning(error, self._path) from None

    def _drop(self) -> None:
        try:
            if self._connection is not None and self._process == os.getpid():
                with suppress(sqlite3.Error):
                    self._connection.close()
        finally:
            self._connection = None


class _Source:
    """What is asked when everything is looked at."""

    def __init__(self, ask: Callable[[str, Any], list[Any]]) -> None:
        self._ask = ask

    def faults(self) -> list[Fault]:
        checked = self._ask("PRAGMA integrity_check", ())
        found = [Fault(position=0, what=f"the file: {said}") for (said,) in checked if said != "ok"]
        astray = self._ask(_ASTRAY, (PAGE,))
        return found + [Fault(position=position, what=f"{what} where no fact stands") for what, position in astray]

    def events(self, after: int, until: int) -> list[FactRow]:
        return self._ask(_ALL, (after, until))

    def batches(self, after: int, until: int) -> list[BatchRow]:
        return self._ask(_BATCHES, (after, until, PAGE))

    def mentions(self, after: int, until: int, ids: list[str]) -> list[tuple[str, int]]:
        return self._ask(_MENTIONS, (_listed(ids), after, until))

    def mentions_count(self, until: int) -> int:
        return int(self._ask(_MENTIONS_COUNT, (until,))[0][0])

    def mentions_after(self, name: str, position: int, until: int) -> list[tuple[str, int]]:
        return self._ask(_MENTIONS_AFTER, (name.encode(errors="surrogateescape"), position, until, PAGE))


def _surrogates(text: bytes) -> str:
    return text.decode(errors="surrogateescape")


def _listed(values: Iterable[str] | None) -> str | None:
    return None if values is None else json.dumps(list(values))
