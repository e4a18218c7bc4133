"""Recording, reading and replaying beside `eventsourcing`: same number of events, similar size, one run.

Ours pays for guards, effects, links and the index on ids; the peer's figure is
for storing and decoding alone. Times are the best of a few runs, in
microseconds an event.
"""

import time
import tracemalloc
from collections.abc import Callable

from eventsourcing.persistence import EventStore

from benchmarks import Row, at_most, table
from benchmarks.sides import START, facts, noted, our_store, peer_store, stop_server
from wis_engine.community import Community
from wis_engine.log.codec import Registry, known_events
from wis_engine.log.log import Batch
from wis_engine.log.memory import MemoryLog
from wis_engine.replay import network_at

MANY = 6_000
FEW = 300
BATCH = 1_000
RUNS = 3


def store_ours(community: Community, batches: list) -> None:
    for batch in batches:
        community.record(*batch)


def load_ours(community: Community, batches: list) -> None:
    """Append without guards or network: what the peer does too."""
    for facts_together in batches:
        community._log.load([Batch(facts=tuple(facts_together), occurred_at=START, actor="wm-1")])


def store_peer(store: EventStore, batches: list) -> None:
    for batch in batches:
        store.put(batch)


def read_ours(community: Community) -> None:
    for _ in community.events():
        pass


def replay_ours(community: Community) -> None:
    network_at(community._log, community.registry)


def decode_peer(store: EventStore) -> None:
    for notification in store.recorder.select_notifications(start=1, limit=MANY):
        store.mapper.to_domain_event(notification)


def best(opened: Callable, write: Callable, events: list, size: int, then: Callable | None = None) -> float:
    """Microseconds an event, to store in batches of a size or, once that is done, for what comes `then`."""
    batches = [events[start : start + size] for start in range(0, len(events), size)]
    found = []
    for _ in range(RUNS):
        with opened() as store:
            start = time.perf_counter()
            write(store, batches)
            if then is not None:
                start = time.perf_counter()
                then(store)
            found.append((time.perf_counter() - start) / len(events) * 1e6)
    return min(found)


def pair(
    measure: str,
    kind: str,
    count: int,
    size: int,
    *,
    write: Callable = store_ours,
    then: Callable | None = None,
    factor: float | None = None,
    **options: object,
) -> Row:
    """Measure both sides; `factor` is how many times the peer's rate ours has to reach."""
    took = {
        "ours": best(lambda: our_store(kind, **options), write, facts(count), size, then),
        "peer": best(lambda: peer_store(kind), store_peer, noted(count), size, then and decode_peer),
    }
    named = {"measure": measure, "unit": "us an event"} | took
    return Row(**named) if factor is None else at_most(1 / factor, goal=f"at least {factor:g}x", **named)


def coding(measure: str, *, accelerated: bool) -> list[Row]:
    """Measure the codec alone, with msgspec or without."""
    registry, ours = Registry(accelerated=accelerated), facts(MANY)
    with peer_store("memory") as store:
        theirs, mapper = noted(MANY), store.mapper
        kept, stored = [registry.encode(fact) for fact in ours], [mapper.to_stored_event(event) for event in theirs]

        def fastest(work: Callable[[], object]) -> float:
            found = []
            for _ in range(RUNS):
                start = time.perf_counter()
                work()
                found.append((time.perf_counter() - start) / MANY * 1e6)
            return min(found)

        encode = fastest(lambda: [registry.encode(fact) for fact in ours])
        decode = fastest(lambda: [registry.facts(one.name, one.version, one.body, one.personal) for one in kept])
        return [
            Row(
                measure=f"{measure}: encode",
                unit="us an event",
                ours=encode,
                peer=fastest(lambda: [mapper.to_stored_event(event) for event in theirs]),
            ),
            at_most(
                1 / (5 if accelerated else 1.2),
                measure=f"{measure}: decode",
                unit="us an event",
                ours=decode,
                peer=fastest(lambda: [mapper.to_domain_event(one) for one in stored]),
                goal="at least 5x" if accelerated else "at least 1.2x",
            ),
        ]


def stored_bytes() -> Row:
    """Mean size of an event in the store, to see that the two sides carry alike."""
    ours = sum(known_events().encode(fact).size for fact in facts(300)) / 300
    with peer_store("memory") as store:
        peer = sum(len(store.mapper.to_stored_event(event).state) for event in noted(300)) / 300
    return Row(measure="content stored", unit="bytes an event", ours=ours, peer=peer)


def memory_bytes(measure: str, *, asked: bool, goal: float | None = None) -> Row:
    """Memory of a log of events, each in a commit of its own, the facts among it; once it was `asked` by id, too."""

    def ours() -> object:
        log = MemoryLog(registry=known_events(), clock=lambda: START)
        for position, fact in enumerate(facts(MANY)):
            log.append(Batch(facts=(fact,), occurred_at=START, actor="wm-1"), after=position)
        if asked:
            list(log.read(about=["firm-1"]))
        return log

    def peer() -> object:
        with peer_store("memory") as store:
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

    took = {"ours": measured(ours), "peer": measured(peer)}
    named = {"measure": measure, "unit": "bytes an event"} | took
    if goal is None:
        return Row(**named)
    return Row(**named, goal=f"at most {goal:g} bytes", reached=took["ours"] <= goal)


def run() -> list[Row]:
    """Measure both sides in this process."""
    rows = [
        stored_bytes(),
        memory_bytes("memory log", asked=False, goal=300),
        memory_bytes("memory log, once asked for an id", asked=True),
        *coding("codec with msgspec", accelerated=True),
        *coding("codec without msgspec", accelerated=False),
        pair("memory: record, one a commit", "memory", MANY, 1, factor=4),
        pair("memory: record, batches of 1000", "memory", MANY, BATCH),
        pair("memory: read", "memory", MANY, BATCH, then=read_ours, factor=5),
        pair("memory: replay into the network; peer: decode", "memory", MANY, BATCH, then=replay_ours),
    ]
    for kind, title, factor, reading in (("sqlite", "SQLite FULL", 2, 4), ("postgresql", "PostgreSQL", 3, None)):
        rows += [
            pair(f"{title}: record, one a commit", kind, FEW, 1),
            pair(f"{title}: record, batches of 1000", kind, MANY, BATCH, factor=factor),
            pair(f"{title}: append only, batches of 1000", kind, MANY, BATCH, write=load_ours),
            pair(f"{title}: read and decode", kind, MANY, BATCH, then=read_ours, factor=reading),
            pair(
                f"{title}: replay into the network; peer: decode",
                kind,
                MANY,
                BATCH,
                then=replay_ours,
                factor=1.5 if kind == "sqlite" else None,
            ),
        ]
    stop_server()
    return rows


def main() -> None:
    print(table(run(), peer="eventsourcing"))


if __name__ == "__main__":
    main()
