"""The file of a SQLite log: what is in it, how it is opened, what its errors mean.

A file that is not ours, or newer than this release, is recognised before any
lock is taken or byte is written. The look goes through SQLite itself: opening
the file beside it would drop the locks that this process holds on it.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from wis_engine.errors import (
    Busy,
    FormatError,
    Full,
    IntegrityError,
    Malformed,
    ReadOnly,
    StorageUnavailable,
    WisError,
)
from wis_engine.log.log import ZONE
from wis_engine.log.sql import BUSY_SECONDS

APPLICATION_ID: Final = 0x57495345  # «WISE»
FORMAT: Final = 2
ROW_BYTES_MAX: Final = 1 << 28
CACHE_KIB: Final = 16 * 1024
_PAGE_BYTES_MIN: Final = 512
_NAME_MAX: Final = 100
"""How much of a file's name is said when it is so long that no file can have it."""
PAUSE_SECONDS: Final = 0.001
"""Pause between two tries to get the write lock."""
_WAL_TRIES: Final = 100
_FULL: Final = 2

_SCHEMA: Final = (
    "CREATE TABLE community (zone TEXT NOT NULL) STRICT",
    """
    CREATE TABLE batches (
        first INTEGER PRIMARY KEY,
        last INTEGER NOT NULL CHECK (last >= first),
        occurred_at INTEGER NOT NULL,
        recorded_at INTEGER NOT NULL,
        actor TEXT NOT NULL,
        cause TEXT,
        key TEXT UNIQUE,
        content TEXT
    ) STRICT
    """,
    """
    CREATE TABLE events (
        position INTEGER PRIMARY KEY,
        batch INTEGER NOT NULL,
        name TEXT NOT NULL,
        version INTEGER NOT NULL,
        body TEXT NOT NULL,
        personal BLOB,
        subject TEXT,
        chain BLOB
    ) STRICT
    """,
    """
    CREATE TABLE mentions (
        id TEXT NOT NULL,
        position INTEGER NOT NULL,
        PRIMARY KEY (id, position)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE snapshots (
        position INTEGER NOT NULL,
        part INTEGER NOT NULL,
        format TEXT NOT NULL,
        digest TEXT NOT NULL,
        content BLOB,
        PRIMARY KEY (position, part)
    ) STRICT
    """,
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FORMAT}",
)

_MEANINGS: Final[dict[int, tuple[type[WisError], str]]] = {
    sqlite3.SQLITE_BUSY: (Busy, f"another writer held the log for more than {BUSY_SECONDS:.0f} s"),
    sqlite3.SQLITE_LOCKED: (Busy, "another writer holds the log"),
    sqlite3.SQLITE_FULL: (Full, "no space is left"),
    sqlite3.SQLITE_IOERR_WRITE: (Full, "the file cannot grow"),
    sqlite3.SQLITE_READONLY: (ReadOnly, "the file cannot be written"),
    sqlite3.SQLITE_CANTOPEN: (StorageUnavailable, "the file cannot be opened"),
    sqlite3.SQLITE_PERM: (StorageUnavailable, "the file may not be opened"),
    sqlite3.SQLITE_AUTH: (StorageUnavailable, "the file may not be opened"),
    sqlite3.SQLITE_IOERR: (StorageUnavailable, "reading or writing the file failed"),
    sqlite3.SQLITE_INTERRUPT: (StorageUnavailable, "interrupted"),
    sqlite3.SQLITE_PROTOCOL: (Busy, "another writer holds the log"),
    sqlite3.SQLITE_NOTADB: (FormatError, "not a log"),
}


def meaning(error: sqlite3.Error, path: Path) -> WisError:
    """Turn an error of SQLite into ours; what is not known otherwise is damage."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    # What SQLite says beyond its code is left out: it may quote a row.
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    cls, words = (
        _MEANINGS.get(code) or _MEANINGS.get(code & 0xFF) or (IntegrityError, f"what is stored is damaged ({name})")
    )
    return cls(f"{path.name}: {words}")


def path_of(path: str | os.PathLike[str]) -> Path:
    """Take a path, or raise `Malformed` for what no file system can hold."""
    try:
        held = os.fsencode(path)
    except (TypeError, ValueError):
        held = b"\0"
    if b"\0" in held:
        raise Malformed("no path of a file")
    return Path(path)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Let only errors of ours leave a block that talks to SQLite."""
    try:
        yield
    except sqlite3.Error as error:
        raise meaning(error, path) from None
    except OSError as error:
        raise StorageUnavailable(f"{path.name[:_NAME_MAX]}: the file cannot be opened ({error.strerror})") from None


