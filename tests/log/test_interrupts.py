"""Ctrl-C at every point where Python looks for it: nothing half written, no lock left held, and the log goes on."""

import inspect
import sys
from itertools import count, pairwise

import pytest

from wis_engine.facts import NeedWithdrawn
from wis_engine.log import sqlite_file
from wis_engine.log.codec import known_events
from wis_engine.log.log import Snapshot
from wis_engine.log.memory import MemoryLog

SIZE = 3


def stopped_at(place, call):
    """Stop a call at its n-th look for signals in our code; say whether it was stopped there.

    Python looks when a function begins and when one of C has returned. A
    generator that goes on is left out: there the hook leaves it, a signal does not.
    """
    looks = count(1)

    def hook(frame, event, _what):
        begins = event == "call" and not frame.f_code.co_flags & inspect.CO_GENERATOR
        if (begins or event == "c_return") and "wis_engine/log/" in frame.f_code.co_filename and next(looks) == place:
            raise KeyboardInterrupt

    sys.setprofile(hook)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False


def facts(name):
    return [NeedWithdrawn(need=f"{name}-{number}") for number in range(SIZE)]


def under_the_lock(log, one):
    with log.locked():
        log.append(one, after=log.head())


CALLS = {
    "append": lambda log, one: log.append(one, after=log.head()),
    "load": lambda log, one: log.load([one]),
    "locked": under_the_lock,
    "put": lambda log, _: log.put(Snapshot.of(SIZE, "form", [b"x"])),
    "drop": lambda log, _: log.drop(SIZE),
}


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def logs(request, clock, opened, monkeypatch):
    """A log, another that has it open and does not wait long, and of how many looks one is tried."""
    if request.param == "memory":
        log = MemoryLog(registry=known_events(), clock=clock)
        return log, log, 1
    if request.param == "sqlite":
        monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0)
        return opened(), opened(), 2
    log, other = (request.getfixturevalue("opened_postgres")() for _ in range(2))
    other._connection.execute("SET lock_timeout = '5s'")
    return log, other, 5


@pytest.mark.parametrize("name", CALLS)
def test_who_is_stopped_anywhere_leaves_a_log_that_goes_on(logs, batch, name):
    log, other, step = logs
    log.append(batch(*facts("before")), after=0)
    for place in count(1, step):
        one = batch(*facts(f"n-{place}"), key=f"k-{place}")
        stopped = stopped_at(place, lambda one=one: CALLS[name](log, one))
        head = other.head()
        assert head % SIZE == 0
        other.append(batch(*facts("other")), after=head)
        assert log.append(batch(*facts("after"), key=f"after-{place}"), after=head + SIZE).last == head + 2 * SIZE
        if not stopped:
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


def test_who_is_stopped_while_reading_leaves_what_can_be_read(logs, batch):
    log, _, step = logs
    for after in (0, SIZE):
        log.append(batch(*facts("a")), after=after)
    for place in count(1, step):
        stopped = stopped_at(place, lambda: list(log.read(about=["a-1"])))
        if not stopped:
            break
        assert [one.position for one in log.read()] == list(range(1, 2 * SIZE + 1))
    assert place > SIZE
    assert [one.position for one in log.read(about=["a-1"])] == [2, SIZE + 2]
