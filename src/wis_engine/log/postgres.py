"""The log in a PostgreSQL database: many communities, many writers, each community in one order.

Each append locks the row that says where its community stands, then looks at
the key, then compares the position, then inserts, in statements of their own:
a statement that waits for a lock would go on with what it saw before it waited.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, ClassVar, Final, Literal

from wis_engine.errors import ConnectionLost, IntegrityError, Malformed, OutcomeUnknown, StorageUnavailable
from wis_engine.log.codec import Registry
from wis_engine.log.follow import WAIT_SECONDS
from wis_engine.log.log import Clock, Snapshot
from wis_engine.log.postgres_schema import (
    Connection,
    connect,
    enter,
    meaning,
    place_of,
    prepare,
    require_format,
    require_same,
    stand_by,
    translated,
)
from wis_engine.log.postgres_tables import BATCHES, EVENTS, MENTIONS, PostgresSource
from wis_engine.log.rows import PAGE, EnvelopeRow, EventRow, KeyRow, Rows, rows_of, snapshot_of
from wis_engine.log.sql import SqlLog, require_zone
from wis_engine.shapes import is_id

import psycopg  # isort: skip - the room above says what is missing when it is not there
from psycopg.pq import TransactionStatus  # isort: skip
from psycopg.types.numeric import Int8  # isort: skip

LOOKS: Final = 240
"""How often in a row a follower may find the server away: a minute, and more where nothing answers at all."""
FEW: Final = 32
"""Facts up to which an append sends all it has at once; beyond, it copies them."""

_SNAPSHOT_LOCK: Final = 0x57495350  # «WISP»

_END: Final = "SELECT head, recorded_at FROM wis_engine.communities WHERE community = %s"
_LOCK: Final = """
    SELECT head, recorded_at, (SELECT max(version) FROM wis_engine.format) FROM wis_engine.communities
    WHERE community = %s FOR UPDATE
"""
_MOVE: Final = "UPDATE wis_engine.communities SET head = %s, recorded_at = %s WHERE community = %s"
_KEYED: Final = """
    SELECT key, first, last, recorded_at, content FROM wis_engine.batches WHERE community = %s AND key = ANY(%s)
"""
_RECORDED_AT: Final = """
    SELECT recorded_at FROM wis_engine.batches WHERE community = %s AND first <= %s ORDER BY first DESC LIMIT 1
"""
_ENVELOPES: Final = """
    SELECT first, occurred_at, recorded_at, actor, cause, key FROM wis_engine.batches
    WHERE community = %s AND first = ANY(%s)
"""
_READ: Final = """
    SELECT position, name, version, body, personal, batch FROM wis_engine.events
    WHERE community = %(community)s AND position > %(after)s AND position <= %(until)s
"""
_OF_TYPES: Final = "AND name = ANY(%(names)s)"
# An array, so that the index on ids is asked once: left to the planner, it may be asked for every fact.
_ABOUT: Final = """
    AND position = ANY(ARRAY(
        SELECT DISTINCT position FROM wis_engine.mentions
        WHERE community = %(community)s AND id = ANY(%(ids)s) AND position > %(after)s AND position <= %(until)s
        ORDER BY position LIMIT %(enough)s
    ))
"""
_IN_ORDER: Final = f"ORDER BY position LIMIT {PAGE}"

_PUT: Final = "INSERT INTO wis_engine.snapshots VALUES (%s, %s, %s, %s, %s, %s)"
_GET: Final = """
    SELECT position, format, digest, content FROM wis_engine.snapshots
    WHERE community = %(community)s AND position = (
        SELECT max(position) FROM wis_engine.snapshots
        WHERE community = %(community)s AND (%(until)s::bigint IS NULL OR position <= %(until)s)
    )
    ORDER BY part
