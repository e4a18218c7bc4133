"""How the database of a log is made, and what is refused without being touched."""

import logging
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from wis_engine.errors import FormatError, IntegrityError, ReadOnly, StorageUnavailable
from wis_engine.facts import NeedWithdrawn
from wis_engine.log import postgres_schema
from wis_engine.log.codec import known_events
from wis_engine.log.log import Snapshot
from wis_engine.log.postgres import PostgresLog

MODES = pytest.mark.parametrize("mode", ["rw", "r"])
EVERYTHING = """
    SELECT n.nspname, c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT LIKE 'pg%' AND n.nspname <> 'information_schema' ORDER BY 1, 2
"""


@pytest.fixture
def opened(clock, database):
    """Open logs in an empty database that are closed when the test is over."""
    logs = []

    def open_one(name="main", **options):
        logs.append(PostgresLog(database, name=name, registry=known_events(), clock=clock, **options))
        return logs[-1]

    yield open_one
    for one in logs:
        one.close()


@pytest.fixture
def sql(database):
    """Ask the database, behind the log's back."""
    with psycopg.connect(database, autocommit=True) as connection:

        def ask(statement):
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

        yield ask


def appended(log, batch, name="a"):
    return log.append(batch(NeedWithdrawn(need=name)), after=log.head())


def test_tables_are_made_once_by_many_who_come_at_once(opened, sql, batch):
    with ThreadPoolExecutor(4) as threads:
        logs = list(threads.map(lambda _: opened(), range(4)))
    for number, log in enumerate(logs):
        assert appended(log, batch).first == number + 1
    assert sql("SELECT version FROM wis_engine.format") == [(len(postgres_schema.STEPS),)]
    assert sql("SELECT community, zone, head FROM wis_engine.communities") == [("main", "Europe/Rome", 4)]


def test_the_community_comes_first_in_every_key(opened, sql):
    opened()
    keys = sql("""
        SELECT c.relname, c.relkind, a.attname FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
        WHERE c.relnamespace = 'wis_engine'::regnamespace
    """)
    assert {row[2] for row in keys} == {"community"}
    assert {row[0] for row in keys if row[1] == "p"} == {"batches", "events", "mentions", "snapshots"}


@MODES
def test_a_newer_format_is_left_alone(opened, sql, batch, mode):
    appended(opened(), batch)
    newer = len(postgres_schema.STEPS) + 1
    sql(f"UPDATE wis_engine.format SET version = {newer}")
    before = sql(EVERYTHING), sql("SELECT * FROM wis_engine.communities")
    with pytest.raises(FormatError, match=f"format {newer}"):
        opened("another", mode=mode)
    assert (sql(EVERYTHING), sql("SELECT * FROM wis_engine.communities")) == before


def test_a_database_that_was_brought_further_meanwhile_is_written_no_more(opened, sql, batch):
    log = opened()
    appended(log, batch)
    newer = len(postgres_schema.STEPS) + 1
    sql(f"UPDATE wis_engine.format SET version = {newer}")
    for write in (
        lambda: appended(log, batch),
        lambda: log.load([batch(*[NeedWithdrawn(need="a")] * 40)]),
        lambda: log.locked(lambda: None),
        lambda: log.put(Snapshot.of(1, "f", [b"x"])),
        lambda: log.drop(1),
    ):
        with pytest.raises(FormatError, match=f"format {newer}"):
            write()
    assert sql("SELECT head FROM wis_engine.communities") == [(1,)]
    assert sql("SELECT count(*) FROM wis_engine.snapshots") == [(0,)]
    sql(f"UPDATE wis_engine.format SET version = {newer - 1}")
    assert appended(log, batch).first == 2


def test_a_connection_that_is_opened_again_looks_at_the_format_again(opened, sql, batch):
    log = opened()
    appended(log, batch)
    sql(f"UPDATE wis_engine.format SET version = {len(postgres_schema.STEPS) + 1}")
    log._connection.close()
    with pytest.raises(FormatError):
        log.head()


def test_who_changes_the_format_waits_for_who_writes(opened, sql, batch, monkeypatch):
    log = opened()
    monkeypatch.setattr(postgres_schema, "STEPS", (*postgres_schema.STEPS, ("CREATE TABLE wis_engine.later (x int)",)))
    waiting = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    newer, older = postgres_schema.STEPS, postgres_schema.STEPS[:-1]
    monkeypatch.setattr(postgres_schema, "STEPS", older)
    with ThreadPoolExecutor() as threads:

        def write():
            monkeypatch.setattr(postgres_schema, "STEPS", newer)
            further = threads.submit(opened)
            while not sql(waiting):
                pass
            log.append(batch(NeedWithdrawn(need="a")), after=0)
            assert not sql("SELECT to_regclass('wis_engine.later') WHERE to_regclass('wis_engine.later') IS NOT NULL")
            return further

        assert log.locked(write).result(60).head() == 1


