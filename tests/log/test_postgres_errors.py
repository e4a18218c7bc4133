"""Connections to PostgreSQL that are lost, and what its errors mean."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from wis_engine.errors import (
    Busy,
    ConnectionLost,
    Full,
    IntegrityError,
    Malformed,
    OutcomeUnknown,
    ReadOnly,
    StorageUnavailable,
)
from wis_engine.facts import NeedWithdrawn
from wis_engine.log.log import Batch
from wis_engine.log.postgres import FEW

PATIENCE = 60


def withdrawn(*names):
    return [NeedWithdrawn(need=name) for name in names]


def many(count):
    return withdrawn(*(f"n-{number}" for number in range(count)))


def needs(log, **how):
    return [one.fact.need for one in log.read(**how)]


def claimed(log):
    """A claim on a slot."""
    return Batch(facts=tuple(withdrawn("slot")), occurred_at=log._clock(), actor="w")


# Connections that are lost


def test_after_a_lost_connection_the_next_call_has_another(filled_postgres, batch, kill):
    kill(filled_postgres)
    with pytest.raises(ConnectionLost) as caught:
        filled_postgres.append(batch(*withdrawn("d"), key="again"), after=3)
    assert caught.value.retryable
    assert not filled_postgres.append(batch(*withdrawn("d"), key="again"), after=3).repeated
    kill(filled_postgres)
    with pytest.raises(ConnectionLost):
        filled_postgres.head()
    assert needs(filled_postgres) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("count", [1, FEW + 1])
def test_what_was_appended_under_a_lock_goes_with_the_connection(filled_postgres, batch, kill, count):
    def go_on_regardless():
        filled_postgres.append(batch(*many(count)), after=3)
        kill(filled_postgres)
        for _ in range(2):
            with pytest.raises(ConnectionLost):
                filled_postgres.append(batch(*withdrawn("lost")), after=3 + count)
        with pytest.raises(ConnectionLost):
            filled_postgres.head()

    with pytest.raises(ConnectionLost):
        filled_postgres.locked(go_on_regardless)
    assert needs(filled_postgres) == ["a", "b", "c"]
    assert filled_postgres.append(batch(*withdrawn("d")), after=3).last == 4


class Losing:
    """A connection that is lost at its commit, before or after it took effect."""

    def __init__(self, connection, *, applied):
        self._connection = connection
        self._applied = applied

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def execute(self, statement, *values, **options):
        if statement != "COMMIT":
            return self._connection.execute(statement, *values, **options)
        if self._applied:
            self._connection.execute("COMMIT")
            if self._connection.info.pipeline_status:
                self._connection.pipeline().__exit__(None, None, None)
        self._connection.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")


@pytest.mark.parametrize("applied", [True, False])
def test_a_commit_without_an_answer_is_settled_by_its_key(filled_postgres, batch, applied):
    facts = many(FEW + 1)
    filled_postgres._connection = Losing(filled_postgres._connection, applied=applied)
    with pytest.raises(OutcomeUnknown) as caught:
        filled_postgres.append(batch(*facts, key="again"), after=3)
    assert caught.value.retryable
    assert filled_postgres.append(batch(*facts, key="again"), after=3).repeated is applied
    assert filled_postgres.head() == 3 + len(facts)


def test_a_connection_killed_while_it_commits_leaves_the_outcome_unknown(filled_postgres, batch, edit_postgres, kill):
    edit_postgres(
        """
        CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock(77); RETURN NULL; END $$
        """,
        f"""
        CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON wis_engine.communities DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.community = '{filled_postgres._name}') EXECUTE FUNCTION slow()
        """,
    )
    waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND NOT granted"
    with held_advisory_lock(filled_postgres._url, 77) as holder, ThreadPoolExecutor() as threads:
        append = threads.submit(filled_postgres.append, batch(*withdrawn("d"), key="again"), after=3)
        while holder.execute(waiting).rowcount == 0:
            pass
        kill(filled_postgres)
        with pytest.raises(OutcomeUnknown):
            append.result(PATIENCE)
    edit_postgres("DROP TRIGGER slow ON wis_engine.communities")
    assert not filled_postgres.append(batch(*withdrawn("d"), key="again"), after=3).repeated


@contextmanager
def held_advisory_lock(url, number):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [number])
        yield connection


def test_a_closed_log_is_of_no_use(filled_postgres, batch):
    filled_postgres.close()
    filled_postgres.close()
    for use in (
        filled_postgres.head,
        lambda: filled_postgres.append(batch(*withdrawn("d")), after=3),
        filled_postgres.get,
    ):
        with pytest.raises(StorageUnavailable, match="closed"):
            use()


def test_a_forked_process_opens_its_own(filled_postgres, batch, monkeypatch):
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(os, "getpid", lambda: -1)
        with pytest.raises(StorageUnavailable, match="fork"):
            filled_postgres.append(batch(*withdrawn("d")), after=3)
    assert needs(filled_postgres) == ["a", "b", "c"]


# What its errors mean


def test_a_writer_that_waits_too_long_is_told_so(filled_postgres, opened_postgres, batch):
    second = opened_postgres()
    second._connection.execute("SET lock_timeout = '1ms'")

    def meanwhile():
        for count in (1, FEW + 1):
            with pytest.raises(Busy) as caught:
                second.append(batch(*many(count)), after=3)
            assert caught.value.retryable

    filled_postgres.locked(meanwhile)
    second.append(batch(*withdrawn("d")), after=3)
    assert needs(filled_postgres) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "failure",
    [("53100", Full), ("25006", ReadOnly), ("57014", Busy), ("40P01", Busy), ("XX001", IntegrityError)],
)
@pytest.mark.parametrize("count", [1, FEW + 1])
def test_a_store_that_fails_takes_nothing_until_it_is_well(filled_postgres, batch, edit_postgres, failure, count):
    code, expected = failure
    edit_postgres(
        f"""
        CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'row %', NEW USING ERRCODE = '{code}'; END $$
        """,
        f"""
        CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON wis_engine.mentions
        FOR EACH ROW WHEN (NEW.community = '{filled_postgres._name}') EXECUTE FUNCTION fail()
        """,
    )
    facts = many(count)

    def go_on_regardless():
        with pytest.raises(expected):
            filled_postgres.append(batch(*facts), after=3)
        assert filled_postgres.head() == 3

    try:
        with pytest.raises(expected) as caught:
            filled_postgres.append(batch(*facts), after=3)
        filled_postgres.locked(go_on_regardless)
        assert needs(filled_postgres) == ["a", "b", "c"]
    finally:
        edit_postgres("DROP TRIGGER fail ON wis_engine.mentions")
    assert "n-0" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert filled_postgres.append(batch(*facts), after=3).last == 3 + count


def test_a_database_that_takes_no_writing_is_read_only(filled_postgres, batch):
    filled_postgres._connection.execute("SET default_transaction_read_only = on")
    with pytest.raises(ReadOnly):
        filled_postgres.append(batch(*withdrawn("d")), after=3)
    assert needs(filled_postgres) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://somebody:hush-hush@localhost:1/nowhere",
        "postgresql://somebody:hush-hush@/nowhere?host=/no/such/folder",
        "postgresql://somebody:hush-hush@no-such-host.invalid/nowhere",
    ],
)
def test_a_server_that_does_not_answer_is_unavailable(opened_postgres, url):
    with pytest.raises(StorageUnavailable) as caught:
        opened_postgres(url=url)
    assert "nowhere" in str(caught.value)
    assert "hush" not in str(caught.value)
    assert "/no" not in str(caught.value).replace("/nowhere", "")


def test_a_database_or_user_that_is_not_there_is_unavailable(opened_postgres, postgres_server):
    for url in (postgres_server.replace("/postgres?", "/no-such?"), postgres_server.replace("//postgres", "//nobody")):
        with pytest.raises(StorageUnavailable, match="no such database or user"):
            opened_postgres(url=url)


@pytest.mark.parametrize(
    "url", ["postgresql://[::1/x", "postgresql://h/x?what=7", "postgresql:///x\ud800", "postgresql://h%00/x"]
)
def test_a_url_that_is_none_is_malformed(opened_postgres, url):
    with pytest.raises(Malformed):
        opened_postgres(url=url)


def test_without_psycopg_it_says_what_to_install():
    script = """
import sys
sys.modules["psycopg"] = None
from wis_engine.errors import StorageUnavailable
try:
    import wis_engine.log.postgres
except StorageUnavailable as error:
    print(error)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "wis_engine[postgres]" in ran.stdout
