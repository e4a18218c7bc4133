"""The database of a PostgreSQL log: what is in it, how it is opened, what its errors mean.

Every table begins its keys with the community: it is the unit of order, and
the key by which tables are partitioned, here and over many servers.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from wis_engine.errors import (
    Busy,
    ConnectionLost,
    FormatError,
    Full,
    IntegrityError,
    Malformed,
    ReadOnly,
    StorageUnavailable,
    WisError,
)
from wis_engine.log.log import ZONE
from wis_engine.log.sql import BUSY_SECONDS, LONG_AGO

try:
    import psycopg
    from psycopg import conninfo
except ImportError:
    raise StorageUnavailable("a log in PostgreSQL needs psycopg: install wis_engine[postgres]") from None

PARTITIONS: Final = 16
MIGRATION_LOCK: Final = 0x57495345  # «WISE»
_CONNECT_SECONDS: Final = 10

Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"

_log: Final = logging.getLogger("wis_engine")


def _partitioned(name: str, columns: str, *, key: str) -> Iterator[str]:
    # Ids compare byte by byte: an index must not depend on the language rules of the machine.
    yield f"""
        CREATE TABLE wis_engine.{name} (
            community text COLLATE "C" NOT NULL, {columns}, PRIMARY KEY (community, {key})
        ) PARTITION BY HASH (community)
    """
    for remainder in range(PARTITIONS):
        yield f"""
            CREATE TABLE wis_engine.{name}_{remainder} PARTITION OF wis_engine.{name}
            FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {remainder})
        """


STEPS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE wis_engine.communities (
            community text COLLATE "C" PRIMARY KEY,
            zone text NOT NULL,
            head bigint NOT NULL CHECK (head >= 0),
            recorded_at bigint NOT NULL
        ) WITH (fillfactor = 50)
        """,
        *_partitioned(
            "batches",
            """
            first bigint NOT NULL,
            last bigint NOT NULL CHECK (last >= first),
            occurred_at bigint NOT NULL,
            recorded_at bigint NOT NULL,
            actor text NOT NULL,
            cause text,
            key text COLLATE "C",
            content text
            """,
            key="first",
        ),
        "CREATE UNIQUE INDEX batches_key ON wis_engine.batches (community, key) WHERE key IS NOT NULL",
        *_partitioned(
            "events",
            """
            position bigint NOT NULL,
            batch bigint NOT NULL,
            name text COLLATE "C" NOT NULL,
            version integer NOT NULL,
            body text NOT NULL,
            personal bytea,
            subject text,
            chain bytea
            """,
            key="position",
        ),
        *_partitioned("mentions", 'id text COLLATE "C" NOT NULL, position bigint NOT NULL', key="id, position"),
        *_partitioned(
            "snapshots",
            """
            position bigint NOT NULL,
            part integer NOT NULL,
            format text NOT NULL,
            digest text NOT NULL,
            content bytea
            """,
            key="position, part",
        ),
    ),
)
"""What each version of the format adds to the one before; a step that was released never changes."""

_SETTINGS: Final = f"""
    SET lock_timeout = '{BUSY_SECONDS:.0f}s';
    SET default_transaction_isolation = 'read committed';
"""

# «remote_apply» is the one setting that promises more than «on».
_DURABLE: Final = """
    SELECT CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply'
        ELSE set_config('synchronous_commit', 'on', false) END, current_setting('fsync')
"""

_MEANINGS: Final[dict[str, tuple[type[WisError], str]]] = {
    "55P03": (Busy, f"another writer held the log for more than {BUSY_SECONDS:.0f} s"),
    "57014": (Busy, "the server's limit of time for a statement is over"),
    "40001": (Busy, "another writer was faster"),
    "40P01": (Busy, "another writer was faster"),
    "53100": (Full, "no space is left"),
    "53": (StorageUnavailable, "the server has no means left"),
    "25006": (ReadOnly, "the database cannot be written"),
    "42501": (StorageUnavailable, "this user may not do that"),
    "28": (StorageUnavailable, "this user may not enter"),
    "3D000": (StorageUnavailable, "there is no such database"),
    "25P02": (StorageUnavailable, "the store undid what was written"),
    "08": (ConnectionLost, "the connection was lost"),
    "57P01": (ConnectionLost, "the connection was closed by the server"),
    "57P02": (ConnectionLost, "the server went down"),
    "57P03": (StorageUnavailable, "the server is starting or stopping"),
    "57P05": (ConnectionLost, "the connection was closed by the server"),
    "25P03": (ConnectionLost, "the connection was closed by the server"),
}


