"""Looking through all that a database holds of a log, for what is not as it was written.

Every row is read once, a page at a time, and held against what the facts
themselves say. What somebody changed so that everything fits again is not
found here: that is what the chain is for.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import attrs

from wis_engine.errors import Malformed, WisError
from wis_engine.facts.base import Event
from wis_engine.jsontext import EVENT_BYTES_MAX
from wis_engine.log.codec import Registry
from wis_engine.log.log import Batch, Fault, from_microseconds
from wis_engine.log.rows import PAGE, BatchRow, FactRow
from wis_engine.plain import dump


class Source(Protocol):
    """What a database is asked for."""

    def faults(self) -> Iterable[Fault]:
        """Say what the database itself finds wrong, and what stands where no fact does."""

    def events(self, after: int, until: int) -> list[FactRow]:
        """Select the facts between two positions, in order."""

    def batches(self, after: int, until: int) -> list[BatchRow]:
        """Select at most `PAGE` batches that begin between two positions, in order."""

    def mentions(self, after: int, until: int, ids: list[str]) -> list[tuple[str, int]]:
        """Select what the index says about some ids between two positions."""

    def mentions_count(self, until: int) -> int:
        """Count what the index says up to a position."""

    def mentions_after(self, name: str, position: int, until: int) -> list[tuple[str, int]]:
        """Select at most `PAGE` rows of the index that follow one, in its order, up to a position."""


def faults_of(source: Source, registry: Registry, head: int) -> Iterator[Fault]:
    """Find what is not as it was written up to a position, in order of position."""
    found = list(source.faults())
    found += _batches_apart(source, head)
    found += _Facts(source, registry, head).faults()
    found.sort(key=lambda fault: fault.position)
    return iter(found)


def _stream(source: Source, head: int) -> Iterator[BatchRow]:
    after = 0
    while rows := source.batches(after, head):
        yield from rows
        after = rows[-1][0]


def _batches_apart(source: Source, head: int) -> Iterator[Fault]:
    """Find batches that do not follow each other, in position and in time, or have no envelope of ours."""
    last, recorded = 0, None
    for row in _stream(source, head):
        first, through, _, stamp, *_ = row
        yield from _envelope(row)
        if first != last + 1:
            yield Fault(position=last + 1, what=f"no batch begins here; the next one begins at {first}")
        if recorded is not None and stamp < recorded:
            yield Fault(position=first, what="recorded before what stands before it")
        last, recorded = through, stamp
    if last != head:
        yield Fault(position=min(last, head) + 1, what=f"the last batch ends at {last}, the log stands at {head}")


def _envelope(row: BatchRow) -> Iterator[Fault]:
    first, _, occurred, recorded, actor, cause, key, content = row
    try:
        Batch(
            facts=(Event(),),
            occurred_at=from_microseconds(occurred),
            recorded_at=from_microseconds(recorded),
            actor=actor,
            cause=cause,
            key=key,
        )
    except Malformed as error:
        yield Fault(position=first, what=f"the envelope of this batch: {error}")
    except OverflowError:
        yield Fault(position=first, what="the envelope of this batch: an instant that no calendar has")
    if (key is None) != (content is None):
        yield Fault(position=first, what="this batch has a key without a digest of its content, or the other way round")


@attrs.define
class _Content:
    """Digest of what a batch holds, as `log.content_of` makes it; unknown when a personal piece of it is gone."""

    batch: BatchRow
    facts: int = 0
    known: bool = True
    digest: Any = attrs.Factory(lambda: hashlib.sha256(b"["))

    def add(self, row: FactRow, *, gone: bool) -> None:
        _, name, version, body, personal, *_ = row
        try:
            told = dump([name, version, json.loads(body) | json.loads(personal or b"{}")])
        except (ValueError, TypeError, RecursionError):
            gone = True
        if gone:
            self.known = False
        else:
            self.digest.update((b"," if self.facts else b"") + told)
        self.facts += 1

    def faults(self) -> Iterator[Fault]:
        first, last, *_, key, content = self.batch
        if None not in (key, content) and self.known and self.facts == last - first + 1:
            self.digest.update(b"]")
            if self.digest.hexdigest() != content:
                yield Fault(position=first, what="the key of this batch stands for something else")


class _Facts:
    """One look at every fact, its batch and what the index says of it."""

    def __init__(self, source: Source, registry: Registry, head: int) -> None:
        self._source = source
        self._registry = registry
        self._head = head
        self._mentions = 0
        self._impersonal = {name for name in registry if not registry.shape(name).personal}

    def faults(self) -> Iterator[Fault]:
        batches = _stream(self._source, self._head)
        coming = next(batches, None)
        content: _Content | None = None
        for after in range(0, self._head, PAGE):
            until = min(self._head, after + PAGE)
            rows = self._source.events(after, until)
            yield from _missing(rows, after, until)
            for row in rows:
                while coming is not None and coming[0] <= row[0]:
                    yield from content.faults() if content is not None else ()
                    content, coming = _Content(coming), next(batches, None)
                if content is None or row[5] != content.batch[0] or row[0] > content.batch[1]:
                    yield Fault(position=row[0], what="it is in no batch, or in another than it says")
                elif content.batch[6] is not None:
                    content.add(row, gone=row[4] is None and row[1] not in self._impersonal)
            yield from self._page(rows, after, until)
        yield from content.faults() if content is not None else ()
        if self._mentions != self._source.mentions_count(self._head):
            yield from self._in_excess()

    def _page(self, rows: list[FactRow], after: int, until: int) -> Iterator[Fault]:
        """Decode the facts of a page, and hold the index against what they name."""
        named: set[tuple[str, int]] = set()
        perhaps: set[tuple[str, int]] = set()
        for row in rows:
            if row[7] is not None:
                yield Fault(position=row[0], what="a link of a chain that nobody has made")
            try:
                fact = self._fact(row)
            except (WisError, TypeError, ValueError) as error:
                said = error if isinstance(error, WisError) else type(error).__name__
                yield Fault(position=row[0], what=f"not to be read: {said}")
                fact = None
            else:
                if fact is not None and row[6] != self._registry.shape(fact.name).subject_of(fact):
                    yield Fault(position=row[0], what="its personal piece is said to be of somebody else")
            if fact is None:
                perhaps.update([(name, row[0]) for name in _strings(row[3])])
            else:
                named.update([(name, row[0]) for name in fact.about()])
        accounted = named | perhaps
        found = set(self._source.mentions(after, until, sorted({name for name, _ in accounted})))
        for _, position in sorted(named - found):
            yield Fault(position=position, what="the index does not say all that it names")
        # What nothing accounts for shows when all rows of the index are counted.
        self._mentions += len(found & accounted)

    def _fact(self, row: FactRow) -> Event | None:
        """Find the fact that was stored; None when the event is of an older version, and reads as others today."""
        _, name, version, body, personal, *_ = row
        try:
            length = len(body) if body.isascii() else len(body.encode())
        except UnicodeEncodeError:
            raise Malformed(f"{name}: no text of UTF-8") from None
        # Limits are for strangers: the engine may have made a larger one.
        large = length + len(personal or b"") > EVENT_BYTES_MAX
        (fact, *others) = self._registry.facts(name, version, body, personal, trusted=large)
        if fact is None or others or (fact.name, fact.version) != (name, version):
            return None
        if large:
            again = self._registry.encode(fact)
            if (again.body, again.personal) != (body.encode(), personal):
                raise Malformed(f"{name}: not in canonical form")
        return fact

    def _in_excess(self) -> Iterator[Fault]:
        """Find rows of the index that no fact accounts for."""
        name, position = "", 0
        while rows := self._source.mentions_after(name, position, self._head):
            for name, position in rows:
                for row in self._source.events(position - 1, position):
                    try:
                        fact = self._fact(row)
                    except (WisError, TypeError, ValueError):
                        fact = None
                    if name in (_strings(row[3]) if fact is None else fact.about()):
                        break
                else:
                    yield Fault(position=position, what="the index says what no fact here names")


def _missing(rows: list[FactRow], after: int, until: int) -> Iterator[Fault]:
    expected = after + 1
    for position in [*(row[0] for row in rows), until + 1]:
        if position != expected:
            yield Fault(position=expected, what=f"nothing stands at positions {expected} to {position - 1}")
        expected = position + 1


def _strings(body: str) -> set[str]:
    """Find every string in a piece of JSON that may be an id; none in what is damaged."""
    found: set[str] = set()
    try:
        waiting = [json.loads(body)]
    except (ValueError, TypeError, RecursionError):
        return found
    while waiting:
        match waiting.pop():
            case str() as text if text.isprintable():
                found.add(text)
            case dict() as fields:
                waiting += fields.values()
            case list() as items:
                waiting += items
    return found
