"""Which log a url names, and opening it: the store's own library is loaded only then."""

from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wis_engine.errors import Malformed
from wis_engine.log.codec import Registry
from wis_engine.log.log import Clock, Log
from wis_engine.log.memory import MemoryLog

POSTGRESQL: Final = ("postgresql", "postgres")
COMMUNITY: Final = "main"
"""The community of a PostgreSQL database that is opened when none is named."""


def open_log(
    url: str, *, name: str | None, registry: Registry, clock: Clock, zone: str | None, mode: Literal["rw", "r"]
) -> Log:
    """Open the log that a url names, making it when there is none yet.

    Raises
    ------
    Malformed
        An argument is none of ours, or the log was made with another time zone.
    StorageUnavailable
        The store cannot be opened.
    FormatError
        What is there is no log of ours, or a newer one.
    """
    if mode not in ("rw", "r"):
        raise Malformed(f"mode is «rw» or «r», not {mode!r}")
    if type(url) is not str or "\0" in url:
        raise Malformed("no url of a log")
    if zone is not None:
        _require_zone(zone)
    scheme, found, path = url.partition(":")
    if name is not None and scheme not in POSTGRESQL:
        raise Malformed("only a PostgreSQL database holds several communities by name")
    if scheme == "memory" and found and not path:
        return MemoryLog(registry=registry, clock=clock, zone=zone)
    if scheme == "sqlite":
        _require_file(path)
        from wis_engine.log.sqlite import SqliteLog  # noqa: PLC0415 - sqlite3 is loaded when a file is opened

        return SqliteLog(path.removeprefix("///"), registry=registry, clock=clock, zone=zone, mode=mode)
    if scheme in POSTGRESQL and path.startswith("//"):
        from wis_engine.log.postgres import PostgresLog  # noqa: PLC0415 - psycopg is loaded when a server is asked

        return PostgresLog(
            url, name=COMMUNITY if name is None else name, registry=registry, clock=clock, zone=zone, mode=mode
        )
    raise Malformed(f"no log of scheme {scheme!r}: it is «memory:», «sqlite:///file» or «postgresql://host/database»")


def _require_file(path: str) -> None:
    """Refuse what SQLite's own urls may say and ours do not."""
    if not path.startswith("///") or len(path) == len("///"):
        raise Malformed("no file in a url of SQLite: it is «sqlite:///» and a path, with three slashes")
    if "?" in path or path.removeprefix("///") == ":memory:":
        raise Malformed("a url of SQLite is a path and nothing more; a log in memory is «memory:»")


def _require_zone(zone: object) -> None:
    try:
        ZoneInfo(zone)  # type: ignore[arg-type]  # whatever was given
    except (ValueError, TypeError, OSError, ZoneInfoNotFoundError):
        raise Malformed(f"no time zone: {zone!r}") from None
