import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from wis_engine.errors import (
    Busy,
    FormatError,
    Full,
    IntegrityError,
    Outcome,
    OutcomeUnknown,
    ReadOnly,
    StorageUnavailable,
)
from wis_engine.facts import NeedWithdrawn
from wis_engine.facts.base import redacted
from wis_engine.log import sqlite_file
from wis_engine.log.sqlite import _READ, _READ_ABOUT

MODES = pytest.mark.parametrize("mode", ["rw", "r"])


def withdrawn(*names):
    return [NeedWithdrawn(need=name) for name in names]


def needs(log):
    return [one.fact.need for one in log.read()]


# Errors of the store


def test_a_writer_that_waits_too_long_is_told_so(filled, opened, batch, monkeypatch):
    first, second = opened(filled), opened(filled)
    monkeypatch.setattr(sqlite_file, "BUSY_SECONDS", 0.01)

    def meanwhile():
        with pytest.raises(Busy) as caught:
            second.append(batch(*withdrawn("d")), after=3)
        assert caught.value.retryable
        assert caught.value.outcome is Outcome.NOT_APPLIED
        assert "locked" not in str(caught.value)

    first.locked(meanwhile)
    second.append(batch(*withdrawn("d")), after=3)
    assert needs(first) == ["a", "b", "c", "d"]


def test_a_full_store_takes_nothing_until_there_is_room(filled, opened, batch):
    log = opened(filled)
    pages = log._connection.execute("PRAGMA page_count").fetchone()[0]
    log._connection.execute(f"PRAGMA max_page_count = {pages}")
    many = batch(*withdrawn(*(f"n-{number}" for number in range(2_000))), key="many")
    with pytest.raises(Full):
        log.append(many, after=3)

    def go_on_regardless():
        with pytest.raises(Full):
            log.append(many, after=3)
        log.append(batch(*withdrawn("lost")), after=3)

    with pytest.raises(StorageUnavailable):
        log.locked(go_on_regardless)
    assert needs(log) == ["a", "b", "c"]
    log._connection.execute("PRAGMA max_page_count = 100000")
    assert log.append(many, after=3).last == 2_003
    assert log.receipt("many", many.content).repeated


def test_a_limit_on_the_size_of_files_reads_as_full(path, batch):
    pytest.importorskip("resource")
    script = """
import datetime as dt, resource, sys
from wis_engine.errors import Full
from wis_engine.facts import NeedWithdrawn
from wis_engine.log.codec import known_events
from wis_engine.log.log import Batch
from wis_engine.log.sqlite import SqliteLog

now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
log = SqliteLog(sys.argv[1], registry=known_events(), clock=lambda: now)
log.append(Batch(facts=(NeedWithdrawn(need="a"),), occurred_at=now, actor="a"), after=0)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
facts = tuple(NeedWithdrawn(need=f"n-{number}") for number in range(3_000))
many = Batch(facts=facts, occurred_at=now, actor="a", key="k")
try:
    log.append(many, after=1)
except Full:
    assert log.head() == 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert log.append(many, after=1).last == 3_001
    print("full, then whole")
"""
    ran = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("full, then whole\n", "")


class Failing:
    """A connection whose commit fails, before or after it took effect."""

    def __init__(self, connection, code, *, applied):
        self._connection = connection
        self._code = code
        self._applied = applied

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def execute(self, statement, *values):
        if statement == "COMMIT":
            if self._applied:
                self._connection.execute(statement)
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = self._code
            raise error
        return self._connection.execute(statement, *values)


@pytest.mark.parametrize("applied", [True, False])
def test_a_commit_without_an_answer_is_settled_by_its_key(filled, opened, batch, applied):
    log = opened(filled)
    log._connection = Failing(log._connection, sqlite3.SQLITE_IOERR_FSYNC, applied=applied)
    with pytest.raises(OutcomeUnknown) as caught:
        log.append(batch(*withdrawn("d"), key="again"), after=3)
    assert caught.value.retryable
    receipt = log.append(batch(*withdrawn("d"), key="again"), after=3)
    assert receipt.repeated is applied
    assert needs(log) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_FULL, Full),
        (sqlite3.SQLITE_IOERR_WRITE, Full),
        (sqlite3.SQLITE_BUSY, Busy),
        (sqlite3.SQLITE_READONLY, ReadOnly),
        (sqlite3.SQLITE_CORRUPT, IntegrityError),
    ],
)
def test_a_commit_that_fails_for_sure_changes_nothing(filled, opened, batch, code, expected):
    log = opened(filled)
    sound = log._connection
    log._connection = Failing(sound, code, applied=False)
    with pytest.raises(expected):
        log.append(batch(*withdrawn("d")), after=3)
    log._connection = sound
    assert needs(log) == ["a", "b", "c"]
    assert log.append(batch(*withdrawn("d")), after=3).first == 4


def test_a_closed_log_is_of_no_use(filled, opened, batch):
    log = opened(filled)
    log.close()
    log.close()
    for use in (log.head, lambda: log.append(batch(*withdrawn("d")), after=3)):
        with pytest.raises(StorageUnavailable):
            use()


def test_a_forked_process_opens_its_own(filled, opened, batch, monkeypatch):
    log = opened(filled)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(os, "getpid", lambda: -1)
        with pytest.raises(StorageUnavailable, match="fork"):
            log.append(batch(*withdrawn("d")), after=3)
    assert needs(log) == ["a", "b", "c"]