def connect(path: Path, *, writable: bool, zone: str | None) -> sqlite3.Connection:
    """Open the file of a log, making it when it is new or empty, with a time zone (`ZONE` when None).

    Raises
    ------
    FormatError
        The file is no log, or one of another release; it is untouched.
    StorageUnavailable
        There is no such place, or it may not be read; `ReadOnly` when it may
        not be written.
    IntegrityError
        What was asked of SQLite for durability does not hold, or the last
        batch is not whole.
    """
    with translated(path):
        _look(path, new=writable)
        connection = _connection(path, "mode=rwc" if writable else _reading(path))
        try:
            if writable:
                _prepare(connection, zone or ZONE)
            _check(connection, path, writable=writable)
        except BaseException:
            connection.close()
            raise
    return connection


def wait_to_write(connection: sqlite3.Connection) -> None:
    """Begin a transaction that holds the write lock, waiting for the others.

    SQLite's own wait doubles its pauses up to a tenth of a second, so that who
    has waited long asks seldom, and newcomers go first. Here all ask alike.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE_SECONDS)
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")


def _connection(path: Path, options: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, ROW_BYTES_MAX)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _look(path: Path, *, new: bool) -> None:
    """Refuse a file that is not ours, from its header alone."""
    if path.is_dir():
        raise StorageUnavailable(f"{path.name}: a folder, not a file")
    if not path.exists():
        if new and path.parent.is_dir():
            return
        missing = "there is no such file" if path.parent.is_dir() else "the folder it should be in is not there"
        raise StorageUnavailable(f"{path.name}: {missing}")
    with closing(_connection(path, "mode=ro&immutable=1")) as connection:
        try:
            pages = _number(connection, "page_count")
        except sqlite3.DatabaseError as error:
            # Without a lock, a log that somebody else is just making looks damaged; `_check` sees it under one.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
                raise
            return
        if pages:
            _require_ours(connection, path)
        elif 0 < path.stat().st_size < _PAGE_BYTES_MIN:
            # SQLite takes a few bytes for no bytes, and would write over them.
            raise FormatError(f"{path.name}: not a log")
        elif not new:
            raise FormatError(f"{path.name}: an empty file, not a log")
    if new and not os.access(path, os.W_OK):
        raise ReadOnly(f"{path.name}: the file may not be written")


def _require_ours(connection: sqlite3.Connection, path: Path) -> None:
    if _number(connection, "application_id") != APPLICATION_ID:
        raise FormatError(f"{path.name}: a database, but not a log of ours")
    if (found := _number(connection, "user_version")) != FORMAT:
        raise FormatError(f"{path.name}: a log of format {found}; this release reads format {FORMAT}")


def _reading(path: Path) -> str:
    """Options to read by: a closed log on a medium that cannot be written has to be taken as immutable."""
    waiting = path.with_name(f"{path.name}-wal").exists()
    return "mode=ro" if waiting or os.access(path.parent, os.W_OK) else "mode=ro&immutable=1"


def _prepare(connection: sqlite3.Connection, zone: str) -> None:
    """Make the tables of a new log, and ask for durability.

    The tables and the marks of the format are written before the file turns
    to WAL, so that its header says what it is from the first moment on.
    """
    connection.execute("PRAGMA synchronous = FULL")
    if not _number(connection, "application_id"):
        connection.execute("BEGIN IMMEDIATE")
        # Somebody else may have made them while this one waited.
        if not _number(connection, "application_id"):
            for statement in _SCHEMA:
                connection.execute(statement)
            connection.execute("INSERT INTO community VALUES (?)", (zone,))
        connection.execute("COMMIT")
    for _ in range(_WAL_TRIES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            # The change of mode does not wait for others who open the same new log; a transaction does.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
        else:
            return


def _check(connection: sqlite3.Connection, path: Path, *, writable: bool) -> None:
    _require_ours(connection, path)
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    if writable:
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        if mode != "wal" or _number(connection, "synchronous") != _FULL:
            raise IntegrityError(f"{path.name}: SQLite does not keep what it acknowledges here (journal {mode})")
    last = "SELECT last FROM batches ORDER BY first DESC LIMIT 1"
    (whole,) = connection.execute(f"SELECT (SELECT max(position) FROM events) IS ({last})").fetchone()  # noqa: S608 - a constant
    if not whole:
        raise IntegrityError(f"{path.name}: the last batch is not whole")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    (found,) = connection.execute(f"PRAGMA {pragma}").fetchone()
    return int(found)