@MODES
def test_a_schema_of_somebody_else_is_left_alone(opened, sql, mode):
    sql("CREATE SCHEMA wis_engine")
    sql("CREATE TABLE wis_engine.format (version text)")
    sql("INSERT INTO wis_engine.format VALUES ('mine')")
    before = sql(EVERYTHING)
    with pytest.raises(FormatError):
        opened(mode=mode)
    assert sql(EVERYTHING) == before


def test_an_older_format_is_brought_forward_with_what_it_holds(opened, sql, batch, monkeypatch):
    appended(opened(), batch)
    further = ("ALTER TABLE wis_engine.communities ADD COLUMN colour text", "CREATE TABLE wis_engine.later (x int)")
    monkeypatch.setattr(postgres_schema, "STEPS", (*postgres_schema.STEPS, further))
    with pytest.raises(FormatError):
        opened(mode="r")
    with ThreadPoolExecutor(4) as threads:
        logs = list(threads.map(lambda _: opened(), range(4)))
    assert sql("SELECT version FROM wis_engine.format") == [(len(postgres_schema.STEPS),)]
    assert [one.position for one in logs[0].read()] == [1]
    assert opened(mode="r").head() == 1


def test_a_step_that_fails_leaves_the_older_format_whole(opened, sql, batch, monkeypatch):
    log = opened()
    appended(log, batch)
    before = sql(EVERYTHING)
    further = ("CREATE TABLE wis_engine.later (x int)", "SELECT 1 / 0")
    with monkeypatch.context() as newer:
        newer.setattr(postgres_schema, "STEPS", (*postgres_schema.STEPS, further))
        with pytest.raises(IntegrityError):
            opened()
    assert sql(EVERYTHING) == before
    assert appended(opened(), batch).first == 2


def test_reading_makes_nothing(opened, sql):
    with pytest.raises(FormatError):
        opened(mode="r")
    assert sql(EVERYTHING) == []
    opened()
    with pytest.raises(StorageUnavailable, match="no such community"):
        opened("another", mode="r")
    assert sql("SELECT community FROM wis_engine.communities") == [("main",)]


def test_a_log_opened_for_reading_does_not_write(opened, batch):
    appended(opened(), batch)
    log = opened(mode="r")
    for write in (
        lambda: appended(log, batch),
        lambda: log.load([]),
        lambda: log.drop(1),
        lambda: log.locked(lambda: None),
    ):
        with pytest.raises(ReadOnly):
            write()
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        log._connection.execute("DELETE FROM wis_engine.events")
    assert log.head() == 1


def test_a_reader_needs_no_more_than_reading(opened, sql, database, clock, batch):
    appended(opened(), batch)
    sql("CREATE ROLE reader LOGIN")
    try:
        url = database.replace("//postgres", "//reader")
        with pytest.raises(StorageUnavailable, match="may not"):
            PostgresLog(url, registry=known_events(), clock=clock, mode="r")
        sql("GRANT USAGE ON SCHEMA wis_engine TO reader")
        sql("GRANT SELECT ON ALL TABLES IN SCHEMA wis_engine TO reader")
        log = PostgresLog(url, registry=known_events(), clock=clock, mode="r")
        assert log.head() == 1
        log.close()
    finally:
        sql("DROP OWNED BY reader")
        sql("DROP ROLE reader")


@pytest.mark.parametrize(
    ("asked", "kept"), [("off", "on"), ("local", "on"), ("remote_write", "on"), ("remote_apply", "remote_apply")]
)
def test_durability_is_asked_for_and_holds(opened, sql, database, asked, kept):
    ((name,),) = sql("SELECT current_database()")
    sql(f"ALTER DATABASE {name} SET synchronous_commit = {asked}")
    log = opened()
    assert log._connection.execute("SHOW synchronous_commit").fetchone() == (kept,)


def test_a_server_that_does_not_keep_what_it_takes_is_warned_of(opened, monkeypatch, caplog):
    monkeypatch.setattr(postgres_schema, "_DURABLE", "SELECT 'on', 'off'")
    with caplog.at_level(logging.WARNING, "wis_engine"):
        opened()
    assert "fsync" in caplog.text
    assert {one.name for one in caplog.records} == {"wis_engine"}
    monkeypatch.setattr(postgres_schema, "_DURABLE", "SELECT 'off', 'on'")
    with pytest.raises(IntegrityError):
        opened()


def test_a_database_in_another_alphabet_is_refused(database, clock):
    name = "latin"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    before, _, after = database.partition("?")
    with pytest.raises(FormatError, match="UTF-8"):
        PostgresLog(f"{before.rpartition('/')[0]}/{name}?{after}", registry=known_events(), clock=clock)
