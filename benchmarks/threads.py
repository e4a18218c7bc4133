"""Many callers at once: appends a second by 1, 8 and 32 threads, one fact a batch.

Ours shares commits between callers that come together. Beside it stand the
same community with a commit for each caller, and the peer.
"""

import threading
import time
from collections.abc import Callable
from contextlib import nullcontext

from benchmarks import Row, table
from benchmarks.sides import facts, noted, our_store, peer_store, stop_server

EACH = {1: 300, 8: 100, 32: 40}
GOAL = 4


def rate(threads: int, record: Callable[[object], object], parts: list) -> float:
    """Calls a second when every thread makes its part of them."""
    ready = threading.Barrier(threads + 1)

    def work(part: list) -> None:
        ready.wait()
        for one in part:
            record(one)

    running = [threading.Thread(target=work, args=(part,)) for part in parts]
    for thread in running:
        thread.start()
    ready.wait()
    start = time.perf_counter()
    for thread in running:
        thread.join()
    return sum(map(len, parts)) / (time.perf_counter() - start)


def ours(kind: str, threads: int, *, alone: bool) -> float:
    """Rate of ours; `alone` makes every caller wait until it is the only one."""
    count = threads * EACH[threads]
    people = [fact for fact in facts(3 * count) if fact.name == "person-enrolled"]
    door = threading.Lock() if alone else nullcontext()
    with our_store(kind) as community:

        def record(fact: object) -> None:
            with door:
                community.record(fact)

        return rate(threads, record, [people[n::threads] for n in range(threads)])


def peers(kind: str, threads: int) -> float:
    events = noted(3 * threads * EACH[threads])[::3]
    with peer_store(kind) as store:
        return rate(threads, lambda event: store.put([event]), [events[n::threads] for n in range(threads)])


def run() -> list[Row]:
    rows = []
    for kind, title in (("sqlite", "SQLite FULL"), ("postgresql", "PostgreSQL")):
        for threads in EACH:
            shared, alone = ours(kind, threads, alone=False), ours(kind, threads, alone=True)
            measure = f"{title}: {threads} thread{'s' * (threads > 1)}"
            rows.append(
                Row(measure=f"{measure}; peer", unit="us an append", ours=1e6 / shared, peer=1e6 / peers(kind, threads))
            )
            goal = {"goal": f"at least {GOAL}x", "reached": shared >= GOAL * alone} if threads == 8 else {}
            rows.append(
                Row(
                    measure=f"{measure}; beside: ours, a commit each",
                    unit="us an append",
                    ours=1e6 / shared,
                    peer=1e6 / alone,
                    **goal,
                )
            )
    stop_server()
    return rows


def main() -> None:
    print(table(run(), peer="beside"))


if __name__ == "__main__":
    main()
