"""The memory log is the SQLite log, over random histories."""

import datetime as dt
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from wis_engine.errors import WisError
from wis_engine.facts import ConsentGiven, HouseholdFormed, NeedExpired, NeedWithdrawn, PersonLeft, VoucherIssued
from wis_engine.facts.base import redacted
from wis_engine.log.codec import known_events
from wis_engine.log.log import Batch
from wis_engine.log.memory import MemoryLog
from wis_engine.log.sqlite import SqliteLog
from wis_engine.network.parties import Member
from wis_engine.values import AgeBand, Period

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
FEW = st.sampled_from(["a", "b", "c", "d"])

households = st.builds(
    HouseholdFormed,
    household=FEW,
    holders=st.lists(FEW, min_size=1, max_size=3, unique=True).map(tuple),
    members=st.lists(FEW, max_size=3, unique=True).map(
        lambda names: tuple(Member(id=name, age_band=AgeBand.CHILD_3_5) for name in names)
    ),
    nil=st.integers(1, 88),
)
facts = st.one_of(
    st.builds(NeedWithdrawn, need=FEW),
    st.builds(NeedExpired, need=FEW),
    st.builds(PersonLeft, person=FEW, firm=FEW),
    st.builds(ConsentGiven, household=FEW),
    st.builds(
        VoucherIssued,
        voucher=FEW,
        fund=FEW,
        household=FEW,
        face_cents=st.integers(1, (1 << 63) - 1),
        valid=st.just(Period.parse("2026-01-01/2026-02-01")),
    ),
    households,
    households.map(redacted),
)
batches = st.builds(
    Batch,
    facts=st.lists(facts, min_size=1, max_size=4).map(tuple),
    occurred_at=st.datetimes(timezones=st.just(dt.UTC)),
    actor=FEW,
    cause=st.none() | FEW,
    key=st.none() | FEW,
)
histories = st.lists(
    st.one_of(
        st.tuples(st.just("append"), batches, st.sampled_from([0, 0, 0, -1, 1])),
        st.tuples(st.just("load"), st.lists(batches, max_size=3)),
        st.tuples(st.just("lock"), st.lists(batches, max_size=3), st.booleans()),
        st.tuples(st.just("wait"), st.integers(-5, 10)),
    ),
    max_size=12,
)


class Leave(Exception):
    pass


def act(log, clock, step):
    """Do one step and say all that came of it."""
    match step:
        case ("append", batch, shift):
            return attempt(lambda: log.append(batch, after=log.head() + shift))
        case ("load", some):
            return attempt(lambda: log.load(some))
        case ("lock", some, leaves):
            return attempt(lambda: under_lock(log, some, leaves=leaves))
        case ("wait", seconds):
            clock[0] += dt.timedelta(seconds=seconds)
    return None


def under_lock(log, some, *, leaves):
    with log.locked():
        done = [attempt(lambda batch=batch: log.append(batch, after=log.head())) for batch in some]
        if leaves:
            raise Leave
    return done


def attempt(call):
    try:
        return call()
    except WisError as error:
        return type(error), str(error)
    except Leave:
        return Leave


def everything(log):
    """Ask all that can be asked."""
    head = log.head()
    instants = [START + dt.timedelta(seconds=seconds) for seconds in range(-20, 100, 7)]
    return (
        head,
        list(log.read()),
        list(log.read(after=head // 3, until=head // 2)),
        list(log.read(types=["need-withdrawn", "household-formed"])),
        [list(log.read(about=[name], after=1)) for name in "abcde"],
        list(log.read(about=["a", "c"], types=["person-left", "voucher-issued"], until=head - 1)),
        [log.position_at(instant) for instant in instants],
        [attempt(lambda key=key: log.receipt(key, "other")) for key in "abcde"],
    )


@settings(max_examples=30)
@given(history=histories)
def test_memory_is_sqlite(history):
    with tempfile.TemporaryDirectory() as folder:
        clocks = [START], [START]
        memory = MemoryLog(registry=known_events(), clock=lambda: clocks[0][0])
        path = Path(folder) / "log.db"
        stored = SqliteLog(path, registry=known_events(), clock=lambda: clocks[1][0])
        try:
            for step in history:
                assert act(memory, clocks[0], step) == act(stored, clocks[1], step)
                assert memory.head() == stored.head()
            assert everything(memory) == everything(stored)
        finally:
            stored.close()
        reopened = SqliteLog(path, registry=known_events(), clock=lambda: START, mode="r")
        try:
            assert everything(memory) == everything(reopened)
        finally:
            reopened.close()