"""
_DROP: Final = "DELETE FROM wis_engine.snapshots WHERE community = %s AND position = %s"


class PostgresLog(SqlLog):
    """The log of one community in a PostgreSQL database.

    Parameters
    ----------
    url
        Where the database is: «postgresql://user@host/database».
    name
        Of the community; made when it is new and `mode` is "rw".
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
        The database holds no log, or one of a newer release; it is untouched.
    Malformed
        The url or the name is none, or the log was made with another time zone.
    StorageUnavailable
        There is no such server, database or community, or psycopg is not installed.

    Notes
    -----
    After a connection was lost, the next call opens another one. A follower
    looks again by itself for about a minute. A database that a newer release
    has changed meanwhile is written no more.
    """

    _failures_max: ClassVar[int] = LOOKS

    def __init__(
        self,
        url: str,
        *,
        name: str = "main",
        registry: Registry,
        clock: Clock,
        zone: str | None = None,
        mode: Literal["rw", "r"] = "rw",
    ) -> None:
        if not is_id(name):
            raise Malformed("a community's name is no id")
        super().__init__(place_of(url, name), registry=registry, clock=clock)
        self._url = url
        self._name = name
        self._writable = mode == "rw"
        self._standing: tuple[int, int] | None = None
        self._piped: AbstractContextManager[Any] | None = None
        self._moved = False
        self._connection: Connection | None = self._connect()
        try:
            if self._writable:
                enter(self._connection, self._place, name, zone)
            self._zone = self._made_with()
            require_zone(self._place, self._zone, zone)
            self._require_whole()
        except BaseException:
            self._drop()
            raise

    def put(self, snapshot: Snapshot) -> None:
        """Keep a snapshot, in the place of one at the same position."""
        self._replace(snapshot.position, rows_of(snapshot))

    def get(self, *, until: int | None = None) -> Snapshot | None:
        """Find the newest snapshot at or before a position; None when there is none."""
        return snapshot_of(self._rows(_GET, {"community": self._name, "until": until}))

    def drop(self, position: int) -> None:
        """Forget the snapshot at a position, if there is one."""
        self._replace(position, ())

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._closed = True
            self._drop()

    def _replace(self, position: int, rows: Iterable[tuple[Any, ...]]) -> None:
        with self._lock:
            self._require_writable()
            connection = self._live()
            try:
                with translated(self._place), connection.transaction():
                    stand_by(connection)
                    require_format(connection, self._place)
                    # Two who freeze the same position do it one after the other; writers of facts do not wait.
                    connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_SNAPSHOT_LOCK, self._name])
                    connection.execute(_DROP, [self._name, position])
                    for row in rows:
                        connection.execute(_PUT, (self._name, *row), binary=True)
            except Exception:
                raise
            except BaseException:
                self._drop()
                raise

    # What is asked

    def _made_with(self) -> str:
        for (zone,) in self._rows("SELECT zone FROM wis_engine.communities WHERE community = %s", [self._name]):
            return str(zone)
        raise StorageUnavailable(f"{self._place}: there is no such community")

    def _require_whole(self) -> None:
        """Look at the end, where a batch that is not whole would show."""
        asked = """
            SELECT head, coalesce((SELECT max(position) FROM wis_engine.events WHERE community = %(community)s), 0),
                coalesce((SELECT max(last) FROM wis_engine.batches WHERE community = %(community)s AND first = (
                    SELECT max(first) FROM wis_engine.batches WHERE community = %(community)s
                )), 0)
            FROM wis_engine.communities WHERE community = %(community)s
        """
        for row in self._rows(asked, {"community": self._name}):
            if len(set(row)) > 1:
                raise IntegrityError(f"{self._place}: the last batch is not whole")

    def _end(self) -> tuple[int, int]:
        if self._standing is not None:
            return self._standing
        return _standing(self._rows(_END, [self._name]), self._place)

    def _events(self, after: int, until: int, names: list[str] | None, ids: list[str] | None) -> list[EventRow]:
        asked = {"community": self._name, "after": Int8(after), "until": Int8(until), "names": names, "ids": ids}
        asked["enough"] = PAGE if names is None else None
        parts = (_READ, _OF_TYPES if names is not None else "", _ABOUT if ids is not None else "", _IN_ORDER)
        return self._rows(" ".join(parts), asked)

    def _envelopes(self, firsts: list[int]) -> list[EnvelopeRow]:
        return self._rows(_ENVELOPES, [self._name, [Int8(first) for first in firsts]])

    def _keyed(self, keys: list[str]) -> list[KeyRow]:
        return self._rows(_KEYED, [self._name, keys]) if keys else []

    def _recorded(self, position: int) -> int:
        return int(self._rows(_RECORDED_AT, [self._name, Int8(position)])[0][0])

    def _source(self) -> PostgresSource:
        return PostgresSource(self._rows, self._name)

    @contextmanager
    def _waiting(self) -> Iterator[Callable[[int], None]]:
        listener = _Listener(self._url, self._place, _channel(self._name))
        try:
            yield listener.wait
        finally:
            listener.close()

    # What is written

    def _begin(self, *, inner: bool, size: int | None) -> None:
        if inner:
            self._require_transaction()
        connection = self._live()
        try:
            with translated(self._place):
                self._piped = connection.pipeline()
                self._piped.__enter__()
                if inner:
                    connection.execute("SAVEPOINT part")
                else:
                    connection.execute("BEGIN")
                    stand_by(connection)
                    locked = connection.execute(_LOCK, [self._name], binary=True).fetchall()
                    self._standing = _standing(locked, self._place)
                    require_same(locked[0][2], self._place)
                if size is None or size > FEW:
                    self._answered()
        except Exception:
            if inner:
                self._drop()  # there is no knowing how much of the whole is left
            raise

    def _write(self, rows: Rows) -> None:
        connection = self._live()
        few = self._piped is not None
        with translated(self._place):
            for table, held in ((BATCHES, rows.batches), (EVENTS, rows.events), (MENTIONS, sorted(rows.mentions))):
                if held:
                    (table.insert if few else table.copy)(connection, self._name, held)
            last, recorded = rows.batches[-1][1], rows.batches[-1][3]
            connection.execute(_MOVE, [Int8(last), Int8(recorded), self._name])
        self._standing = last, recorded
        self._moved = True

    def _commit(self, *, inner: bool) -> None:
        connection = self._live() if self._piped is not None else self._require_transaction()
        try:
            connection.execute("RELEASE SAVEPOINT part" if inner else "COMMIT")
            self._answered()
        except psycopg.Error as error:
            if inner or not connection.closed:
                raise meaning(error, self._place) from None
            self._drop()
            raise OutcomeUnknown(f"{self._place}: the commit was sent and not confirmed") from None
        if not inner:
            self._standing = None
            self._tell(connection)

    def _roll_back(self, *, inner: bool) -> None:
        self._standing = None
        connection = self._connection
        if connection is None:
            return
        try:
            with suppress(psycopg.Error):
                self._answered()
            if inner:
                connection.execute("ROLLBACK TO SAVEPOINT part")
                connection.execute("RELEASE SAVEPOINT part")
            else:
                connection.execute("ROLLBACK")
                self._moved = False
        except psycopg.Error:
            self._drop()

    def _answered(self) -> None:
        """Wait for the answers to what was sent at once."""
        piped, self._piped = self._piped, None
        if piped is not None:
            piped.__exit__(None, None, None)

    def _tell(self, connection: Connection) -> None:
        """Wake who follows.

        After the commit, not in it: a commit that notifies waits for every
        other one of the whole server, whatever their communities. Who is not
        woken looks by itself a little later.
        """
        moved, self._moved = self._moved, False
        if moved:
            with suppress(psycopg.Error):
                connection.execute("SELECT pg_notify(%s, '')", [_channel(self._name)])

    # The connection

    def _connect(self) -> Connection:
        """Open a connection to a database of this release's format, whatever it was the last time."""
        connection = connect(self._url, self._place, writable=self._writable)
        try:
            prepare(connection, self._place, writable=self._writable)
        except BaseException:
            connection.close()
            raise
        return connection

    def _live(self) -> Connection:
        self._require_open()
        if self._connection is not None and self._connection.closed:
            self._drop()
        if self._connection is None:
            if self._depth:
                raise ConnectionLost(f"{self._place}: the connection was lost")
            self._connection = self._connect()
        return self._connection

    def _require_transaction(self) -> Connection:
        """Make sure that the transaction is still there, and that nothing in it has failed."""
        connection = self._live()
        if connection.info.transaction_status is not TransactionStatus.INTRANS:
            raise StorageUnavailable(f"{self._place}: the store undid what was written")
        return connection

    def _rows(self, statement: str, values: Any) -> list[Any]:  # noqa: ANN401 - what psycopg takes and gives
        with self._lock, translated(self._place):
            return self._live().execute(statement, values, binary=True).fetchall()

    def _drop(self) -> None:
        self._standing = self._piped = None
        self._moved = False
        try:
            if self._connection is not None and self._process == os.getpid():
                with suppress(psycopg.Error):
                    self._connection.close()
        finally:
            self._connection = None


