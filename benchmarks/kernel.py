"""The kernel of the simulation beside SimPy and Mesa, on one toy: `python -m benchmarks.kernel [events ...]`.

Firms join; each declares ten needs, one after the other; a supplier serves the
needs that come to it one at a time, in the order in which they came. All that
is drawn is drawn beforehand, and the three kernels must leave the same log.
Times are CPU time.
"""

import argparse
import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import attrs
import simpy

from benchmarks import Row, table
from wis_engine.simulation.kernel import Calendar

NEEDS = 10
EVENTS_A_FIRM = 1 + 2 * NEEDS
FIRMS_A_SUPPLIER = 21

Entry = tuple[int, str, int]
"""An instant, what happened, to which firm or need."""


@attrs.frozen(kw_only=True)
class Toy:
    """When each firm joins, how long until its next need, who serves each need and for how long."""

    joins: list[int]
    gaps: list[int]
    suppliers: list[int]
    lasts: list[int]
    count: int


def drawn(events: int) -> Toy:
    """Draw a toy of so many events."""
    rng = random.Random(1)
    firms = events // EVENTS_A_FIRM
    suppliers = max(1, firms // FIRMS_A_SUPPLIER)
    needs = range(firms * NEEDS)
    horizon = firms * 1_000
    # Suppliers are busy seven tenths of the time.
    last = 2 * suppliers * horizon * 7 // (10 * max(1, len(needs)))
    return Toy(
        joins=sorted(rng.randrange(horizon) for _ in range(firms)),
        gaps=[rng.randrange(1, horizon // NEEDS) for _ in needs],
        suppliers=[rng.randrange(suppliers) for _ in needs],
        lasts=[rng.randrange(1, last) for _ in needs],
        count=suppliers,
    )


class Ours:
    """The toy on our calendar."""

    def __init__(self, toy: Toy) -> None:
        self.toy, self.calendar, self.log = toy, Calendar(), list[Entry]()
        self.queues: list[deque[int]] = [deque() for _ in range(toy.count)]
        self.declares, self.serves = self.declare, self.served

    def run(self) -> list[Entry]:
        self.calendar.feed((when, self.join, firm) for firm, when in enumerate(self.toy.joins))
        self.calendar.run()
        return self.log

    def join(self, firm: int) -> None:
        self.log.append((self.calendar.now, "joined", firm))
        self.wait(firm * NEEDS)

    def wait(self, need: int) -> None:
        self.calendar.at(self.calendar.now + self.toy.gaps[need], self.declares, need)

    def declare(self, need: int) -> None:
        self.log.append((self.calendar.now, "declared", need))
        queue = self.queues[self.toy.suppliers[need]]
        queue.append(need)
        if len(queue) == 1:
            self.serve(need)
        if (need + 1) % NEEDS:
            self.wait(need + 1)

    def serve(self, need: int) -> None:
        self.calendar.at(self.calendar.now + self.toy.lasts[need], self.serves, need)

    def served(self, need: int) -> None:
        self.log.append((self.calendar.now, "served", need))
        queue = self.queues[self.toy.suppliers[need]]
        queue.popleft()
        if queue:
            self.serve(queue[0])


def on_simpy(toy: Toy) -> list[Entry]:
    """Run the toy on SimPy, as its guide writes such things: a process for each firm and each need."""
    env, log = simpy.Environment(), list[Entry]()
    suppliers = [simpy.Resource(env) for _ in range(toy.count)]

    def arriving() -> Iterator[simpy.Event]:
        for firm, when in enumerate(toy.joins):
            yield env.timeout(when - env.now)
            env.process(living(firm))

    def living(firm: int) -> Iterator[simpy.Event]:
        log.append((env.now, "joined", firm))
        for need in range(firm * NEEDS, (firm + 1) * NEEDS):
            yield env.timeout(toy.gaps[need])
            log.append((env.now, "declared", need))
            env.process(wanting(need))

    def wanting(need: int) -> Iterator[simpy.Event]:
        with suppliers[toy.suppliers[need]].request() as turn:
            yield turn
            yield env.timeout(toy.lasts[need])
        log.append((env.now, "served", need))

    env.process(arriving())
    env.run()
    return log


class OnMesa(Ours):
    """The toy on Mesa's simulator of events; firms come from a list there too, one at a time."""

    def __init__(self, toy: Toy) -> None:
        import mesa  # noqa: PLC0415 - measured where it installs
        from mesa.experimental.devs import DEVSimulator  # noqa: PLC0415 - as above

        super().__init__(toy)
        self.simulator = DEVSimulator()
        self.simulator.setup(mesa.Model(seed=1))
        self.calendar = self  # type: ignore[assignment]

    @property
    def now(self) -> int:
        return int(self.simulator.time)

    def at(self, when: int, work: Callable[[int], None], need: int) -> None:
        self.simulator.schedule_event_absolute(work, when, function_args=[need])

    def arrive(self, firm: int) -> None:
        if firm + 1 < len(self.toy.joins):
            self.at(self.toy.joins[firm + 1], self.arrive, firm + 1)
        self.join(firm)

    def run(self) -> list[Entry]:
        self.at(self.toy.joins[0], self.arrive, 0)
        self.simulator.run_until(1 << 50)
        return self.log


def measured(work: Callable[[], list[Entry]]) -> tuple[float, list[Entry]]:
    """Microseconds an event, and the log in order."""
    start = time.process_time()
    log = work()
    took = time.process_time() - start
    return took / len(log) * 1e6, sorted(log)


def rows(events: int) -> Iterator[Row]:
    toy = drawn(events)
    # What is imported once is not counted.
    for warm in (on_simpy, lambda toy: OnMesa(toy).run()):
        with suppress(ImportError):
            warm(drawn(100))
    ours, log = measured(lambda: Ours(toy).run())
    for name, work, factor in (("SimPy", partial(on_simpy, toy), 4), ("Mesa", lambda: OnMesa(toy).run(), None)):
        try:
            took, other = measured(work)
        except ImportError:
            continue  # Mesa is measured where it installs
        same = "same log" if other == log else "other log"
        yield Row(
            measure=f"{len(log):,} events; beside: {name}, {same}",
            unit="us an event",
            ours=ours,
            peer=took,
            goal=f"at least {factor}x, same log" if factor else "same log",
            reached=other == log and (factor is None or took >= factor * ours),
        )


def run(sizes: list[int]) -> list[Row]:
    """Measure each size."""
    return [row for events in sizes for row in rows(events)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernel", description=__doc__)
    parser.add_argument("events", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    print(table(run(parser.parse_args().events), peer="beside"))


if __name__ == "__main__":
    main()
