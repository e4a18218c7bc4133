"""Ctrl-C at every point where Python looks for it: nothing half written, no lock left held, and the log goes on."""

import contextlib
from functools import partial
from itertools import count, pairwise
from pathlib import Path

import pytest
from stopping import at_a_look, at_a_step, stopped

from wis_engine.facts import NeedWithdrawn
from wis_engine.log import log as rooms
from wis_engine.log import sqlite_file
from wis_engine.log.codec import known_events
from wis_engine.log.log import Snapshot
from wis_engine.log.memory import MemoryLog

SIZE = 3
LOG = (str(Path(rooms.__file__).parent), contextlib.__file__)


def facts(name):
    return [NeedWithdrawn(need=f"{name}-{number}") for number in range(SIZE)]


def under_the_lock(log, one):
    log.locked(lambda: log.append(one, after=log.head()))


def under_two_locks(log, one):
    log.locked(lambda: log.locked(lambda: log.append(one, after=log.head())))


def several_at_once(log, one):
    log.locked(lambda: log.load([one, one]))


CALLS = {
    "append": lambda log, one: log.append(one, after=log.head()),
    "load": lambda log, one: log.load([one]),
    "locked": under_the_lock,
    "locked twice": under_two_locks,
    "load under the lock": several_at_once,
    "put": lambda log, _: log.put(Snapshot.of(SIZE, "form", [b"x"])),
    "drop": lambda log, _: log.drop(SIZE),
}


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def logs(request, clock, opened, monkeypatch):
    """A log, another that has it open and does not wait long, and of how many points one is tried."""
    if request.param == "memory":
        log = MemoryLog(registry=known_events(), clock=clock)
        return log, log, 1
    if request.param == "sqlite":
        monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0)
        return opened(), opened(), 1
    log, other = (request.getfixturevalue("opened_postgres")() for _ in range(2))
    other._connection.execute("SET lock_timeout = '5s'")
    return log, other, 5


@pytest.mark.parametrize("at", [at_a_look, at_a_step])
@pytest.mark.parametrize("name", CALLS)
def test_who_is_stopped_anywhere_leaves_a_log_that_goes_on(logs, batch, name, at):
    log, other, step = logs
    if log is not other and at is at_a_step and name not in ("locked", "load under the lock"):
        step *= 3  # what is left has the same steps in it, and files are slow
    log.append(batch(*facts("before")), after=0)

    def go_on(place):
        # Under the lock: a server may still be about to commit what was sent before the stop.
        after = batch(*facts("after"), key=f"after-{place}")
        first = log.locked(lambda: log.append(after, after=log.head())).first
        assert first % SIZE == 1
        log.append(batch(*facts("again")), after=first + SIZE - 1)
        assert [one.fact for one in other.read(after=first - 1)] == facts("after") + facts("again")
        other.append(batch(*facts("other")), after=first + 2 * SIZE - 1)
        assert log.head() == first + 3 * SIZE - 1

    for place in count(1, step):
        one = batch(*facts(f"n-{place}"), key=f"k-{place}")
        ask, then = partial(CALLS[name], log, one), partial(go_on, place)
        if not stopped(place, ask, then, at=at, within=LOG):
            break
    assert place > SIZE
    records = list(log.read())
    assert [one.position for one in records] == list(range(1, log.head() + 1))
    assert [(one.key, one.batch) for one in records[SIZE::SIZE]] == [
        (one.key, one.batch) for one in records[SIZE + 1 :: SIZE]
    ]
    assert all(one.recorded_at <= then.recorded_at for one, then in pairwise(records))
    assert [one.position for one in log.read(about=["after-1"])] == [
        one.position for one in records if one.fact.need == "after-1"
    ]
    assert list(log.faults()) == []
    assert list(other.read()) == records


@pytest.mark.parametrize("at", [at_a_look, at_a_step])
def test_who_is_stopped_while_reading_leaves_what_can_be_read(logs, batch, at):
    log, _, step = logs
    for after in (0, SIZE):
        log.append(batch(*facts("a")), after=after)

    def read_all():
        assert [one.position for one in log.read()] == list(range(1, 2 * SIZE + 1))

    for place in count(1, step):
        if not stopped(place, lambda: list(log.read(about=["a-1"])), read_all, at=at, within=LOG):
            break
    assert place > SIZE
    assert [one.position for one in log.read(about=["a-1"])] == [2, SIZE + 2]