class _Listener:
    """A connection that waits to be told; what comes meanwhile is found by looking."""

    def __init__(self, url: str, place: str, channel: str) -> None:
        self._url = url
        self._place = place
        self._channel = channel
        self._connection: Connection | None = None

    def wait(self, _after: int) -> None:
        if self._connection is None or self._connection.closed:
            # What was appended before it listened is found by looking at once.
            self._listen()
            return
        try:
            for _ in self._connection.notifies(timeout=WAIT_SECONDS, stop_after=1):
                pass
        except psycopg.Error:
            self.close()

    def close(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
        self._connection = None

    def _listen(self) -> None:
        try:
            self._connection = connect(self._url, self._place, writable=False)
            self._connection.execute(f'LISTEN "{self._channel}"')
        except (psycopg.Error, StorageUnavailable):
            # A standby sends no word, and a server may have no second connection to give: look now and then.
            time.sleep(WAIT_SECONDS)


def _channel(name: str) -> str:
    """Name of the channel on which a community's followers wait; names of channels are shorter than ours."""
    return f"wis_engine_{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _standing(rows: Sequence[tuple[Any, ...]], place: str) -> tuple[int, int]:
    for head, recorded, *_ in rows:
        return head, recorded
    raise IntegrityError(f"{place}: the community is gone")
