"""Recording and replaying beside `eventsourcing`: same number of events, similar size, one run.

Ours pays for guards, effects, links and the index on ids; the peer's figure is
for storing and decoding alone. Times are the best of a few runs, in
microseconds an event.
"""

import datetime as dt
import tempfile
import time
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import DatetimeAsISO, EventStore, JSONTranscoder, Mapper, UUIDAsHex
from eventsourcing.popo import POPOApplicationRecorder
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from benchmarks import Row, at_most, table
from wis_engine.community import Community
from wis_engine.facts import Event, FirmJoined, HouseholdFormed, NeedDeclared, PersonEnrolled
from wis_engine.log.codec import known_events
from wis_engine.log.log import Batch
from wis_engine.log.memory import MemoryLog
from wis_engine.network.parties import Member
from wis_engine.values import AgeBand, Period, WeekSlots

MANY = 3_000
FEW = 300
BATCH = 1_000
RUNS = 3
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
FIRM = FirmJoined(firm="firm-1", title="Ditta", persons=40, ateco="47.11", nil=10)


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


@contextmanager
def our_store(folder: Path | None) -> Iterator[Community]:
    url = "memory:" if folder is None else f"sqlite:///{folder}/ours.db"
    with closing(Community.open(url, clock=lambda: START)) as community:
        community.record(FIRM)
        yield community


@contextmanager
def peer_store(folder: Path | None) -> Iterator[EventStore]:
    transcoder = JSONTranscoder()
    transcoder.register(UUIDAsHex())
    transcoder.register(DatetimeAsISO())
    with ExitStack() as stack:
        if folder is None:
            recorder = POPOApplicationRecorder()
        else:
            datastore = SQLiteDatastore(f"{folder}/peer.db")
            stack.callback(datastore.close)
            recorder = SQLiteApplicationRecorder(datastore)
            recorder.create_table()
        yield EventStore(Mapper(transcoder), recorder)


def store_ours(community: Community, batches: list[list[Event]]) -> None:
    for batch in batches:
        community.record(*batch)


def store_peer(store: EventStore, batches: list[list[NeedNoted]]) -> None:
    for batch in batches:
        store.put(batch)


def decode_ours(community: Community) -> None:
    for _ in community.events():
        pass


def replay_ours(community: Community) -> None:
    community.as_of(community.position)


def decode_peer(store: EventStore) -> None:
    for notification in store.recorder.select_notifications(start=1, limit=MANY):
        store.mapper.to_domain_event(notification)


def best(side: Callable, events: list, size: int, *, on_disk: bool, then: Callable | None = None) -> float:
    """Microseconds an event, to store in batches of a size or, once that is done, for what comes `then`."""
    store, write = (our_store, store_ours) if side is facts else (peer_store, store_peer)
    batches = [events[start : start + size] for start in range(0, len(events), size)]
    found = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder, store(Path(folder) if on_disk else None) as opened:
            start = time.perf_counter()
            write(opened, batches)
            if then is not None:
                start = time.perf_counter()
                then(opened)
            found.append((time.perf_counter() - start) / len(events) * 1e6)
    return min(found)


def pair(measure: str, count: int, size: int, *, on_disk: bool, factor: float | None = None, **then: Callable) -> Row:
    """Measure both sides; `factor` is how many times the peer's rate ours has to reach."""
    sides = {"ours": facts, "peer": noted}
    took = {name: best(side, side(count), size, on_disk=on_disk, then=then.get(name)) for name, side in sides.items()}
    named = {"measure": measure, "unit": "us an event"} | took
    return Row(**named) if factor is None else at_most(1 / factor, goal=f"at least {factor:g}x", **named)


def stored_bytes() -> Row:
    """Mean size of an event in the store, to see that the two sides carry alike."""
    ours = sum(known_events().encode(fact).size for fact in facts(300)) / 300
    with peer_store(None) as store:
        peer = sum(len(store.mapper.to_stored_event(event).state) for event in noted(300)) / 300
    return Row(measure="content stored", unit="bytes an event", ours=ours, peer=peer)


def memory_bytes() -> Row:
    """Memory of a log of events, each in a commit of its own, the facts among it."""

    def ours() -> object:
        log = MemoryLog(registry=known_events(), clock=lambda: START)
        for position, fact in enumerate(facts(MANY)):
            log.append(Batch(facts=(fact,), occurred_at=START, actor="wm-1"), after=position)
        return log

    def peer() -> object:
        with peer_store(None) as store:
            for event in noted(MANY):
                store.put([event])
            return store

    def measured(build: Callable[[], object]) -> float:
        build()  # what is cached once is not counted
        tracemalloc.start()
        kept = build()
        taken = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        del kept
        return taken / MANY

    return Row(measure="memory log", unit="bytes an event", ours=measured(ours), peer=measured(peer))


def run() -> list[Row]:
    """Measure both sides in this process."""
    decoding = {"ours": decode_ours, "peer": decode_peer}
    replaying = {"ours": replay_ours, "peer": decode_peer}
    return [
        stored_bytes(),
        memory_bytes(),
        pair("memory: record, one a commit", MANY, 1, on_disk=False, factor=4),
        pair("memory: record, batches of 1000", MANY, BATCH, on_disk=False),
        pair("memory: read", MANY, BATCH, on_disk=False, **decoding),
        pair("memory: replay into the network; peer: decode", MANY, BATCH, on_disk=False, factor=1.2, **replaying),
        pair("SQLite FULL: record, one a commit", FEW, 1, on_disk=True),
        pair("SQLite FULL: record, batches of 1000", MANY, BATCH, on_disk=True, factor=2),
        pair("SQLite: read and decode", MANY, BATCH, on_disk=True, **decoding),
        pair("SQLite: replay into the network; peer: decode", MANY, BATCH, on_disk=True, factor=1.5, **replaying),
    ]


def main() -> None:
    print(table(run(), peer="eventsourcing"))


if __name__ == "__main__":
    main()