def meaning(error: psycopg.Error, place: str) -> WisError:
    """Turn an error of PostgreSQL into ours; what is not known otherwise is damage.

    What the server says beyond its code is left out: it may quote a row.
    """
    state = error.sqlstate
    if state is None:
        if isinstance(error, psycopg.OperationalError):
            return ConnectionLost(f"{place}: the connection was lost")
        return IntegrityError(f"{place}: what came from the server could not be read ({type(error).__name__})")
    cls, words = (
        _MEANINGS.get(state)
        or _MEANINGS.get(state[:2])
        or (IntegrityError, f"what is stored is damaged (SQLSTATE {state})")
    )
    return cls(f"{place}: {words}")


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Let only errors of ours leave a block that talks to PostgreSQL."""
    try:
        yield
    except psycopg.Error as error:
        raise meaning(error, place) from None


def place_of(url: str, name: str) -> str:
    """Say where a log is: host, database and community, never a user's password.

    Raises
    ------
    Malformed
        The url is none of PostgreSQL's.
    """
    try:
        found = conninfo.conninfo_to_dict(url)
    except (psycopg.Error, ValueError):
        raise Malformed("no url of a PostgreSQL database") from None
    host = str(found.get("host") or "localhost")
    # A socket is a path of the machine, which is nobody's business.
    return f"{'localhost' if host.startswith(('/', '@')) else host}/{found.get('dbname') or ''} «{name}»"


def connect(url: str, place: str, *, writable: bool) -> Connection:
    """Open a connection that keeps what it acknowledges.

    Raises
    ------
    StorageUnavailable
        The server does not answer, or does not let us in.
    FormatError
        The database is not in UTF-8.
    """
    try:
        connection = psycopg.connect(
            url, autocommit=True, connect_timeout=_CONNECT_SECONDS, application_name="wis_engine"
        )
    except psycopg.Error as error:
        raise _unreachable(error, place) from None
    try:
        with translated(place):
            connection.execute(_SETTINGS)
            if writable:
                _require_durable(connection, place)
            else:
                connection.execute("SET default_transaction_read_only = on")
        _require_unicode(connection, place)
    except BaseException:
        connection.close()
        raise
    return connection


def _require_unicode(connection: Connection, place: str) -> None:
    if connection.info.parameter_status("server_encoding") != "UTF8":
        raise FormatError(f"{place}: the database is not in UTF-8")


def _unreachable(error: psycopg.Error, place: str) -> WisError:
    """Say why nobody was let in; while connecting, psycopg gives no code of the server's."""
    found = meaning(error, place)
    words = str(error)
    for sign, said in (
        ("authentication failed", "this user may not enter"),
        ("no password supplied", "this user may not enter"),
        ("does not exist", "there is no such database or user"),
        ("too many clients", "the server has no connection left"),
        ("timeout expired", "the server does not answer"),
    ):
        if sign in words:
            return StorageUnavailable(f"{place}: {said}")
    return found if type(found) is StorageUnavailable else StorageUnavailable(f"{place}: the server cannot be reached")


def _require_durable(connection: Connection, place: str) -> None:
    """Ask that a commit be on disk before it is answered, and look whether it is."""
    found = connection.execute(_DURABLE).fetchone()
    assert found is not None
    if found[0] not in ("on", "remote_apply"):
        raise IntegrityError(f"{place}: PostgreSQL does not keep what it acknowledges here")
    if found[1] != "on":
        _log.warning("%s: this server runs with fsync off: a power cut may lose or damage what it holds", place)


def prepare(connection: Connection, place: str, *, writable: bool) -> None:
    """Make the tables, or bring them to this release's format.

    Raises
    ------
    FormatError
        They are of a newer release, or may not be changed now; they are untouched.
    """
    with translated(place):
        if _version(connection, place) == len(STEPS):
            return
        if not writable:
            raise FormatError(f"{place}: no log of this release's format {len(STEPS)} is here to be read")
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
            # Somebody else may have brought it further while this one waited.
            version = _version(connection, place)
            if version == 0:
                connection.execute("CREATE SCHEMA IF NOT EXISTS wis_engine")
                connection.execute("CREATE TABLE wis_engine.format (version integer NOT NULL)")
                connection.execute("INSERT INTO wis_engine.format VALUES (0)")
            for step in STEPS[version:]:
                for statement in step:
                    connection.execute(statement)
            connection.execute("UPDATE wis_engine.format SET version = %s", [len(STEPS)])


def _version(connection: Connection, place: str) -> int:
    (there,) = connection.execute("SELECT to_regclass('wis_engine.format') IS NOT NULL").fetchone() or (False,)
    if not there:
        return 0
    rows = connection.execute("SELECT version FROM wis_engine.format").fetchall()
    if len(rows) != 1 or not isinstance(rows[0][0], int):
        raise FormatError(f"{place}: a schema «wis_engine», but not of ours")
    if rows[0][0] > len(STEPS):
        require_same(rows[0][0], place)
    return rows[0][0]


def stand_by(connection: Connection) -> None:
    """Keep the format as it is until the transaction ends: who changes it waits, and is waited for."""
    connection.execute("SELECT pg_advisory_xact_lock_shared(%s)", [MIGRATION_LOCK])


def require_format(connection: Connection, place: str) -> None:
    """Raise `FormatError` when the database is not of this release's format any more."""
    require_same(_version(connection, place), place)


def require_same(version: int | None, place: str) -> None:
    """Raise `FormatError` for another version of the format than this release's."""
    if version != len(STEPS):
        raise FormatError(f"{place}: a log of format {version}; this release reads format {len(STEPS)}")


def enter(connection: Connection, place: str, name: str, zone: str | None) -> None:
    """Make a community when it is new, with a time zone (`ZONE` when None)."""
    with translated(place):
        known = connection.execute("SELECT FROM wis_engine.communities WHERE community = %s", [name]).fetchone()
        if known is None:
            connection.execute(
                "INSERT INTO wis_engine.communities VALUES (%s, %s, 0, %s) ON CONFLICT DO NOTHING",
                [name, zone or ZONE, LONG_AGO],
            )
