"""The tables of a PostgreSQL log: how rows get in, and how all of them are looked at."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from wis_engine.log.log import Fault
from wis_engine.log.postgres_schema import Connection
from wis_engine.log.rows import PAGE, BatchRow, FactRow
from wis_engine.log.sql import LONG_AGO

from psycopg.types.numeric import Int4, Int8  # isort: skip - the room above says what is missing when it is not there

_ALL: Final = """
    SELECT position, name, version, body, personal, batch, subject, chain FROM wis_engine.events
    WHERE community = %(community)s AND position > %(after)s AND position <= %(until)s ORDER BY position
"""
_BATCHES: Final = """
    SELECT first, last, occurred_at, recorded_at, actor, cause, key, content FROM wis_engine.batches
    WHERE community = %(community)s AND first > %(after)s AND first <= %(until)s ORDER BY first LIMIT %(page)s
"""
_MENTIONS: Final = """
    SELECT id, position FROM wis_engine.mentions
    WHERE community = %(community)s AND id = ANY(%(ids)s) AND position > %(after)s AND position <= %(until)s
"""
_MENTIONS_COUNT: Final = """
    SELECT count(*) FROM wis_engine.mentions WHERE community = %(community)s AND position <= %(until)s
"""
_MENTIONS_AFTER: Final = """
    SELECT id, position FROM wis_engine.mentions
    WHERE community = %(community)s AND (id, position) > (%(name)s, %(position)s) AND position <= %(until)s
    ORDER BY id, position LIMIT %(page)s
"""
_STANDS: Final = """
    SELECT c.head, c.recorded_at, coalesce(b.last, 0), coalesce(b.recorded_at, %(long_ago)s)
    FROM wis_engine.communities c LEFT JOIN LATERAL (
        SELECT last, recorded_at FROM wis_engine.batches WHERE community = c.community ORDER BY first DESC LIMIT 1
    ) b ON true
    WHERE c.community = %(community)s
"""
_ASTRAY: Final = """
    WITH log AS (SELECT community, head FROM wis_engine.communities WHERE community = %(community)s)
    SELECT 'a batch', first FROM wis_engine.batches JOIN log USING (community) WHERE first < 1 OR first > head
    UNION ALL SELECT 'a fact', position FROM wis_engine.events JOIN log USING (community)
    WHERE position < 1 OR position > head
    UNION ALL SELECT DISTINCT 'an entry of the index', position FROM wis_engine.mentions JOIN log USING (community)
    WHERE position < 1 OR position > head
    UNION ALL SELECT DISTINCT 'a snapshot', position FROM wis_engine.snapshots JOIN log USING (community)
    WHERE position < 0 OR position > head
    LIMIT %(page)s
"""


class Table:
    """How rows get into a table: a few by one statement, many by copying."""

    def __init__(self, name: str, /, **columns: str) -> None:
        named = ", ".join(columns)
        arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
        self._kinds = tuple(columns.values())
        self._insert = f"INSERT INTO wis_engine.{name} (community, {named}) SELECT %s, * FROM unnest({arrays})"  # noqa: S608 - constants
        self._copy = f"COPY wis_engine.{name} (community, {named}) FROM STDIN (FORMAT BINARY)"

    def insert(self, connection: Connection, community: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert by one statement, which waits for no answer in a pipeline."""
        columns = zip(*rows, strict=True)
        arrays = [_array(kind, column) for kind, column in zip(self._kinds, columns, strict=True)]
        connection.execute(self._insert, [community, *arrays])

    def copy(self, connection: Connection, community: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert at the least cost a row."""
        with connection.cursor() as cursor, cursor.copy(self._copy) as copy:
            copy.set_types(("text", *self._kinds))
            for row in rows:
                copy.write_row((community, *row))


def _array(kind: str, column: Sequence[Any]) -> list[Any]:
    # Left alone, psycopg names the smallest type that holds the numbers: a new statement to plan for every size.
    if kind == "bigint":
        return [Int8(value) for value in column]
    return [Int4(value) for value in column] if kind == "integer" else list(column)


BATCHES: Final = Table(
    "batches",
    first="bigint",
    last="bigint",
    occurred_at="bigint",
    recorded_at="bigint",
    actor="text",
    cause="text",
    key="text",
    content="text",
)
EVENTS: Final = Table(
    "events",
    position="bigint",
    batch="bigint",
    name="text",
    version="integer",
    body="text",
    personal="bytea",
    subject="text",
)
MENTIONS: Final = Table("mentions", id="text", position="bigint")


class PostgresSource:
    """What is asked when everything is looked at."""

    def __init__(self, ask: Callable[[str, Any], list[Any]], community: str) -> None:
        self._ask = ask
        self._community = community

    def faults(self) -> Iterator[Fault]:
        """Find where the community's row is not as its last batch, and what stands beside the log.

        A server looks after its files by itself.
        """
        for head, recorded, last, stamp in self._between(_STANDS, 0, 0, long_ago=Int8(LONG_AGO)):
            if head != last:
                yield Fault(position=last, what=f"the community says that its last fact stands at {head}")
            if recorded != stamp:
                yield Fault(position=last, what="the community says another instant of its last fact")
        for what, position in self._between(_ASTRAY, 0, 0):
            yield Fault(position=position, what=f"{what} where no fact stands")

    def events(self, after: int, until: int) -> list[FactRow]:
        """Select the facts between two positions, in order."""
        return self._between(_ALL, after, until)

    def batches(self, after: int, until: int) -> list[BatchRow]:
        """Select at most `PAGE` batches that begin between two positions, in order."""
        return self._between(_BATCHES, after, until)

    def mentions(self, after: int, until: int, ids: list[str]) -> list[tuple[str, int]]:
        """Select what the index says about some ids between two positions."""
        return self._between(_MENTIONS, after, until, ids=ids)

    def mentions_count(self, until: int) -> int:
        """Count what the index says up to a position."""
        return int(self._between(_MENTIONS_COUNT, 0, until)[0][0])

    def mentions_after(self, name: str, position: int, until: int) -> list[tuple[str, int]]:
        """Select at most `PAGE` rows of the index that follow one, in its order, up to a position."""
        return self._between(_MENTIONS_AFTER, 0, until, name=name, position=Int8(position))

    def _between(self, statement: str, after: int, until: int, **more: Any) -> list[Any]:  # noqa: ANN401 - what psycopg takes
        asked = {"community": self._community, "after": Int8(after), "until": Int8(until), "page": PAGE}
        return self._ask(statement, asked | more)
