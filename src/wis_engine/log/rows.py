"""The rows that the logs in a database have in common: what is written, what is selected."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

import attrs

from wis_engine.errors import Malformed
from wis_engine.log.codec import Stored
from wis_engine.log.log import Batch, Snapshot, to_microseconds

PAGE: Final = 1_000
"""Rows that are selected at once."""

EventRow: TypeAlias = tuple[int, str, int, str, bytes | None, int]
"""position, name, version, body, personal, first position of its batch"""
EnvelopeRow: TypeAlias = tuple[int, int, int, str, str | None, str | None]
"""first position, occurred at, recorded at, actor, cause, key"""
KeyRow: TypeAlias = tuple[str, int, int, int, str]
"""key, first position, last position, recorded at, digest of the content"""
BatchRow: TypeAlias = tuple[int, int, int, int, str, str | None, str | None, str | None]
"""first position, last position, occurred at, recorded at, actor, cause, key, digest of the content"""
FactRow: TypeAlias = tuple[int, str, int, str, bytes | None, int, str | None, bytes | None]
"""position, name, version, body, personal, first position of its batch, subject, chain"""


@attrs.define
class Rows:
    """What is to be written: batches, their facts, and the ids that these name in the open."""

    batches: list[BatchRow] = attrs.Factory(list)
    events: list[tuple[int, int, str, int, str, bytes | None, str | None]] = attrs.Factory(list)
    mentions: list[tuple[str, int]] = attrs.Factory(list)

    def add(self, batch: Batch, stored: Iterable[Stored], *, first: int, recorded: int) -> int:
        """Give a batch its place; answer the position of its last fact."""
        self.events += [
            (position, first, one.name, one.version, one.body.decode(), one.personal, one.subject)
            for position, one in enumerate(stored, first)
        ]
        self.mentions += [(name, position) for position, fact in enumerate(batch.facts, first) for name in fact.about()]
        last = first + len(batch.facts) - 1
        content = None if batch.key is None else batch.content
        occurred = to_microseconds(batch.occurred_at)
        self.batches.append((first, last, occurred, recorded, batch.actor, batch.cause, batch.key, content))
        return last


def snapshot_of(rows: Sequence[tuple[int, str, str, bytes | None]]) -> Snapshot | None:
    """Put a snapshot together from its rows: position, format, digest, content of each part.

    One whose format is not even a text of ours comes without its content: whoever looks sees that it is not whole.
    """
    for position, form, digest, _ in rows:
        parts = tuple(row[3] for row in rows if row[3] is not None)
        try:
            return Snapshot(position=position, format=form, digest=digest, parts=parts)
        except Malformed:
            return Snapshot(position=position, format="damaged", digest="", parts=())
    return None


def rows_of(snapshot: Snapshot) -> Iterator[tuple[int, int, str, str, bytes | None]]:
    """Spread a snapshot over rows, one a part: position, number, format, digest, content."""
    for number, part in enumerate(snapshot.parts or (None,)):
        yield snapshot.position, number, snapshot.format, snapshot.digest, part