# Damage


@pytest.mark.parametrize(
    "damage",
    [
        'UPDATE events SET body = \'{"other":"b"}\' WHERE position = 2',
        "UPDATE events SET body = '{\"need\":' WHERE position = 2",
        "UPDATE events SET body = '[]' WHERE position = 2",
        "UPDATE events SET personal = x'ff' WHERE position = 2",
        "UPDATE events SET body = CAST(x'ff' AS TEXT) WHERE position = 2",
    ],
)
def test_damaged_content_is_an_error_of_integrity(filled, opened, damage, edit):
    edit(filled, damage)
    with pytest.raises(IntegrityError):
        needs(opened(filled))


@pytest.mark.parametrize("change", ["name = 'from-the-future'", "version = 2", "version = 0"])
def test_facts_that_this_release_does_not_know_are_of_another_format(filled, opened, change, edit):
    edit(filled, f"UPDATE events SET {change} WHERE position = 2")
    with pytest.raises(FormatError):
        needs(opened(filled))


@pytest.mark.parametrize(
    "damage", ["DELETE FROM events WHERE position = 3", "DELETE FROM batches WHERE first = 3", "DELETE FROM batches"]
)
def test_a_last_batch_that_is_not_whole_is_seen_at_once(filled, opened, damage, edit):
    edit(filled, damage)
    with pytest.raises(IntegrityError):
        opened(filled)


def test_a_fact_whose_batch_is_gone_is_not_passed_over(filled, opened, edit):
    edit(filled, "DELETE FROM batches WHERE first = 1")
    with pytest.raises(IntegrityError):
        needs(opened(filled))


@pytest.mark.parametrize("how", [{"about": ["a"]}, {"types": ["need-withdrawn"]}])
def test_a_narrower_reading_does_not_pass_over_it_either(filled, opened, edit, how):
    edit(filled, "DELETE FROM batches WHERE first = 1")
    log = opened(filled)
    with pytest.raises(IntegrityError):
        list(log.read(**how))


def test_a_fact_that_is_gone_is_not_passed_over(filled, opened, edit):
    edit(filled, "DELETE FROM events WHERE position = 1")
    with pytest.raises(IntegrityError):
        needs(opened(filled))


@MODES
def test_a_damaged_page_is_an_error_of_integrity(filled, opened, mode):
    content = bytearray(filled.read_bytes())
    for start in range(4_096, len(content), 4_096):
        content[start : start + 4_096] = b"\xa5" * 4_096
    filled.write_bytes(content)

    def use():
        return needs(opened(filled, mode=mode))

    with pytest.raises(IntegrityError):
        use()


# What is stored


def test_public_and_personal_pieces_stand_in_columns_of_their_own(path, opened, batch, examples):
    log = opened(path)
    log.append(batch(examples["household-formed"], examples["consent-given"]), after=0)
    log.close()
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, version, body, personal, subject, chain FROM events").fetchall()
    members = '[{"age_band":"school-6-10","id":"m-1"},{"age_band":"adult-18-64","id":"m-2"}]'
    assert rows == [
        (
            "household-formed",
            1,
            (
                f'{{"household":"h-1","municipio":{examples["household-formed"].municipio},'
                '"recipients":[{"gender":null,"role":null}]}'
            ),
            f'{{"holders":["per-1"],"members":{members},"nil":10}}'.encode(),
            "h-1",
            None,
        ),
        ("consent-given", 1, '{"household":"h-1","purpose":"special-data","text_version":"1"}', None, None, None),
    ]


def test_a_fact_whose_personal_piece_is_gone_reads_redacted(path, opened, batch, examples, edit):
    log = opened(path)
    log.append(batch(*examples.values()), after=0)
    log.close()
    edit(path, "UPDATE events SET personal = NULL")
    assert [one.fact for one in opened(path).read()] == [redacted(fact) for fact in examples.values()]


@pytest.mark.parametrize("query", [_READ, _READ_ABOUT])
def test_no_read_goes_over_a_whole_table(path, opened, query):
    log = opened(path)
    asked = {"after": 0, "until": 10, "types": None, "about": '["a"]', "page": 5}
    plan = [row[3] for row in log._connection.execute(f"EXPLAIN QUERY PLAN {query}", asked)]
    assert [step for step in plan if step.startswith("SCAN")] == [
        step for step in plan if step.startswith("SCAN json_each")
    ]


def test_no_transaction_stays_open_while_somebody_reads(path, opened, batch):
    log, other = opened(path), opened(path)
    log.load(batch(*withdrawn(*(f"n-{number}" for number in range(500)))) for _ in range(3))
    reading = log.read()
    next(reading)
    assert not log._connection.in_transaction
    other.append(batch(*withdrawn("x")), after=1_500)
    (left,) = other._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[:1]
    assert left == 0
    assert sum(1 for _ in reading) == 1_499


def test_threads_read_while_one_writes(path, opened, batch):
    log = opened(path)
    seen = []

    def look():
        for _ in range(30):
            positions = [one.position for one in log.read()]
            seen.append(positions == list(range(1, len(positions) + 1)) and len(positions) % 3 == 0)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(30):
        log.append(batch(*withdrawn("a", "b", "c")), after=3 * number)
    for thread in threads:
        thread.join()
    assert seen == [True] * 90
